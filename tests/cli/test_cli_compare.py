"""``spritelab compare`` from end to end, interrupted and run again; mistakes in one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

import tiny
from spritelab.cli import main
from spritelab.generate import Model


@pytest.fixture
def words(tiny_run: Path, tmp_path: Path) -> list[str]:
    source = tiny.save_npz(tiny.tiny_set(), tmp_path / "sprites.npz")
    out = ["--out", str(tmp_path / "report"), "--device", "cpu"]
    data = ["--data", str(source), "--features", "pixels"]
    return ["compare", str(tiny_run), *data, *out, "-n", "20", "--seeds", "2"]


def test_interrupted_and_run_again(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = tmp_path / "report"
    words += ["--steps", "2,6", "--eta", "0,1", "--variance", "posterior"]
    sample = Model.sample
    drawn: list[dict[str, Any]] = []

    def stopped(self: Model, *args: Any, **kwargs: Any) -> Any:
        if len(drawn) == 5:  # two small batches are timed first
            raise KeyboardInterrupt
        drawn.append(kwargs)
        return sample(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Model, "sample", stopped)
        assert main(words) == 130
    assert not (report / "index.html").exists()
    kept = {path: path.read_bytes() for path in (report / "cells").glob("dd*.json")}
    assert len(kept) == 3
    assert "8 of 8 cells of 20 sprites, about" in capsys.readouterr().err

    assert main([*words, "--json", str(tmp_path / "again.json")]) == 0
    shown = capsys.readouterr()
    assert "5 of 8 cells" in shown.err
    assert all(path.read_bytes() == content for path, content in kept.items())
    for name in ("index.html", "report.json", "report.md"):
        assert f"wrote {report / name}" in shown.out
    facts = json.loads((report / "report.json").read_text())
    assert facts == json.loads((tmp_path / "again.json").read_text())
    assert [(c["sampler"], c["steps"], c["eta"], c["variance"]) for c in facts["cells"]] == [
        ("ddpm", 2, None, "posterior"),
        ("ddim", 2, 0.0, None),
        ("ddim", 2, 1.0, None),
        ("ddpm", 6, None, "posterior"),
        ("ddim", 6, 0.0, None),
        ("ddim", 6, 1.0, None),
    ]
    assert " ".join(shown.out.split()).startswith("DDIM-6 ")


def test_single_settings_beside_the_grid(words: list[str], tmp_path: Path) -> None:
    words += ["--steps", "2", "--eta", "0", "--variance", "posterior", "--guidance", "2"]
    words += ["--guidance-interval", "0,9"]
    assert main([*words, "--also", "ddpm-6, dpm-4,ddim-2"]) == 0
    facts = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [(c["sampler"], c["steps"], c["guidance"], c["nfe"]) for c in facts["cells"]] == [
        ("ddpm", 2, 2.0, 3),
        ("ddim", 2, 2.0, 3),  # asked for twice, drawn once
        ("dpm", 4, 2.0, 5),
        ("ddpm", 6, 2.0, 9),
    ]
    assert {tuple(cell["guidance_interval"]) for cell in facts["cells"]} == {(0, 9)}
    assert "DPM-Solver++" in (tmp_path / "report" / "report.md").read_text("utf-8")


@pytest.mark.slow
def test_quick(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--quick"]) == 0
    facts = json.loads((tmp_path / "report" / "report.json").read_text())
    assert {cell["steps"] for cell in facts["cells"]} == {10, 50}
    assert facts["answer"]["slow"]["steps"] == 50
    assert "to do:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["-n", "19"], "at least 20 sprites are needed"),
        (["--steps", "2,x"], "--steps takes numbers such as 10,50, not '2,x'"),
        (["--steps", "2.5"], "--steps takes whole numbers"),
        (["--steps", "nan"], "--steps takes whole numbers"),
        (["--steps", "51"], "--steps takes 1 … 50"),
        (["--eta", "0.5"], "keep 0 in --eta"),
        (["--eta", "0,7"], "--eta: must be less than or equal to 1, not 7"),
        (["--variance", "none"], "--variance: unknown 'none'; choose 'posterior' or 'beta'"),
        (["--quick", "--steps", "5"], "--quick chooses --steps"),
        (["--quick", "--also", "dpm-5"], "--quick chooses --steps"),
        (["--also", "dpm"], "--also takes settings such as ddpm-1000,dpm-20, not 'dpm'"),
        (["--also", "dpm-5,ddim--5"], "not 'ddim--5'"),
        (["--also", "dpm-5-even"], "--also: spacing: unknown 'even'"),
        (["--also", "euler-5"], "sampler: unknown 'euler'"),
        (["--also", "dpm-51"], "--steps must lie in 1 … 50"),
        (["--held-out", "1.5"], "held-out share must lie between 0 and 1"),
    ],
)
def test_mistakes(
    words: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    said: str,
) -> None:
    assert main([*words, *more]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert not (tmp_path / "report").exists()


def test_a_folder_of_something_else(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "thesis.tex").write_text("mine")
    assert main(words) == 2
    assert "holds other files" in capsys.readouterr().err
    assert (tmp_path / "report" / "thesis.tex").read_text() == "mine"


def test_one_process_at_a_time(words: list[str], tmp_path: Path, refused: tiny.Refused) -> None:
    """The second waits for nothing, reads nothing and draws nothing; the first's lock is its own.

    A lock on another opening of the file keeps this process out as that of another would.
    """
    words += ["--steps", "2", "--eta", "0", "--variance", "posterior"]
    said = (
        f"the comparison in {tmp_path / 'report'} is being made by another process; wait for it, "
        "or stop it"
    )
    lock = tmp_path / "report" / "cells" / "cells.lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        assert refused(*words) == said
        (tmp_path / "sprites.npz").rename(tmp_path / "away.npz")  # which is not even looked for
        assert refused(*words) == said
    assert [path.name for path in lock.parent.iterdir()] == ["cells.lock"]
    (tmp_path / "away.npz").rename(tmp_path / "sprites.npz")
    assert main(words) == 0
    with pytest.MonkeyPatch.context() as patch:  # begun together: both have found the place free
        patch.setattr("spritelab.evaluation.comparison.report.check_folder", lambda _: None)
        patch.setattr("spritelab.evaluation.comparison.check_folder", lambda _: None)
        with FileLock(lock):
            assert main(words) == 2
