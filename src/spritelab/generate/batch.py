"""What a model draws: a batch of sprites, and the moments of their denoising."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab import sheets
from spritelab.config import SamplerSettings
from spritelab.config.sheets import SheetFormat
from spritelab.generate.sheets import name_batch
from spritelab.palette import Palette
from spritelab.pixels import Images


@dataclass(frozen=True, eq=False)
class SpriteBatch:
    """Sprites drawn by a model.

    Attributes:
        images: uint8 ``[N,H,W,C]``; fully transparent pixels are black underneath.
        labels: int64 ``[N]``, an index into ``class_names``; -1 for no class and for mixes.
        class_names: of the model.
        seeds, numbers: int64 ``[N]``, which name each sprite: ``sample(seed=seeds,
            numbers=numbers)`` draws the same sprites again.
        how: how they were drawn, complete.
        seconds: that drawing took, all together.
        palettes: that the sprites are drawn in, by a model that has a palette head; a sprite need
            not use every colour. None from other models.
        lenders: int64 ``[N]``, the training sprite that lent each palette, or that chose it from
            the colours of one that was given, as a number in the order of the training sprites;
            -1 where each sprite was given its own.
    """

    images: Images
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    seeds: NDArray[np.int64]
    numbers: NDArray[np.int64]
    how: SamplerSettings
    seconds: float
    palettes: tuple[Palette, ...] | None = None
    lenders: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        n, height, width, channels = self.images.shape
        kind = "RGBA" if channels == 4 else "RGB"
        return f"<SpriteBatch: {n} {kind} sprites of {width}×{height}, {self.how.name}>"

    @property
    def nfe(self) -> int:
        """Network evaluations a sprite; guidance counts twice."""
        return self.how.nfe

    def save_sheet(
        self, path: str | Path, format: SheetFormat | None = None, **layout: Any
    ) -> tuple[Path, ...]:
        """Write all sprites as one sheet, and beside it the file that an engine reads.

        Sprite 17 of seed 0 and class ``food`` is called ``food-0-17``. Sprites of a class stand
        together and share its tag; those of no class, or of a mix, have the tag ``default``.

        Args:
            path: of the picture, ``NAME.png``; or ``NAME.aseprite``, which is one file for both.
            format: who is to read it; ``"aseprite"``, if not given.
            layout: ``columns``, ``padding``, ``extrude``, ``power_of_two``, ``names``,
                ``duration``, ``overwrite``, see ``sheets.save_sheet``.

        Returns:
            the files that were written.

        Raises:
            SettingsError: a setting out of range, or a file that is there already.
            StorageError: a file cannot be written; one that was there before is untouched.
        """
        images, keys, tags, _ = name_batch(self)
        return sheets.save_sheet(path, images, keys, tags, format, **layout)


@dataclass(frozen=True, eq=False)
class Frame:
    """One moment of the denoising.

    Attributes:
        t: the step that ``x_t`` is at; -1 is the finished sprite.
        x_t: the noisy sprites at t, uint8 ``[N,H,W,C]``.
        x0_hat: the clean sprites that the network sees in them, uint8 ``[N,H,W,C]``.
    """

    t: int
    x_t: Images
    x0_hat: Images

    def __repr__(self) -> str:
        return f"<Frame: {len(self.x_t)} sprites at t = {self.t}>"
