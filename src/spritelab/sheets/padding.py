"""Sprites set on a larger transparent square: their pixels stay as they are."""

from __future__ import annotations

import numpy as np

from spritelab.config import Anchor
from spritelab.errors import DataError
from spritelab.pixels import Images


def pad(images: Images, size: int, anchor: Anchor = "centre") -> Images:
    """Set sprites on a transparent square of ``size`` pixels.

    Args:
        images: uint8 ``[N,H,W,4]``, H and W at most ``size``.
        size: height and width of the square.
        anchor: ``centre``, or ``bottom``: in the middle of the last rows, as figures stand. Where
            the room left and right (above and below) is odd, the greater part is right (below).

    Returns:
        uint8 ``[N,size,size,4]``.

    Raises:
        DataError: for sprites that are larger, or have no transparency.
    """
    n, height, width, channels = images.shape
    if channels != 4:
        raise DataError("only RGBA sprites can be padded: the square is transparent")
    if max(height, width) > size:
        raise DataError(f"{width}×{height} sprites do not fit into {size}×{size}")
    left = (size - width) // 2
    top = size - height if anchor == "bottom" else (size - height) // 2
    out = np.zeros((n, size, size, 4), dtype=np.uint8)
    out[:, top : top + height, left : left + width] = images
    return out
