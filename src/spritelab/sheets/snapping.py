"""Pixel art that was enlarged, brought back to its own pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab import palette
from spritelab.errors import DataError
from spritelab.pixels import Images, clear_hidden
from spritelab.sheets.pixel_grid import PixelGrid, find_grid, lines

SHARP = 0.9
"""The share of cells of one colour from which on every cell's own colour is taken as it is."""
NEAR = 0.03
"""Colours of a soft picture that are nearer to each other than this ΔE in OKLab are one."""

_SAMPLES = np.array([0.36, 0.43, 0.5, 0.57, 0.64])  # across a cell, away from its soft edges


def snap(image: Images, grid: PixelGrid | None = None) -> Images:
    """Take one pixel for each cell of a picture's grid.

    Where cells are of one colour each, that is the colour, exactly. Where they are not (JPEG, blur)
    it is the median of the cell's middle, channel by channel, and colours of the result that can
    hardly be told apart become the most frequent of them.

    Args:
        image: uint8 ``[H,W,4]``.
        grid: of its pixels; found if not given.

    Returns:
        uint8 ``[h,w,4]``; the picture itself if no grid is found in it.

    Raises:
        DataError: if the grid has no whole cell in the picture.
    """
    grid = grid or find_grid(image)
    if grid is None:
        return image
    height, width = image.shape[:2]
    if grid.width > width or grid.height > height:
        raise DataError(
            f"pixels of {grid.width:g}×{grid.height:g} are larger than its {width}×{height}; check "
            "`pixel_size`"
        )
    ys, xs = _samples(height, grid.height, grid.top), _samples(width, grid.width, grid.left)
    m = len(_SAMPLES)
    rows, columns = len(ys) // m, len(xs) // m
    taken = clear_hidden(image[ys[:, None], xs][None])[0]
    cells = taken.reshape(rows, m, columns, m, 4).transpose(0, 2, 1, 3, 4).reshape(-1, m * m, 4)
    middle = cells[:, m * m // 2]
    plain = (cells == middle[:, None]).all(axis=(1, 2))
    if plain.mean() >= SHARP:
        exact: Images = middle.reshape(rows, columns, 4)
        return exact
    found = clear_hidden(np.median(cells, axis=1).round().astype(np.uint8)[None])[0]
    return _joined(found).reshape(rows, columns, 4)


def _samples(length: int, pixel: float, start: float) -> NDArray[np.int64]:
    """Where each cell along one axis is looked at: int64 ``[cells · samples]``."""
    marks = lines(length, pixel, start)
    at = marks[:-1, None] + pixel * _SAMPLES
    return np.clip(np.floor(at), 0, length - 1).astype(np.int64).reshape(-1)


def _joined(colours: Images) -> Images:
    """Let colours, uint8 ``[n,4]``, that are nearer than ``NEAR`` be the most frequent of them."""
    own, where, uses = np.unique(colours, axis=0, return_inverse=True, return_counts=True)
    points = palette.oklab.to_points(own)
    stands_for = np.full(len(own), -1)
    for k in np.argsort(-uses, kind="stable"):
        if stands_for[k] < 0:
            near = np.linalg.norm(points - points[k], axis=1) < NEAR
            stands_for[near & (stands_for < 0)] = k
    joined: Images = own[stands_for[where.reshape(-1)]]
    return joined
