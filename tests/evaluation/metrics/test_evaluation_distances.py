"""Fréchet, KID and neighbour measures: closed forms, brute force, and other tools' figures."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import mpmath  # type: ignore[import-untyped, unused-ignore]
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from evaluation_rules import feature_pair
from spritelab.errors import DataError
from spritelab.evaluation.metrics import (
    frechet,
    frechet_distance,
    kernel_distance,
    kid,
    nearest_other,
    neighbour_measures,
)
from spritelab.evaluation.metrics.neighbours import distances

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "metrics.json").read_text())["cases"]
Array = NDArray[np.float64]


def normal(seed: int, *shape: int) -> Array:
    values: Array = np.random.default_rng(seed).standard_normal(shape)
    return values


def whitened(n: int, dimension: int, seed: int = 0) -> Array:
    """Features with mean 0 and covariance exactly the identity (n > dimension)."""
    centred = normal(seed, n, dimension)
    centred -= centred.mean(axis=0)
    q, _ = np.linalg.qr(centred)
    values: Array = q * np.sqrt(n - 1)
    return values


def golden_pair(case: dict[str, Any]) -> tuple[Array, Array]:
    return feature_pair(case["n"], case["m"], case["dimension"])


@pytest.mark.parametrize("case", GOLDEN, ids=["N above D", "N below D"])
def test_equal_to_other_tools(case: dict[str, Any]) -> None:
    a, b = golden_pair(case)
    # Below the dimension the other tools take roots of a singular product, noise and all.
    rel = 1e-10 if min(len(a), len(b)) > a.shape[1] else 1e-7
    assert frechet_distance(a, b) == pytest.approx(case["frechet_pytorch_fid"], rel=rel)
    assert frechet_distance(a, b) == pytest.approx(case["frechet_torch_fidelity"], rel=rel)
    mean, deviation = kernel_distance(a, b, subset_size=30, subsets=20, seed=2020)
    assert mean == pytest.approx(case["kid"], rel=1e-10)
    assert deviation == pytest.approx(case["kid_std"], rel=1e-10)
    ours = neighbour_measures(a, b, k_precision=3, k_density=5)
    assert ours.precision == pytest.approx(case["precision_torch_fidelity"], abs=1e-7)
    assert ours.recall == pytest.approx(case["recall_torch_fidelity"], abs=1e-7)
    assert ours.density == pytest.approx(case["prdc_k5"]["density"], rel=1e-12)
    assert ours.coverage == pytest.approx(case["prdc_k5"]["coverage"], rel=1e-12)
    same_k = neighbour_measures(a, b, k_precision=5)
    assert same_k.precision == pytest.approx(case["prdc_k5"]["precision"], rel=1e-12)
    assert same_k.recall == pytest.approx(case["prdc_k5"]["recall"], rel=1e-12)


def test_frechet_of_gaussians_with_known_moments() -> None:
    """Covariances that commute: ‖μ‖² + Σ (s_a - s_b)², s the standard deviations."""
    base = whitened(200, 5)
    a_scale, b_scale = np.array([1.0, 2, 3, 0.5, 0]), np.array([2.0, 2, 1, 0, 4])
    shift = np.array([1.0, -2, 0, 0.5, 3])
    expected = (shift**2).sum() + ((a_scale - b_scale) ** 2).sum()
    b = whitened(150, 5, seed=1) * b_scale + shift
    assert frechet_distance(base * a_scale, b) == pytest.approx(expected, rel=1e-12)


def test_frechet_below_the_dimension_against_fifty_digits() -> None:
    """Tr (Σ_a Σ_b)^½ from the eigenvalues of the product, where float64 would lose them to noise:

    with A and B the centred features, those of Σ_a Σ_b that are not 0 are those of ABᵀBAᵀ.
    """
    a, b = feature_pair(5, 4, 7)
    with mpmath.workdps(50):
        centred = [mpmath.matrix(x.tolist()) for x in (a, b)]
        means = [[mpmath.fsum(x[:, j]) / x.rows for j in range(x.cols)] for x in centred]
        for x, mean in zip(centred, means, strict=True):
            for i in range(x.rows):
                for j in range(x.cols):
                    x[i, j] = (x[i, j] - mean[j]) / mpmath.sqrt(x.rows - 1)
        cross = centred[0] * centred[1].T
        eigenvalues = mpmath.eigsy(cross * cross.T, eigvals_only=True)
        root = mpmath.fsum(mpmath.sqrt(abs(e)) for e in eigenvalues)
        traces = mpmath.fsum(value**2 for x in centred for value in x)
        shift = mpmath.fsum((p - q) ** 2 for p, q in zip(*means, strict=True))
        expected = float(shift + traces - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("n", "dimension"), [(20, 400), (400, 20), (50, 50)])
def test_frechet_of_a_scaled_copy(n: int, dimension: int) -> None:
    """Σ_b = s²Σ_a, at any rank: (1 - s)² (Tr Σ_a + ‖μ_a‖²), small s and large alike."""
    a = normal(2, n, dimension) * np.logspace(-6, 3, dimension) + 1
    size = np.cov(a, rowvar=False).trace() + (a.mean(axis=0) ** 2).sum()
    for s in (0.0, 0.999, 1.5, 1e3):
        assert frechet_distance(a, s * a) == pytest.approx((1 - s) ** 2 * size, rel=1e-9)


def test_frechet_of_a_set_against_itself_is_nothing() -> None:
    a = normal(3, 30, 100)
    scale = np.cov(a, rowvar=False).trace()
    assert 0 <= frechet_distance(a, a[::-1]) < 1e-12 * scale
    one_colour = np.ones((10, 6))
    assert frechet_distance(one_colour, one_colour) == 0
    assert frechet_distance(one_colour, 3 * one_colour) == pytest.approx(4 * 6)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 40),
    m=st.integers(2, 40),
    dimension=st.integers(1, 30),
)
def test_frechet_is_symmetric_and_the_same_in_any_orthonormal_axes(
    seed: int, n: int, m: int, dimension: int
) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n, dimension)), 2 * rng.standard_normal((m, dimension)) + 1
    turn, _ = np.linalg.qr(rng.standard_normal((dimension, dimension)))
    distance = frechet_distance(a, b)
    assert frechet_distance(b, a) == pytest.approx(distance, rel=1e-9, abs=1e-9)
    assert frechet_distance(a @ turn + 5, b @ turn + 5) == pytest.approx(
        distance, rel=1e-9, abs=1e-9
    )


def test_working_by_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = feature_pair(60, 50, 12)
    whole = frechet_distance(a, b), *kernel_distance(a, b, subset_size=20, subsets=5)
    monkeypatch.setattr(frechet, "_ROWS", 7)
    monkeypatch.setattr(kid, "_ROWS", 7)  # KID: 7·1024 // 50 rows
    blocks = frechet_distance(a, b), *kernel_distance(a, b, subset_size=20, subsets=5)
    assert blocks == pytest.approx(whole, rel=1e-11)


def kernel(x: Array, y: Array) -> float:
    return float((x @ y / len(x) + 1) ** 3)


def test_kid_of_whole_sets_is_the_unbiased_estimate_term_by_term() -> None:
    a, b = feature_pair(9, 9, 4)
    n = len(a)
    within = sum(kernel(x[i], x[j]) for x in (a, b) for i in range(n) for j in range(n) if i != j)
    across = sum(kernel(x, y) for x in a for y in b)
    expected = within / (n * (n - 1)) - 2 * across / n**2
    mean, deviation = kernel_distance(a, b, subset_size=n, subsets=3)
    assert mean == pytest.approx(expected, rel=1e-12)
    assert deviation == pytest.approx(0, abs=1e-12)


def test_kid_is_unbiased() -> None:
    """Averaged over every pair of subsets it is the distance of the two whole populations,

    whose squared MMD, drawn without replacement, is the U-statistic of the whole sets.
    """
    a, b = feature_pair(6, 6, 3)
    every = [
        kernel_distance(a[list(i)], b[list(j)], subset_size=3, subsets=1)[0]
        for i in combinations(range(6), 3)
        for j in combinations(range(6), 3)
    ]
    whole, _ = kernel_distance(a, b, subset_size=6, subsets=1)
    assert np.mean(every) == pytest.approx(whole, rel=1e-12)


def test_kid_of_one_distribution_is_about_nothing_and_may_be_negative() -> None:
    drawn = [
        kernel_distance(normal(2 * i, 100, 8), normal(2 * i + 1, 100, 8), subset_size=100)[0]
        for i in range(40)
    ]
    assert abs(np.mean(drawn)) < 4 * np.std(drawn) / np.sqrt(40)
    assert min(drawn) < 0 < max(drawn)


def brute_force(real: Array, generated: Array, k: int) -> dict[str, float]:
    """The four definitions, written with loops over points."""

    def radius(x: Array, i: int) -> float:
        others = sorted(float(np.linalg.norm(x[i] - y)) for j, y in enumerate(x) if j != i)
        return others[k - 1]

    def inside(x: Array, centres: Array) -> int:
        return sum(
            float(np.linalg.norm(x - c)) <= radius(centres, i) for i, c in enumerate(centres)
        )

    return {
        "precision": float(np.mean([inside(g, real) > 0 for g in generated])),
        "recall": float(np.mean([inside(x, generated) > 0 for x in real])),
        "density": float(np.mean([inside(g, real) for g in generated])) / k,
        "coverage": float(
            np.mean(
                [
                    min(float(np.linalg.norm(x - g)) for g in generated) <= radius(real, i)
                    for i, x in enumerate(real)
                ]
            )
        ),
    }


@pytest.mark.parametrize("k", [1, 3])
def test_neighbour_measures_by_brute_force(k: int) -> None:
    real, generated = normal(4, 14, 2), normal(5, 11, 2) * 0.8 + 0.5
    ours = neighbour_measures(real, generated, k_precision=k, k_density=k)
    assert vars(ours) == pytest.approx(brute_force(real, generated, k), rel=1e-12)


def test_neighbour_measures_by_hand() -> None:
    """On a line: real 0, 1, 3 with radii 1, 1, 2 (k = 1); generated 0.5, 9, 9 with 8.5, 0, 0."""
    real = np.array([[0.0], [1], [3]])
    generated = np.array([[0.5], [9], [9]])
    ours = neighbour_measures(real, generated, k_precision=1, k_density=1)
    assert ours.precision == pytest.approx(1 / 3)
    assert ours.recall == 1  # all real within 8.5 of 0.5
    assert ours.density == pytest.approx(2 / 3)  # 0.5 is in the balls of 0 and 1
    assert ours.coverage == pytest.approx(2 / 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_set_against_itself_and_far_away(dtype: type) -> None:
    real: NDArray[np.floating[Any]] = normal(6, 60, 20).astype(dtype)
    ours = neighbour_measures(real, real[::-1])
    assert (ours.precision, ours.recall, ours.coverage) == (1, 1, 1)
    # Equal rows are at distance 0 exactly, so each ball holds its centre and its k neighbours.
    assert ours.density == pytest.approx(6 / 5, rel=1e-12)
    far = neighbour_measures(real, real + dtype(1000))
    assert vars(far) == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


def test_one_picture_over_and_over_has_no_diversity() -> None:
    real = normal(7, 40, 10)
    ours = neighbour_measures(real, np.repeat(real[:1], 40, axis=0))
    assert ours.precision == 1
    assert ours.recall == pytest.approx(1 / 40)
    assert ours.coverage < 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0, 300])
def test_the_nearest_other_is_the_least_distance_to_the_bit(dtype: type, offset: int) -> None:
    """More rows than are held at a time; copies, near copies and mirror images among them."""
    x: NDArray[np.floating[Any]] = normal(8, 700, 40).astype(dtype) + dtype(offset)
    x[100:110] = x[:10]
    x[600:610] = x[20:30] + dtype(1e-4) * normal(9, 10, 40).astype(dtype)
    twin = np.random.default_rng(10).permutation(len(x))
    for image in (None, twin):
        apart = distances(x, x)
        rows = np.arange(len(x))
        apart[rows, rows] = np.inf
        if image is not None:
            apart[rows, image] = np.inf
        ours = nearest_other(x, image)
        assert ours.dtype == dtype
        np.testing.assert_array_equal(ours, apart.min(axis=1))
    assert (nearest_other(x)[:10] == 0).all()


def test_one_row_has_no_nearest_other() -> None:
    assert nearest_other(np.ones((1, 4), np.float32)).tolist() == [np.inf]
    assert nearest_other(np.eye(2), np.array([1, 0])).tolist() == [np.inf, np.inf]
    assert nearest_other(np.ones((0, 4))).shape == (0,)


BAD = [
    (np.zeros(5), np.zeros((5, 5)), r"\[N,D\]"),
    (np.zeros((5, 4)), np.zeros((5, 5)), "one D"),
    (np.zeros((1, 4)), np.zeros((9, 4)), "needs at least . sprites on each side, not 1 and 9"),
    (np.full((9, 4), np.nan), np.zeros((9, 4)), "finite"),
]


@pytest.mark.parametrize(("a", "b", "message"), BAD)
def test_bad_features_are_one_clear_line(a: Array, b: Array, message: str) -> None:
    for call in (
        lambda: frechet_distance(a, b),
        lambda: kernel_distance(a, b, subset_size=5),
        lambda: neighbour_measures(a, b),
    ):
        with pytest.raises(DataError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_bad_settings_are_refused() -> None:
    a = normal(8, 10, 3)
    with pytest.raises(DataError, match="at least 2 sprites"):
        kernel_distance(a, a, subset_size=1)
    with pytest.raises(DataError, match="at least 1 subset"):
        kernel_distance(a, a, subset_size=5, subsets=0)
    with pytest.raises(DataError, match="counted from 1"):
        neighbour_measures(a, a, k_precision=0)
