"""The page of promises names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "trust.md").read_text("utf-8")

NAMED = re.compile(r"`(tests/[\w/]+\.py)?::(test_\w+)`")


def named() -> list[tuple[str, str]]:
    """Every (file, test) that the page names; ``::test`` is one of the file named before it."""
    found, path = [], ""
    for line in PAGE.splitlines():
        for match in NAMED.finditer(line):
            path = match[1] or path
            found.append((path, match[2]))
    return found


def test_every_test_that_is_named_exists() -> None:
    assert len(named()) > 40
    missing = [
        f"{path}::{name}"
        for path, name in named()
        if f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert missing == []


def test_every_promise_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "|---" not in line]
    for row in rows:
        assert row.count("|") == 4, row
        assert "held by" in row or "test_" in row or "the same" in row, row
