"""Fair timing, options, the circumstances of a figure."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

import pytest
import torch

from benchmarks.lib import console, machine
from benchmarks.lib.harness import Timing, take_turns, whole, wholes


def test_cases_take_turns() -> None:
    calls: list[str] = []
    cases = {name: lambda name=name: calls.append(name) for name in "ab"}
    timings = take_turns(cases, 3)
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"
    assert all(len(timing.seconds) == 3 for timing in timings.values())
    timing = Timing((3.0, 1.0, 2.0))
    assert (timing.median, timing.best) == (2, 1)


def test_whole_numbers() -> None:
    assert whole(2)("2") == 2
    assert wholes()("2,10,1") == [2, 10, 1]
    for read, text in ((whole(2), "1"), (whole(), "x"), (wholes(), "1,0"), (wholes(), "1,,2")):
        with pytest.raises(argparse.ArgumentTypeError):
            read(text)


def test_a_message_loses_backticks_and_line_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("error", "`n` is small;\n  raise `n`")
    assert capsys.readouterr().err == "error: n is small; raise n\n"


def test_progress_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with console.progress("work") as progress:
        progress(1, 2)
        monkeypatch.setattr(console, "BETWEEN", 0)
    assert capsys.readouterr().err == ""
    with console.progress("work") as progress:
        progress(1000, 2000, "a note")
    assert capsys.readouterr().err == "work: 1,000/2,000 in 0 s, a note\n"


def test_a_tree_is_clean_until_something_is_written(tmp_path: Path) -> None:
    device = torch.device("cpu")
    assert machine.commit(tmp_path) == {"commit": None, "dirty": None}
    make_repository(tmp_path)
    facts = machine.circumstances(device, root=tmp_path)
    assert facts["dirty"] is False
    assert "with changes" not in machine.circumstances_line(facts)
    (tmp_path / "new").write_text("")
    facts = machine.circumstances(device, root=tmp_path)
    assert facts["dirty"] is True
    assert f"commit {facts['commit'][:10]} with changes;" in machine.circumstances_line(facts)


def make_repository(folder: Path) -> None:
    """A git repository with one commit."""
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
