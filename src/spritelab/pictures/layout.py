"""Sprites side by side: whole-pixel scaling, transparency made visible, grids.

Nothing here interpolates: a source pixel becomes a block of ``scale`` × ``scale`` equal pixels.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from spritelab import pixels
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Colour, Images

Ground = Colour | Literal["checker"]
"""What lies behind transparent pixels: a plain colour or a quiet checkerboard."""

PAGE: Colour = (226, 228, 233)
LIGHT: Colour = (255, 255, 255)
SHADE: Colour = (237, 239, 244)


def lay_on(images: Images, ground: Ground = "checker") -> Images:
    """Lay sprites on ``ground``: uint8 ``[N,H,W,3]`` from ``[N,H,W,3]`` or ``[N,H,W,4]``.

    The checks measure an eighth of the sprite (at least one pixel), so that they stay whole pixels
    and look alike at every size. RGB sprites have nothing to see through and stay as they are.
    """
    pixels.check_images(images)
    if images.shape[-1] == 3:
        return images
    if ground != "checker":
        return pixels.composite(images, ground)
    height, width = images.shape[1:3]
    check = max(1, min(height, width) // 8)
    rows, columns = np.arange(height) // check, np.arange(width) // check
    shaded = ((rows[:, None] + columns[None, :]) % 2 == 1)[None, :, :, None]
    return np.where(shaded, pixels.composite(images, SHADE), pixels.composite(images, LIGHT))


def grid(
    images: Images,
    columns: int | None = None,
    scale: int = 4,
    gap: int = 8,
    *,
    background: Ground | None = "checker",
    page: Colour = PAGE,
) -> Images:
    """Set sprites out in rows, left to right, top to bottom.

    Args:
        images: uint8 ``[N,H,W,C]``, N ≥ 1, C = 3 or 4.
        columns: sprites in a row; ``None`` lets ``good_columns`` choose.
        scale: how many pixels a sprite's pixel is wide and high, ≥ 1.
        gap: pixels between sprites and around them all, ≥ 0.
        background: what shows through the sprites; ``None`` keeps their transparency.
        page: the colour of the gaps and of places left over in the last row.

    Returns:
        uint8 ``[h,w,3]``; with ``background=None``, ``[h,w,4]`` with transparent gaps. Sprite i
        starts at row ``gap + (i // columns)·(H·scale + gap)``, and its column likewise.

    Raises:
        DataError: ``images`` are no sprites, or none.
        SettingsError: ``columns``, ``scale`` or ``gap`` out of range.
    """
    pixels.check_images(images)
    check_layout(scale, gap)
    n, height, width = images.shape[:3]
    if n == 0:
        raise DataError("there are no sprites to set out; give at least one")
    columns = good_columns(n) if columns is None else columns
    if columns < 1:
        raise SettingsError(f"a grid needs at least 1 column, not {columns}")
    columns = min(columns, n)
    rows = -(-n // columns)
    tile_h, tile_w = height * scale, width * scale

    if background is None:
        tiles, empty = pixels.with_channels(images, 4), np.zeros(4, dtype=np.uint8)
    else:
        tiles, empty = lay_on(images, background), np.array(page, dtype=np.uint8)
    sheet = np.empty(
        (rows * (tile_h + gap) + gap, columns * (tile_w + gap) + gap, len(empty)), dtype=np.uint8
    )
    sheet[:] = empty
    for i in range(n):
        top = gap + (i // columns) * (tile_h + gap)
        left = gap + (i % columns) * (tile_w + gap)
        sheet[top : top + tile_h, left : left + tile_w] = pixels.upscale(tiles[i : i + 1], scale)[0]
    return sheet


def good_columns(n: int) -> int:
    """Return a number of columns for n sprites: a grid somewhat wider than high.

    Full last rows are preferred: 20 sprites make 5 columns, 24 make 6, 100 make 10.
    """
    wish = math.sqrt(1.6 * n)
    full = [c for c in range(math.ceil(math.sqrt(n)), int(2.5 * math.sqrt(n)) + 1) if n % c == 0]
    return min(full, key=lambda c: abs(math.log(c / wish))) if full else max(1, math.ceil(wish))


def good_scale(sprite_width: int, columns: int, picture_width: int = 900, most: int = 8) -> int:
    """Return the largest whole scale (1 … ``most``) that keeps a row within ``picture_width``."""
    return max(1, min(most, picture_width // (sprite_width * columns)))


def check_layout(scale: int, gap: int) -> None:
    """Raise ``SettingsError`` unless ``scale`` ≥ 1 and ``gap`` ≥ 0."""
    if scale < 1:
        raise SettingsError(f"the scale must be a whole number of at least 1, not {scale}")
    if gap < 0:
        raise SettingsError(f"the gap between sprites must be at least 0 pixels, not {gap}")
