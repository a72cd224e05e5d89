"""Exact sums of features: any order gives the same bits, and the distance of the features."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.evaluation.metrics import (
    KernelBlocks,
    Moments,
    frechet_distance,
    frechet_distance_of_moments,
    kernel_distance,
)


def features(n: int, d: int = 24, seed: int = 0, shift: float = 0.0) -> NDArray[np.float32]:
    """Positive and correlated, as a network's are; some are always 0."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n, d)) @ np.random.default_rng(9).normal(size=(d, d)) / 4 + shift
    mixed[:, :3] = 0
    return np.maximum(mixed, -0.1).astype(np.float32)


def same(a: Moments, b: Moments) -> bool:
    return all(np.array_equal(a.arrays()[name], b.arrays()[name]) for name in a.arrays())


def test_any_parts_in_any_order_give_the_same_bits() -> None:
    rows = features(9001)  # several sums of 4,096 rows
    whole = Moments.of(rows)
    rng = np.random.default_rng(1)
    for parts in (2, 8, 300):
        cuts = np.sort(rng.choice(np.arange(1, 9001), parts - 1, replace=False))
        pieces = np.split(rows, cuts)
        total = Moments.of(rows[:0])
        for k in rng.permutation(parts):
            total = Moments.of(pieces[k]) + total
        assert same(total, whole)
    assert same(Moments.of(rows[::-1]), whole)


def test_they_are_the_mean_and_the_covariance() -> None:
    rows = features(500, shift=3.0).astype(np.float64)
    found = Moments.of(rows)
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), atol=2e-7)
    np.testing.assert_allclose(found.covariance, np.cov(rows.T), atol=5e-7)
    # Of whole multiples of 2^-22 they are exact, negative ones among them.
    whole = np.rint(rows * 64) / 64 - 2
    exact = Moments.of(whole)
    expected = (whole.T * 64).astype(int).astype(object) @ (whole * 64).astype(int).astype(object)
    cross = (exact.cross + exact.cross.T).astype(object)
    sums = exact.high.astype(object) * 2**30 + cross * 2**15 + exact.low
    assert (sums == expected * 2**32).all()


@pytest.mark.parametrize(("n", "m"), [(400, 300), (400, 12), (10, 8)])
def test_the_distance_is_that_of_the_features(n: int, m: int) -> None:
    """Fewer sprites than dimensions, too, where Σ has no inverse."""
    a, b = features(n), features(m, seed=1, shift=0.2)
    expected = frechet_distance(a, b)
    found = frechet_distance_of_moments(Moments.of(a), Moments.of(b))
    assert found == pytest.approx(expected, rel=1e-6)
    assert frechet_distance_of_moments(Moments.of(a), Moments.of(a)) == pytest.approx(0, abs=1e-9)


def test_what_cannot_be_summed() -> None:
    for value in (np.nan, np.inf, 256.0):
        with pytest.raises(DataError, match="below 256"):
            Moments.of(np.full((3, 2), value))
    with pytest.raises(DataError, match="not \\[3\\]"):
        Moments.of(np.zeros(3))
    one, two = Moments.of(features(1)), Moments.of(features(9))
    with pytest.raises(DataError, match="at least 2 sprites on each side, not 1 and 9"):
        frechet_distance_of_moments(one, two)
    with pytest.raises(DataError):
        frechet_distance_of_moments(two, Moments.of(features(9, d=5)))


def test_one_block_is_kid_of_all() -> None:
    """The whole set as one block is KID with one subset of everything."""
    real, ours = features(60), features(60, seed=3, shift=0.3)
    blocks = KernelBlocks(real)
    within, across = blocks.sums(ours)
    kid, error = blocks.join(np.array([60.0]), np.array([within]), np.array([across]))
    assert kid == pytest.approx(kernel_distance(ours, real, subset_size=60, subsets=1)[0], rel=1e-9)
    assert np.isnan(error)


def test_blocks_estimate_the_same_and_say_how_well() -> None:
    """The B-test: for sprites of the same distribution about 0, within its own error."""
    real = features(400)
    blocks = KernelBlocks(real)
    for shift, centre in ((0.0, 0.0), (0.3, None)):
        ours = features(2000, seed=5, shift=shift)
        parts = np.split(ours, 20)
        sums = np.array([blocks.sums(part) for part in parts])
        kid, error = blocks.join(np.full(20, 100.0), sums[:, 0], sums[:, 1])
        if centre is None:
            centre = kernel_distance(ours[:400], real, subset_size=400, subsets=1)[0]
            assert kid == pytest.approx(centre, rel=0.3)
            assert kid > 5 * error
        else:
            assert abs(kid - centre) < 0.1
