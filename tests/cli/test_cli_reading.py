"""The options that say how sprites are read: every command has them, and a run records them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tiny
from sprite_files import png, random_sprites, write
from spritelab.cli import main
from spritelab.runs import read_record

TINY = ["--set", "schedule.timesteps=20", "--set", "network.widths=[32]", "--cpu", "--steps", "4"]
TINY += ["--set", "network.attention=[]", "--batch-size", "8"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for k, sprite in enumerate(random_sprites(24, 14)):
        write(tmp_path / "art" / "Tiles" / f"{'ab'[k % 2]}" / f"{k}.png", png(sprite[:10, :12]))
    write(tmp_path / "art" / "Preview.png", png(np.zeros((600, 600, 3), dtype=np.uint8)))
    return tmp_path / "art"


READ = ["--include", "Tiles", "--pad", "--anchor", "bottom"]


@pytest.mark.usefixtures("short_validation")
def test_a_run_records_how_its_sprites_are_read_and_evaluate_reads_them_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "run")
    assert (
        main(["train", "--data", str(folder), *READ, *TINY, "--stop-after", "1", "--out", out]) == 0
    )
    said = capsys.readouterr().err
    assert "left out: 1 file or cell;" in said
    settings = read_record(out).settings.data
    assert (settings.include, settings.pad, settings.anchor) == (("Tiles",), True, "bottom")
    assert main(["train", "--resume", "--out", out, "--cpu", "--stop-after", "2"]) == 0
    words = ["evaluate", "--images", str(folder), "--against", str(folder), "--features", "pixels"]
    assert main([*words, "--size", "16", *READ]) == 0


def test_inspect_ends_with_what_was_left_out_and_with_advice(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["data", "inspect", str(folder), "--size", "16", "--out", str(tmp_path / "o")]
    assert main([*words, *READ, "--json", str(tmp_path / "f.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "left out: 1" in lines
    assert "  1 left out by include and exclude: Preview.png" in lines
    assert any(line.startswith("advice: 24 distinct sprites are few") for line in lines)
    facts = json.loads((tmp_path / "f.json").read_text("utf-8"))
    assert facts["left_out"] == {"left out by include and exclude": ["Preview.png"]}
    assert facts["advice"]


def test_inspect_passes_over_its_own_contact_sheet(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    for _ in range(2):
        assert main(["data", "inspect", ".", "--exclude", "Preview.png", "--pad"]) == 0
    assert "  1 pictures about sprites: inspect-art.png" in capsys.readouterr().out


def test_inspect_shows_before_and_after(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for k, sprite in enumerate(random_sprites(3, 16)):
        big = Image.fromarray(sprite).resize((250, 250), Image.Resampling.NEAREST)
        write(tmp_path / "fake" / f"{k}.png", png(np.asarray(big)))
    words = ["data", "inspect", str(tmp_path / "fake"), "--snap", "--out", str(tmp_path / "o")]
    assert main(words) == 0
    with Image.open(tmp_path / "o" / "inspect-fake-snapped.png") as picture:
        assert picture.width == 3 * 192
    assert "note: 3 images snapped to pixels of 15.6" in capsys.readouterr().out


def test_what_sample_draws_is_read_again(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "drawn")
    words = ["sample", str(tiny_run), "-n", "6", "--steps", "2", "--strip", "--out", out]
    assert main([*words, "--device", "cpu"]) == 0
    assert main(["data", "inspect", out, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "2 pictures about sprites: denoising.png, grid.png" in said


@pytest.mark.filterwarnings("always::UserWarning")
def test_a_folder_that_is_called_like_a_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for k, sprite in enumerate(random_sprites(12, 16)):
        write(tmp_path / "builtin" / f"{k}.png", png(sprite))
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--data", "builtin", *TINY, "--stop-after", "1", "--out", "run"]) == 0
    assert "builtin is a folder here, and it is read" in capsys.readouterr().err
    assert read_record("run").settings.data.source == str(tmp_path / "builtin")


def test_a_wrong_value_names_the_option(refused: tiny.Refused, folder: Path) -> None:
    assert "--tile is a number or two" in refused("data", "inspect", str(folder), "--tile", "x")
    said = refused("data", "inspect", str(folder), "--anchor", "bottom")
    assert "--anchor says where --pad sets a sprite" in said


def test_runs_begun_before_group_no_frames(tiny_run: Path, tmp_path: Path) -> None:
    record = tiny.unsealed(tiny_run / "run.json")
    new = ("include", "exclude", "offset", "leftover", "transparent", "snap", "pixel_size")
    for name in (*new, "pad", "anchor", "frames"):
        del record["settings"]["data"][name]
    write(tmp_path / "run.json", json.dumps(record).encode())
    assert read_record(tmp_path).settings.data.frames == "off"
    assert read_record(tiny_run).settings.data.frames == "auto"
