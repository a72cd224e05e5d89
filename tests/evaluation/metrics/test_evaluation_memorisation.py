"""Authentic sprites and C_T, on cases that are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, norm

from spritelab.errors import DataError
from spritelab.evaluation.metrics import authentic_share, copying_score, mann_whitney_z

Array = NDArray[np.float64]


def test_authentic_share_by_hand() -> None:
    """Training 0, 1, 5: own neighbours at 1, 1, 4. Samples near 0 and 5, within and beyond."""
    training = np.array([[0.0], [1], [5]])
    samples = np.array([[-0.5], [-1], [-1.5], [8.5], [9.5]])
    assert authentic_share(samples, training) == pytest.approx(2 / 5)


def test_a_sample_as_far_as_the_nearest_neighbour_is_not_authentic() -> None:
    """Training 0, 1, 5: the sample 2 is at 1 from 1, just as 0 is; -4 is at 4 from 0."""
    training = np.array([[0.0], [1], [5]])
    assert authentic_share(np.array([[2.0]]), training) == 0
    assert authentic_share(np.array([[9.0]]), training) == 0
    assert authentic_share(np.array([[2.0], [9.0], [-4.0]]), training) == pytest.approx(1 / 3)


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
