"""OKLab against closed forms, the published figures, and another way to compute it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spritelab.palette.oklab import from_oklab, to_oklab, to_points
from spritelab.pixels import Images

WHITE = np.array([1.0, 0.0, 0.0])
BLACK = np.array([0.0, 0.0, 0.0])


def levels(*colours: tuple[int, ...]) -> Images:
    return np.array(colours, dtype=np.uint8)


def by_way_of_xyz(rgb: Images) -> NDArray[np.float64]:
    """OKLab from CIE XYZ (D65), as its definition has it; sRGB to XYZ from IEC 61966-2-1."""
    s = rgb / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    xyz_of_rgb = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    cones = [
        [0.8189330101, 0.3618667424, -0.1288597137],
        [0.0329845436, 0.9293118715, 0.0361456387],
        [0.0482003018, 0.2643662691, 0.6338517070],
    ]
    lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    roots = np.cbrt(linear @ np.transpose(xyz_of_rgb) @ np.transpose(cones))
    found: NDArray[np.float64] = roots @ np.transpose(lab)
    return found


def test_black_white_and_primaries() -> None:
    found = to_oklab(levels((0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[:2], [BLACK, WHITE], rtol=0, atol=1e-7)
    # CSS Color 4: oklch of the three, as L, a, b to five digits
    published = [
        (0.62796, 0.22486, 0.12585),
        (0.86644, -0.23389, 0.17950),
        (0.45201, -0.03246, -0.31153),
    ]
    np.testing.assert_allclose(found[2:], published, rtol=0, atol=2e-5)


def test_greys_have_the_cube_root_of_their_light_and_no_hue() -> None:
    grey = np.arange(256, dtype=np.uint8)
    found = to_oklab(np.stack([grey] * 3, axis=-1))
    linear = [
        g / 255 / 12.92 if g <= 10 else ((g / 255 + 0.055) / 1.055) ** 2.4 for g in range(256)
    ]
    np.testing.assert_allclose(found[:, 0], np.cbrt(linear), rtol=0, atol=1e-7)
    np.testing.assert_allclose(found[:, 1:], 0, rtol=0, atol=1e-7)


def test_the_same_by_way_of_xyz() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (4, 5, 500, 3), dtype=np.uint8)
    np.testing.assert_allclose(to_oklab(rgb), by_way_of_xyz(rgb), rtol=0, atol=1e-3)


def test_the_published_inverse() -> None:
    lab = to_oklab(np.random.default_rng(1).integers(0, 256, (1000, 3), dtype=np.uint8))
    roots = lab @ np.transpose(
        [
            [1, 0.3963377774, 0.2158037573],
            [1, -0.1055613458, -0.0638541728],
            [1, -0.0894841775, -1.2914855480],
        ]
    )
    linear = roots**3 @ np.transpose(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip(linear, 0, 1)
    s = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_array_equal(from_oklab(lab), np.rint(255 * s))


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_there_and_back_to_the_level(step: int) -> None:
    """A grid with both ends, and all 16.7 million colours."""
    plane = np.arange(0, 256, step, dtype=np.uint8)
    green, blue = np.meshgrid(plane, plane, indexing="ij")
    for red in plane:
        rgb = np.stack([np.full_like(green, red), green, blue], axis=-1)
        np.testing.assert_array_equal(from_oklab(to_oklab(rgb)), rgb)


def test_colours_outside_of_srgb_are_clipped() -> None:
    outside = np.array([(2.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.7, 0.5, 0.0)])
    assert from_oklab(outside).tolist()[:2] == [[255] * 3, [0] * 3]
    assert from_oklab(outside)[2].max() == 255


def test_distances_of_opaque_colours_are_those_of_oklab() -> None:
    rgb = np.random.default_rng(2).integers(0, 256, (2, 100, 3), dtype=np.uint8)
    opaque = np.concatenate([rgb, np.full((2, 100, 1), 255, dtype=np.uint8)], axis=-1)
    wanted = np.linalg.norm(np.subtract(*to_oklab(rgb)), axis=-1)
    for colours in (rgb, opaque):
        found = np.linalg.norm(np.subtract(*to_points(colours)), axis=-1)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_distances_with_alpha_are_the_mean_over_black_and_white() -> None:
    one, other = np.random.default_rng(3).integers(0, 256, (2, 100, 4), dtype=np.uint8)

    def on(background: NDArray[np.float64], colours: Images) -> NDArray[np.float64]:
        alpha = colours[:, 3:] / 255
        return alpha * to_oklab(colours[:, :3]) + (1 - alpha) * background

    squared = [((on(g, one) - on(g, other)) ** 2).sum(axis=-1) for g in (BLACK, WHITE)]
    found = ((to_points(one) - to_points(other)) ** 2).sum(axis=-1)
    np.testing.assert_allclose(found, np.mean(squared, axis=0), rtol=1e-12)


def test_transparent_colours_are_one_point() -> None:
    found = to_points(levels((255, 0, 9, 0), (0, 0, 0, 0), (0, 0, 0, 255)))
    assert found.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [-0.5, 0, 0, 0.5]]
