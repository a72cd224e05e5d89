"""What makes a picture a pixel-art sprite, counted: colours, hard edges, stray pixels.

Each measure is one value a sprite; set the generated sprites' mean against the real ones'.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab import pixels
from spritelab.data.inspection import colours_per_sprite
from spritelab.evaluation.features import protocol
from spritelab.pixels import Colour, Images

_NEAR = 8
"""Levels by which a channel may differ from a plain background and still be background: samples
of a model paint it almost, but not exactly, in one colour."""


def pixel_statistics(images: Images) -> dict[str, float]:
    """The means of the three measures over the sprites of uint8 ``[N,H,W,C]``, by name."""
    return {
        "colours": float(colours_per_sprite(images).mean()),
        "partly_transparent": float(partly_transparent_share(images).mean()),
        "stray_pixels": float(stray_pixels(images).mean()),
    }


def partly_transparent_share(images: Images) -> NDArray[np.float64]:
    """Share of every sprite's pixels with an alpha of 1 … 254: float64 ``[N]``, 0 … 1.

    ``images`` is uint8 ``[N,H,W,4]``; sprites without alpha have none.
    """
    pixels.check_images(images)
    if images.shape[-1] == 3:
        return np.zeros(len(images))
    alpha = images[..., 3]
    share: NDArray[np.float64] = ((alpha > 0) & (alpha < 255)).mean(axis=(1, 2))
    return share


def stray_pixels(images: Images, background: Colour = protocol.BACKGROUND) -> NDArray[np.int64]:
    """Count every sprite's stray pixels: int64 ``[N]``.

    A stray pixel is solid and has no solid pixel among its eight neighbours. Solid means, with
    alpha, more opaque than not (128 and above); without alpha, not of the background's colour.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        background: for sprites without alpha, the colour that counts as empty, give or take 8
            levels a channel.
    """
    pixels.check_images(images)
    if images.shape[-1] == 4:
        solid = images[..., 3] >= 128
    else:
        plain = np.asarray(background, dtype=np.int16)
        solid = (np.abs(images.astype(np.int16) - plain) > _NEAR).any(axis=-1)
    height, width = solid.shape[1:]
    padded = np.pad(solid, ((0, 0), (1, 1), (1, 1)))
    neighbours = sum(
        padded[:, 1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width].astype(np.int64)
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if (dy, dx) != (0, 0)
    )
    counts: NDArray[np.int64] = (solid & (neighbours == 0)).sum(axis=(1, 2))
    return counts
