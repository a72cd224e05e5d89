"""The one way from a sprite to the input of a feature extractor, written down and versioned.

Figures such as FID move by several units when the resizing alone is changed (Parmar et al. 2022,
"On aliased resizing and surprising subtleties in GAN evaluation"), so there is one protocol:

1. a sprite with alpha is laid on white, ``BACKGROUND``;
2. every pixel is repeated by the largest whole factor that fits the extractor's input: ×14 for
   16×16 sprites and a 224-pixel input, ×18 for a 299-pixel one. Pixel art is never interpolated;
3. what is left (288 to 299; nothing where the factor fits exactly) is the extractor's own bilinear
   resize, without antialiasing. Sprites larger than the input go straight to it.

The one exception is ``pytorch_fid_features``, which leaves step 2 out, as pytorch-fid does, so
that its FID compares with figures published with that tool. Its name is kept apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab import pixels
from spritelab.data.duplicates import exact_copies
from spritelab.errors import DataError
from spritelab.pixels import Colour, Images

PROTOCOL = "spritelab-eval-1"
"""Changes whenever a figure could: figures of two different versions do not compare."""

BACKGROUND: Colour = pixels.WHITE


def to_rgb(images: Images) -> Images:
    """Lay sprites, uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``, on ``BACKGROUND``: uint8 ``[N,H,W,3]``.

    Raises:
        DataError: for another shape or dtype, and for no sprites at all.
    """
    pixels.check_images(images)
    if len(images) == 0:
        raise DataError("there are no sprites to evaluate; give at least one")
    return pixels.composite(images, BACKGROUND)


def enlarge(images: Images, side: int) -> Images:
    """Repeat pixels by the largest whole factor that keeps height and width within ``side``.

    ``images`` is uint8 ``[N,H,W,C]``; sprites already larger come back as they are.
    """
    return pixels.upscale(images, max(1, side // max(images.shape[1:3])))


def distinct(images: Images) -> NDArray[np.int64]:
    """The index of the first of each set of equal sprites, int64 ``[M]``, ascending.

    Measures that look at nearest neighbours need distinct real sprites: a copy is at distance
    zero from its twin, and its neighbourhood is then empty.
    """
    return first_of_each(exact_copies(images))


def first_of_each(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The index of the first member of each group, int64 ``[M]``, ascending; see ``distinct``."""
    _, first = np.unique(groups, return_index=True)
    return np.sort(first).astype(np.int64)
