"""Sprites in the colours of a palette, with patterns of two colours where one is too far off.

Sources: the matrix of Bayer, "An optimum method for two-level rendition of continuous-tone
pictures", 1973; that contrast counts in the choice of the two colours, Yliluoma, "Arbitrary-palette
positional dithering algorithm", 2011 (https://bisqwit.iki.fi/story/howto/dither/jy/).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError, SettingsError
from spritelab.palette.colours import Palette, distinct, pack
from spritelab.palette.oklab import Floats, to_oklab
from spritelab.pixels import Images, check_images, clear_hidden

BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
"""The order in which the places of 4×4 pixels take the lighter of two colours."""

ROUGHNESS = 0.2
"""What the contrast of a pattern counts against the error of its mean, unless told otherwise."""

_CELLS = 1 << 20  # mixtures held at a time


def dither(images: Images, palette: Palette, roughness: float = ROUGHNESS) -> Images:
    """Redraw sprites in the colours of ``palette`` by ordered dithering; alpha stays as it is.

    Let p be the colour of the palette that is nearest to a colour c in OKLab. c is drawn as a
    pattern of p and another colour q, the latter on k of the 16 places of Bayer's matrix,
    0 ≤ k ≤ 8. With s = k/16, q and k are those of the least

        |c - (1-s) p - s q|² + roughness · s (1-s) |p - q|²,

    the squared error of the mean and, weighed, the variance about it; of equals the least k, then
    the first q. The lighter of the two takes the places of the lowest numbers, so that patterns of
    neighbouring colours lie in one another. The matrix begins in a sprite's upper left corner. A
    colour of the palette stays as it is.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        palette: its colours that can be seen are used, without regard to their own opacity.
        roughness: 0 … 1. At 1 no pattern is better than the nearest colour; at 0 patterns may join
            colours however far apart.

    Returns:
        uint8 of the same shape.

    Raises:
        DataError: ``images`` are no sprites, or the palette has no colour that can be seen.
        SettingsError: ``roughness`` out of range.
    """
    check_images(images)
    if not 0 <= roughness <= 1:
        raise SettingsError(f"`roughness` must be 0 to 1, not {roughness:g}")
    opaque = seen_colours(palette)
    table, numbers = distinct(pack(images[..., :3]), 3)
    lighter, darker, places = _mixtures(to_oklab(table), to_oklab(opaque), roughness)
    height, width = images.shape[1:3]
    order = np.tile(BAYER, (-(-height // 4), -(-width // 4)))[:height, :width]
    index = np.where(order < places[numbers], lighter[numbers], darker[numbers])
    return with_alpha_of(images, opaque[index])


def seen_colours(palette: Palette) -> Images:
    """The colours of a palette that can be seen, opaque: uint8 ``[m,3]``.

    Raises:
        DataError: if there are none.
    """
    colours = palette.colours
    if palette.channels == 4:
        colours = colours[colours[:, 3] > 0]
    if not len(colours):
        raise DataError("`palette` has no colour that can be seen")
    return Palette(colours[:, :3]).colours


def with_alpha_of(images: Images, rgb: Images) -> Images:
    """Colours, uint8 ``[N,H,W,3]``, with the alpha of ``images``, if these have one."""
    if images.shape[-1] == 3:
        return rgb
    return clear_hidden(np.concatenate([rgb, images[..., 3:]], axis=-1))


def _mixtures(
    colours: Floats, palette: Floats, roughness: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """For each colour ``[m,3]``, the lighter and the darker one of ``palette`` ``[k,3]`` that it is
    drawn in, and how many of 16 places the lighter one takes: int ``[m]`` each."""
    lighter, darker, places = (np.zeros(len(colours), dtype=np.intp) for _ in range(3))
    rows = max(1, _CELLS // (9 * len(palette)))
    share = np.arange(9)[:, None] / 16
    for start in range(0, len(colours), rows):
        some = colours[start : start + rows]
        nearest = ((some[:, None] - palette) ** 2).sum(axis=-1).argmin(axis=1)
        away = palette[nearest] - some  # p - c
        apart = palette - palette[nearest][:, None]  # q - p
        error = (away**2).sum(axis=-1)[:, None, None]
        contrast = (apart**2).sum(axis=-1)[:, None]
        across = (away[:, None] * apart).sum(axis=-1)[:, None]
        bias = error + 2 * share * across + share**2 * contrast
        cost = bias + roughness * share * (1 - share) * contrast
        best = cost.reshape(len(some), -1).argmin(axis=1)
        k, other = np.divmod(best, len(palette))
        at = slice(start, start + rows)
        lighter[at], darker[at] = np.maximum(nearest, other), np.minimum(nearest, other)
        places[at] = np.where(other > nearest, k, 16 - k)
    return lighter, darker, places
