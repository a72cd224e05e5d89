"""Sprites from the same x_T: the start is the same, and later noise is heeded."""

from typing import Any

import numpy as np
import pytest

from evaluation_runs import ddim, ddpm
from spritelab.errors import SettingsError
from spritelab.evaluation.comparison.same_noise import (
    draw_variations,
    picture_difference,
    unrelated_difference,
    variety_of,
)
from spritelab.evaluation.samples import draw
from spritelab.generate import BATCHING_TOLERANCE, Model


@pytest.mark.parametrize(
    "changes", [{}, {"spacing": "trailing"}, {"clip": False}, {"guidance": 3.0}]
)
def test_the_same_noise_means_the_same_start(tiny_model: Model, changes: dict[str, Any]) -> None:
    """One x_T for all settings: with η = 0, drawing again gives what ``sample`` gave."""
    how = ddim(5).changed(**changes)
    drawn = draw(tiny_model, how, 3, 4)
    again = draw_variations(tiny_model, how, 3, drawn.labels, 3)
    assert again.shape == (4, 3, 16, 16, 4)
    assert np.abs(again.astype(int) - drawn.images[:, None]).max() <= BATCHING_TOLERANCE
    assert variety_of(how, again).difference < 0.1
    plain = draw(tiny_model, ddim(5), 3, 4).images
    assert not changes or np.abs(again[:, 0].astype(int) - plain).max() > BATCHING_TOLERANCE


def test_other_noise_on_the_way_moves_the_sprites(tiny_model: Model) -> None:
    labels = draw(tiny_model, ddim(5), 3, 4).labels
    noisy = draw_variations(tiny_model, ddim(5, 1.0), 3, labels, 3)
    assert variety_of(ddim(5, 1.0), noisy).difference > 5
    with pytest.raises(SettingsError, match="takes DDIM"):
        draw_variations(tiny_model, ddpm(5), 3, labels, 3)


def test_picture_difference_in_numbers() -> None:
    black = np.zeros((2, 4, 4, 4), dtype=np.uint8)
    black[..., 3] = 255
    clear = np.zeros_like(black)  # shows the white below
    half = black.copy()
    half[:, :2, :, 0] = 100  # 100 levels in one of three channels of half the pixels
    np.testing.assert_allclose(picture_difference(black, clear), [255, 255])
    np.testing.assert_allclose(picture_difference(black, half), [100 / 6, 100 / 6])
    both = np.concatenate([black[:1], clear[:1]])
    assert unrelated_difference(both) == 255
