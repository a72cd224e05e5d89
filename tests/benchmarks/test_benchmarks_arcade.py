"""``arcade``: distinct, symmetric, few colours, and the same everywhere."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from benchmarks.lib import arcade
from spritelab import load_sprites
from spritelab.palette import index_sprites

CONTENT = "5ff6911dd8b8e622c60879a9d0e38bc11191e5c366fff8181615294a02671efe"


def test_the_set(tmp_path: Path) -> None:
    sprites = load_sprites(arcade.save(tmp_path))
    assert sprites.class_names == ("insect", "robot", "ship", "mask", "rune")
    assert np.bincount(sprites.labels).tolist() == [80] * 5
    images = sprites.images
    assert images.shape == (400, 16, 16, 4)
    assert hashlib.sha256(images.tobytes()).hexdigest() == CONTENT
    assert (images == images[:, :, ::-1]).all(), "symmetric"
    assert set(np.unique(images[..., 3])) == {0, 255}
    shapes = {(image @ np.array([1, 1000, 10**6, 0])).tobytes() for image in images}
    assert len(shapes) == 400
    sizes = index_sprites(images, 16).sizes
    assert 4 <= sizes.min() <= sizes.max() <= 12
    training, held_out = sprites.split(0.5, seed=0)
    assert (len(training), len(held_out)) == (200, 200)


def test_it_is_written_once(tmp_path: Path) -> None:
    path = arcade.save(tmp_path)
    before = path.stat().st_mtime_ns
    assert arcade.save(tmp_path) == path
    assert path.stat().st_mtime_ns == before
