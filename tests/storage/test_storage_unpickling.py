"""No file is ever unpickled or run as code, for both do whatever it says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import spritelab


def unpickling(source: str) -> list[str]:
    """The expressions of a module that may run code from a file."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in UNSAFE:
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            # The exception that torch raises for a file it refuses is no harm.
            if name.partition(".")[0] in UNSAFE and name != "pickle.UnpicklingError":
                found.append(name)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if name in RUNNING or words.get("shell") == "True":
                found.append(ast.unparse(node))
            if (name == "torch.load" and words.get("weights_only") != "True") or (
                name in ("np.load", "numpy.load") and words.get("allow_pickle") != "False"
            ):
                found.append(ast.unparse(node))
    return found


UNSAFE = {"pickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}

RUNNING = {
    *("eval", "exec", "compile", "__import__", "os.system", "yaml.load", "yaml.unsafe_load"),
    *("pandas.read_pickle", "pd.read_pickle", "torch.jit.load", "torch.hub.load"),
}
"""What runs text or a file as code; ``Module.eval`` of torch is no such thing."""


def test_nothing_is_ever_unpickled() -> None:
    root = Path(spritelab.__file__).parent
    found = {str(path): unpickling(path.read_text("utf-8")) for path in root.rglob("*.py")}
    assert {path: expressions for path, expressions in found.items() if expressions} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.load(f)",
        "from pickle import loads",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "eval(text)",
        "exec(text)",
        "yaml.load(file)",
        "os.system(words)",
        "subprocess.run(words, shell=True)",
    ],
)
def test_unpickling_is_found(source: str) -> None:
    assert len(unpickling(source)) == 1
