"""Which model to begin from: the loss of a run at update 0, on the sprites that it would learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spritelab import data, runs
from spritelab.data import SpriteSet
from spritelab.errors import ModelError
from tiny import tiny_set


@pytest.fixture(scope="module")
def figures() -> SpriteSet:
    return data.load("builtin", n=64)


def test_a_model_knows_what_it_was_trained_on_best(figures: SpriteSet) -> None:
    losses = runs.parent_losses(figures)
    assert set(losses) == {"builtin-16", "crawl-16"}  # no student
    assert list(losses.values()) == sorted(losses.values())
    assert next(iter(losses)) == "builtin-16"
    noise = np.random.default_rng(0).integers(0, 256, figures.images.shape, dtype=np.uint8)
    assert runs.parent_losses(SpriteSet.from_arrays(noise))["builtin-16"] > 3 * losses["builtin-16"]
    assert runs.parent_losses(figures) == losses


def test_rgb_sprites_and_other_sizes_fit_an_rgba_parent(figures: SpriteSet) -> None:
    rgb = SpriteSet.from_arrays(figures.images[..., :3])
    large = SpriteSet.from_arrays(figures.images.repeat(2, axis=1).repeat(2, axis=2))
    for sprites in (rgb, large):
        assert set(runs.parent_losses(sprites)) == {"builtin-16", "crawl-16"}


def test_a_model_that_cannot_learn_them_is_left_out(tiny_run: Path, tmp_path: Path) -> None:
    odd = SpriteSet.from_arrays(tiny_set().images[:, 1:12, 1:12])
    assert runs.parent_losses(odd, [tiny_run]) == {}
    assert list(runs.parent_losses(tiny_set(), [tiny_run])) == [tiny_run]
    with pytest.raises(ModelError, match="there is no model at"):
        runs.parent_losses(tiny_set(), [tmp_path / "none"])
