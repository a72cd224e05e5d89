"""``spritelab --help`` answers at once because nothing heavy is loaded for it."""

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "numpy",
    "PIL",
    "pydantic",
    "matplotlib",
    "accelerate",
    "safetensors",
    "pooch",
    "tensorboard",
)


def loaded_after(code: str) -> list[str]:
    """Return which heavy packages a fresh interpreter has loaded after ``code``."""
    listing = f"import sys; print('loaded', *(m for m in {HEAVY!r} if m in sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{listing}"], capture_output=True, text=True, check=True
    )
    return result.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize("module", ["spritelab", "spritelab.cli", "spritelab.devices"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert loaded_after(f"import {module}") == []


@pytest.mark.parametrize("words", [["--help"], [], ["--version"], ["data", "--help"]])
def test_help_loads_neither_torch_nor_numpy(words: list[str]) -> None:
    loaded = loaded_after(f"from spritelab.cli import main; assert main({words!r}) == 0")
    assert set(loaded) <= {"pydantic"}  # newer versions of typer check options with it


def test_the_probe_sees_what_is_loaded() -> None:
    assert loaded_after("import numpy") == ["numpy"]
