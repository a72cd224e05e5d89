"""The clock of the day may jump, so that nothing is timed by it."""

from __future__ import annotations

import ast
from pathlib import Path

import spritelab

OF_THE_DAY = {
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "date.today"),
    *("datetime.now", "datetime.utcnow", "datetime.today", "datetime.datetime.now"),
}

ALLOWED = {
    "app/trainings.py": {"time.time"},  # whose turn it is: later than all others, if it jumps
}


def of_the_day(text: str) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return {ast.unparse(call.func) for call in calls} & OF_THE_DAY


def test_what_asks_for_the_time_of_day() -> None:
    root = Path(spritelab.__file__).parent
    found = {
        path.relative_to(root).as_posix(): of_the_day(path.read_text("utf-8"))
        for path in root.rglob("*.py")
    }
    assert {path: calls for path, calls in found.items() if calls} == ALLOWED
