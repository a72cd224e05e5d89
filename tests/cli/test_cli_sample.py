"""``spritelab sample``: the sprites on disk are those of the library, and mistakes are one line."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spritelab.cli import main
from spritelab.generate import Model, load_model, shipped_models
from tiny import Refused, snapshot


@pytest.fixture
def here(tmp_path: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with nothing in it but a run."""
    shutil.copytree(tiny_run, tmp_path / "runs" / "tiny")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(*more: str) -> list[str]:
    return ["sample", "runs/tiny", "--device", "cpu", *more]


def read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture)


def test_sprites_on_disk_are_those_of_the_library(
    here: Path, tiny_model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = words("--sampler", "ddpm", "--steps", "4", "-n", "3", "--seed", "7")
    assert main([*argv, "--soft-alpha", "--out", "out"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "wrote out\n"
    assert "drawn: 3 sprites in " in shown.err
    assert "4 network evaluations each" in shown.err
    names = ["0000.png", "0001.png", "0002.png", "grid.png", "samples.json"]
    assert sorted(path.name for path in (here / "out").iterdir()) == names
    batch = tiny_model.sample(3, sampler="ddpm", steps=4, seed=7)
    assert len(np.unique(batch.images, axis=0)) == 3
    record = json.loads((here / "out" / "samples.json").read_text())
    for k, sprite in enumerate(record.pop("sprites")):
        np.testing.assert_array_equal(read(here / "out" / sprite["file_name"]), batch.images[k])
        assert sprite["number"] == batch.numbers[k] == k
        assert sprite["label"] == batch.class_names[batch.labels[k]]
    assert record.pop("seconds") > 0
    assert len(record.pop("digest")) == 64
    assert record == {
        "format": 2,
        "model": "tiny",
        "sampler": "ddpm",
        "steps": 4,
        "times": None,
        "start": "noise",
        "eta": None,
        "variance": "posterior",
        "spacing": "linspace",
        "first_leg": "none",
        "guidance": 1.0,
        "autoguidance": 1.0,
        "guidance_interval": None,
        "guided_steps": None,
        "clip": True,
        "seed": 7,
        "nfe": 4,
    }
    assert list(here.rglob(".*")) == []


def test_the_grid_shows_every_sprite_enlarged_without_blur(here: Path) -> None:
    assert main(words("--steps", "5", "-n", "4", "--out", "out")) == 0
    grid = read(here / "out" / "grid.png")
    assert min(grid.shape[:2]) >= 64
    sprites = np.stack([read(here / "out" / f"{k:04d}.png") for k in range(4)])
    opaque = sprites[sprites[..., 3] == 255][:, :3]
    assert len(opaque) > 0
    colours = {tuple(c) for c in grid[..., :3].reshape(-1, 3).tolist()}
    assert {tuple(c) for c in opaque.tolist()} <= colours


def test_a_place_of_its_own_by_default(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words("--steps", "1", "-n", "1", "--seed", "3")) == 0
    assert capsys.readouterr().out == f"wrote {Path('samples/tiny-dpm-3')}\n"
    assert (here / "samples" / "tiny-dpm-3" / "0000.png").exists()


def test_every_option_reaches_the_sampler(here: Path, tiny_model: Model) -> None:
    argv = words(
        *(
            "--sampler",
            "ddim",
            "--steps",
            "5",
            "--eta",
            "0.5",
            "--spacing",
            "trailing",
            "-n",
            "4",
            "--seed",
            "1",
        ),
        *("--label", "square=1,disc=3", "--guidance", "2.5", "--soft-alpha", "--batch-size", "3"),
        *("--strip", "--out", "out"),
    )
    assert main(argv) == 0
    batch = tiny_model.sample(
        4,
        sampler="ddim",
        steps=5,
        eta=0.5,
        spacing="trailing",
        seed=1,
        label={"square": 1, "disc": 3},
        guidance=2.5,
        hard_alpha=False,
        batch_size=3,
    )
    for k in range(4):
        np.testing.assert_array_equal(read(here / "out" / f"{k:04d}.png"), batch.images[k])
    record = json.loads((here / "out" / "samples.json").read_text())
    assert (record["eta"], record["variance"], record["nfe"]) == (0.5, None, 10)
    assert {sprite["label"] for sprite in record["sprites"]} == {"square=1,disc=3"}
    strip = read(here / "out" / "denoising.png")
    assert strip.shape[1] > strip.shape[0]


def test_any_sprite_can_be_drawn_again(here: Path) -> None:
    argv = words("--steps", "3", "-n", "4", "--out", "out", "--label", "none", "--soft-alpha")
    assert main(argv) == 0
    sprites = json.loads((here / "out" / "samples.json").read_text())["sprites"]
    assert [sprite["label"] for sprite in sprites] == ["none"] * 4
    again = load_model("runs/tiny", "cpu").sample(
        steps=3, numbers=[sprites[2]["number"]], label=sprites[2]["label"], hard_alpha=False
    )
    np.testing.assert_array_equal(again.images[0], read(here / "out" / "0002.png"))


def test_twice_to_the_same_folder(here: Path, refused: Refused) -> None:
    argv = words("--steps", "1", "-n", "3", "--out", "out", "--soft-alpha")
    assert main(argv) == 0
    before = snapshot(here)
    line = refused(*argv)
    assert line == "out holds sprites already; choose another --out, or --overwrite them"
    assert snapshot(here) == before
    argv = words("--steps", "1", "-n", "2", "--out", "out", "--soft-alpha", "--seed", "1")
    assert main([*argv, "--overwrite"]) == 0
    names = ["0000.png", "0001.png", "grid.png", "samples.json"]
    assert sorted(path.name for path in (here / "out").iterdir()) == names
    assert (here / "out" / "0000.png").read_bytes() != before["out/0000.png"]
    assert list(here.rglob(".*")) == []


def test_other_files_are_never_replaced(here: Path, refused: Refused) -> None:
    before = snapshot(here)
    for overwrite in ([], ["--overwrite"]):
        line = refused(*words("--steps", "1", "-n", "1", "--out", "runs/tiny", *overwrite))
        assert line == "runs/tiny exists and holds other files; choose another --out"
    assert snapshot(here) == before


MISTAKES: list[tuple[list[str], str]] = [
    (["--steps", "0"], "--steps"),
    (["--steps", "51"], "must lie in 1 … 50 (the schedule's T), not 51"),
    (["--sampler", "ddpm", "--steps", "-1"], "greater than or equal to 1"),
    (["--sampler", "ddim", "--eta", "2"], "less than or equal to 1"),
    (["--sampler", "ddim", "--eta", "-0.5"], "greater than or equal to 0"),
    (["--eta", "nan"], "--eta"),
    (["--eta", "2", "--sampler", "ddpm"], "less than or equal to 1"),
    (["--eta", "0.5", "--sampler", "ddpm"], "belongs to the sampler ddim; ddpm takes none"),
    (["--variance", "beta", "--sampler", "ddim"], "belongs to the sampler ddpm; ddim takes none"),
    (["--label", "dragon"], "unknown label 'dragon'; this model knows square, disc, side-facing"),
    (["--label", ""], "unknown label ''"),
    (["--label", "disc=1,dragon=1"], "unknown label 'dragon'"),
    (["--label", "disc=much"], "a mix of classes reads food=0.7,spell=0.3; 'disc=much' does not"),
    (["--label", "disc=1,square"], "'square' does not"),
    (["--label", "disc=-1,square=2"], "the weight of 'disc' must not be negative"),
    (["-n", "0"], "the number of sprites must be at least 1, not 0"),
    (["--seed", "-1"], "must lie in 0 … 2^63 - 1, not -1"),
    (["--batch-size", "0"], "batch_size must be at least 1, not 0"),
    (["--guidance", "inf"], "less than or equal to 1000"),
    (["--sampler", "euler"], "'euler'"),
    (["--variance", "large"], "'large'"),
    (["--spacing", "even"], "'even'"),
    (["--device", "gpu"], "torch cannot use the device 'gpu' here; cpu always works"),
]


@pytest.mark.parametrize(("flags", "named"), MISTAKES, ids=[" ".join(f) for f, _ in MISTAKES])
def test_a_mistake_is_one_line_and_leaves_nothing(
    here: Path, refused: Refused, flags: list[str], named: str
) -> None:
    before = snapshot(here)
    assert named in refused(*words("--out", "new/out", *flags))
    assert snapshot(here) == before
    assert not (here / "new").exists()


def test_models_that_are_none(here: Path, refused: Refused) -> None:
    assert refused("sample", "runs/none") == (
        "there is no model at runs/none; give a run's folder, a model folder, "
        "hf://org/name or one of " + ", ".join(shipped_models())
    )
    (here / "empty").mkdir()
    assert "empty holds no model (no model/config.json)" in refused("sample", "empty")
    weights = here / "runs" / "tiny" / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "model.safetensors is broken" in refused("sample", "runs/tiny")
    assert not (here / "samples").exists()


def test_a_full_disk_keeps_the_old_sprites(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(words("--steps", "1", "-n", "2", "--out", "out")) == 0
    before = snapshot(here)

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    capsys.readouterr()
    argv = words("--steps", "1", "-n", "2", "--out", "out", "--overwrite", "--seed", "1")
    assert main(argv) == 2
    # The drawing's own progress comes before.
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("error: cannot write ")
    assert "(No space left on device)" in line
    assert snapshot(here) == before
    assert list(here.rglob(".*")) == []


def test_progress_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words("--steps", "4", "-n", "3", "--out", "out")) == 0
    assert "evaluations: 12/12 in " in capsys.readouterr().err
    assert here.exists()
