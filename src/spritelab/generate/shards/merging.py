"""Shards checked against each other, and joined to what one worker would have written."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from spritelab.data import Provenance, pack_blocks
from spritelab.data.layout import says_direction
from spritelab.data.text import some
from spritelab.errors import DataError
from spritelab.generate.batch import SpriteBatch
from spritelab.generate.request import NO_CLASS
from spritelab.generate.samples_folder import check_free, save_batches
from spritelab.generate.shards.blocks import (
    DONE,
    Drawing,
    ShardRecord,
    files_of,
    load_block,
    read_shard,
)
from spritelab.generate.shards.drawing import first_difference
from spritelab.generate.shards.ranges import Shard, grain_of
from spritelab.progress import SILENT, Progress
from spritelab.storage import check_file

SHARDS = "shard-*-of-*"


@dataclass(frozen=True)
class Joined:
    """Shards that make up a whole drawing, in the order of their sprites.

    Attributes:
        drawing: what they are shards of.
        shards: the folder and the record of each.
    """

    drawing: Drawing
    shards: tuple[tuple[Path, ShardRecord], ...]

    def __len__(self) -> int:
        return self.drawing.count

    @property
    def seconds(self) -> float:
        """That drawing took, all shards together."""
        return sum(record.seconds for _, record in self.shards)

    def parts(self) -> Iterator[tuple[range, Callable[[], SpriteBatch]]]:
        """The numbers of each block in their order, and what reads it.

        Reading raises ``DataError``, naming the block, if that is missing or broken.
        """
        for folder, record in self.shards:
            numbers = range(record.first, record.stop)
            files = files_of(folder, self.drawing, numbers, grain_of(self.drawing.batch_size))
            for part, path in files.blocks():
                yield part, partial(self._read, path, part, record)

    def batches(self, progress: Progress = SILENT) -> Iterator[SpriteBatch]:
        """All sprites in their order, a block at a time.

        Raises:
            DataError: naming the first block that is missing or broken.
        """
        for part, read in self.parts():
            yield read()
            progress(part.stop, self.drawing.count)

    def _read(self, path: Path, numbers: range, record: ShardRecord) -> SpriteBatch:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # told below, as an error
            block = load_block(path, self.drawing, numbers)
        if block is None:
            state = "broken" if path.exists() else "missing"
            raise DataError(
                f"{path} is {state}; remove it and draw shard {record.shard}/{record.of} again, "
                "which draws this block alone"
            )
        return block


def join_shards(folders: Sequence[str | Path]) -> Joined:
    """Find shards and check that together they are one drawing, every sprite of it once.

    Args:
        folders: of shards, or folders that hold such.

    Raises:
        DataError: naming what is wrong: no shards, one that is not done, two of different drawings,
            sprites that are missing or drawn twice.
        ModelError: for a record that is broken or of a later format.

    Warns:
        UserWarning: if they were drawn on machines that may round differently.
    """
    found = [(folder, read_shard(folder)) for folder in _find(folders)]
    first_folder, first = found[0]
    for folder, record in found[1:]:
        if record.drawing != first.drawing:
            raise DataError(
                f"{folder} and {first_folder} are of different drawings "
                f"({first_difference(record.drawing, first.drawing)}); draw one of them again"
            )
    found.sort(key=lambda one: (one[1].first, one[1].stop, one[1].shard))
    _check_ranges(found)
    machines = {record.machine for _, record in found}
    if len(machines) > 1:
        names = sorted(f"{m.device}, {m.threads} threads, torch {m.torch}" for m in machines)
        warnings.warn(
            f"the shards were drawn on different machines ({'; '.join(names)}), which may round "
            "the last digit differently than one alone",
            stacklevel=2,
        )
    return Joined(first.drawing, tuple(found))


def merge_shards(
    folders: Sequence[str | Path],
    out: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Path:
    """Join shards to the folder that ``SpriteBatch.save`` writes of the same sprites.

    All files are those of one worker, byte for byte, but for the ``seconds`` in ``samples.json``,
    those of all workers together, and with it its digest. Memory does not grow with the number of
    sprites.

    A file ``NAME.npz`` gets the sprites and their classes alone, packed as ``data.pack`` does: for
    millions of sprites, which no folder should hold.

    Args:
        folders: of shards, or folders that hold such.
        out: the new folder or file.
        overwrite: replace a folder of sprites, or the file.
        progress: told of the sprites that are written.

    Raises:
        DataError, ModelError: as ``join_shards``.
        SettingsError, StorageError: as ``SpriteBatch.save``, and for a file that is there.
    """
    out = Path(out)
    if out.suffix.lower() == ".npz":
        check_file(out, overwrite)
        return _pack(join_shards(folders), out, progress)
    check_free(out, overwrite)
    joined = join_shards(folders)
    seconds = round(joined.seconds, 3)
    batches = joined.batches(progress)
    return save_batches(batches, len(joined), out, seconds, overwrite=overwrite)


def _pack(joined: Joined, out: Path, progress: Progress) -> Path:
    """Write the sprites to one file, in two passes: their classes, then their pixels."""
    labels = np.concatenate([batch.labels for batch in joined.batches()])
    names = joined.drawing.class_names
    if (labels < 0).any():  # of no class, and mixes
        labels = np.where(labels < 0, len(names), labels)
        names = (*names, NO_CLASS)
    first = next(joined.batches())
    return pack_blocks(
        (batch.images for batch in joined.batches()),
        (len(joined), *first.images.shape[1:]),
        out,
        labels=labels,
        class_names=names,
        mirrorable=[not says_direction(name) for name in names],
        provenance=Provenance(f"{joined.drawing.model}, seed {joined.drawing.seed}"),
        progress=progress,
    )


def _find(folders: Sequence[str | Path]) -> list[Path]:
    """The folders of shards among ``folders`` and right below them."""
    found: list[Path] = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise DataError(f"there is no folder {folder}; name the folders of the shards")
        below = [folder] if _is_shard(folder) else sorted(filter(_is_shard, folder.iterdir()))
        if not below:
            raise DataError(f"{folder} holds no shards; name the folder that they were drawn to")
        found += below
    found = list(dict.fromkeys(path.resolve() for path in found))
    for folder in found:
        if not (folder / DONE).exists():
            index, of = folder.name.split("-")[1::2]
            raise DataError(
                f"{folder} is not done (it has no {DONE}); run its worker again, as shard "
                f"{int(index)}/{int(of)}"
            )
    return found


def holds_shards(folder: Path) -> bool:
    """Whether a folder is a shard or holds such."""
    return folder.is_dir() and (_is_shard(folder) or any(map(_is_shard, folder.iterdir())))


def _is_shard(folder: Path) -> bool:
    return folder.is_dir() and ((folder / DONE).exists() or folder.match(SHARDS))


def _check_ranges(found: Sequence[tuple[Path, ShardRecord]]) -> None:
    """Raise ``DataError`` unless the shards, in order, have every sprite once."""
    reached, before = 0, None
    for folder, record in found:
        if record.first < reached and record.stop > record.first:
            raise DataError(
                f"sprites {record.first} … {min(reached, record.stop) - 1} are both in {folder} "
                f"and in {before}; leave one of them out"
            )
        if record.first > reached:
            raise DataError(_missing(reached, record.first, record))
        if record.stop > reached:
            reached, before = record.stop, folder
    if reached < record.drawing.count:
        raise DataError(_missing(reached, record.drawing.count, record))


def _missing(first: int, stop: int, record: ShardRecord) -> str:
    """What to say of sprites that no shard has."""
    grain = grain_of(record.drawing.batch_size)
    shards = (Shard(index, record.of) for index in range(record.of))
    owns = ((one, one.numbers(record.drawing.count, grain)) for one in shards)
    lacking = [f"`shard` {one}" for one, own in owns if own.start < stop and own.stop > first]
    return f"sprites {first} … {stop - 1} are in none of the shards; draw {some(lacking)}"
