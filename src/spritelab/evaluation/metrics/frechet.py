"""The Fréchet distance between two sets of features.

Arithmetic is float64.
"""

from __future__ import annotations

import numpy as np
import torch

from spritelab.evaluation.metrics.arrays import Float64s, FloatArray, check_sides

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

    Raises:
        DataError: for other shapes, too few rows, or values that are not finite.
    """
    check_sides(a, b, least=2, measure="the Fréchet distance")
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
