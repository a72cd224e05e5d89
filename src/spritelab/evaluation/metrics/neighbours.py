"""Measures of nearest neighbours: precision, recall, density and coverage.

Each comes from the distances within either set and between the two, so that a part of a set is
measured by picking rows and columns; ``neighbour_measures`` takes the features themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.evaluation.metrics.arrays import FloatArray, check_sides

Float = TypeVar("Float", bound=np.floating[Any])

_ROWS = 512
"""Rows whose distances to all others are held at a time."""

_PAIRS = 4096
"""Pairs of rows compared at a time."""

_ROUNDING = 1e-3
"""More than float32 loses of a squared distance, by D roundings of 6e-8 for some thousand D."""


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

    - **precision**: mean over g of: is d(x, g) ≤ r_k(x) for some real x? Kynkäänniemi, equation 2.
    - **recall**: mean over x of: is d(x, g) ≤ r_k(g) for some g? The same, sides exchanged.
    - **density**: mean over g of: the number of x with d(x, g) ≤ r_k(x), over k. Naeem, equation 3.
    - **coverage**: mean over x of: is d(x, g) ≤ r_k(x) for some g? Naeem, equation 4.

    Real copies make empty neighbourhoods (r = 0): hand in distinct real sprites
    (``features.protocol.distinct``). Generated copies count as what they are, a lack of diversity.

    Memory grows with N·M: 36 MB for each of three matrices at 3,000 against 3,000.

    Args:
        real, generated: float ``[N,D]`` and ``[M,D]``.
        k_precision: k of precision and recall; 3 in the paper.
        k_density: k of density and coverage; 5 in the paper.

    Raises:
        DataError: for other shapes, values that are not finite, and too few rows for k.
    """
    k = max(k_precision, k_density)
    if min(k_precision, k_density) < 1:
        raise DataError(f"neighbours are counted from 1, not {min(k_precision, k_density)}")
    check_sides(real, generated, least=k + 1, measure=f"a measure with {k} neighbours")
    return neighbour_measures_from_distances(
        distances(real, real),
        distances(real, generated),
        distances(generated, generated),
        k_precision=k_precision,
        k_density=k_density,
    )


def neighbour_measures_from_distances(
    within_real: FloatArray,
    real_to_generated: FloatArray,
    within_generated: FloatArray,
    *,
    k_precision: int = 3,
    k_density: int = 5,
) -> NeighbourMeasures:
    """``neighbour_measures`` where the distances are known: ``[M,M]``, ``[M,N]`` and ``[N,N]``.

    M real sprites and N generated ones, each side with more than k of them.
    """
    in_real = real_to_generated <= _radii(within_real, k_precision)[:, None]
    in_wide = real_to_generated <= _radii(within_real, k_density)[:, None]
    in_generated = real_to_generated <= _radii(within_generated, k_precision)
    return NeighbourMeasures(
        precision=float(in_real.any(axis=0).mean()),
        recall=float(in_generated.any(axis=1).mean()),
        density=float(in_wide.sum(axis=0).mean() / k_density),
        coverage=float(in_wide.any(axis=1).mean()),
    )


def distances(x: NDArray[Float], y: NDArray[Float]) -> NDArray[Float]:
    """Euclidean distances ``[N,M]`` of float ``[N,D]`` and ``[M,D]``, in their own dtype.

    From differences, so that equal rows are at exactly 0; ‖x‖² + ‖y‖² - 2x·y would be faster, but
    loses near neighbours to cancellation.
    """
    left, right = (torch.from_numpy(np.ascontiguousarray(side)) for side in (x, y))
    found: NDArray[Float] = _apart(left, right).numpy()
    return found


def nearest_other(x: NDArray[Float], twin: NDArray[np.int64] | None = None) -> NDArray[Float]:
    """The distance of every row of float ``[N,D]`` to its nearest other: ``[N]``.

    The least of ``distances``, to the bit, in a tenth of the time: only others that may be the
    nearest by ‖x‖² + ‖y‖² - 2x·y, in float64 and with room for all rounding, are compared.

    Args:
        x: the rows.
        twin: int64 ``[N]``, a row that does not count as another, besides the row itself: the
            sprite's mirror image.

    Returns:
        The distances in the dtype of ``x``; inf where there is no other.
    """
    rows = torch.from_numpy(np.ascontiguousarray(x))
    exact = rows.double()
    squares = torch.linalg.vecdot(exact, exact)
    room = 1e-9 * squares.amax() if len(rows) else 0
    nearest = torch.full((len(rows),), torch.inf, dtype=rows.dtype)
    for start in range(0, len(rows), _ROWS):
        here = torch.arange(start, min(start + _ROWS, len(rows)))
        squared = torch.addmm(squares, exact[here], exact.T, alpha=-2)
        squared += squares[here, None]
        squared[here - start, here] = torch.inf
        if twin is not None:
            squared[here - start, torch.from_numpy(twin)[here]] = torch.inf
        # ``distances`` rounds in the dtype of ``x``: two that are nearly as near may change places.
        bound = squared.amin(dim=1, keepdim=True) * (1 + _ROUNDING) + room
        row, other = torch.nonzero((squared <= bound) & squared.isfinite(), as_tuple=True)
        for part in range(0, len(row), _PAIRS):
            ours, theirs = row[part : part + _PAIRS] + start, other[part : part + _PAIRS]
            found = _apart(rows[ours, None], rows[theirs, None]).flatten()
            nearest.scatter_reduce_(0, ours, found, "amin")
    result: NDArray[Float] = nearest.numpy()
    return result


def _apart(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Euclidean distances ``[…,N,M]`` of ``[…,N,D]`` and ``[…,M,D]``, from differences."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def _radii(within: NDArray[Float], k: int) -> NDArray[Float]:
    """The distance of each to its k-th nearest other, ``[N]``."""
    others = within.copy()
    np.fill_diagonal(others, np.inf)
    radii: NDArray[Float] = np.partition(others, k - 1, axis=1)[:, k - 1]
    return radii
