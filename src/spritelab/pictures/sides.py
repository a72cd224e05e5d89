"""Sets of sprites side by side, class by class, with the figures of each below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spritelab import pixels
from spritelab.errors import DataError, SettingsError
from spritelab.pictures import text
from spritelab.pictures.layout import PAGE, Ground, check_layout, lay_on
from spritelab.pixels import Colour, Images

APART = 3
"""Gaps between two sides; between two classes there are two."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the sets that are shown side by side.

    Attributes:
        title: above its sprites.
        images: uint8 ``[N,H,W,C]``, C = 3 or 4.
        labels: int64 ``[N]``, indices into the class names of all sides; others are not shown.
        figures: below its sprites, by name, each as it shall be read.
    """

    title: str
    images: Images
    labels: NDArray[np.int64]
    figures: Mapping[str, str] = field(default_factory=dict)


def side_by_side(
    sides: Sequence[Side],
    class_names: Sequence[str],
    columns: int = 5,
    rows: int = 2,
    scale: int = 4,
    gap: int = 8,
    *,
    background: Ground = "checker",
    page: Colour = PAGE,
) -> Images:
    """Show sets of sprites side by side, the same class beside the same class.

    Of every class a side shows its first ``columns · rows`` sprites, in their order; places that it
    cannot fill stay empty. Classes are named on the left, and below them the figures, one a line; a
    side that lacks a figure leaves its place empty.

    Args:
        sides: one or more, of one sprite size.
        class_names: the K names.
        columns: sprites in a row of one side, ≥ 1.
        rows: rows for one class, ≥ 1.
        scale: how many pixels a sprite's pixel is wide and high, ≥ 1.
        gap: pixels between sprites and around them, ≥ 0.
        background: what shows through transparent pixels.
        page: the colour around the sprites.

    Returns:
        uint8 ``[h,w,3]``.

    Raises:
        DataError: no sides or classes, sprites of different sizes, or labels that do not fit their
            sprites.
        SettingsError: ``columns``, ``rows``, ``scale`` or ``gap`` out of range.
    """
    check_layout(scale, gap)
    if columns < 1 or rows < 1:
        raise SettingsError(f"sides need at least 1 column and 1 row, not {columns} and {rows}")
    height, width = (int(edge) * scale for edge in _sprite_shape(sides, class_names))
    names = list(dict.fromkeys(name for side in sides for name in side.figures))
    margin = max(gap, 8)
    line = text.line_height(text.CAPTION)
    title_line = text.line_height(text.TITLE)

    left = margin + max(text.width(name, text.CAPTION, bold=True) for name in class_names)
    left = max(left, *(margin + text.width(name, text.CAPTION) for name in (*names, "")))
    cell = columns * (width + gap) - gap
    titles = (text.width(side.title, text.TITLE, bold=True) for side in sides)
    side_width = max(cell, *titles, *_figure_widths(sides))
    band = rows * (height + gap) + gap
    top = margin + title_line + gap
    below = top + len(class_names) * band
    size = (
        left + len(sides) * (APART * margin + side_width) + margin,
        below + (len(names) * line + gap if names else 0) + margin - gap,
    )
    out = Image.new("RGB", size, page)
    for k, name in enumerate(class_names):
        middle = top + k * band + (band - 2 * gap) // 2
        text.draw(out, (margin, middle), name, text.CAPTION, bold=True, anchor="lm")
    for f, name in enumerate(names):
        text.draw(out, (margin, below + f * line), name, text.CAPTION)
    for s, side in enumerate(sides):
        edge = left + APART * margin + s * (APART * margin + side_width)
        text.draw(out, (edge, margin), side.title, text.TITLE, bold=True)
        tiles = lay_on(side.images, background)
        for k in range(len(class_names)):
            shown = np.flatnonzero(side.labels == k)[: columns * rows]
            for place, tile in enumerate(pixels.upscale(tiles[shown], scale)):
                row, column = divmod(place, columns)
                spot = (edge + column * (width + gap), top + k * band + row * (height + gap))
                out.paste(Image.fromarray(tile), spot)
        for f, name in enumerate(names):
            text.draw(out, (edge, below + f * line), side.figures.get(name, ""), text.CAPTION)
    return np.asarray(out)


def _figure_widths(sides: Sequence[Side]) -> list[int]:
    return [text.width(value, text.CAPTION) for side in sides for value in side.figures.values()]


def _sprite_shape(sides: Sequence[Side], class_names: Sequence[str]) -> tuple[int, int]:
    """Height and width of all sprites; ``DataError`` as in ``side_by_side``."""
    if not sides or not class_names:
        raise DataError("there is nothing to set side by side; give at least one side and a class")
    for side in sides:
        pixels.check_images(side.images)
        if len(side.labels) != len(side.images):
            raise DataError(
                f"{side.title}: {len(side.images)} sprites with {len(side.labels)} labels; give "
                "every sprite its own"
            )
    shapes = {side.images.shape[1:3] for side in sides}
    if len(shapes) > 1:
        raise DataError(f"sprites side by side must be of one size, not {sorted(shapes)}")
    height, width = shapes.pop()
    return height, width
