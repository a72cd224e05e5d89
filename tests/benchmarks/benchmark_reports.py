"""A benchmark run in a test, and what all of their reports hold."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

ONE_THREAD = ["--threads", "1", "--device", "cpu"]


def name_of(script: ModuleType) -> str:
    """The script's own name: ``sampling``."""
    return script.__name__.rpartition(".")[2]


def report_of(script: ModuleType, out: Path, *words: str) -> dict[str, Any]:
    """Run a benchmark: what it wrote, with what all of them write checked."""
    path = out / f"{name_of(script)}.json"
    assert script.main([*words, "--out", str(path)]) == 0
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    assert report["benchmark"] == name_of(script)
    assert report["date"]
    assert {"commit", "dirty", "format"} <= report.keys()
    assert report["machine"].keys() >= {"cpu", "cores", "memory", "threads", "device", "gpu"}
    assert report["machine"]["threads"] == 1
    assert report["versions"]["torch"].startswith("2.")
    assert path.with_suffix(".md").read_text("utf-8").startswith("| ")
    assert all(math.isfinite(value) for value in numbers(report))
    return report


def numbers(tree: Any) -> Iterator[float]:
    """All numbers in a report."""
    if isinstance(tree, Mapping):
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from numbers(branch)
    elif isinstance(tree, int | float):
        yield float(tree)
