"""Sprites laid out on one sheet: columns, room between them, edges repeated, powers of two."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Images, check_images, clear_hidden, with_channels
from spritelab.sheets.atlas import Atlas, Box, Frame, Grid, unique_keys

MAX_SIDE = 16_384
"""The most pixels along one side of a sheet: what graphics cards take as one texture."""
MAX_PIXELS = 2**26
"""The most pixels of a sheet: 8192×8192."""


def lay_out(
    images: Images,
    keys: Sequence[str],
    tags: Sequence[str],
    *,
    columns: int | None = None,
    padding: int = 0,
    extrude: int = 0,
    power_of_two: bool = False,
) -> Atlas:
    """Lay sprites out on one sheet, tag by tag in the order of their names.

    Args:
        images: uint8 ``[N,H,W,C]``, N ≥ 1, C = 3 or 4.
        keys: N names; equal ones are made to differ, see ``unique_keys``.
        tags: the class of each sprite, ``default`` for none.
        columns: sprites in a row; as many as make the sheet about square, if not given.
        padding: transparent pixels between two sprites, ≥ 0.
        extrude: how often the outermost pixels of a sprite are repeated around it, ≥ 0, so that
            neighbours do not bleed in when a game draws at fractions of pixels.
        power_of_two: make width and height powers of two, which some engines want.

    Raises:
        DataError: ``images`` are no sprites, or none.
        SettingsError: a length out of range, or a sheet larger than graphics cards take.
    """
    check_images(images)
    n, height, width = images.shape[:3]
    if n == 0:
        raise DataError("there are no sprites to lay out; give at least one")
    _check(columns, padding, extrude)
    step_x, step_y = width + 2 * extrude + padding, height + 2 * extrude + padding
    if columns is None:
        columns = (
            _filling_columns(n, step_x, step_y, padding)
            if power_of_two
            else min(n, math.ceil(math.sqrt(n * step_y / step_x)))
        )
    columns = min(columns, n)
    rows = -(-n // columns)
    sheet_w, sheet_h = columns * step_x - padding, rows * step_y - padding
    if power_of_two:
        sheet_w, sheet_h = _power_of_two(sheet_w), _power_of_two(sheet_h)
    _check_size(n, sheet_w, sheet_h)

    order = sorted(range(n), key=lambda i: tags[i])
    names = unique_keys(keys)
    grid = _grid(width, height, sheet_w, sheet_h, padding, extrude)
    picture = np.zeros((sheet_h, sheet_w, 4), dtype=np.uint8)
    frames = []
    rgba = clear_hidden(with_channels(images, 4))
    border = ((extrude, extrude), (extrude, extrude), (0, 0))
    for place, i in enumerate(order):
        row, column = divmod(place, columns)
        x, y = column * step_x, row * step_y
        sprite = np.pad(rgba[i], border, mode="edge") if extrude else rgba[i]
        picture[y : y + sprite.shape[0], x : x + sprite.shape[1]] = sprite
        frames.append(Frame(names[i], tags[i], Box(x + extrude, y + extrude, width, height)))
    return Atlas(picture, tuple(frames), grid)


def _grid(width: int, height: int, sheet_w: int, sheet_h: int, padding: int, extrude: int) -> Grid:
    """The grid that a reader finds who knows the picture, a sprite's size, margin and spacing."""
    spacing = padding + 2 * extrude
    columns = (sheet_w - extrude + spacing) // (width + spacing)
    rows = (sheet_h - extrude + spacing) // (height + spacing)
    return Grid(width, height, columns, rows, extrude, spacing)


def _filling_columns(n: int, step_x: int, step_y: int, padding: int) -> int:
    """The columns with which a sheet of powers of two is smallest, then most nearly square."""

    def cost(columns: int) -> tuple[int, int]:
        width = _power_of_two(columns * step_x - padding)
        height = _power_of_two(-(-n // columns) * step_y - padding)
        return width * height, max(width, height)

    widths = (2**k for k in range(MAX_SIDE.bit_length()))
    able = [min(n, (width + padding) // step_x) for width in widths]
    return min((columns for columns in able if columns), key=cost, default=1)


def _power_of_two(length: int) -> int:
    return 1 << (length - 1).bit_length()


def _check(columns: int | None, padding: int, extrude: int) -> None:
    if columns is not None and columns < 1:
        raise SettingsError(f"`columns` must be at least 1, not {columns}")
    if padding < 0 or extrude < 0:
        raise SettingsError("`padding` and `extrude` are pixels, and must not be negative")


def _check_size(n: int, width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise SettingsError(
            f"a sheet of {n:,} sprites would be {width:,}×{height:,} pixels; {MAX_SIDE:,} along a "
            f"side and {MAX_PIXELS:,} in all are the limits; write several sheets, or choose "
            "other `columns`"
        )
