"""Programs that read sheets, where they are installed; tests that need a missing one are skipped.

What npm installs is looked for where ``make engines`` puts it, or in the folder that
``SPRITELAB_NODE_MODULES`` names; ``docs/export.md`` says how to install the rest.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spritelab.pixels import Images
from spritelab.sheets import drawn_key

MODULES = Path(os.environ.get("SPRITELAB_NODE_MODULES", ".venv/engines/node_modules"))


def program(*names: str) -> str:
    """The path of the first of these programs that is installed; the test is skipped if none is."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"{' or '.join(names)} is not installed")


def script(path: str) -> Path:
    """A file below ``node_modules``; the test is skipped if it is not there."""
    if not (MODULES / path).is_file():
        pytest.skip(f"{path} is not in {MODULES}; npm install it, or set SPRITELAB_NODE_MODULES")
    return MODULES / path


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


Serve = Callable[[Path], str]
