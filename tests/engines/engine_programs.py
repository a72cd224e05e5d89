"""Twelve sprites that every program is shown, and how to read them back."""

from __future__ import annotations

import base64

import numpy as np

from spritelab.pixels import Images
from spritelab.sheets import drawn_key


class Sprites:
    """Twelve sprites of three classes, with hard transparency and a colour of each sprite's own."""

    def __init__(self) -> None:
        rng = np.random.default_rng(5)
        palette = np.array([(0, 0, 0, 0), *[(*rng.integers(0, 256, 3), 255) for _ in range(9)]])
        images = palette[rng.integers(0, 10, (12, 8, 8))].astype(np.uint8)
        for i in range(12):
            images[i, i // 8, i % 8] = (i, 255 - i, 7, 255)
        self.images: Images = images
        self.tags = [("side-facing", "food", "default")[i % 3] for i in range(12)]
        self.keys = [drawn_key(tag, 3, i) for i, tag in enumerate(self.tags)]

    @property
    def by_key(self) -> dict[str, Images]:
        return dict(zip(self.keys, self.images, strict=True))

    @property
    def by_tag(self) -> dict[str, list[str]]:
        """The names of every tag, in the order of a sheet."""
        return {
            tag: [key for key, own in zip(self.keys, self.tags, strict=True) if own == tag]
            for tag in sorted(set(self.tags))
        }


SPRITES = Sprites()


def pixels(encoded: str) -> Images:
    """Sprites of 8×8 from base64 of their bytes."""
    return np.frombuffer(base64.b64decode(encoded), dtype=np.uint8).reshape(8, 8, 4)
