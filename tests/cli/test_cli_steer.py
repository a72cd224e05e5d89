"""``spritelab steer``: what is on disk is what the library draws, and says how it was made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spritelab.cli import main
from spritelab.generate import Model
from tiny import Refused, tiny_set

QUICK = ("--sampler", "dpm", "--steps", "3", "--soft-alpha", "--device", "cpu", "--out", "out")


@pytest.fixture
def here(tmp_path: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a run and a sprite in it."""
    shutil.copytree(tiny_run, tmp_path / "runs" / "tiny")
    Image.fromarray(tiny_set(1).images[0]).save(tmp_path / "hero.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "n"),
    [
        (["interpolate", "runs/tiny", "-n", "3"], 3),
        (["mix", "runs/tiny", "square,disc", "-n", "3"], 3),
        (["vary", "runs/tiny", "-n", "2"], 2),
        (["redraw", "runs/tiny", "hero.png", "-n", "2"], 2),
        (["inpaint", "runs/tiny", "hero.png", "--resamplings", "2"], 1),
        (["outline", "runs/tiny", "hero.png"], 1),
    ],
)
def test_each_command_draws_and_says_how(here: Path, words: list[str], n: int) -> None:
    assert main(["steer", *words, *QUICK]) == 0
    record = json.loads((here / "out" / "samples.json").read_text())
    assert record["steered"]["by"] == words[0]
    assert len(record["sprites"]) == n
    assert all("steered" in sprite for sprite in record["sprites"])


def test_sprites_on_disk_are_those_of_the_library(here: Path, tiny_model: Model) -> None:
    assert main(["steer", "redraw", "runs/tiny", "hero.png", "--strength", "0.6", *QUICK]) == 0
    batch = tiny_model.redraw(here / "hero.png", 0.6, sampler="dpm", steps=3)
    with Image.open(here / "out" / "0000.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), batch.images[0])
    record = json.loads((here / "out" / "samples.json").read_text())
    assert record["steered"] == {"by": "redraw", "strength": 0.6}
    assert record["nfe"] == batch.nfe
    assert record["sprites"][0]["steered"] == {"source": "hero.png"}


@pytest.mark.usefixtures("here")
def test_an_inversion_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["steer", "invert", "runs/tiny", "hero.png", "--steps", "3,6", "--device", "cpu"]
    words += ["--iterations", "1"]
    assert main(words) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["steps", "evaluations"]
    assert [line.split()[:2] for line in lines] == [["3", "5"], ["6", "11"]]


def test_mistakes_are_one_line(here: Path, refused: Refused) -> None:
    Image.new("RGBA", (8, 8)).save(here / "small.png")
    tiny = ("runs/tiny", "--device", "cpu")
    said = refused("steer", "redraw", *tiny, "small.png")
    assert said.startswith("small.png is 8×8 pixels, and this model draws 16×16")
    said = refused("steer", "redraw", *tiny, "hero.png", "--strength", "0")
    assert said.startswith("--strength must lie above 0")
    said = refused("steer", "redraw", *tiny, "no.png")
    assert said == "cannot read no.png: No such file or directory; give a picture"
    said = refused("steer", "inpaint", *tiny, "hero.png", "--mask", "small.png")
    assert said.startswith("--mask is 8×8 pixels")
    said = refused("steer", "mix", *tiny, "square")
    assert "two" in said
    assert not (here / "samples").exists()
