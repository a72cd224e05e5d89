"""Sprites drawn from the same x_T: how far apart they lie, and how much later noise moves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spritelab.config import SamplerSettings
from spritelab.evaluation.features import protocol
from spritelab.pixels import Images


def picture_difference(a: Images, b: Images) -> NDArray[np.float64]:
    """Mean absolute difference of the colour levels of each pair: float64 ``[N]``, 0 … 255.

    ``a`` and ``b`` are uint8 ``[N,H,W,C]``, laid on the protocol's colour.
    """
    left, right = (protocol.to_rgb(side).astype(np.float64) for side in (a, b))
    difference: NDArray[np.float64] = np.abs(left - right).mean(axis=(1, 2, 3))
    return difference


def unrelated_difference(images: Images, seed: int = 0) -> float:
    """The mean ``picture_difference`` of sprites that are drawn from different x_T.

    Each of uint8 ``[N,H,W,C]``, N ≥ 2, is set against another one, chosen by ``seed``.
    """
    order = np.random.default_rng(seed).permutation(len(images))
    return float(picture_difference(images[order], images[np.roll(order, 1)]).mean())


@dataclass(frozen=True, eq=False)
class Variety:
    """Sprites drawn over and over from the same x_T.

    Attributes:
        how: complete settings.
        images: uint8 ``[S,R,H,W,C]``, R drawings from each of S x_T.
        difference: mean ``picture_difference`` between two drawings from one x_T.
    """

    how: SamplerSettings
    images: Images
    difference: float


def variety_of(how: SamplerSettings, images: Images) -> Variety:
    """Measure drawings ``[S,R,H,W,C]``: every pair from one x_T, averaged."""
    r = images.shape[1]
    pairs = [
        picture_difference(images[:, i], images[:, j]).mean()
        for i in range(r)
        for j in range(i + 1, r)
    ]
    return Variety(how, images, float(np.mean(pairs)))
