"""What a model draws: a batch of sprites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab import pictures, sheets
from spritelab.config import SamplerSettings
from spritelab.config.sheets import SheetFormat
from spritelab.generate.samples_folder import save_batch
from spritelab.generate.sheets import name_batch
from spritelab.palette import Palette
from spritelab.pictures import Ground, Picture
from spritelab.pixels import Images

Rows = int | slice | NDArray[np.integer] | NDArray[np.bool_]
"""What picks sprites out of a batch."""


@dataclass(frozen=True)
class Steered:
    """How sprites were steered, where a seed and a number alone do not say what they are.

    Attributes:
        by: the method of ``Model``: ``redraw``.
        facts: what it was told, as ``samples.json`` has it.
        each: the same for each sprite.
        evaluations: of the network for a sprite; a guided step takes two.
    """

    by: str
    facts: Mapping[str, Any]
    each: tuple[Mapping[str, Any], ...]
    evaluations: int


@dataclass(frozen=True, eq=False)
class SpriteBatch:
    """Sprites drawn by a model; a notebook shows them.

    ``batch[3]``, ``batch[:10]`` and ``batch[batch.labels == 2]`` are batches too.

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
        given: the palette that was given for all sprites, if one was.
        asked: N labels in words: a class, ``none``, or a mix such as ``food=0.7,spell=0.3``.
        model: the name of the model, if it has one.
        steered: what was done beside sampling, if anything was.
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
    given: Palette | None = None
    asked: tuple[str, ...] = ()
    model: str = ""
    steered: Steered | None = None

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        n, height, width, channels = self.images.shape
        kind = "RGBA" if channels == 4 else "RGB"
        several = "sprite" if n == 1 else "sprites"
        return f"<SpriteBatch: {n:,} {kind} {several} of {width}×{height}, {self.how.name}>"

    def _repr_png_(self) -> bytes:
        return pictures.sprites_png(self.images)

    def _repr_html_(self) -> str:
        return pictures.sprites_html(self.images, repr(self).strip("<>"))

    def __getitem__(self, rows: Rows) -> SpriteBatch:
        """The sprites at ``rows``; ``seconds`` stays that of the whole batch."""
        chosen = np.atleast_1d(np.arange(len(self))[rows])
        return replace(
            self,
            images=self.images[chosen],
            labels=self.labels[chosen],
            seeds=self.seeds[chosen],
            numbers=self.numbers[chosen],
            palettes=None if self.palettes is None else tuple(self.palettes[i] for i in chosen),
            lenders=None if self.lenders is None else self.lenders[chosen],
            asked=tuple(self.asked[i] for i in chosen) if self.asked else (),
            steered=self.steered
            and replace(self.steered, each=tuple(self.steered.each[i] for i in chosen)),
        )

    def __iter__(self) -> Iterator[SpriteBatch]:
        """Each sprite as a batch of one."""
        return (self[i] for i in range(len(self)))

    @property
    def nfe(self) -> int:
        """Network evaluations a sprite; a guided step takes two."""
        return self.how.nfe if self.steered is None else self.steered.evaluations

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

    def grid(
        self,
        columns: int | None = None,
        scale: int = 4,
        gap: int = 8,
        *,
        background: Ground | None = "checker",
    ) -> Picture:
        """All sprites as one picture; the arguments are those of ``pictures.grid``."""
        return pictures.to_pil(
            pictures.grid(self.images, columns, scale, gap, background=background)
        )

    def to_pil(self) -> list[Picture]:
        """The sprites as pictures of pillow, each of its own size, with their transparency."""
        return [pictures.to_pil(image) for image in self.images]

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write the folder that ``spritelab sample`` writes, and return its path.

        Every sprite as a PNG of its own size, ``grid.png`` with all of them (the first 1,024)
        enlarged, and ``samples.json`` with what draws each of them again.

        Args:
            folder: must not exist or be empty.
            overwrite: replace a folder that such sprites are in already, and nothing else.

        Raises:
            SettingsError: if the folder is taken.
            StorageError: if it cannot be written; what was there before is untouched.
        """
        return save_batch(self, Path(folder), overwrite=overwrite)
