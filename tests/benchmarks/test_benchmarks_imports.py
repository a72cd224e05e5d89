"""Benchmarks and tools use spritelab as anybody can: without its command line or private names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from benchmarks.lib.machine import ROOT

FILES = [path for room in ("benchmarks", "tools") for path in sorted((ROOT / room).rglob("*.py"))]


def imported(source: str) -> list[str]:
    """The dotted names that a module imports, wherever in it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_public_names_are_imported(path: Path) -> None:
    for name in imported(path.read_text("utf-8")):
        parts = name.split(".")
        if parts[0] == "spritelab":
            # The demo alone is a user of the command line.
            assert "cli" not in parts or path.stem == "demo"
            assert not any(part.startswith("_") for part in parts[1:]), name
        # The libraries of benchmarks know nothing of the scripts.
        if path.parent.name == "lib" and parts[0] == "benchmarks":
            assert parts[:2] == ["benchmarks", "lib"], name
