"""Drawing and reading need no extra; training and measuring say in one line which they need."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from spritelab.extras import MODULES, Extra

ROOT = Path(__file__).parents[1]

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

BLOCKED = f"""
import importlib.abc, sys

class Blocked(importlib.abc.MetaPathFinder):
    names = {sorted({name for names in MODULES.values() for name in names})}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
"""
"""An interpreter in which no extra is installed."""


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code where no extra is installed."""
    whole = BLOCKED + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", whole], capture_output=True, text=True, cwd=folder, check=False
    )


def test_the_blocked_interpreter_lacks_them(tmp_path: Path) -> None:
    found = run("import scipy", tmp_path)
    assert found.returncode == 1
    assert "No module named 'scipy'" in found.stderr


def test_sprites_are_drawn_and_read_without_any_extra(tmp_path: Path) -> None:
    code = """
    import spritelab
    from spritelab.cli import main

    for name in spritelab.shipped_models():
        batch = spritelab.load_model(name, "cpu").sample(2)
        batch.save(f"{name}-sprites")
        assert batch._repr_png_() and batch._repr_html_()
    words = ["sample", name, "-n", "2", "--device", "cpu", "--strip", "--out", "a"]
    assert main(words) == 0

    (batch.to_pil()[0]).save("one.png")
    sprites = spritelab.load_sprites("builtin", n=10)
    sprites.save("ten.npz")
    assert len(spritelab.load_sprites("ten.npz")) == 10
    assert main(["data", "inspect", "ten.npz"]) == 0
    """
    found = run(code, tmp_path)
    assert found.returncode == 0, found.stderr
    assert {"grid.png", "denoising.png", "0001.png"} <= {p.name for p in (tmp_path / "a").iterdir()}
    assert (tmp_path / "inspect-ten.png").is_file()


def test_a_folder_is_read_without_any_extra(tmp_path: Path) -> None:
    code = """
    import spritelab
    from pathlib import Path

    Path("mine").mkdir()
    for k, picture in enumerate(spritelab.load_sprites("builtin", n=3).to_pil()):
        picture.save(f"mine/{k}.png")
    assert len(spritelab.load_sprites("mine")) == 3
    """
    found = run(code, tmp_path)
    assert found.returncode == 0, found.stderr


COMMANDS = [
    ("train", ["train", "--data", "builtin", "--out", "run"]),
    ("train", ["train", "--resume", "--out", "run"]),
    ("evaluate", ["evaluate", "crawl-16"]),
    ("evaluate", ["compare", "crawl-16"]),
    ("onnx", ["export", "onnx", "crawl-16"]),
    ("onnx", ["export", "web", "crawl-16", "--out", "page"]),
    ("mcp", ["mcp"]),
    ("hub", ["push", "crawl-16", "you/crawl-16"]),
    ("hub", ["sample", "hf://you/crawl-16"]),
    ("hub", ["data", "inspect", "hf://you/sprites"]),
]


@pytest.mark.parametrize(("extra", "words"), COMMANDS)
def test_a_command_names_the_extra_before_any_work(
    extra: Extra, words: list[str], tmp_path: Path
) -> None:
    found = run(f"from spritelab.cli import main; sys.exit(main({words!r}))", tmp_path)
    (line,) = found.stderr.splitlines()
    assert found.returncode == 2
    assert line.startswith("error: ")
    assert line.endswith(f'pip install "spritelab[{extra}]"')
    assert all(module in line for module in MODULES[extra])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("extra", "call"),
    [
        ("train", "spritelab.train('builtin', 'run')"),
        ("train", "spritelab.training.train"),
        ("train", "spritelab.pictures.loss_curves([])"),
        ("evaluate", "spritelab.evaluate('crawl-16')"),
        ("evaluate", "spritelab.compare('crawl-16', out='report')"),
    ],
)
def test_a_call_names_the_extra(extra: Extra, call: str, tmp_path: Path) -> None:
    code = f"""
    import spritelab
    try:
        {call}
    except spritelab.MissingExtraError as told:
        assert isinstance(told, ImportError)
        print(told)
    """
    found = run(code, tmp_path)
    assert found.stdout.strip().endswith(f'pip install "spritelab[{extra}]"'), found.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extra", sorted(MODULES))
def test_what_is_asked_for_is_what_the_extra_installs(extra: Extra) -> None:
    def names(listed: list[str]) -> set[str]:
        return {re.split(r"[><=!~;\\[ ]", one)[0].lower().replace("-", "_") for one in listed}

    project = PYPROJECT["project"]
    installed = names(project["optional-dependencies"][extra])
    providers = packages_distributions()
    for module in MODULES[extra]:
        assert installed & names(providers[module]), module
    assert len(installed) == len(MODULES[extra])
    assert not installed & names(project["dependencies"])
    every = ",".join(MODULES)
    assert project["optional-dependencies"]["all"] == [f"spritelab[{every}]"]


def test_the_tested_set_installs_on_the_oldest_python_that_is_promised() -> None:
    # Debian's 3.11 is 3.11.2 for years to come: a pin that asks for 3.11.5 shuts it out.
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=") + ".0"
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    needs = {pin.name: needed_python(pin.name) for pin in pins}
    shut_out = [f"{pin}: {needs[pin.name]}" for pin in pins if not needs[pin.name].contains(oldest)]
    assert not shut_out
    assert sum(bool(str(need)) for need in needs.values()) > 50


def needed_python(name: str) -> SpecifierSet:
    """What a package says of the Python it needs; nothing, where it is not installed here."""
    try:
        return SpecifierSet(distribution(name).metadata["Requires-Python"] or "")
    except PackageNotFoundError:
        return SpecifierSet()
