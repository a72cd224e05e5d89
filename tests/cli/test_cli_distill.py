"""``spritelab distill``: what it says and leaves, that it goes on, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from spritelab.cli import main
from spritelab.generate import load_model
from spritelab.runs import distillation
from tiny import Refused

SHORT = ["--times", "49,12", "--updates", "6", "--batch-size", "4", "--cpu"]


@pytest.fixture(autouse=True)
def few_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distillation, "COMPARED", 4)


def test_distilled_in_an_empty_folder_stopped_and_drawn_with(
    tmp_path: Path,
    tiny_run: Path,
    refused: Refused,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["distill", str(tiny_run), *SHORT, "--out", "quick", "--guidance", "2"]
    words += ["--set", "training.optimiser=muon"]
    assert main([*words, "--stop-after", "3"]) == 0
    said = capsys.readouterr().err
    assert "teacher: tiny (memory, unknown)" in said
    assert "student: 2 steps, t = 49, 12" in said
    assert f"stopped: after 3 updates; go on with: spritelab distill {tiny_run} --resume" in said
    assert main(["distill", str(tiny_run), "--resume", "--out", "quick", "--cpu"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == ["wrote quick/same-noise.png", "wrote quick/model"]
    assert "agreement: " in shown.err
    assert "of pixels as its teacher draws them from the same noise" in shown.err
    assert "as with guidance 2" in shown.err

    assert main(["sample", "quick", "-n", "3", "--out", "drawn"]) == 0
    assert "2 network evaluations each" in capsys.readouterr().err
    line = refused("sample", "quick", "-n", "3", "--sampler", "ddpm", "--out", "other")
    assert line.startswith("this model was distilled to draw by DPM-Solver++")
    assert line.endswith("draw with its teacher, tiny")
    assert load_model("quick", "cpu").config.step == 6

    for argv, words_of_it in [
        (["distill", str(tiny_run), *SHORT, "--out", "quick"], "exists already"),
        (["distill", "quick", *SHORT, "--out", "third"], "is a student itself"),
        (
            ["distill", str(tiny_run), "--updates", "3", "--max-minutes", "1", "--out", "third"],
            "give only one of --updates and --max-minutes",
        ),
        (
            ["distill", str(tiny_run), "--resume", "--batch-size", "8", "--out", "quick"],
            "training.batch_size is 4 in quick",
        ),
        (["distill", str(tiny_run), "--steps", "0", "--out", "third"], "steps"),
    ]:
        assert words_of_it in refused(*argv)
    assert not Path("third").exists()
