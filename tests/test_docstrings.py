"""Docstrings of the library: every parameter that an ``Args:`` section names exists.

Several may share an entry, ``real, generated: float …``, which tools that read docstrings do not
check.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import spritelab

SOURCE = Path(spritelab.__file__).parent


def test_every_documented_parameter_exists() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}: {node.name} has no parameter {name!r}"
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        for name in documented(ast.get_docstring(node) or "")
        if name not in parameters(node)
    ]
    assert not found, "\n".join(found)


def test_the_reader_of_docstrings_reads() -> None:
    text = "Do.\n\nArgs:\n    a, b: two\n        lines: on\n    *rest: more\n\nRaises:\n    X: n.\n"
    assert list(documented(text)) == ["a", "b", "rest"]


def documented(docstring: str) -> Iterator[str]:
    """The names of the section ``Args:``."""
    section = re.search(r"^Args:\n((?:    .*\n?|\n)+)", docstring, re.MULTILINE)
    for names in re.findall(r"^    (\S[^:]*):", section.group(1) if section else "", re.MULTILINE):
        yield from (name.lstrip("*") for name in names.split(", "))


def parameters(node: ast.FunctionDef | ast.ClassDef) -> set[str]:
    """The parameters of a function, or of a class by its ``__init__`` or its fields."""
    if isinstance(node, ast.FunctionDef):
        given = node.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        every += [arg for arg in (given.vararg, given.kwarg) if arg is not None]
        return {arg.arg for arg in every}
    found = {
        part.target.id
        for part in node.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            found |= parameters(part)
    return found
