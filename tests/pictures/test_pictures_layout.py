"""Grids: where every sprite stands, and that its pixels are only ever repeated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from spritelab.errors import DataError, SettingsError
from spritelab.pictures import grid, lay_on
from spritelab.pictures.layout import LIGHT, PAGE, SHADE, good_columns, good_scale
from spritelab.pixels import Images


def noise(n: int, size: int = 6, channels: int = 3, seed: int = 0) -> Images:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, size, size, channels), dtype=np.uint8)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 9),
    columns=st.integers(1, 6),
    scale=st.integers(1, 4),
    gap=st.integers(0, 5),
    seed=st.integers(0, 99),
)
def test_every_block_is_one_source_pixel(
    n: int, columns: int, scale: int, gap: int, seed: int
) -> None:
    images = noise(n, 5, seed=seed)
    sheet = grid(images, columns, scale, gap)
    covered = np.zeros(sheet.shape[:2], dtype=bool)
    wide = min(columns, n)
    for i in range(n):
        for y in range(5):
            for x in range(5):
                top = gap + (i // wide) * (5 * scale + gap) + y * scale
                left = gap + (i % wide) * (5 * scale + gap) + x * scale
                block = sheet[top : top + scale, left : left + scale]
                assert block.shape == (scale, scale, 3)
                assert (block == images[i, y, x]).all()
                covered[top : top + scale, left : left + scale] = True
    assert (sheet[~covered] == PAGE).all()
    assert covered.sum() == n * 25 * scale**2


def test_shape_with_a_ragged_last_row() -> None:
    assert grid(noise(5), columns=3, scale=2, gap=4).shape == (2 * 12 + 3 * 4, 3 * 12 + 4 * 4, 3)


def test_background_none_keeps_straight_alpha_and_hidden_places_empty() -> None:
    images = noise(3, channels=4)
    sheet = grid(images, columns=2, scale=1, gap=1, background=None)
    assert sheet.shape == (15, 15, 4)
    assert_array_equal(sheet[1:7, 1:7], images[0])
    assert_array_equal(sheet[1:7, 8:14], images[1])
    assert_array_equal(sheet[8:14, 1:7], images[2])
    assert not sheet[8:14, 8:14].any()
    assert not sheet[0].any()


def test_background_none_makes_rgb_opaque() -> None:
    sheet = grid(noise(1), scale=1, gap=0, background=None)
    assert (sheet[..., 3] == 255).all()


def test_plain_ground_is_the_over_operator() -> None:
    sprite = np.array([[[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]]], dtype=np.uint8)
    laid = lay_on(sprite, (10, 20, 30))
    assert_array_equal(laid[0, 0], [[200, 100, 0], [10, 20, 30], [48, 36, 24]])


@pytest.mark.parametrize(("size", "check"), [(4, 1), (16, 2), (32, 4)])
def test_checkerboard_shows_only_through_transparent_pixels(size: int, check: int) -> None:
    images = np.zeros((1, size, size, 4), dtype=np.uint8)
    images[0, size // 2 :, :, :] = (9, 8, 7, 255)
    laid = lay_on(images, "checker")[0]
    assert (laid[size // 2 :] == (9, 8, 7)).all()
    for y in range(size // 2):
        for x in range(size):
            expected = SHADE if (y // check + x // check) % 2 else LIGHT
            assert tuple(laid[y, x]) == expected


def test_rgb_sprites_are_laid_on_nothing() -> None:
    images = noise(2)
    assert_array_equal(lay_on(images, "checker"), images)


@pytest.mark.parametrize(("n", "columns"), [(1, 1), (2, 2), (20, 5), (24, 6), (64, 8), (100, 10)])
def test_good_columns(n: int, columns: int) -> None:
    assert good_columns(n) == columns


@given(st.integers(1, 5000))
def test_good_columns_are_between_square_and_wide(n: int) -> None:
    columns = good_columns(n)
    assert 1 <= columns <= n
    assert columns * columns >= n  # never higher than wide


def test_good_scale_keeps_the_width() -> None:
    assert good_scale(16, 5) == 8
    assert good_scale(32, 10) == 2
    assert good_scale(32, 1000) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": 0}, "the scale must be a whole number of at least 1, not 0"),
        ({"gap": -1}, "the gap between sprites must be at least 0 pixels, not -1"),
        ({"columns": 0}, "a grid needs at least 1 column, not 0"),
    ],
)
def test_layout_out_of_range(change: dict[str, int], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        grid(noise(2), **change)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_nothing_to_show() -> None:
    with pytest.raises(DataError, match="no sprites"):
        grid(noise(0))
    with pytest.raises(DataError, match="uint8"):
        grid(noise(1).astype(np.float32))
