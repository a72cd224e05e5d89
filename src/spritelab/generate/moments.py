"""Mean and covariance of a model's training sprites, for the first leg of a chain."""

from __future__ import annotations

import numpy as np
import torch

from spritelab import pixels
from spritelab.data import SpriteSet
from spritelab.diffusion import Moments, Palettes
from spritelab.generate.palettes import TrainingPalettes
from spritelab.pictures import evenly

MOST = 4096
"""Sprites that moments are taken of, mirrored ones counted; of more, so many, evenly."""


def training_moments(
    sprites: SpriteSet, mirror: bool = False, palettes: TrainingPalettes | None = None
) -> Moments:
    """The moments of training sprites.

    Args:
        sprites: that a model learns.
        mirror: it is shown half of them mirrored, where their class allows that.
        palettes: of the same sprites in their order, if it has a palette head.
    """
    turned = np.flatnonzero(sprites.mirrorable_sprites) if mirror else np.zeros(0, dtype=np.int64)
    which = np.concatenate([np.arange(len(sprites)), turned])
    views = evenly(len(which), MOST)
    chosen = which[views]
    images = sprites.images[chosen]
    flipped = views >= len(sprites)
    images[flipped] = images[flipped, :, ::-1]
    known = None
    if palettes is not None:
        known = Palettes.encode(palettes.colours[chosen], palettes.sizes[chosen])
    labels = torch.from_numpy(sprites.labels[chosen])
    x0 = pixels.encode(torch.from_numpy(images))
    return Moments.of(x0, labels, len(sprites.class_names), known)
