"""OKLab, a colour space in which distances are those that the eye sees; with alpha as well.

Source: Björn Ottosson, "A perceptual color space for image processing", 2020, with the matrices of
2021-01-25 (https://bottosson.github.io/posts/oklab/).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab.pixels import Images

Floats = NDArray[np.float64]

# Linear sRGB to the responses of the eye's cones, and the cube roots of those to L, a, b.
LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# Computed, since the published inverses are rounded to ten digits as well.
LMS_INVERSE = np.linalg.inv(LMS)
LAB_INVERSE = np.linalg.inv(LAB)


def _to_linear(levels: NDArray[np.uint8]) -> Floats:
    s = levels / 255.0
    linear: Floats = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return linear


_LINEAR = _to_linear(np.arange(256, dtype=np.uint8))

_GREY = np.array([0.5, 0.0, 0.0])


def to_oklab(rgb: Images) -> Floats:
    """Take sRGB, uint8 ``[...,3]``, to OKLab, float64 ``[...,3]``.

    L is 0 for black and 1 for white; a (green to red) and b (blue to yellow) are 0 for greys and at
    most about 0.33 from it within sRGB.
    """
    lab: Floats = np.cbrt(_LINEAR[rgb] @ LMS.T) @ LAB.T
    return lab


def from_oklab(lab: Floats) -> Images:
    """Take OKLab, float64 ``[...,3]``, to the nearest level of sRGB, uint8 ``[...,3]``.

    Colours outside of sRGB are clipped channel by channel. ``from_oklab(to_oklab(c))`` is ``c``.
    """
    linear = np.clip((lab @ LAB_INVERSE.T) ** 3 @ LMS_INVERSE.T, 0.0, 1.0)
    s = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb: Images = np.rint(255.0 * s).astype(np.uint8)
    return rgb


def to_points(colours: Images) -> Floats:
    """Take colours, uint8 ``[...,3]`` or ``[...,4]``, to points whose distance is ΔE with alpha.

    What a colour c of opacity α looks like hangs on the background g it is laid on: α·c + (1-α)·g.
    The distance here is the root of the mean squared difference over a black and a white one, as
    if colours were mixed in OKLab. With the mean background ḡ, a middle grey, and its variance 1/4

        mean over g of |α₁c₁ + (1-α₁)g - α₂c₂ - (1-α₂)g|²
            = |α₁(c₁-ḡ) - α₂(c₂-ḡ)|² + (α₁-α₂)²/4,

    so the points are (α(c-ḡ), α/2), and the distance is Euclidean, as k-means wants it. Between
    opaque colours it is ΔE in OKLab; colours that are nearly transparent are nearly equal; and all
    that are fully transparent are one point, the origin.

    Returns:
        float64 ``[...,4]``; the last component is half the opacity.
    """
    if colours.shape[-1] == 3:
        alpha = np.ones((*colours.shape[:-1], 1))
    else:
        alpha = colours[..., 3:] / 255.0
    seen = alpha * (to_oklab(colours[..., :3]) - _GREY)
    return np.concatenate([seen, alpha / 2], axis=-1)
