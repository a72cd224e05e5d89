"""Copies that must be found, and new sprites that must not be called copies."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation_rules import uniform
from spritelab import pixels
from spritelab.errors import DataError
from spritelab.evaluation.metrics import find_copies, nearest_pairs
from spritelab.pixels import Images


def sprites(seed: int, n: int, side: int = 8) -> Images:
    """Sprites of random colours from a palette of four levels a channel, on white."""
    levels = (uniform(seed, (n, side, side, 3)) * 4).astype(np.uint8) * 85
    levels[:, [0, -1]] = 255
    levels[:, :, [0, -1]] = 255
    return levels


def moved(images: Images, dy: int, dx: int) -> Images:
    """The sprites moved down and to the right on white."""
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=255)
    return padded[:, 2 - dy : 2 - dy + height, 2 - dx : 2 - dx + width]


TRAINING = sprites(1, 40)
NEW = sprites(2, 30)


def test_training_sprites_are_all_copies_of_themselves() -> None:
    found = find_copies(TRAINING[::-1], TRAINING)
    assert found.share == 1
    assert found.nearest.tolist() == list(range(39, -1, -1))
    np.testing.assert_array_equal(found.distance, 0)


def test_new_sprites_are_no_copies() -> None:
    found = find_copies(NEW, TRAINING)
    assert found.share == 0
    assert (found.distance > 20).all()


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(("dy", "dx"), [(0, 1), (-1, 0), (1, -1), (-1, -1)])
def test_moved_and_mirrored_copies_are_found(dy: int, dx: int, flip: bool) -> None:
    samples = moved(TRAINING, dy, dx)
    samples = samples[:, :, ::-1] if flip else samples
    found = find_copies(samples, TRAINING)
    assert found.share == 1
    assert found.nearest.tolist() == list(range(40))
    np.testing.assert_array_equal(found.distance, 0)
    assert find_copies(samples, TRAINING, shift=0).share == 0
    if flip:
        assert find_copies(samples, TRAINING, mirror=False).share == 0


def test_a_move_of_two_pixels_needs_a_shift_of_two() -> None:
    samples = moved(TRAINING, 2, -2)
    assert find_copies(samples, TRAINING).share == 0
    assert find_copies(samples, TRAINING, shift=2).share == 1


def test_a_copy_may_be_off_by_the_tolerance_and_no_more() -> None:
    samples = TRAINING.copy()
    sign = np.where(samples > 127, -8, 8)
    samples = (samples + sign).astype(np.uint8)
    found = find_copies(samples, TRAINING)
    assert found.share == 1
    np.testing.assert_allclose(found.distance, 8)
    samples[:20, 4, 4, 1] = TRAINING[:20, 4, 4, 1] + np.where(TRAINING[:20, 4, 4, 1] > 127, -9, 9)
    assert find_copies(samples, TRAINING).copy.tolist() == [False] * 20 + [True] * 20
    assert find_copies(samples, TRAINING, tolerance=9).share == 1


def test_the_copied_sprite_need_not_be_the_nearest() -> None:
    """One far pixel makes no copy, though all others agree; a slightly paler twin is a copy."""
    base = np.full((1, 16, 16, 3), 100, dtype=np.uint8)
    one_pixel = base.copy()
    one_pixel[0, 5, 5] = 130  # RMS 30 / 16 ≈ 1.9
    paler = base + np.uint8(6)  # RMS 6
    found = find_copies(base, np.concatenate([one_pixel, paler]), shift=0)
    assert found.nearest.tolist() == [0]
    assert found.distance[0] == pytest.approx(30 / 16)
    assert found.copy.tolist() == [True]
    assert find_copies(base, one_pixel, shift=0).share == 0


def test_the_nearest_by_brute_force() -> None:
    found = find_copies(NEW, TRAINING, shift=0, mirror=False)
    differences = NEW[:, None].astype(float) - TRAINING[None].astype(float)
    rms = np.sqrt((differences**2).mean(axis=(2, 3, 4)))
    np.testing.assert_array_equal(found.nearest, rms.argmin(axis=1))
    np.testing.assert_allclose(found.distance, rms.min(axis=1), rtol=1e-14)


def test_many_samples_are_worked_on_by_blocks() -> None:
    samples = np.concatenate([NEW] * 18)
    samples[530] = TRAINING[7]
    found = find_copies(samples, TRAINING)
    assert np.flatnonzero(found.copy).tolist() == [530]
    assert found.nearest[530] == 7
    np.testing.assert_array_equal(found.nearest[:30], found.nearest[480:510])


def test_alpha_is_compared_as_it_looks_on_white() -> None:
    rgba = pixels.with_channels(TRAINING, 4)
    rgba[:, 0] = (9, 9, 9, 0)  # hidden colour under a row that is white in TRAINING
    assert find_copies(rgba, TRAINING).share == 1


def test_one_colour_sprites_are_copies_of_one_another() -> None:
    plain = np.full((600, 4, 4, 3), 70, dtype=np.uint8)
    assert find_copies(plain, plain + np.uint8(3)).share == 1


def test_pairs_stand_nearest_first() -> None:
    samples = np.concatenate([NEW[:3], TRAINING[5:6]])
    found = find_copies(samples, TRAINING)
    pairs = nearest_pairs(samples, TRAINING, found, count=2)
    assert pairs.shape == (2, 2, 8, 8, 3)
    np.testing.assert_array_equal(pairs[0], TRAINING[[5, 5]])
    second = int(found.distance[:3].argmin())
    np.testing.assert_array_equal(pairs[1, 0], samples[second])
    np.testing.assert_array_equal(pairs[1, 1], TRAINING[found.nearest[second]])
    assert len(nearest_pairs(samples, TRAINING, found, count=99)) == 4


def test_bad_sprites_are_one_clear_line() -> None:
    with pytest.raises(DataError, match=r"8×8 pixels cannot be compared .* 16×16"):
        find_copies(NEW, sprites(1, 3, side=16))
    with pytest.raises(DataError, match="no sprites"):
        find_copies(NEW[:0], TRAINING)
    with pytest.raises(DataError, match="not 8 and 8"):
        find_copies(NEW, TRAINING, shift=8)
    with pytest.raises(DataError, match="not 1 and 300"):
        find_copies(NEW, TRAINING, tolerance=300)
