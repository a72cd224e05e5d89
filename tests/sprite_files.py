"""Helpers that write sprites to files for the tests of this room."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SHARED = Path(__file__).parents[2] / "shared" / "data"
"""Real files beside the repository, where there are any; tests that need them skip without."""

Pixels = NDArray[np.uint8]


def random_sprites(n: int, side: int = 8, channels: int = 4, seed: int = 0) -> Pixels:
    """Return n noisy sprites; RGBA ones have hard alpha and black under transparent pixels."""
    rng = np.random.default_rng(seed)
    sprites = rng.integers(1, 256, (n, side, side, channels), dtype=np.uint8)
    if channels == 4:
        sprites[..., 3] = np.where(rng.random((n, side, side)) < 0.3, 0, 255)
        sprites[sprites[..., 3] == 0] = 0
    return sprites


def png(sprite: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(sprite).save(buffer, "PNG")
    return buffer.getvalue()


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
