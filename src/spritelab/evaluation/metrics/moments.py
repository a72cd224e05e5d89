"""Means and covariances of features from sums that are exact, and so can be added in any order.

Sums of floating-point numbers depend on their order, so that one worker and eight would get other
last digits, and from these other figures. Here every feature is rounded once, to a multiple of
2^-22, finer than the arithmetic that made it; products and sums of such whole numbers are then
exact, whoever adds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.evaluation.metrics.arrays import Float64s, FloatArray

Int64s = NDArray[np.int64]

_SCALE = 2.0**22
_LIMIT = 2.0**8
"""Features lie below this, so that they are whole numbers of 30 bits."""
_HALF = 15
_ROWS = 4096
"""Rows summed at a time: 2^12 products of 2^30 stay below 2^53, where float64 is exact."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, sum and sum of outer products of features, in whole numbers; ``a + b`` joins two sets.

    With a feature as q·2^-22 and q = h·2^15 + l, 0 ≤ l < 2^15:

    Attributes:
        count: N, below 2^33.
        total: int64 ``[D]``, Σ q.
        high, cross, low: int64 ``[D,D]``, Σ h hᵀ, Σ h lᵀ and Σ l lᵀ.
    """

    count: int
    total: Int64s
    high: Int64s
    cross: Int64s
    low: Int64s

    @classmethod
    def of(cls, features: FloatArray) -> Moments:
        """Of float ``[N,D]``.

        Raises:
            DataError: for another shape, and for values that are not finite or reach 256.
        """
        if features.ndim != 2:
            raise DataError(f"features are float [N,D], not {list(features.shape)}")
        if not (np.abs(features) < _LIMIT).all():  # so that NaN fails too
            raise DataError("features must be finite and below 256 to be summed")
        d = features.shape[1]
        sums = [np.zeros((d, d), dtype=np.int64) for _ in range(3)]
        total = np.zeros(d, dtype=np.int64)
        for start in range(0, len(features), _ROWS):
            rows = features[start : start + _ROWS].astype(np.float64)
            q = np.rint(rows * _SCALE).astype(np.int64)
            total += q.sum(axis=0)
            h, low = ((q >> _HALF).astype(np.float64), (q & (2**_HALF - 1)).astype(np.float64))
            for into, product in zip(sums, (h.T @ h, h.T @ low, low.T @ low), strict=True):
                into += product.astype(np.int64)
        return cls(len(features), total, *sums)

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.count + other.count,
            self.total + other.total,
            self.high + other.high,
            self.cross + other.cross,
            self.low + other.low,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is stored of them."""
        named = {"total": self.total, "high": self.high, "cross": self.cross, "low": self.low}
        return {"count": np.array(self.count), **named}

    @property
    def mean(self) -> Float64s:
        """float64 ``[D]``."""
        found: Float64s = self.total / (self.count * _SCALE)
        return found

    @property
    def covariance(self) -> Float64s:
        """float64 ``[D,D]``, N - 1 in the denominator; N at least 2."""
        cross = (self.cross + self.cross.T).astype(np.float64)
        second = np.ldexp(self.high.astype(np.float64), 2 * _HALF) + np.ldexp(cross, _HALF)
        second = (second + self.low) / _SCALE**2
        mean = self.mean
        found: Float64s = (second - self.count * np.outer(mean, mean)) / (self.count - 1)
        return found


def frechet_distance_of_moments(a: Moments, b: Moments) -> float:
    """``frechet_distance`` where only the moments of the features are known.

    The trace of (Σ_a Σ_b)^½ is the sum of the singular values of R_a R_bᵀ, Σ = RᵀR, as there; here
    R comes from the eigenvalues of Σ. Those that rounding alone could have made, below D·2^-52 of
    the largest, count as 0. It differs from the distance of the features themselves by less than
    a millionth.

    Raises:
        DataError: for moments of other dimensions, or of fewer than 2 sprites.
    """
    if a.total.shape != b.total.shape or min(a.count, b.count) < 2:
        raise DataError(
            "the Fréchet distance needs the moments of features of one dimension and of at least "
            f"2 sprites on each side, not {a.count} and {b.count}"
        )
    root_a, root_b = _root(a.covariance), _root(b.covariance)
    overlap = np.linalg.svd(root_a @ root_b.T, compute_uv=False).sum()
    difference = a.mean - b.mean
    distance = difference @ difference + (root_a**2).sum() + (root_b**2).sum() - 2 * overlap
    return max(0.0, float(distance))


def _root(covariance: Float64s) -> Float64s:
    """R ``[K,D]`` with RᵀR the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > len(values) * np.finfo(np.float64).eps * values[-1]
    root: Float64s = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    return root
