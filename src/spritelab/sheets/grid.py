"""A sheet of sprites, cut into its cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Images, clear_hidden


def check_grid(tile: int, margin: int, spacing: int) -> None:
    """Raise ``SettingsError`` unless the three lengths, in pixels, can describe a grid."""
    if tile < 1:
        raise SettingsError(f"`tile` must be at least 1 pixel, not {tile}")
    if margin < 0 or spacing < 0:
        raise SettingsError("`margin` and `spacing` must not be negative")


def cut(
    sheet: NDArray[np.uint8], tile: int, margin: int = 0, spacing: int = 0
) -> tuple[Images, list[tuple[int, int]]]:
    """Cut a sheet, uint8 ``[H,W,C]``, into square cells of ``tile`` pixels.

    ``margin`` pixels surround the grid and ``spacing`` pixels lie between its cells; the cells must
    fill the sheet exactly (a last column or row followed by spacing is accepted too, as some
    editors write it). A cell that is all transparent, or all of one colour, is empty and left out.

    Returns:
        The cells, uint8 ``[N,tile,tile,C]``, row by row, and their (row, column).

    Raises:
        DataError: with the bare reason if the grid does not fit, for the caller to put the file's
            name before it.
        SettingsError: for impossible lengths.
    """
    check_grid(tile, margin, spacing)
    height, width = sheet.shape[:2]
    rows = _count(height, tile, margin, spacing)
    columns = _count(width, tile, margin, spacing)
    if rows is None or columns is None:
        raise DataError(
            f"tiles of {tile} pixels with margin {margin} and spacing {spacing} do not fill its "
            f"{width}×{height} pixels evenly; check `tile`, `margin` and `spacing`"
        )
    step = tile + spacing
    places = [(row, column) for row in range(rows) for column in range(columns)]
    cells = clear_hidden(
        np.stack(
            [
                sheet[y : y + tile, x : x + tile]
                for y, x in (
                    (margin + row * step, margin + column * step) for row, column in places
                )
            ]
        )
    )
    drawn = (cells != cells[:, :1, :1]).any(axis=(1, 2, 3))
    return cells[drawn], [place for place, keep in zip(places, drawn, strict=True) if keep]


def _count(length: int, tile: int, margin: int, spacing: int) -> int | None:
    """Return how many cells lie along ``length`` pixels, or None if they do not fill it."""
    inner = length - 2 * margin
    for filled in (inner + spacing, inner):  # the last cell without, or with, its spacing
        count, rest = divmod(filled, tile + spacing)
        if count >= 1 and rest == 0:
            return count
    return None
