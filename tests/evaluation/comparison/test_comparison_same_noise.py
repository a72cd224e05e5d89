"""How far sprites lie apart."""

import numpy as np

from spritelab.evaluation.comparison.same_noise import picture_difference, unrelated_difference


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
