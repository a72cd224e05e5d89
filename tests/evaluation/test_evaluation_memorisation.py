"""Copies that must be found, and new sprites that must not be called copies."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_rules import uniform
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, norm

from spritelab import pixels
from spritelab.errors import DataError
from spritelab.evaluation.memorisation import (
    authentic_share,
    copying_score,
    find_copies,
    mann_whitney_z,
    nearest_pairs,
)
from spritelab.pixels import Images

Array = NDArray[np.float64]


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


def test_authentic_share_by_hand() -> None:
    """Training 0, 1, 5: own neighbours at 1, 1, 4. Samples near 0 and 5, within and beyond."""
    training = np.array([[0.0], [1], [5]])
    samples = np.array([[-0.5], [-1], [-1.5], [8.5], [9.5]])
    assert authentic_share(samples, training) == pytest.approx(2 / 5)


def test_training_sprites_are_not_authentic() -> None:
    training = np.random.default_rng(0).standard_normal((50, 6))
    assert authentic_share(training, training) == 0
    assert authentic_share(training + 1e-6, training) == 0
    assert authentic_share(training + 100, training) == 1


def test_new_draws_on_a_line_are_authentic_in_one_case_of_three() -> None:
    """On a line two points in three are the nearest neighbour of their own nearest neighbour

    (Clark and Evans 1955). A sample is authentic exactly when it is not, the training sprites
    being the other points.
    """
    rng = np.random.default_rng(1)
    n = 2000
    share = authentic_share(rng.random((n, 1)), rng.random((2 * n, 1)))
    assert share == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / n))


def test_mann_whitney_against_scipy_with_ties() -> None:
    rng = np.random.default_rng(2)
    for n, m in ((30, 50), (200, 21)):
        a, b = rng.integers(0, 12, n).astype(float), rng.integers(1, 13, m).astype(float)
        z = mann_whitney_z(a, b)
        p = mannwhitneyu(a, b, alternative="less", method="asymptotic", use_continuity=False).pvalue
        assert norm.cdf(z) == pytest.approx(p, rel=1e-9)
        assert mann_whitney_z(b, a) == pytest.approx(-z)
    assert mann_whitney_z(np.zeros(30), np.zeros(20)) == 0


def test_copying_score_of_one_cell_is_the_z_score_of_nearest_distances() -> None:
    rng = np.random.default_rng(3)
    samples, held_out, training = (rng.standard_normal((n, 4)) for n in (60, 40, 80))

    def nearest(x: Array) -> Array:
        gaps: Array = np.linalg.norm(x[:, None] - training[None], axis=-1)
        least: Array = gaps.min(axis=1)
        return least

    p = mannwhitneyu(
        nearest(samples),
        nearest(held_out),
        alternative="less",
        method="asymptotic",
        use_continuity=False,
    ).pvalue
    score = copying_score(samples, held_out, training, cells=1)
    assert norm.cdf(score) == pytest.approx(p, rel=1e-9)


def clusters(seed: int, n: int) -> tuple[Array, NDArray[np.int64]]:
    """Points around three far centres, a half, a third and a sixth of them."""
    rng = np.random.default_rng(seed)
    which = np.repeat([0, 1, 2], [n // 2, n // 3, n // 6])
    return rng.standard_normal((len(which), 3)) + 100 * np.eye(3)[which], which


def test_copying_score_weighs_cells_by_held_out_sprites() -> None:
    (samples, of_samples), (held_out, of_held_out) = clusters(4, 240), clusters(5, 180)
    training, of_training = clusters(6, 300)
    samples[of_samples == 0] = training[of_training == 0][:120] + 1e-3  # copies in one cell only
    z = [
        copying_score(
            samples[of_samples == cell],
            held_out[of_held_out == cell],
            training[of_training == cell],
            cells=1,
        )
        for cell in range(3)
    ]
    expected = np.average(z, weights=[90, 60, 30])
    for seed in range(5):
        score = copying_score(samples, held_out, training, cells=3, seed=seed)
        assert score == pytest.approx(expected, rel=1e-9)
    # The third cell holds 30 held-out sprites: too few when 31 are asked for.
    score = copying_score(samples, held_out, training, cells=3, least=31)
    assert score == pytest.approx(np.average(z[:2], weights=[90, 60]), rel=1e-9)


def test_one_training_sprite_over_and_over_makes_one_cell() -> None:
    rng = np.random.default_rng(9)
    samples, held_out = rng.standard_normal((2, 50, 3))
    training = np.zeros((40, 3))
    score = copying_score(samples, held_out, training, cells=5)
    assert score == copying_score(samples, held_out, training, cells=1)


@pytest.mark.parametrize("cells", [None, 1, 4])
def test_copying_score_on_known_cases(cells: int | None) -> None:
    rng = np.random.default_rng(7)
    training, held_out, fresh = (rng.standard_normal((n, 8)) for n in (600, 300, 300))
    assert copying_score(training[:300], held_out, training, cells=cells) < -5
    noisy = training[:300] + 0.1 * rng.standard_normal((300, 8))
    assert copying_score(noisy, held_out, training, cells=cells) < -5
    assert abs(copying_score(fresh, held_out, training, cells=cells)) < 3
    assert copying_score(2 * fresh, held_out, training, cells=cells) > 5
    again = copying_score(fresh, held_out, training, cells=cells, seed=3)
    assert again == copying_score(fresh, held_out, training, cells=cells, seed=3)


def test_copying_score_says_what_it_needs() -> None:
    x = np.random.default_rng(8).standard_normal((100, 2))
    with pytest.raises(DataError, match="at least 20 held-out sprites are needed, not 19"):
        copying_score(x, x[:19], x)
    with pytest.raises(DataError, match="one D"):
        copying_score(x, x[:, :1], x)
    with pytest.raises(DataError, match="1 … 100 cells"):
        copying_score(x, x, x, cells=101)
    with pytest.raises(DataError, match=r"no cell of C_T .* fewer cells than 60"):
        copying_score(x, x, x, cells=60)
