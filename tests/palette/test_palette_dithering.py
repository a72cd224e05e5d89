"""Ordered dithering and merging, on colours whose result is known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spritelab.errors import DataError, SettingsError
from spritelab.palette import (
    Palette,
    apply,
    dither,
    from_oklab,
    learn_palette,
    merge_colours,
    to_oklab,
)
from spritelab.palette.dithering import BAYER
from spritelab.pixels import Images

BLACK_AND_WHITE = Palette.from_hex(["#000000", "#ffffff"])


def plain(*colour: int, height: int = 8, width: int = 8) -> Images:
    return np.full((1, height, width, len(colour)), colour, dtype=np.uint8)


def grey(lightness: float) -> tuple[int, int, int]:
    red, green, blue = from_oklab(np.array([lightness, 0.0, 0.0])).tolist()
    return red, green, blue


def test_the_matrix_is_made_as_bayer_makes_it() -> None:
    four = 4 * np.array([[0, 2], [3, 1]])
    np.testing.assert_array_equal(BAYER, np.block([[four, four + 2], [four + 3, four + 1]]))


@pytest.mark.parametrize("sixteenths", range(17))
def test_a_grey_becomes_as_many_white_pixels_as_it_is_light(sixteenths: int) -> None:
    drawn = dither(plain(*grey(sixteenths / 16)), BLACK_AND_WHITE, 0.0)[0]
    wanted = np.where(np.tile(BAYER, (2, 2)) < sixteenths, 255, 0)
    np.testing.assert_array_equal(drawn, np.repeat(wanted[..., None], 3, axis=-1))


def test_colours_of_the_palette_stay_and_so_does_alpha() -> None:
    rng = np.random.default_rng(0)
    palette = Palette(rng.integers(0, 256, (12, 3), dtype=np.uint8))
    rgb = palette.colours[rng.integers(0, 12, (3, 7, 9))]
    alpha = rng.choice(np.array([0, 90, 255], dtype=np.uint8), (3, 7, 9, 1))
    images = np.concatenate([np.where(alpha == 0, 0, rgb), alpha], axis=-1).astype(np.uint8)
    np.testing.assert_array_equal(dither(images, palette), images)
    other = dither(images, BLACK_AND_WHITE, 0.0)
    np.testing.assert_array_equal(other[..., 3:], alpha)
    assert not other[alpha[..., 0] == 0].any()
    assert set(np.unique(other[..., :3])) == {0, 255}


def test_roughness_ends_in_the_nearest_colour() -> None:
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    palette = learn_palette(rng.integers(0, 256, (1, 8, 8, 3), dtype=np.uint8), 9)
    np.testing.assert_array_equal(dither(images, palette, 1.0), apply(images, palette))
    assert (dither(images, palette) != apply(images, palette)).any()


def brute(colour: Images, palette: Images, roughness: float) -> tuple[int, int, int]:
    """The formula of the docstring, one mixture at a time: (nearest, other, k)."""
    c, points = to_oklab(colour), to_oklab(palette)
    p = int(((points - c) ** 2).sum(axis=1).argmin())
    best = (np.inf, 0, 0)
    for k in range(9):
        for q in range(len(points)):
            s = k / 16
            mean = (1 - s) * points[p] + s * points[q]
            apart = ((points[p] - points[q]) ** 2).sum()
            cost = ((c - mean) ** 2).sum() + roughness * s * (1 - s) * apart
            if cost < best[0] - 1e-12:
                best = (float(cost), q, k)
    return p, best[1], best[2]


@pytest.mark.parametrize("roughness", [0.0, 0.2, 0.7])
def test_the_two_colours_are_those_of_the_formula(roughness: float) -> None:
    rng = np.random.default_rng(2)
    palette = Palette(rng.integers(0, 256, (10, 3), dtype=np.uint8)).colours
    for colour in rng.integers(0, 256, (40, 3), dtype=np.uint8):
        p, q, k = brute(colour, palette, roughness)
        drawn = dither(plain(*colour.tolist(), height=4, width=4), Palette(palette), roughness)[0]
        found = [int((palette == pixel).all(axis=1).argmax()) for pixel in drawn.reshape(-1, 3)]
        wanted = {p: 16 - k, q: k} if k else {p: 16}
        assert {one: found.count(one) for one in set(found)} == wanted
        lighter = np.array(found).reshape(4, 4) == max(p, q)
        assert (BAYER[lighter] < lighter.sum()).all()


def test_a_palette_that_cannot_be_seen_is_refused() -> None:
    with pytest.raises(DataError, match="no colour that can be seen"):
        dither(plain(1, 2, 3), Palette.from_hex(["#00000000"]))
    with pytest.raises(SettingsError, match="`roughness` must be 0 to 1, not 2"):
        dither(plain(1, 2, 3), BLACK_AND_WHITE, 2)


def levels(*greys: int) -> Images:
    """One row of grey pixels."""
    return np.repeat(np.array(greys, dtype=np.uint8)[None, None, :, None], 3, axis=-1)


def test_merging_keeps_the_more_used_and_does_not_chain() -> None:
    step = float(np.linalg.norm(to_oklab(levels(104))[0, 0, 0] - to_oklab(levels(100))[0, 0, 0]))
    row = levels(100, 100, 100, 104, 104, 108)
    # 104 is near to 100 and gives way; 108, near to 104 alone, stays, and is the nearer one.
    one_step = merge_colours(row, 1.2 * step)
    np.testing.assert_array_equal(one_step, levels(100, 100, 100, 108, 108, 108))
    np.testing.assert_array_equal(merge_colours(row, 2.2 * step), levels(*[100] * 6))
    np.testing.assert_array_equal(merge_colours(row, 0.0), row)
    # The middle one is used most: it takes both.
    middle = merge_colours(levels(100, 104, 104, 108), 1.2 * step)
    np.testing.assert_array_equal(middle, levels(104, 104, 104, 104))


def test_equally_used_colours_go_to_the_darker_one_and_ends_are_exclusive() -> None:
    pair = levels(100, 104)
    step = float(np.linalg.norm(to_oklab(pair)[0, 0, 0] - to_oklab(pair)[0, 0, 1]))
    np.testing.assert_array_equal(merge_colours(pair, step * 1.0001), levels(100, 100))
    np.testing.assert_array_equal(merge_colours(pair, step * 0.9999), pair)


def test_merging_leaves_alpha_and_other_sprites_alone() -> None:
    soft = np.array([[[[100, 100, 100, 255], [101, 101, 101, 254], [0, 0, 0, 0]]]], dtype=np.uint8)
    np.testing.assert_array_equal(merge_colours(soft, 0.3), soft)
    two = np.concatenate([levels(100, 101, 101), levels(101, 100, 100)])
    merged = merge_colours(two, 0.05)
    np.testing.assert_array_equal(merged[0], levels(101, 101, 101)[0])
    np.testing.assert_array_equal(merged[1], levels(100, 100, 100)[0])


def test_what_is_left_lies_apart_and_nothing_moves_as_far() -> None:
    images = np.random.default_rng(3).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    for before, after in zip(images, merge_colours(images, 0.1), strict=True):
        points = to_oklab(np.unique(after.reshape(-1, 3), axis=0))
        gaps = np.linalg.norm(points[:, None] - points, axis=-1)
        assert gaps[~np.eye(len(points), dtype=bool)].min() >= 0.1
        moved = np.linalg.norm(to_oklab(before) - to_oklab(after), axis=-1)
        assert moved.max() < 0.1
        nearest = np.linalg.norm(to_oklab(before)[:, :, None] - points, axis=-1).min(axis=-1)
        np.testing.assert_allclose(moved, nearest)


@pytest.mark.parametrize("distance", [-0.1, 1.5, float("nan")])
def test_a_distance_that_is_none_is_refused(distance: float) -> None:
    with pytest.raises(SettingsError, match="`merge` must be a distance of 0 to 1"):
        merge_colours(levels(1, 2), distance)
