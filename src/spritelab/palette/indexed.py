"""Sprites as a palette and an index for every pixel, exactly or with few colours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError, SettingsError
from spritelab.palette.colours import Palette, distinct, pack
from spritelab.palette.oklab import to_points
from spritelab.palette.reduction import nearest_points, reduce_colours
from spritelab.pixels import Images, check_images, composite

LARGEST = 256
"""Colours of the largest palette whose indices are bytes."""

AUTO_COLOURS = 64
"""Colours of a sprite's palette at most, unless told otherwise."""

_ROWS = 8192  # sprites at a time, so that 89,400 of them need little memory


@dataclass(frozen=True)
class ColourError:
    """How far redrawn sprites are from those they were drawn after.

    Attributes:
        mean_levels: mean difference of a channel of a pixel, sprites laid on white, in 0 … 255.
        largest_levels: the largest such difference.
        delta_e: mean distance of a pixel in OKLab with alpha (see ``oklab.to_points``); 1 is black
            to white, 0.02 the just noticeable difference of CSS Color 4.
    """

    mean_levels: float
    largest_levels: int
    delta_e: float


@dataclass(frozen=True, eq=False)
class IndexedSprites:
    """Sprites, each as a palette of its own and an index for every pixel.

    Attributes:
        colours: uint8 ``[N,most,C]``; the first ``sizes[i]`` are the palette of sprite i in the
            order of ``Palette``, the rest are 0.
        sizes: int64 ``[N]``, 1 … most.
        indices: uint8 ``[N,H,W]``, below the size of the sprite's palette; each entry is used.
        error: what the reduction cost; all 0 if no sprite had more than ``most`` colours.
    """

    colours: Images
    sizes: NDArray[np.int64]
    indices: NDArray[np.uint8]
    error: ColourError

    def __len__(self) -> int:
        return len(self.indices)

    def palette(self, i: int) -> Palette:
        """Return the palette of sprite ``i``."""
        return Palette(self.colours[i, : self.sizes[i]])

    def images(self, rows: slice = slice(None)) -> Images:
        """Return the sprites, or those in ``rows``, as pixels: uint8 ``[N,H,W,C]``."""
        indices = self.indices[rows]
        return self.colours[rows][np.arange(len(indices))[:, None, None], indices]

    def __repr__(self) -> str:
        n, height, width = self.indices.shape
        most = self.colours.shape[1]
        return f"IndexedSprites({n:,} of {width}×{height}, at most {most} colours each)"


def palette_sizes(images: Images) -> NDArray[np.int64]:
    """Count the different colours of each sprite, all fully transparent pixels as one: int64 [N].

    Raises:
        DataError: unless ``images`` is uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
    """
    check_images(images)
    sizes = np.zeros(len(images), dtype=np.int64)
    for rows in _blocks(len(images)):
        some = images[rows]
        packed = np.sort(pack(some).reshape(len(some), -1), axis=1)
        sizes[rows] = (np.diff(packed, axis=1) != 0).sum(axis=1) + 1
    return sizes


def fitting_size(images: Images, at_most: int = AUTO_COLOURS) -> int:
    """How many colours the palettes of a set need: those of its richest sprite, or ``at_most``.

    64 leaves clean pixel art as it is, and changes soft art so little that measures of quality do
    not see it either (``docs/recipe.md``; ``data inspect`` says how much). At least 2.

    Raises:
        DataError: unless ``images`` is uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
    """
    return max(2, min(at_most, int(palette_sizes(images).max(initial=0))))


def index_sprites(images: Images, most: int) -> IndexedSprites:
    """Give each sprite a palette of at most ``most`` colours, and each pixel an index into it.

    Exact for sprites that have no more than that: their pixels come back byte for byte, hidden
    colours cleared. Others are reduced to ``most`` of their own colours, weighed by their pixels
    (see ``reduction.reduce_colours``). Neither the order of the sprites nor where a colour lies in
    a sprite makes a difference to a palette.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        most: 1 … 256, the transparent colour counted.

    Raises:
        DataError: if ``images`` are no sprites.
        SettingsError: if ``most`` is out of range, or 1 though a sprite has transparent pixels and
            others.
    """
    check_images(images)
    _check_size("most", most)
    n, height, width, channels = images.shape
    found = IndexedSprites(
        np.zeros((n, most, channels), dtype=np.uint8),
        np.zeros(n, dtype=np.int64),
        np.zeros((n, height, width), dtype=np.uint8),
        ColourError(0.0, 0, 0.0),
    )
    for rows in _blocks(n):
        _index(images[rows], found, rows.start)
    pairs = ((images[rows], found.images(rows)) for rows in _blocks(n))
    return replace(found, error=_error(pairs, n * height * width))


