"""Generated sprites that equal a training sprite, and the nearest training sprite of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.evaluation.features import protocol
from spritelab.evaluation.metrics.arrays import Float64s
from spritelab.evaluation.metrics.overlaps import check_sizes, overlaps
from spritelab.pixels import Images

_ROWS = 512
"""Samples compared at a time, so that memory does not grow with their number."""


@dataclass(frozen=True, eq=False)
class Copies:
    """For each of N samples, its nearest training sprite, and whether it is a copy.

    Attributes:
        nearest: int64 ``[N]``, index of the training sprite at the smallest ``distance``; among
            equals the first, unmoved and unmirrored before moved or mirrored.
        distance: float64 ``[N]``, root mean square difference of the colour levels, 0 … 255, at
            the best of the shifts and mirror images that were asked for.
        copy: bool ``[N]``, whether some training sprite is matched.
    """

    nearest: NDArray[np.int64]
    distance: Float64s
    copy: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Share of the samples that are copies, 0 … 1."""
        return float(self.copy.mean())


def find_copies(
    samples: Images, training: Images, *, mirror: bool = True, shift: int = 1, tolerance: int = 8
) -> Copies:
    """Find samples that equal a training sprite, and the nearest training sprite of each.

    Sprites are laid on the protocol's colour and compared at every shift of up to ``shift`` pixels
    in x and y, each as it is and, with ``mirror``, mirrored left to right. At a shift only the
    pixels that overlap are compared. A sample is a copy when, at one of these positions, no
    channel of any pixel differs from a training sprite by more than ``tolerance`` levels: equality
    after quantising to steps of 2·tolerance + 1 levels (17 by default: 16 steps, 4 bits), with the
    grid centred on the training sprite's own colours. A fixed grid would call two sprites
    different when one level parts them across a step's edge.

    The distances are exact: whole numbers in float64. Time grows with N·M: about five seconds for
    3,000 samples against 3,000 16×16 sprites on one core.

    Args:
        samples, training: uint8 ``[N,H,W,C]`` and ``[M,H,W,C']``, of one size.
        mirror: compare mirror images too.
        shift: greatest shift in pixels, 0 … the smaller side - 1.
        tolerance: greatest difference of a copy's levels, 0 … 255.

    Raises:
        DataError: for sprites of different sizes, none at all, or settings out of range.
    """
    samples, training = protocol.to_rgb(samples), protocol.to_rgb(training)
    check_sizes(samples, training)
    if not 0 <= shift < min(samples.shape[1:3]) or not 0 <= tolerance <= 255:
        raise DataError(
            f"a shift lies in 0 … {min(samples.shape[1:3]) - 1} pixels and a tolerance in "
            f"0 … 255 levels, not {shift} and {tolerance}"
        )
    best = np.full(len(samples), np.inf)
    nearest = np.zeros(len(samples), dtype=np.int64)
    copy = np.zeros(len(samples), dtype=bool)
    for ours, theirs in overlaps(samples, training, mirror=mirror, shift=shift):
        targets = _rows(theirs)
        for start in range(0, len(samples), _ROWS):
            rows = slice(start, start + _ROWS)
            index, mean, copied = _compare(_rows(ours[rows]), targets, tolerance)
            closer = mean < best[rows]
            best[rows] = np.where(closer, mean, best[rows])
            nearest[rows] = np.where(closer, index, nearest[rows])
            copy[rows] |= copied
    return Copies(nearest, np.sqrt(best), copy)


def nearest_pairs(samples: Images, training: Images, copies: Copies, count: int = 20) -> Images:
    """Samples beside their nearest training sprites, the nearest pair first.

    Returns:
        uint8 ``[P,2,H,W,3]``, P = min(count, N): for each pair the sample, then the training
        sprite as it stands in the set (not moved, not mirrored), both laid on the protocol's
        colour.
    """
    order = np.argsort(copies.distance, kind="stable")[:count]
    mine = protocol.to_rgb(samples[order])
    return np.stack([mine, protocol.to_rgb(training[copies.nearest[order]])], axis=1)


def _compare(
    ours: torch.Tensor, theirs: torch.Tensor, tolerance: int
) -> tuple[NDArray[np.int64], Float64s, NDArray[np.bool_]]:
    """For each row of ``ours`` float64 ``[N,D]``: its nearest of ``theirs`` ``[M,D]``, their mean
    squared difference, and whether some row of theirs is within ``tolerance`` in every value."""
    lengths = torch.linalg.vecdot(theirs, theirs) + torch.linalg.vecdot(ours, ours)[:, None]
    squared = lengths.addmm_(ours, theirs.T, alpha=-2)
    least, index = squared.min(dim=1)
    copied = (theirs[index] - ours).abs().amax(dim=1) <= tolerance
    # Mostly the nearest is the one copied. Where it is not, another may be: any whose distance
    # does not rule it out.
    limit = tolerance**2 * ours.shape[1]
    for i in torch.nonzero((least <= limit) & ~copied).flatten().tolist():
        differences = (theirs[squared[i] <= limit] - ours[i]).abs()
        copied[i] = (differences.amax(dim=1) <= tolerance).any()
    return index.numpy(), (least / ours.shape[1]).numpy(), copied.numpy()


def _rows(images: Images) -> torch.Tensor:
    """uint8 ``[N,H,W,C]`` → float64 ``[N,H·W·C]``, in which sums of squares are exact."""
    return torch.from_numpy(np.ascontiguousarray(images)).reshape(len(images), -1).double()
