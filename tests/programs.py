"""Programs of other makers that tests use where they are installed; a test without them is skipped.

What npm installs is looked for where ``make engines`` puts it, or in the folder that
``SPRITELAB_NODE_MODULES`` names; ``docs/export.md`` says how to install the rest.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Serve = Callable[[Path], str]
"""Serves a folder on this machine and returns its address."""

MODULES = Path(os.environ.get("SPRITELAB_NODE_MODULES", ".venv/engines/node_modules"))


def program(*names: str) -> str:
    """The path of the first of these programs that is installed; the test is skipped if none is."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"{' or '.join(names)} is not installed")


def script(path: str) -> Path:
    """A file below ``node_modules``; the test is skipped if it is not there."""
    if not (MODULES / path).is_file():
        pytest.skip(f"{path} is not in {MODULES}; npm install it, or set SPRITELAB_NODE_MODULES")
    return MODULES / path


def run_child(child: Path, *words: object) -> Any:
    """Run a program of the tests, which may import what they do; return its last line, JSON."""
    here = Path(__file__).parent
    paths = [child.parent, here, here.parent, *sys.path]
    done = subprocess.run(
        [sys.executable, str(child), *map(str, words)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
