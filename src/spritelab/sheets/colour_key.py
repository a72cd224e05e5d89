"""Colour keys: colours of a picture that stand for transparency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spritelab.pixels import Colour, Images

USUAL_KEYS: tuple[Colour, ...] = ((255, 0, 255), (0, 255, 0), (0, 255, 255))
"""Colours that hardly anybody draws with: magenta, lime and cyan, each at its purest."""

PLAIN_SHARE = 0.1
"""A picture plainly has a key if one of these is this share of it, or more."""


def clear_colours(image: Images, keys: Sequence[Colour]) -> Images:
    """Make the pixels that have exactly one of the colours ``keys`` transparent.

    Args:
        image: uint8 ``[...,4]``.
        keys: the colours; whatever the opacity of the pixel, its colour decides.
    """
    hidden = np.zeros(image.shape[:-1], dtype=bool)
    for key in keys:
        hidden |= (image[..., :3] == np.array(key, dtype=np.uint8)).all(axis=-1)
    if not hidden.any():
        return image
    cleared = image.copy()
    cleared[hidden] = 0
    return cleared


def plain_key(image: NDArray[np.uint8]) -> Colour | None:
    """Return the colour that plainly stands for transparency in an opaque picture, or None.

    Args:
        image: uint8 ``[H,W,4]``.
    """
    if not (image[..., 3] == 255).all():
        return None
    for key in USUAL_KEYS:
        # A whole picture of one plain colour says nothing.
        share = float((image[..., :3] == np.array(key, dtype=np.uint8)).all(axis=-1).mean())
        if PLAIN_SHARE <= share < 1:
            return key
    return None


def plain_border(images: Images) -> Colour | None:
    """Return the one opaque colour that borders at least nine of ten sprites all around, or None.

    Args:
        images: uint8 ``[N,H,W,C]``, C = 3 or 4.
    """
    if not len(images) or min(images.shape[1:3]) < 3:
        return None
    edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    border = np.concatenate(edges, axis=1)
    first = border[:, :1]
    plain = (border == first).all(axis=(1, 2))
    if images.shape[-1] == 4:
        plain &= first[:, 0, 3] == 255
    colours, counts = np.unique(first[plain, 0, :3], axis=0, return_counts=True)
    if not len(colours) or counts.max() < 0.9 * len(images):
        return None
    red, green, blue = colours[counts.argmax()].tolist()
    return red, green, blue
