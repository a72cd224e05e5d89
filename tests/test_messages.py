"""What the library says to a caller names its parameters, never options of the command line."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import spritelab

SOURCE = Path(spritelab.__file__).parent
FLAG = re.compile(r"(?<![\w-])(--[a-z]|-[a-z]\b)")

DOCUMENTS = ("convert/card.py", "convert/diffusers_folder.py", "convert/push.py")
"""Modules with the text of a document that shows commands."""


def flags(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string of a module, its docstrings apart, with a flag in it."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in docstrings:
            continue
        if isinstance(node.value, str) and FLAG.search(node.value):
            yield node.lineno, node.value


def test_no_message_speaks_of_options() -> None:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        where = path.relative_to(SOURCE)
        if where.parts[0] != "cli" and where.as_posix() not in DOCUMENTS:
            found += [f"{where}:{line}: {text}" for line, text in flags(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("source", "n"),
    [
        ("raise E('give --tile')", 1),
        ("raise E(f'{n} are few; raise -n')", 1),
        ("raise E('(--a, see --b)')", 1),
        ("def f():\n    'Takes --tile.'", 0),
        ("x = 1\n'What --tile is.'", 0),
        ("raise E('---', 'T-shirt', '- a', '-1', 'a--b')", 0),
        ("# --tile", 0),
    ],
)
def test_flags_are_found(source: str, n: int) -> None:
    assert len(list(flags(source))) == n
