"""Enlarged pixel art comes back as it was drawn: exactly where pixels are sharp."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from sprite_files import Pixels
from spritelab.data import builtin
from spritelab.errors import DataError
from spritelab.pixels import with_channels
from spritelab.sheets import PixelGrid, find_grid, snap


def drawing(side: int, seed: int = 0, colours: int = 6) -> Pixels:
    """Art of a few colours with a transparent border, none of them near another."""
    rng = np.random.default_rng(seed)
    table = np.zeros((colours, 4), dtype=np.uint8)
    table[1:, :3] = rng.permutation(
        np.linspace(0, 250, 3 * (colours - 1)).astype(np.uint8)
    ).reshape(-1, 3)
    table[1:, 3] = 255
    indices = rng.integers(0, colours, (side, side))
    indices[[0, -1]] = 0
    indices[:, [0, -1]] = 0
    return table[indices]


def enlarged(art: Pixels, factor: float, how: int = Image.Resampling.NEAREST) -> Pixels:
    side = round(art.shape[0] * factor)
    return np.asarray(Image.fromarray(art).resize((side, side), how))


def as_jpeg(image: Image.Image, quality: int = 80) -> Pixels:
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image)
    buffer = io.BytesIO()
    ground.convert("RGB").save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGBA"))


@pytest.mark.parametrize("side", [12, 16, 32])
@pytest.mark.parametrize("factor", [2, 2.5, 3, 3.3, 5.7, 7.3, 8, 13, 15.625])
def test_sharp_art_comes_back_exactly(side: int, factor: float) -> None:
    art = drawing(side)
    np.testing.assert_array_equal(snap(enlarged(art, factor)), art)


@pytest.mark.parametrize("factor", [3, 4, 5.7, 7.3, 8, 10, 15.625])
@pytest.mark.parametrize("share", [0.25, 0.4])
def test_a_grid_that_begins_outside_the_picture(factor: float, share: float) -> None:
    """Of the first column and row less than half is cut off: they are still there."""
    art = drawing(16, seed=3)
    art[[0, -1]] = art[[8]]  # edges that can be seen
    art[:, [0, -1]] = art[:, [8]]
    cut = int(share * factor)
    picture = enlarged(art, factor)[cut:, cut:]
    np.testing.assert_array_equal(snap(picture), art)


def test_axes_may_begin_differently() -> None:
    art = drawing(24, seed=1)
    picture = enlarged(art, 9)[4:, 2:]
    grid = find_grid(picture)
    assert grid is not None
    assert (grid.width, grid.height) == pytest.approx((9, 9))
    assert (grid.left, grid.top) == pytest.approx((7, 5))
    np.testing.assert_array_equal(snap(picture), art)


@pytest.mark.parametrize("factor", [8, 15.625])
@pytest.mark.parametrize("softly", ["jpeg", "bicubic", "blur"])
def test_soft_art_comes_back_nearly(factor: float, softly: str) -> None:
    """Of sprites, for of noise little is left; where no grid is found, none is made up."""
    found = 0
    for art in with_channels(builtin.load(12).images, 3):
        opaque = with_channels(art[None], 4)[0]
        how = Image.Resampling.BICUBIC if softly == "bicubic" else Image.Resampling.NEAREST
        image = Image.fromarray(enlarged(opaque, factor, how))
        if softly == "blur":
            image = image.filter(ImageFilter.GaussianBlur(factor / 5))
        picture = as_jpeg(image)
        got = snap(picture)
        assert got.shape in (opaque.shape, picture.shape)
        if got.shape == opaque.shape:
            found += 1
            assert np.abs(got.astype(int) - opaque).mean() < 6
            # compression alone makes thousands
            assert len(np.unique(got.reshape(-1, 4), axis=0)) <= 3 * len(
                np.unique(opaque.reshape(-1, 4), axis=0)
            )
    assert found >= 10


def test_what_has_no_grid_stays_as_it_is() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (96, 96, 4), dtype=np.uint8)
    y, x = np.mgrid[:128, :128]
    smooth = np.dstack([x, y, (x + y) // 2, np.full_like(x, 255)]).astype(np.uint8)
    plain = np.full((64, 64, 4), 200, dtype=np.uint8)
    for image in (noise, smooth, plain, drawing(16), drawing(32), drawing(24, 5), noise[:3, :3]):
        assert find_grid(image) is None
        assert snap(image) is image


def test_a_grid_of_ones_own() -> None:
    art = drawing(8)
    stretched = art.repeat(3, axis=0).repeat(5, axis=1)
    np.testing.assert_array_equal(snap(stretched, PixelGrid(5, 3)), art)
    with pytest.raises(DataError, match=r"pixels of 50×3 are larger .* `pixel_size`"):
        snap(stretched, PixelGrid(50, 3))
