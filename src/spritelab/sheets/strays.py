"""Specks that a painter would not have left: single pixels of another colour, and crumbs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import SettingsError
from spritelab.palette.colours import pack
from spritelab.palette.oklab import to_points
from spritelab.pixels import Images, check_images, clear_hidden
from spritelab.sheets.find import connected_runs

_AROUND = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def stray_pixels(images: Images, corners: bool = True) -> NDArray[np.bool_]:
    """Find the stray pixels of sprites: bool ``[N,H,W]``.

    A pixel is stray if it can be seen (its alpha is not 0), at least one of its neighbours can be,
    and none of them has its colour and its alpha.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        corners: whether the eight pixels around count as neighbours, or four: a diagonal line one
            pixel wide is stray by four and not by eight.

    Raises:
        DataError: ``images`` are no sprites.
    """
    check_images(images)
    packed = pack(images)
    seen = packed != 0
    alone = seen.copy()
    accompanied = np.zeros_like(seen)
    for around in _shifted(packed, corners):
        alone &= around != packed
        accompanied |= around != 0
    found: NDArray[np.bool_] = alone & accompanied
    return found


def clear_strays(images: Images, corners: bool = True) -> Images:
    """Give each stray pixel the colour and alpha that most of its neighbours have.

    Those that count are neighbours that can be seen and are not stray themselves; where there are
    none, the pixel stays. Of colours that equally many have it takes the nearest to its own in
    OKLab with alpha, then the one that comes first as one reads. All pixels are looked at as they
    were before. The outline of what can be seen stays as it is; nothing is mixed.

    Mind that many a single pixel is meant: an eye, a spark, a button. Look at before and after.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        corners: see ``stray_pixels``.

    Returns:
        uint8 of the same shape.

    Raises:
        DataError: ``images`` are no sprites.
    """
    stray = stray_pixels(images, corners)
    packed = pack(images)
    own = np.nonzero(stray)
    usable = np.where(stray, np.uint32(0), packed)
    around = np.stack([shifted[own] for shifted in _shifted(usable, corners)], axis=1)
    votes = ((around[:, :, None] == around[:, None]) & (around != 0)[:, :, None]).sum(axis=2)
    colours = around.astype(">u4").view(np.uint8).reshape(*around.shape, 4)
    mine = packed[own].astype(">u4").view(np.uint8).reshape(-1, 1, 4)
    gaps = np.linalg.norm(to_points(colours) - to_points(mine), axis=-1)
    best = (votes - gaps / 4).argmax(axis=1)[:, None]  # no two colours are 4 apart
    found = np.take_along_axis(votes, best, axis=1)[:, 0] > 0
    cleared = clear_hidden(images).copy()
    chosen = np.take_along_axis(colours, best[..., None], axis=1)[:, 0, : images.shape[-1]]
    cleared[tuple(axis[found] for axis in own)] = chosen[found]
    return cleared


def clear_islands(images: Images, largest: int) -> Images:
    """Make what lies apart from a sprite transparent, if it has at most ``largest`` pixels.

    Pixels that can be seen and touch each other, also by a corner, are one island. The one of most
    pixels always stays, and all that are as large. RGB sprites have no outline and stay as they
    are.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        largest: pixels; 0 clears nothing.

    Returns:
        uint8 of the same shape.

    Raises:
        DataError: ``images`` are no sprites.
        SettingsError: ``largest`` is negative.
    """
    check_images(images)
    if largest < 0:
        raise SettingsError(f"`islands` must be 0 or more pixels, not {largest}")
    if images.shape[-1] == 3 or not largest:
        return clear_hidden(images)
    cleared = clear_hidden(images).copy()
    for image in cleared:
        rows, starts, ends, number = connected_runs(image[..., 3] > 0)
        counts = np.bincount(number, weights=ends - starts)
        small = (counts <= largest) & (counts < counts.max(initial=0))
        for run in np.flatnonzero(small[number]) if len(counts) else ():
            image[rows[run], starts[run] : ends[run]] = 0
    return cleared


def _shifted(packed: NDArray[np.uint32], corners: bool) -> Iterator[NDArray[np.uint32]]:
    """Yield, for each neighbour in the order in which one reads, the colours it has: ``[N,H,W]``.

    Beyond the edge all is transparent.
    """
    height, width = packed.shape[1:]
    padded = np.pad(packed, ((0, 0), (1, 1), (1, 1)))
    for down, right in _AROUND:
        if corners or not (down and right):
            yield padded[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]
