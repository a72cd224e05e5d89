"""Sprites with words: titles, contact sheets by class, denoising strips.

Words are drawn on the page around the sprites, never over them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spritelab import pixels
from spritelab.errors import DataError
from spritelab.pictures import text
from spritelab.pictures.layout import PAGE, Ground, check_layout, good_scale, grid, lay_on
from spritelab.pixels import Colour, Images

MOST_CLASSES = 60

Frames = Sequence[Images] | Images
"""F pictures, uint8 ``[H,W,C]`` each, or all of them in one array ``[F,H,W,C]``."""


def titled(picture: Images, title: str, *, page: Colour = PAGE) -> Images:
    """Put a title above an RGB picture: uint8 ``[h,w,3]`` to ``[h',w,3]``.

    The title is broken into lines that fit; the page is widened only for a word that does not.
    """
    gap = 8
    lines = text.wrap(title, text.TITLE, picture.shape[1] - 2 * gap, bold=True)
    widest = max((text.width(line, text.TITLE, bold=True) for line in lines), default=0)
    step = text.line_height(text.TITLE)
    top = gap + len(lines) * step
    width = max(picture.shape[1], widest + 2 * gap)
    out = Image.new("RGB", (width, top + picture.shape[0]), page)
    for k, line in enumerate(lines):
        text.draw(out, (gap, gap + k * step), line, text.TITLE, bold=True)
    out.paste(Image.fromarray(picture), ((width - picture.shape[1]) // 2, top))
    return np.asarray(out)


def denoising_strip(
    frames: Frames,
    t: Sequence[int],
    scale: int = 5,
    gap: int = 8,
    *,
    x0_hat: Frames | None = None,
    background: Ground = "checker",
    page: Colour = PAGE,
) -> Images:
    """Show one sprite coming out of the noise: a row of frames, the true step under each.

    Args:
        frames: F ≥ 1 pictures x_t, uint8 ``[H,W,C]`` each, C = 3 or 4.
        t: the F steps that the frames stand at, as the sampler says them; -1 is a clean sprite.
        scale: how many pixels a sprite's pixel is wide and high, ≥ 1.
        gap: pixels between frames and around them, ≥ 0.
        x0_hat: what the network took for the clean sprite at each frame: a second row.
        background: what shows through transparent pixels.
        page: the colour around the frames.

    Returns:
        uint8 ``[h,w,3]``.

    Raises:
        DataError: no frames, frames that differ in shape, or not one ``t`` (≥ -1) a frame.
        SettingsError: ``scale`` or ``gap`` out of range.
    """
    check_layout(scale, gap)
    rows = stack_rows(frames, t, x0_hat)
    captions = ["clean" if step == -1 else f"t = {step}" for step in t]
    names = ["x_t", "x̂₀"] if len(rows) > 1 else []
    side = max((text.width(name, text.CAPTION) for name in names), default=-gap) + gap
    height, width = (int(edge) * scale for edge in rows[0].shape[1:3])
    cell = max(width, *(text.width(caption, text.CAPTION) for caption in captions))
    below = gap + len(rows) * (height + gap)
    size = (gap + side + len(t) * (cell + gap), below + text.line_height(text.CAPTION) + gap // 2)

    out = Image.new("RGB", size, page)
    for r, row in enumerate(rows):
        top = gap + r * (height + gap)
        if names:
            text.draw(out, (gap, top + height // 2), names[r], text.CAPTION, anchor="lm")
        for k, tile in enumerate(pixels.upscale(lay_on(row, background), scale)):
            left = gap + side + k * (cell + gap) + (cell - width) // 2
            out.paste(Image.fromarray(tile), (left, top))
    for k, caption in enumerate(captions):
        middle = gap + side + k * (cell + gap) + cell // 2
        text.draw(out, (middle, below - gap // 2), caption, text.CAPTION, anchor="ma")
    return np.asarray(out)


def short_strip(
    frames: Frames,
    t: Sequence[int],
    title: str = "",
    *,
    x0_hat: Frames | None = None,
    most: int = 12,
    scale: int | None = None,
    background: Ground = "checker",
) -> Images:
    """Show a denoising in a few frames, under a title.

    Of more than ``most`` frames, ``most`` are shown: evenly spaced, the first and the last among
    them, each with its own step. Without ``scale`` it is the largest that keeps the strip about 900
    pixels wide. Other arguments, result and errors as in ``denoising_strip``.
    """
    rows = stack_rows(frames, t, x0_hat)
    shown = evenly(len(t), most)
    picture = denoising_strip(
        rows[0][shown],
        [t[i] for i in shown],
        good_scale(rows[0].shape[2], len(shown)) if scale is None else scale,
        x0_hat=rows[1][shown] if len(rows) > 1 else None,
        background=background,
    )
    return titled(picture, title) if title else picture


def labelled_rows(
    rows: Sequence[Images], labels: Sequence[str], scale: int | None = None
) -> Images:
    """Rows of sprites one under the other, each with its name on the left: uint8 ``[h,w,3]``.

    For many rows of one length with short names; ``titled_rows`` takes any.

    Args:
        rows: uint8 ``[N,H,W,C]`` each, all of one shape.
        labels: one a row.
        scale: how many pixels a sprite's pixel is wide and high; None: as many as keep a row within
            about 900 pixels.

    Raises:
        DataError: for no rows, rows of different shapes, or not one label a row.
        SettingsError: ``scale`` out of range.
    """
    if len(rows) != len(labels) or len({np.shape(row) for row in rows}) != 1:
        raise DataError("labelled rows are of one shape, and there is a label for each")
    across, height, width = np.shape(rows[0])[:3]
    scale, gap = good_scale(width, across) if scale is None else scale, 8
    sprites = grid(np.concatenate(rows), across, scale, gap)
    left = gap + max(text.width(label, text.CAPTION) for label in labels)
    out = Image.new("RGB", (left + sprites.shape[1], sprites.shape[0]), PAGE)
    out.paste(Image.fromarray(sprites), (left, 0))
    for number, label in enumerate(labels):
        middle = gap + number * (height * scale + gap) + height * scale // 2
        text.draw(out, (gap, middle), label, text.CAPTION, anchor="lm")
    return np.asarray(out)


def contact_sheet(
    images: Images,
    labels: NDArray[np.int64],
    class_names: Sequence[str],
    columns: int = 16,
    rows: int = 2,
    scale: int = 3,
    gap: int = 8,
    *,
    background: Ground = "checker",
    page: Colour = PAGE,
) -> Images:
    """Show what a set holds: for every class its name, its count and some of its sprites.

    Of a class with more than ``columns · rows`` sprites, that many are taken evenly from its first
    to its last, so that the sheet is the same every time and still shows the whole range. Beyond
    ``MOST_CLASSES`` classes the rest are only counted.

    Args:
        images: uint8 ``[N,H,W,C]``, N ≥ 1, C = 3 or 4.
        labels: int64 ``[N]``, indices into ``class_names``.
        class_names: the K names.
        columns: sprites in a row, ≥ 1.
        rows: rows for one class at most, ≥ 1.
        scale: how many pixels a sprite's pixel is wide and high, ≥ 1.
        gap: pixels between sprites and around them, ≥ 0.
        background: what shows through transparent pixels.
        page: the colour around the sprites.

    Returns:
        uint8 ``[h,w,3]``.

    Raises:
        DataError: no sprites, or labels that do not fit them or the names.
        SettingsError: ``columns``, ``scale`` or ``gap`` out of range.
    """
    pixels.check_images(images)
    check_layout(scale, gap)
    if len(images) == 0 or len(labels) != len(images):
        raise DataError(f"{len(images)} sprites with {len(labels)} labels make no contact sheet")
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise DataError(f"labels must lie in 0 … {len(class_names) - 1}")

    margin = max(gap, 8)
    line = text.line_height(text.CAPTION)
    bands: list[tuple[str, str, Images | None]] = []
    for k, name in enumerate(class_names[:MOST_CLASSES]):
        members = np.flatnonzero(labels == k)
        shown = members[evenly(len(members), columns * rows)]
        picture = None
        if len(shown):
            picture = grid(images[shown], columns, scale, gap, background=background, page=page)
        bands.append((name, f"{len(members):,}", picture))
    if len(class_names) > MOST_CLASSES:
        rest = int((labels >= MOST_CLASSES).sum())
        bands.append((f"and {len(class_names) - MOST_CLASSES} more classes", f"{rest:,}", None))

    names = [text.width(name, text.CAPTION, bold=True) + 8 for name, _, _ in bands]
    words = [w + text.width(band[1], text.CAPTION) for w, band in zip(names, bands, strict=True)]
    width = max(
        *(word + 2 * margin for word in words),
        *(0 if band[2] is None else band[2].shape[1] for band in bands),
    )
    heights = [margin + line + (0 if band[2] is None else band[2].shape[0]) for band in bands]
    out = Image.new("RGB", (width, sum(heights) + margin), page)
    top = 0
    for (name, count, picture), name_width, height in zip(bands, names, heights, strict=True):
        text.draw(out, (gap, top + margin), name, text.CAPTION, bold=True)
        text.draw(out, (gap + name_width, top + margin), count, text.CAPTION, colour=text.FAINT)
        if picture is not None:
            out.paste(Image.fromarray(picture), (0, top + margin + line))
        top += height
    return np.asarray(out)


def evenly(n: int, count: int) -> NDArray[np.int64]:
    """Return at most ``count`` distinct indices of n, evenly spaced, first and last among them."""
    if n <= count:
        return np.arange(n, dtype=np.int64)
    return np.rint(np.linspace(0, n - 1, count)).astype(np.int64)


def stack_rows(frames: Frames, t: Sequence[int], x0_hat: Frames | None = None) -> list[Images]:
    """Return the rows of a strip, ``frames`` and perhaps ``x0_hat``, as uint8 ``[F,H,W,C]`` each.

    Raises ``DataError`` unless every row holds F ≥ 1 pictures of one shape and ``t`` F steps ≥ -1.
    """
    rows: list[Images] = []
    for row in (frames,) if x0_hat is None else (frames, x0_hat):
        if len(row) != len(t):
            raise DataError(f"every frame needs its step: {len(row)} frames, {len(t)} steps")
        shapes = {np.shape(frame) for frame in row} | {np.shape(frame) for frame in frames}
        if len(shapes) != 1:
            raise DataError(
                f"a strip needs frames of one shape, at least one, not {sorted(shapes)}"
            )
        stacked = np.stack(list(row))
        pixels.check_images(stacked)
        rows.append(stacked)
    if min(t) < -1:
        raise DataError(f"a step is -1 (clean) or more, not {min(t)}")
    return rows
