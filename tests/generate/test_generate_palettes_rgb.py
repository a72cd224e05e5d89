"""A palette head on RGB sprites, from the files to the figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tiny
from spritelab.cli import main
from spritelab.errors import SettingsError
from spritelab.generate import Model, load_model
from spritelab.palette import Palette

GROUND = (40, 60, 90)
"""What the sprites are laid on; no colour of their own."""


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few updates on RGBA sprites that are laid on ``GROUND``: two colours each."""
    folder = tmp_path_factory.mktemp("rgb")
    settings = tiny.tiny_settings(
        data__source=str(tiny.save_npz(tiny.tiny_set(80), folder / "sprites.npz")),
        data__channels=3,
        data__background=GROUND,
        training__prediction="palette",
        training__recolour=0.5,
        training__distract=0.5,
        training__steps=4,
    )
    return tiny.train_whole(settings, folder / "run")


@pytest.fixture(scope="module")
def model(run_folder: Path) -> Model:
    return load_model(run_folder, "cpu")


def colours(image: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(pixel) for pixel in image.reshape(-1, image.shape[-1]).tolist()}


def test_sprites_are_drawn_in_the_opaque_colours_of_training_sprites(model: Model) -> None:
    batch = model.sample(12, steps=4)
    assert batch.images.shape == (12, 16, 16, 3)
    assert batch.palettes is not None
    for image, palette in zip(batch.images, batch.palettes, strict=True):
        assert palette.channels == 3
        assert len(palette) == 2
        assert GROUND in colours(palette.colours)
        assert colours(image) <= colours(palette.colours)
    # Sprites that have both of their colours, or nothing would have been drawn.
    assert any(len(colours(image)) == 2 for image in batch.images)


def test_given_colours_lose_their_alpha(model: Model) -> None:
    """A half transparent red is seen on white; what is wholly transparent cannot be drawn."""
    batch = model.sample(3, steps=2, palette=Palette.from_hex(["#ff000080"]))
    assert set().union(*map(colours, batch.images)) == {(255, 127, 127)}
    two = model.sample(3, steps=2, palette=Palette.from_hex(["#00000000", "#102030", "#a0b0c0"]))
    assert set().union(*map(colours, two.images)) <= {(16, 32, 48), (160, 176, 192)}
    with pytest.raises(SettingsError, match="every colour of `palette` is transparent"):
        model.sample(1, steps=2, palette=Palette.from_hex(["#00000000"]))


def test_what_is_drawn_can_be_measured(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    words = ["evaluate", str(run_folder), "-n", "24", "--steps", "3", "--features", "pixels"]
    assert main([*words, "--device", "cpu", "--json", str(out)]) == 0
    assert "warning" not in capsys.readouterr().err  # the very sprites of the run
    facts = json.loads(out.read_text())
    assert facts["n"] == 24
    assert 1 <= facts["colours"] <= 2
    assert facts["partly_transparent"] == 0
