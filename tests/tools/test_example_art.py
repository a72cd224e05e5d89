"""The folder of example art: the set's own sprites, by class, and never over another folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.lib import arcade
from spritelab import data
from tools import example_art


def test_the_folder_holds_the_first_sprites_of_every_class(tmp_path: Path) -> None:
    assert example_art.main([str(tmp_path / "art"), "--per-class", "3"]) == 0
    sprites = data.load(tmp_path / "art")
    assert sorted(sprites.class_names) == sorted(arcade.CLASSES)
    for k, name in enumerate(sprites.class_names):
        drawn = np.stack(list(arcade.sprites_of(name, 3)))
        assert np.array_equal(sprites.images[sprites.labels == k], drawn)


def test_a_folder_that_is_there_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert example_art.main([str(tmp_path)]) == 2
    assert f"{tmp_path} is there already; name another folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
