"""Distances between two sets of features: Fréchet, KID, precision, recall, density, coverage.

Pure functions of float arrays ``[N,D]``. ``real`` comes first where the two sides differ.
Arithmetic is float64, but for the distances between neighbours, which keep the features' dtype.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spritelab.errors import DataError

FloatArray = NDArray[np.floating[Any]]
Float64s = NDArray[np.float64]

_ROWS = 4096
"""Rows worked on at a time, so that memory grows with D and not with N·D in float64."""


def frechet_distance(a: FloatArray, b: FloatArray) -> float:
    """Fréchet distance between two Gaussians with the means and covariances of ``a`` and ``b``.

    ‖μ_a - μ_b‖² + Tr(Σ_a + Σ_b - 2 (Σ_a Σ_b)^½), Σ with N-1 in the denominator (Dowson and Landau
    1982; Heusel et al. 2017, equation 6). On Inception features this is the FID.

    No matrix root is taken. With Σ = RᵀR, the trace of (Σ_a Σ_b)^½ is the sum of the singular
    values of R_a R_bᵀ, which are real and not negative by construction; R comes from the features
    by QR, so that the covariance is never formed and its condition never squared. The result is
    stable for N at or below D, where Σ has no inverse.

    The estimate is biased upwards, more so the fewer the samples: it compares only at equal N
    (Bińkowski et al. 2018), and N at or below D gives no full-rank Σ.

    Args:
        a, b: float ``[N,D]`` and ``[M,D]``; N and M at least 2. Their order does not matter.

    Raises ``DataError`` for other shapes, too few rows, or values that are not finite.
    """
    _check(a, b, least=2, measure="the Fréchet distance")
    mean_a, mean_b = a.mean(axis=0, dtype=np.float64), b.mean(axis=0, dtype=np.float64)
    root_a, root_b = _covariance_root(a, mean_a), _covariance_root(b, mean_b)
    overlap = np.linalg.svd(root_a @ root_b.T, compute_uv=False).sum()
    difference = mean_a - mean_b
    distance = difference @ difference + (root_a**2).sum() + (root_b**2).sum() - 2 * overlap
    # Equal sets may land a rounding error below zero; the distance itself never does.
    return max(0.0, float(distance))


def _covariance_root(features: FloatArray, mean: Float64s) -> Float64s:
    """R ``[min(N,D),D]`` with RᵀR the covariance, by QR of a few thousand rows at a time."""
    root: Float64s = np.empty((0, features.shape[1]))
    for start in range(0, len(features), _ROWS):
        centred = features[start : start + _ROWS].astype(np.float64) - mean
        stacked = torch.from_numpy(np.concatenate([root, centred]))
        root = torch.linalg.qr(stacked, mode="r").R.numpy()
    scaled: Float64s = root / np.sqrt(len(features) - 1)
    return scaled


def kernel_distance(
    a: FloatArray, b: FloatArray, *, subset_size: int = 1000, subsets: int = 100, seed: int = 2020
) -> tuple[float, float]:
    """KID: the squared maximum mean discrepancy with the kernel (x·y/D + 1)³, and its deviation.

    The mean and standard deviation (N in the denominator) of the unbiased estimate over random
    subsets, ``subset_size`` of each side drawn without replacement (Bińkowski et al. 2018, section
    4; Gretton et al. 2012, equation 3). It is unbiased at any N, and may thus be below zero for
    two samples of one distribution.

    The subsets are those of torch-fidelity for the same seed, whose default is 2020, so that the
    two tools give the same figures. The standard deviation says how subsets scatter, which is not
    the error of the mean.

    All subsets share one pass over the N×M kernel values: with an indicator row per subset, the
    sums over subsets are the products of these rows with blocks of the kernel.

    Args:
        a, b: float ``[N,D]`` and ``[M,D]``.
        subset_size: sprites a subset; at most N and M, at least 2.
        subsets: how many.
        seed: chooses the subsets.

    Returns (mean, standard deviation). Raises ``DataError`` for other shapes, values that are not
    finite, and fewer than ``subset_size`` rows.
    """
    if subset_size < 2 or subsets < 1:
        raise DataError(
            f"KID needs subsets of at least 2 sprites, and at least 1 subset, "
            f"not {subsets} of {subset_size}"
        )
    _check(a, b, least=subset_size, measure=f"KID with subsets of {subset_size}")
    # The legacy generator on purpose: its stream is frozen, and torch-fidelity draws from it.
    rng = np.random.RandomState(seed)
    in_a, in_b = np.zeros((subsets, len(a))), np.zeros((subsets, len(b)))
    for subset in range(subsets):
        in_a[subset, rng.choice(len(a), subset_size, replace=False)] = 1
        in_b[subset, rng.choice(len(b), subset_size, replace=False)] = 1
    within_a = _kernel_sums(a, a, in_a, in_a) - in_a @ _kernel_diagonal(a)
    within_b = _kernel_sums(b, b, in_b, in_b) - in_b @ _kernel_diagonal(b)
    across = _kernel_sums(a, b, in_a, in_b)
    pairs = subset_size * (subset_size - 1)
    estimates = (within_a + within_b) / pairs - 2 * across / subset_size**2
    return float(estimates.mean()), float(estimates.std())


def _kernel_sums(x: FloatArray, y: FloatArray, in_x: Float64s, in_y: Float64s) -> Float64s:
    """For each subset s, the sum of kernel(x_i, y_j) over its i and j: float64 ``[subsets]``."""
    sums = np.zeros(len(in_x))
    columns = y.astype(np.float64).T / x.shape[1]
    step = max(1, _ROWS * 1024 // len(y))
    for start in range(0, len(x), step):
        kernel = (x[start : start + step].astype(np.float64) @ columns + 1) ** 3
        sums += ((in_x[:, start : start + step] @ kernel) * in_y).sum(axis=1)
    return sums


def _kernel_diagonal(x: FloatArray) -> Float64s:
    squares: Float64s = np.einsum("nd,nd->n", x, x, dtype=np.float64)
    diagonal: Float64s = (squares / x.shape[1] + 1) ** 3
    return diagonal


@dataclass(frozen=True)
class NeighbourMeasures:
    """How two sets cover each other, each measure a share but ``density``, which may pass 1.

    Attributes:
        precision: share of generated sprites inside the real manifold (fidelity).
        recall: share of real sprites inside the generated manifold (diversity).
        density: fidelity that counts in how many real neighbourhoods a generated sprite lies.
        coverage: share of real sprites with a generated one in their neighbourhood (diversity).
    """

    precision: float
    recall: float
    density: float
    coverage: float


def neighbour_measures(
    real: FloatArray, generated: FloatArray, *, k_precision: int = 3, k_density: int = 5
) -> NeighbourMeasures:
    """Precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020).

    With r_k(x) the distance from x to its k-th nearest other member of its own set, and balls that
    include their surface (the papers' ≤; for distances drawn from a continuum it makes no odds):

    ===========  ====================================================  =========================
    measure      definition                                            source
    ===========  ====================================================  =========================
    precision    mean over g of: is d(x, g) ≤ r_k(x) for some real x?  Kynkäänniemi, equation 2
    recall       mean over x of: is d(x, g) ≤ r_k(g) for some g?       the same, sides exchanged
    density      mean over g of: number of x with d(x, g) ≤ r_k(x),    Naeem, equation 3
                 divided by k
    coverage     mean over x of: is d(x, g) ≤ r_k(x) for some g?       Naeem, equation 4
    ===========  ====================================================  =========================

    Real copies make empty neighbourhoods (r = 0): hand in distinct real sprites
    (``protocol.distinct``). Generated copies count as what they are, a lack of diversity.

    Memory grows with N·M: 36 MB for each of three matrices at 3,000 against 3,000.

    Args:
        real, generated: float ``[N,D]`` and ``[M,D]``.
        k_precision: k of precision and recall; 3 in the paper.
        k_density: k of density and coverage; 5 in the paper.

    Raises ``DataError`` for other shapes, values that are not finite, and too few rows for k.
    """
    k = max(k_precision, k_density)
    if min(k_precision, k_density) < 1:
        raise DataError(f"neighbours are counted from 1, not {min(k_precision, k_density)}")
    _check(real, generated, least=k + 1, measure=f"a measure with {k} neighbours")
    x = torch.from_numpy(np.ascontiguousarray(real))
    g = torch.from_numpy(np.ascontiguousarray(generated))
    across = distances(x, g)
    real_radii = nearest_others(x, k)
    generated_radii = nearest_others(g, k_precision)[:, -1]
    in_real = across <= real_radii[:, k_precision - 1, None]
    in_generated = across <= generated_radii
    in_wide = across <= real_radii[:, k_density - 1, None]
    return NeighbourMeasures(
        precision=in_real.any(dim=0).double().mean().item(),
        recall=in_generated.any(dim=1).double().mean().item(),
        density=in_wide.sum(dim=0).double().mean().item() / k_density,
        coverage=in_wide.any(dim=1).double().mean().item(),
    )


def distances(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Euclidean distances ``[N,M]`` from differences: equal rows are at exactly 0.

    Not by ‖x‖² + ‖y‖² - 2x·y, which is faster but loses near neighbours to cancellation.
    """
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def nearest_others(x: torch.Tensor, k: int) -> torch.Tensor:
    """Distances to the k nearest other rows, ascending: ``[N,k]``."""
    among = distances(x, x)
    among.fill_diagonal_(torch.inf)
    return among.topk(k, dim=1, largest=False).values


def _check(a: FloatArray, b: FloatArray, least: int, measure: str) -> None:
    """Raise ``DataError`` unless both are finite, of one dimension, and have ``least`` rows."""
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise DataError(
            f"features are float [N,D] with one D for both sets, not {list(a.shape)} "
            f"against {list(b.shape)}"
        )
    if min(len(a), len(b)) < least:
        raise DataError(
            f"{measure} needs at least {least} sprites on each side, not {len(a)} and {len(b)}"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise DataError("features must be finite; a value that is not points to broken sprites")
