"""Near copies that must be found, in their own colours and in others; exact where pixels count."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation_rules import uniform
from spritelab import pixels
from spritelab.errors import DataError
from spritelab.evaluation.metrics import (
    NEAR,
    edge_distances,
    find_copies,
    near_copies,
    pixel_distances,
)
from spritelab.pixels import Images

LEVELS = near_copies.LEVELS


def sprites(seed: int, n: int, side: int = 12) -> Images:
    """RGBA sprites: opaque pixels of four levels a channel, in a frame of two clear ones."""
    images = np.zeros((n, side, side, 4), dtype=np.uint8)
    inner = images[:, 2:-2, 2:-2]
    inner[..., :3] = (uniform(seed, (*inner.shape[:3], 3)) * 4).astype(np.uint8) * 85
    inner[..., 3] = 255
    return images


def three_colours(seed: int, n: int) -> Images:
    """Sprites of which every pixel has one of three colours, 8×8 in a frame of two clear ones."""
    images = np.zeros((n, 12, 12, 4), dtype=np.uint8)
    kinds = (uniform(seed, (n, 8, 8)) * 3).astype(int)
    colours = np.array([(200, 40, 40, 255), (40, 160, 60, 255), (240, 240, 240, 255)])
    images[:, 2:-2, 2:-2] = colours[kinds]
    return images


def recoloured(images: Images) -> Images:
    """The drawings of ``three_colours`` in three other colours."""
    found = images.copy()
    others = {200: (20, 30, 90), 40: (230, 200, 20), 240: (90, 90, 90)}
    for red, colour in others.items():
        found[..., :3][(images[..., 0] == red) & (images[..., 3] > 0)] = colour
    return found


def moved(images: Images, dy: int, dx: int) -> Images:
    return np.roll(images, (dy, dx), axis=(1, 2))


TRAINING, NEW = sprites(1, 40), sprites(2, 30)


def by_brute_force(samples: Images, training: Images) -> NDArray[np.float64]:
    """Shares of the differing pixels at every position, one pair and one pixel at a time."""
    best = np.ones(len(samples))
    for mirrored in (training, training[:, :, ::-1]):
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                for i, one in enumerate(samples):
                    for other in mirrored:
                        differing = seen = 0
                        for y in range(max(0, -dy), one.shape[0] - max(0, dy)):
                            for x in range(max(0, -dx), one.shape[1] - max(0, dx)):
                                a, b = one[y, x].astype(int), other[y + dy, x + dx].astype(int)
                                seen += max(a[3], b[3]) > LEVELS
                                on_white = [
                                    (p[:3] * p[3] + 255 * (255 - p[3])) / 255 for p in (a, b)
                                ]
                                apart = max(np.abs(on_white[0] - on_white[1]).max(), abs(a - b)[3])
                                differing += apart > LEVELS
                        best[i] = min(best[i], differing / seen)
    return best


def test_against_brute_force() -> None:
    samples, training = sprites(3, 4, side=7), sprites(4, 5, side=7)
    samples[0, 2:4, 2:5] = training[2, 2:4, 2:5]
    samples[1] = moved(training[3:4], 0, 1)[0]
    samples[1, 3, 3] ^= np.array([255, 0, 0, 0], dtype=np.uint8)
    found = pixel_distances(samples, training)
    np.testing.assert_allclose(found, by_brute_force(samples, training), rtol=1e-12)
    assert found[1] == pytest.approx(1 / 9)


def test_training_sprites_lie_at_zero_and_new_ones_far() -> None:
    training, new = three_colours(1, 60), three_colours(2, 60)
    for distances in (pixel_distances, edge_distances):
        np.testing.assert_array_equal(distances(training[::-1], training), 0)
        assert (distances(new, training) > NEAR).all()


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(("dy", "dx"), [(0, 1), (-1, 0), (1, -1), (-1, -1)])
def test_a_copy_may_be_moved_by_a_pixel_and_mirrored(dy: int, dx: int, flip: bool) -> None:
    training = three_colours(1, 60)
    samples = moved(training, dy, dx)
    samples = samples[:, :, ::-1] if flip else samples
    for distances in (pixel_distances, edge_distances):
        np.testing.assert_array_equal(distances(samples, training), 0)
        assert (distances(moved(training, 3 * dy, 3 * dx), training) > NEAR).all()


@pytest.mark.parametrize("changed", [1, 6, 16, 17])
def test_the_distance_is_the_share_of_the_visible_pixels_that_were_changed(changed: int) -> None:
    """64 of 144 pixels are visible: 16 of them are a quarter, the last near copy."""
    samples = TRAINING.copy()
    for k in range(len(samples)):
        y, x = np.divmod(np.random.default_rng(k).choice(64, changed, replace=False), 8)
        samples[k, 2 + y, 2 + x, :3] ^= 255
    found = pixel_distances(samples, TRAINING)
    np.testing.assert_allclose(found, changed / 64)
    assert ((found <= NEAR) == (changed <= 16)).all()
    assert find_copies(samples, TRAINING).share == 0


def test_levels_and_alpha_part_pixels() -> None:
    base = np.full((1, 4, 4, 4), (100, 100, 100, 255), dtype=np.uint8)
    for channel, level, differs in ((1, 124, 0), (1, 125, 1), (1, 76, 0), (1, 75, 1), (3, 230, 1)):
        other = base.copy()
        other[0, 1, 2, channel] = level
        assert pixel_distances(other, base)[0] == differs / 16
    # White is not clear, though it looks so on white.
    white = np.full((1, 4, 4, 4), 255, dtype=np.uint8)
    assert pixel_distances(white, white * np.array([1, 1, 1, 0], dtype=np.uint8))[0] == 1


def test_empty_background_makes_nothing_alike() -> None:
    for distances in (pixel_distances, edge_distances):
        sides = three_colours(1, 20), three_colours(2, 20)
        wide = [np.pad(side, ((0, 0), (6, 6), (6, 6), (0, 0))) for side in sides]
        np.testing.assert_array_equal(distances(*wide), distances(*sides))
    # Without alpha nobody knows what is background.
    opaque = [pixels.with_channels(images, 3) for images in wide]
    assert (pixel_distances(*opaque) < pixel_distances(*wide)).all()


def test_sprites_without_anything_to_see() -> None:
    clear = np.zeros((2, 4, 4, 4), dtype=np.uint8)
    dot = clear.copy()
    dot[:, 0, 0] = 255
    for distances in (pixel_distances, edge_distances):
        # Two empty sprites are equal, but have no edges that could be.
        np.testing.assert_array_equal(distances(clear, clear), distances is edge_distances)
        # A move that takes the dot out of the frame leaves nothing to compare.
        np.testing.assert_array_equal(distances(dot, clear), 1)


def test_a_drawing_in_other_colours_has_the_same_edges() -> None:
    training, new = three_colours(1, 60), three_colours(2, 60)
    samples = recoloured(training)
    assert (samples != training).any(axis=-1)[:, 2:-2, 2:-2].all()
    np.testing.assert_array_equal(edge_distances(samples, training), 0)
    assert (pixel_distances(samples, training) > NEAR).all()
    assert (edge_distances(recoloured(new), training) > NEAR).all()


def stripes(*rows: int) -> Images:
    """Dark rows of four pixels in a light square of nine rows: 63 pairs of neighbours."""
    images = np.full((1, 9, 4, 3), 250, dtype=np.uint8)
    images[:, list(rows)] = 10
    return images


def phi(n: int, a: int, b: int, both: int) -> float:
    """Of n pairs a and b have an edge, ``both`` of them in both sprites."""
    found: float = np.corrcoef(
        np.repeat([1, 1, 0, 0], [both, a - both, b - both, n - a - b + both]),
        np.repeat([1, 0, 1, 0], [both, a - both, b - both, n - a - b + both]),
    )[0, 1]
    return found


def test_edges_by_hand() -> None:
    assert edge_distances(stripes(4), stripes(4)) == 0
    # A stripe of one row and one of two share one of their two lines, wherever they lie; at a
    # shift down one row fewer is compared, and one column fewer at a shift to the side.
    at = [phi(n, 2 * w, 2 * w, w) for n, w in ((59, 4), (52, 4), (42, 3), (36, 3))]
    found = edge_distances(stripes(4), stripes(4, 5))
    assert found == pytest.approx(1 - max(at))
    # A difference of 24 levels makes no edge, one of 25 does.
    faint = stripes(4)
    faint[:, 4] = 250 - LEVELS
    assert edge_distances(faint, stripes(4)) == 1
    faint[:, 4] -= 1
    assert edge_distances(faint, stripes(4)) == 0


def test_agreement_by_chance_counts_for_nothing() -> None:
    """Two of three pairs of these have an edge, so half of all edges agree whatever is drawn."""
    samples, training = (three_colours(seed, 60)[:, 2:-2, 2:-2, :3] for seed in (1, 2))
    assert np.median(edge_distances(samples, training)) > 2 * NEAR
    one, other = (images[:1] for images in (samples, training))
    assert edge_distances(one, other) == pytest.approx(1, abs=0.35)
    checkers = (np.indices((8, 8)).sum(axis=0)[None, ..., None] % 2 * np.full(3, 255)).astype("u1")
    assert edge_distances(checkers, checkers) == 1  # edges everywhere tell nothing


def test_many_samples_are_worked_on_by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = pixel_distances(NEW, TRAINING), edge_distances(NEW, TRAINING)
    monkeypatch.setattr(near_copies, "_PIXELS", 7 * 20 * 144)
    monkeypatch.setattr(near_copies, "_ROWS", 7)
    np.testing.assert_array_equal(pixel_distances(NEW, TRAINING), expected[0])
    np.testing.assert_array_equal(edge_distances(NEW, TRAINING), expected[1])


def test_more_candidates_are_never_farther() -> None:
    few, more, every = (pixel_distances(NEW, TRAINING, candidates=k) for k in (1, 5, 99))
    assert (few >= more).all()
    assert (more >= every).all()
    assert few.sum() > every.sum()


def test_rgb_and_rgba_are_compared() -> None:
    opaque = np.maximum(TRAINING, np.array([0, 0, 0, 255], dtype=np.uint8))
    np.testing.assert_array_equal(pixel_distances(opaque[..., :3], opaque), 0)


def test_bad_sprites_are_one_clear_line() -> None:
    for distances in (pixel_distances, edge_distances):
        with pytest.raises(DataError, match=r"12×12 pixels cannot be compared .* 16×16"):
            distances(NEW, sprites(1, 3, side=16))
        with pytest.raises(DataError, match="no sprites"):
            distances(NEW[:0], TRAINING)
