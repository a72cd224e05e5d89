"""A sheet of sprites, cut into its cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spritelab.config import Leftover, ReadingSettings, both
from spritelab.errors import DataError
from spritelab.pixels import Images, clear_hidden

Lengths = int | tuple[int, int]
"""One length for both axes, or two: along x and along y."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a sheet.

    Attributes:
        images: uint8 ``[N,h,w,C]``, row by row; empty cells are not among them.
        places: their N (row, column).
        empty: (row, column) of those that are all transparent, or all of one colour.
        strip: width and height, in pixels, of what the whole cells left over right and below.
    """

    images: Images
    places: list[tuple[int, int]]
    empty: list[tuple[int, int]]
    strip: tuple[int, int]


def cut(
    sheet: NDArray[np.uint8],
    tile: Lengths,
    margin: Lengths = 0,
    spacing: Lengths = 0,
    *,
    offset: Lengths = 0,
    leftover: Leftover = "refuse",
) -> Cells:
    """Cut a sheet, uint8 ``[H,W,C]``, into cells of ``tile`` pixels.

    Two lengths are along x and y. ``margin`` pixels surround the grid, ``offset`` more lie left of
    it and above, and ``spacing`` pixels lie between its cells. The cells must fill the sheet
    exactly; a last column or row followed by spacing is accepted too, as some editors write it.
    With ``leftover`` ``drop`` the strip beyond the last whole cells is ignored; with ``keep`` its
    part cells are filled up with zeros, which are transparent in RGBA.

    Raises:
        DataError: with the bare reason if the grid does not fit, for the caller to put the file's
            name before it.
        SettingsError: for impossible lengths.
    """
    ReadingSettings.of(tile=tile, margin=margin, spacing=spacing, offset=offset)
    size = (sheet.shape[1], sheet.shape[0])
    axes = [
        _Axis.of(
            size[k], both(tile)[k], both(margin)[k], both(spacing)[k], both(offset)[k], leftover
        )
        for k in (0, 1)
    ]
    if any(axis.count == 0 for axis in axes):
        raise DataError(
            f"tiles of {_said(tile)} pixels with margin {_said(margin)} and spacing "
            f"{_said(spacing)} do not fill its {size[0]}×{size[1]} pixels evenly; check `tile`, "
            "`margin` and `spacing`, or take its whole cells by `leftover=drop`"
        )
    across, down = axes
    shape = (across.count * down.count, down.tile, across.tile, sheet.shape[-1])
    images = np.empty(shape, dtype=np.uint8)
    places: list[tuple[int, int]] = []
    empty: list[tuple[int, int]] = []
    # Row by row, so that of a large sheet no more than the drawn cells is there twice.
    for row, y in enumerate(down.starts()):
        views = [sheet[y : y + down.tile, x : x + across.tile] for x in across.starts()]
        cells = clear_hidden(np.stack([_filled(view, down.tile, across.tile) for view in views]))
        drawn = (cells != cells[:, :1, :1]).any(axis=(1, 2, 3))
        images[len(places) : len(places) + int(drawn.sum())] = cells[drawn]
        for column, keep in enumerate(drawn.tolist()):
            (places if keep else empty).append((row, column))
    return Cells(images[: len(places)], places, empty, (across.strip, down.strip))


@dataclass(frozen=True)
class _Axis:
    """The cells along one axis: how many, of how many pixels, where; and what is left over."""

    tile: int
    start: int
    step: int
    count: int
    strip: int

    @classmethod
    def of(
        cls, length: int, tile: int, margin: int, spacing: int, offset: int, leftover: Leftover
    ) -> _Axis:
        start, step = margin + offset, tile + spacing
        inner = length - offset - 2 * margin
        for filled in (inner + spacing, inner):  # the last cell without, or with, its spacing
            count, rest = divmod(filled, step)
            if count >= 1 and rest == 0:
                return cls(tile, start, step, count, 0)
        whole = max(0, (inner + spacing) // step)
        strip = inner - whole * step  # pixels beyond the last whole cell and its spacing
        if leftover == "keep" and strip > 0:
            return cls(tile, start, step, whole + 1, 0)
        if leftover == "drop":
            return cls(tile, start, step, whole, max(0, strip))
        return cls(tile, start, step, 0, 0)

    def starts(self) -> Iterator[int]:
        return iter(range(self.start, self.start + self.count * self.step, self.step))


def _filled(view: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    missing = (height - view.shape[0], width - view.shape[1])
    if missing == (0, 0):
        return view
    return np.pad(view, ((0, missing[0]), (0, missing[1]), (0, 0)))


def _said(lengths: Lengths) -> str:
    across, down = both(lengths)
    return f"{across}" if across == down else f"{across}×{down}"
