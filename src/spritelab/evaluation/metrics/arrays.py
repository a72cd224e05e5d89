"""What the metrics take: float arrays ``[N,D]``, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError

FloatArray = NDArray[np.floating[Any]]
Float64s = NDArray[np.float64]


def check_sides(a: FloatArray, b: FloatArray, least: int, measure: str) -> None:
    """Check two sets of features that a measure is taken of.

    Args:
        a, b: float ``[N,D]`` and ``[M,D]``.
        least: rows that the measure needs on each side.
        measure: what it is called in the error.

    Raises:
        DataError: unless both are finite, of one dimension, and have ``least`` rows.
    """
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
