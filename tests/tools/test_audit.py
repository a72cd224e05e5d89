"""The audit of the pins: a stand-in for pip-audit answers as the program does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.audit import FLAGS, PINNED, main

SKIPPED = {"name": "b", "skip_reason": "Dependency not found on PyPI and could not be audited"}
FINE = {"name": "a", "version": "1.0", "vulns": []}
KNOWN = {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1", "3"]}]}


def stand_in(folder: Path, out: str, error: str = "", status: int = 0) -> Path:
    """A program that says this, whatever it is asked, and writes down what it was."""
    path = folder / "pip-audit"
    path.write_text(
        f"#!{sys.executable}\nimport sys, pathlib\n"
        f"pathlib.Path({str(folder / 'asked')!r}).write_text(' '.join(sys.argv[1:]))\n"
        f"sys.stdout.write({out!r})\nsys.stderr.write({error!r})\nsys.exit({status})\n"
    )
    path.chmod(0o755)
    return path


def answered(*packages: Any) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("out", "error", "status", "said"),
    [
        (answered(FINE, FINE), "No known vulnerabilities", 0, "2 packages of constraints.txt"),
        (answered(FINE, KNOWN), "Found 1", 1, "c 2: PYSEC-1, mended in 2.1, 3\n"),
        # pip-audit itself leaves with 0 here.
        (answered(SKIPPED, FINE), "", 2, "1 of 2 packages could not be looked up (b); run it"),
        ("", "noise\nConnectionError: no route", 2, "no answer (ConnectionError: no route)"),
        ("", "", 2, "no answer (it says nothing)"),
        ("[]", "", 2, "no answer"),
    ],
)
def test_what_is_answered(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    out: str,
    error: str,
    status: int,
    said: str,
) -> None:
    program = stand_in(tmp_path, out, error, status=1 if status == 1 else 0)
    assert main(["--pip-audit", str(program)]) == status
    shown = capsys.readouterr()
    assert said in shown.out + shown.err
    if status == 2:
        assert shown.out == ""
        assert len(shown.err.splitlines()) == 1
    assert (tmp_path / "asked").read_text().split() == ["--requirement", str(PINNED), *FLAGS]
