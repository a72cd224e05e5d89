"""Sprites brought to one size, by whole factors and transparent room alone."""

from __future__ import annotations

from spritelab import pixels, sheets
from spritelab.config import Anchor
from spritelab.pixels import Images


def factor(width: int, height: int, size: int, pad: bool) -> int | None:
    """By which whole factor sprites are brought to ``size``, before they are padded.

    Returns:
        k for k times as large, -k for k times as small, 1 for as they are; None if no whole factor
        does it. Without ``pad`` only squares fit. With it, what is smaller than ``size`` stays as
        it is, and what is larger shrinks by the one factor that makes it fit.
    """
    if pad:
        times = -(-max(width, height) // size)
        if times == 1:
            return 1
        return -times if width % times == height % times == 0 else None
    if width != height:
        return None
    if size % width == 0:
        return size // width
    return -(width // size) if width % size == 0 else None


def fit(
    images: Images, size: int, *, pad: bool = False, anchor: Anchor = "centre"
) -> Images | None:
    """Bring sprites, uint8 ``[N,H,W,C]``, to ``[N,size,size,C]``; None if no whole factor does it.

    Sprites that are padded become RGBA.
    """
    height, width = images.shape[1:3]
    times = factor(width, height, size, pad)
    if times is None:
        return None
    if times < 0:
        images = pixels.downscale(images, -times)
    elif times > 1:
        images = pixels.upscale(images, times)
    if images.shape[1:3] == (size, size):
        return images
    return sheets.pad(pixels.with_channels(images, 4), size, anchor)