def _index(images: Images, found: IndexedSprites, first: int) -> None:
    """Fill in the sprites of ``found`` from ``first`` on."""
    most, channels = found.colours.shape[1:]
    table, numbers = distinct(pack(images), channels)
    points = to_points(table)
    for i, used in enumerate(numbers, start=first):
        own, where, uses = np.unique(used, return_inverse=True, return_counts=True)
        if len(own) > most:
            _check_transparent("most", most, table[own])
            kept = own[reduce_colours(points[own], uses, most)]
            where = nearest_points(points[own], points[kept])[where]
            own = kept
        found.colours[i, : len(own)] = table[own]
        found.sizes[i] = len(own)
        found.indices[i] = where.reshape(used.shape)


def learn_palette(images: Images, size: int) -> Palette:
    """Learn one palette of at most ``size`` colours for a whole set, weighed by use.

    The colours are among those of the set (see ``reduction.reduce_colours``); all of them, if there
    are no more than ``size``.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        size: 1 … 256, the transparent colour counted.

    Raises:
        DataError: if ``images`` are no sprites, or have no pixels.
        SettingsError: if ``size`` is out of range, or 1 though there are transparent pixels and
            others.
    """
    check_images(images)
    _check_size("size", size)
    table, numbers = distinct(pack(images), images.shape[-1])
    if len(table) > size:
        _check_transparent("size", size, table)
        uses = np.bincount(numbers.ravel(), minlength=len(table))
        table = table[reduce_colours(to_points(table), uses, size)]
    return Palette(table)


def nearest(images: Images, palette: Palette) -> NDArray[np.uint8]:
    """Find the colour of ``palette`` that is nearest to each pixel: uint8 ``[N,H,W]``.

    Nearest in OKLab with alpha (see ``oklab.to_points``). No opaque pixel becomes transparent,
    unless the palette holds nothing else.

    Raises:
        DataError: if ``images`` are no sprites, or have channels or transparent pixels that the
            palette has not, or if it has more than 256 colours.
    """
    check_images(images)
    if len(palette) > LARGEST:
        raise DataError(f"`palette` has {len(palette):,} colours; indices reach {LARGEST}")
    if images.shape[-1] != palette.channels:
        raise DataError(
            f"`palette` has {palette.channels} channels, but the sprites have {images.shape[-1]}; "
            "bring both to 3 (RGB) or 4 (RGBA)"
        )
    table, numbers = distinct(pack(images), palette.channels)
    if palette.channels == 4 and not palette.has_transparent and (table[:1, 3] == 0).any():
        raise DataError("the sprites have transparent pixels; add #00000000 to `palette`")
    found = nearest_points(to_points(table), to_points(palette.colours))
    return found.astype(np.uint8)[numbers]


def apply(images: Images, palette: Palette) -> Images:
    """Redraw sprites in the colours of ``palette``, each pixel in the nearest: uint8 ``[N,H,W,C]``.

    Raises:
        DataError: see ``nearest``.
    """
    return palette.colours[nearest(images, palette)]


def colour_error(images: Images, redrawn: Images) -> ColourError:
    """Measure how far ``redrawn`` sprites are from ``images``, both uint8 ``[N,H,W,C]``.

    Raises:
        DataError: if they are no sprites, or differ in shape.
    """
    check_images(images)
    check_images(redrawn)
    if images.shape != redrawn.shape:
        raise DataError(
            f"`images` {list(images.shape)} and `redrawn` {list(redrawn.shape)} differ in shape"
        )
    pairs = ((images[rows], redrawn[rows]) for rows in _blocks(len(images)))
    return _error(pairs, math.prod(images.shape[:3]))


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + _ROWS, n)) for start in range(0, n, _ROWS))


def _error(pairs: Iterable[tuple[Images, Images]], pixels: int) -> ColourError:
    """The error of sprites before and after, a block at a time, which have ``pixels`` in all."""
    levels, largest, distance = 0, 0, 0.0
    for before, after in pairs:
        moved = pack(before) != pack(after)
        one, other = before[moved], after[moved]
        gaps = np.abs(composite(one).astype(np.int64) - composite(other))
        levels += int(gaps.sum())
        largest = max(largest, int(gaps.max(initial=0)))
        distance += float(np.linalg.norm(to_points(one) - to_points(other), axis=-1).sum())
    return ColourError(levels / (3 * max(1, pixels)), largest, distance / max(1, pixels))


def _check_size(name: str, size: int) -> None:
    if not 1 <= size <= LARGEST:
        raise SettingsError(f"`{name}` must be 1 to {LARGEST} colours, not {size}")


def _check_transparent(name: str, size: int, colours: Images) -> None:
    """Raise unless a reduction has room for the transparent colour and one beside it."""
    if size == 1 and colours.shape[-1] == 4 and colours[0, 3] == 0:
        raise SettingsError(
            f"`{name}` must be at least 2 for sprites with transparent pixels: "
            "transparent is a colour of its own"
        )
