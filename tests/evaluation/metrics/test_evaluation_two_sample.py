"""The classifier two-sample test, on distributions whose best accuracy is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from spritelab.errors import DataError
from spritelab.evaluation.metrics import classifier_two_sample_test, two_sample

Array = NDArray[np.float64]


def gaussians(seed: int, n: int, dimensions: int, apart: float = 0.0) -> tuple[Array, Array]:
    """n of N(0, I) and n of N(μ, I), |μ| = ``apart``, in no direction of the axes."""
    x, y = np.random.default_rng(seed).standard_normal((2, n, dimensions))
    return x, y + apart / np.sqrt(dimensions)


@pytest.mark.parametrize(("n", "dimensions"), [(1000, 2), (500, 50), (200, 400)])
def test_samples_of_one_distribution_cannot_be_told(n: int, dimensions: int) -> None:
    for seed in range(3):
        accuracy, error = classifier_two_sample_test(*gaussians(seed, n, dimensions))
        assert error == pytest.approx(np.sqrt(0.25 / (2 * n)), rel=0.02)
        assert abs(accuracy - 0.5) < 4 * error


@pytest.mark.parametrize("apart", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("dimensions", [1, 10])
def test_shifted_gaussians_are_told_as_often_as_bayes_tells_them(
    apart: float, dimensions: int
) -> None:
    """The best rule is right with probability Φ(δ/2); no other is better."""
    best = norm.cdf(apart / 2)
    accuracy, error = classifier_two_sample_test(*gaussians(1, 2000, dimensions, apart))
    assert accuracy == pytest.approx(best, abs=4 * error)
    assert error == pytest.approx(np.sqrt(accuracy * (1 - accuracy) / 4000))


def test_what_is_far_apart_is_always_told() -> None:
    assert classifier_two_sample_test(*gaussians(2, 60, 500, apart=100)) == (1, 0)


def test_the_sides_may_be_exchanged() -> None:
    x, y = gaussians(3, 300, 20, 1.0)
    assert classifier_two_sample_test(x, y) == classifier_two_sample_test(y, x)
    x, y = x[:200], y
    assert classifier_two_sample_test(x, y) == classifier_two_sample_test(y, x)


def test_the_scale_and_origin_of_features_change_nothing() -> None:
    x, y = gaussians(4, 150, 20, 1.0)
    expected = classifier_two_sample_test(x, y)
    scale = 10.0 ** np.linspace(-6, 6, 20)
    found = classifier_two_sample_test(x * scale + 7 * scale, y * scale + 7 * scale)
    assert found == pytest.approx(expected, abs=1 / 300)
    single = classifier_two_sample_test(x.astype(np.float32), y.astype(np.float32))
    assert single == pytest.approx(expected, abs=1 / 300)


def test_features_that_never_vary_are_no_help_and_no_harm() -> None:
    x, y = gaussians(5, 100, 8, 1.0)
    constant = np.full((100, 8), 3.0)
    assert classifier_two_sample_test(constant, constant) == (0.5, np.sqrt(0.25 / 200))
    both = [np.concatenate([side, constant], axis=1) for side in (x, y)]
    assert classifier_two_sample_test(*both)[0] == pytest.approx(
        classifier_two_sample_test(x, y)[0], abs=0.03
    )


def test_sides_are_balanced_by_the_seed() -> None:
    x, _ = gaussians(6, 900, 5)
    _, y = gaussians(7, 100, 5, 1.0)
    first, error = classifier_two_sample_test(x, y)
    assert classifier_two_sample_test(x, y) == (first, error)
    assert error == pytest.approx(np.sqrt(first * (1 - first) / 200))
    # Guessing the larger side would be right in nine of ten cases.
    assert first < 0.85
    several = {classifier_two_sample_test(x, y, seed=seed)[0] for seed in range(5)}
    assert len(several) > 1
    assert np.mean(list(several)) == pytest.approx(norm.cdf(0.5), abs=0.07)


def test_copies_across_the_sides_do_not_teach_the_wrong_answer() -> None:
    """A model that draws the real sprites themselves: unknown copies push it far below chance."""
    x = gaussians(8, 200, 300)[0]
    order = np.random.default_rng(9).permutation(200)
    copies = (np.arange(200), order)
    misled, _ = classifier_two_sample_test(x, x[order])
    fair, error = classifier_two_sample_test(x, x[order], copies=copies)
    assert misled < 0.3
    assert abs(fair - 0.5) < 4 * error


def test_what_is_drawn_again_and_again_is_told_by_that() -> None:
    """A model that draws one sprite alone, be it a real one, does not pass."""
    x = gaussians(10, 200, 50)[0]
    one = np.repeat(x[3:4], 200, axis=0)
    copies = (np.arange(200), np.full(200, 3))
    assert classifier_two_sample_test(x, one, copies=copies)[0] > 0.85


def test_the_classifier_is_at_the_minimum_of_its_loss() -> None:
    """Its log-odds against Newton's method on the loss of the docstring."""
    x, y = gaussians(11, 40, 6, 1.0)
    both, side = np.concatenate([x, y]), np.repeat([-1.0, 1.0], 40)
    found = two_sample._log_odds(both, side, both)
    z = (both - both.mean(axis=0)) / both.std(axis=0) / np.sqrt(6)
    z = np.concatenate([z, np.ones((80, 1))], axis=1)
    penalty = np.diag([1.0] * 6 + [0.0])
    w = np.zeros(7)
    for _ in range(30):
        p = 1 / (1 + np.exp(-z @ w))
        gradient = z.T @ (p - (side > 0)) + penalty @ w
        w -= np.linalg.solve(z.T @ (z * (p * (1 - p))[:, None]) + penalty, gradient)
    np.testing.assert_allclose(found, z @ w, atol=1e-5)


def test_what_cannot_be_tested() -> None:
    x, y = gaussians(12, 10, 3)
    with pytest.raises(DataError, match="a classifier with 5 folds needs at least 5"):
        classifier_two_sample_test(x, y[:4])
    with pytest.raises(DataError, match="at least 2 folds, not 1"):
        classifier_two_sample_test(x, y, folds=1)
    with pytest.raises(DataError, match="one D"):
        classifier_two_sample_test(x, y[:, :2])
    with pytest.raises(DataError, match="finite"):
        classifier_two_sample_test(x, y * np.nan)
