"""Sprites tidied: near-equal colours, specks, and the colours of a palette, in this order."""

from __future__ import annotations

from spritelab.errors import SettingsError
from spritelab.palette import Palette, apply, merge_colours
from spritelab.palette.dithering import dither as dithered
from spritelab.palette.dithering import seen_colours, with_alpha_of
from spritelab.pixels import Images, check_images, clear_hidden
from spritelab.sheets.strays import clear_islands, clear_strays


def tidy(
    images: Images,
    *,
    merge: float = 0.0,
    stray: bool = False,
    islands: int = 0,
    palette: Palette | None = None,
    dither: bool = False,
) -> Images:
    """Tidy sprites; each step is taken only if it is asked for, in the order given here.

    Colours are merged first, so that a pixel which merely differs a little from its neighbours is
    no stray one; patterns of dithering come last, since their pixels would be strays. No pixel is
    moved, mixed or rescaled.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        merge: merge colours of a sprite that lie less than this ΔE apart, see
            ``palette.merge_colours``; 0 leaves them.
        stray: give single pixels of another colour that of their neighbours, see ``clear_strays``.
        islands: clear what lies apart and has at most so many pixels, see ``clear_islands``.
        palette: draw in its colours, each pixel in the nearest in OKLab; alpha stays as it is.
        dither: with patterns of two of them instead, see ``palette.dither``.

    Returns:
        uint8 of the same shape.

    Raises:
        DataError: ``images`` are no sprites, or the palette has no colour that can be seen.
        SettingsError: a setting out of range, or ``dither`` without a ``palette``.
    """
    check_images(images)
    if dither and palette is None:
        raise SettingsError("`dither` draws in the colours of a `palette`; give one")
    images = clear_hidden(images)
    if merge:
        images = merge_colours(images, merge)
    if stray:
        images = clear_strays(images)
    if islands:
        images = clear_islands(images, islands)
    if palette is None:
        return images
    if dither:
        return dithered(images, palette)
    return with_alpha_of(images, apply(images[..., :3], Palette(seen_colours(palette))))
