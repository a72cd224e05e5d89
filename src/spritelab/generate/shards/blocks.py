"""What a shard's folder holds: its sprites in blocks, and a record that is written last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from spritelab.config import SamplerSettings, Settings
from spritelab.errors import ModelError, SettingsError
from spritelab.generate.batch import SpriteBatch
from spritelab.palette import Palette
from spritelab.pixels import Images
from spritelab.storage import digest, read_record
from spritelab.storage.arrays import Array, load_arrays, save_arrays

FORMAT = 1
"""Version of ``shard.json`` and of the blocks beside it."""

DONE = "shard.json"
"""The record; it is there when all blocks are."""

BLOCK = 1024
"""Sprites in a block, about: what a killed worker draws again, and what memory holds at a time."""

_PALETTES = ("colours", "sizes", "lenders")
_NAME = re.compile(r"block-\d{10}-\d{10}-[0-9a-f]{12}\.npz")

Whole = Annotated[int, Field(ge=0)]


class Drawing(Settings):
    """What decides the sprites, the same for all shards of one drawing."""

    model: str = Field(description="name of the model")
    weights: str = Field(description="hash of all that the model is, see model_identity")
    sampling: SamplerSettings = Field(description="how they are drawn, complete")
    seed: Whole
    count: Annotated[int, Field(ge=1, le=2**32)] = Field(description="sprites in all shards")
    batch_size: Annotated[int, Field(ge=1)] = Field(description="sprites at a time")
    label: str | dict[str, float] | None = None
    palette: tuple[str, ...] | None = Field(default=None, description="given for all sprites")
    whole: bool = Field(default=False, description="each sprite has all of `palette`")
    hard_alpha: bool | None = None
    class_names: tuple[str, ...]

    @property
    def key(self) -> str:
        """Names the drawing, in the names of its blocks."""
        return digest(FORMAT, self.model_dump(mode="json"))[:12]


class Machine(Settings):
    """What drew a shard: others may round in the last digit."""

    torch: str
    device: str
    threads: Whole


class ShardRecord(Settings):
    """``shard.json``: a shard that is done."""

    format: int = FORMAT
    drawing: Drawing
    shard: Whole
    of: Annotated[int, Field(ge=1)]
    first: Whole = Field(description="its first sprite")
    stop: Whole = Field(description="one beyond its last")
    seconds: Annotated[float, Field(ge=0)] = Field(description="that drawing took")
    machine: Machine


@dataclass(frozen=True)
class ShardFiles:
    """The files of one shard of a drawing.

    Attributes:
        folder: the shard's own.
        drawing: what its sprites are.
        numbers: of them.
        size: sprites in a whole block.
    """

    folder: Path
    drawing: Drawing
    numbers: range
    size: int

    @property
    def record(self) -> Path:
        """Where the record is written, last."""
        return self.folder / DONE

    def blocks(self) -> Iterator[tuple[range, Path]]:
        """The sprites of each block, cut at multiples of its size, and its file."""
        first = self.numbers.start
        while first < self.numbers.stop:
            stop = min(self.numbers.stop, (first // self.size + 1) * self.size)
            name = f"block-{first:010d}-{stop:010d}-{self.drawing.key}.npz"
            yield range(first, stop), self.folder / name
            first = stop

    def left_over(self) -> list[Path]:
        """Blocks that are no part of this shard: of other settings, or of another number."""
        ours = {path.name for _, path in self.blocks()}
        return [
            path
            for path in self.folder.iterdir()
            if _NAME.fullmatch(path.name) and path.name not in ours
        ]


def read_shard(folder: Path) -> ShardRecord:
    """Read the record of a shard that is done.

    Raises:
        ModelError: if it is missing, broken or of a later format.
    """
    path = folder / DONE
    try:
        record = ShardRecord.parse(read_record(path, FORMAT), str(path))
    except SettingsError as error:
        raise ModelError(f"{error}; draw that shard again") from None
    if not 0 <= record.first <= record.stop <= record.drawing.count:
        raise ModelError(f"{path} is broken: its sprites lie outside; draw that shard again")
    return record


def files_of(folder: Path, drawing: Drawing, numbers: range, grain: int) -> ShardFiles:
    """The files of a shard whose sprites are cut at multiples of ``grain``."""
    return ShardFiles(folder, drawing, numbers, max(grain, BLOCK // grain * grain))


def save_block(path: Path, batch: SpriteBatch) -> None:
    """Write a block of sprites.

    Raises:
        StorageError: if it cannot be written.
    """
    arrays: dict[str, Array] = {
        "images": batch.images,
        "labels": batch.labels,
        "asked": np.array(batch.asked, dtype=np.str_),
        "seconds": np.array(batch.seconds),
    }
    if batch.palettes is not None and batch.lenders is not None:
        most = max(map(len, batch.palettes))
        colours = np.zeros((len(batch), most, batch.palettes[0].channels), dtype=np.uint8)
        for row, palette in zip(colours, batch.palettes, strict=True):
            row[: len(palette)] = palette.colours
        sizes = np.array([len(palette) for palette in batch.palettes], dtype=np.int64)
        arrays |= {"colours": colours, "sizes": sizes, "lenders": batch.lenders}
    else:  # of models without a palette head
        arrays |= {name: np.zeros(0, dtype=np.int64) for name in _PALETTES}
    save_arrays(path, **arrays)


def load_block(path: Path, drawing: Drawing, numbers: range) -> SpriteBatch | None:
    """Read a block of sprites; None if there is none.

    Warns:
        UserWarning: for one that is broken, which counts as none.
    """
    found = load_arrays(path, "images", "labels", "asked", "seconds", *_PALETTES)
    if found is None or not _fits(found, len(numbers)):
        return None
    sizes = found["sizes"].tolist()
    given = Palette.from_hex(drawing.palette) if drawing.palette and not drawing.whole else None
    return SpriteBatch(
        images=found["images"],
        labels=found["labels"],
        class_names=drawing.class_names,
        seeds=np.full(len(numbers), drawing.seed, dtype=np.int64),
        numbers=np.arange(numbers.start, numbers.stop, dtype=np.int64),
        how=drawing.sampling,
        seconds=float(found["seconds"]),
        palettes=tuple(map(Palette, map(_first, found["colours"], sizes))) if sizes else None,
        lenders=found["lenders"] if sizes else None,
        given=given,
        asked=tuple(map(str, found["asked"].tolist())),
        model=drawing.model,
    )


def _first(colours: Images, size: int) -> Images:
    return colours[:size]


def _fits(found: Mapping[str, Array], n: int) -> bool:
    """Whether the arrays of a block fit together and hold n sprites."""
    images: Any = found["images"]
    kinds = images.dtype == np.uint8 and images.ndim == 4 and found["seconds"].size == 1
    lengths = {len(found[name]) for name in ("images", "labels", "asked")}
    return bool(kinds) and lengths == {n} and {len(found[name]) for name in _PALETTES} <= {0, n}
