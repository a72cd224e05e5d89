"""Sprites that were drawn before, measured: shards, a folder or a packed file of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab import data
from spritelab.data import SpriteSet
from spritelab.errors import DataError
from spritelab.evaluation import statistics
from spritelab.evaluation.embedding import embed
from spritelab.evaluation.evaluator import Evaluator
from spritelab.evaluation.result import Evaluation
from spritelab.evaluation.scores import check_n, score
from spritelab.evaluation.statistics import Statistics, Whole, join, measure_whole
from spritelab.generate import Joined, Shard, SpriteBatch, join_shards
from spritelab.generate.shards import holds_shards
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress
from spritelab.storage import digest


class Drawn:
    """Sprites in the order of their numbers, read a block at a time."""

    def __init__(self, source: str | Path | SpriteSet) -> None:
        """Look at what there is; no pixels are read yet of shards and packed files.

        Args:
            source: a folder of shards, a folder that ``sample`` or ``merge`` wrote, a packed file,
                or any other sprites.

        Raises:
            DataError, ModelError: as ``join_shards`` and ``data.load``.
        """
        self._joined: Joined | None = None
        self._set: SpriteSet | None = None
        if isinstance(source, SpriteSet):
            self._set = source
        elif holds_shards(Path(source)):
            self._joined = join_shards([source])
        else:
            self._set = data.load(source)

    def __len__(self) -> int:
        whole = self._joined if self._set is None else self._set
        assert whole is not None
        return len(whole)

    @cached_property
    def identity(self) -> str:
        """Says which sprites they are."""
        if self._joined is not None:
            return digest(self._joined.drawing.model_dump(mode="json"))
        assert self._set is not None
        return self._set.content_hash

    def images(self, numbers: range) -> Images:
        """The sprites of some numbers, uint8 ``[N,H,W,C]``."""
        if self._set is not None:
            return np.ascontiguousarray(self._set.images[numbers.start : numbers.stop])
        return np.concatenate([batch.images for batch in self._batches(numbers)])

    def labels(self, numbers: range, class_names: Sequence[str]) -> NDArray[np.int64]:
        """Their classes, int64 ``[N]``, as indices into ``class_names``; -1 for none of these."""
        if self._set is not None:
            names = self._set.class_names
            found = self._set.labels[numbers.start : numbers.stop]
        else:
            assert self._joined is not None
            names = self._joined.drawing.class_names
            found = np.concatenate([batch.labels for batch in self._batches(numbers)])
        index = {name: k for k, name in enumerate(class_names)}
        table = np.array([*(index.get(name, -1) for name in names), -1], dtype=np.int64)
        labels: NDArray[np.int64] = table[found]
        return labels

    @cached_property
    def _parts(self) -> list[tuple[range, Callable[[], SpriteBatch]]]:
        """The blocks of the shards, looked up once."""
        assert self._joined is not None
        return list(self._joined.parts())

    def _batches(self, numbers: range) -> list[SpriteBatch]:
        found = []
        for part, load in self._parts:
            if part.start < numbers.stop and part.stop > numbers.start:
                batch = load()
                inside = range(max(part.start, numbers.start), min(part.stop, numbers.stop))
                found.append(batch[slice(inside.start - part.start, inside.stop - part.start)])
        return found


@dataclass(frozen=True, eq=False)
class DrawnEvaluation:
    """What an evaluation of drawn sprites has found.

    Attributes:
        first: the first of them by the whole protocol, beside their floor.
        whole: all of them.
    """

    first: Evaluation
    whole: Whole

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: those of ``first``, and under ``whole`` those of all."""
        return {**self.first.as_dict(), "whole": self.whole.as_dict()}


def gather_shard(
    evaluator: Evaluator,
    drawn: Drawn,
    shard: Shard,
    folder: str | Path,
    progress: Progress = SILENT,
) -> tuple[Path, bool]:
    """Gather a worker's part of the statistics of drawn sprites, and keep them in ``folder``.

    Args:
        evaluator: of the model, for what they are measured against.
        drawn: the sprites.
        shard: which part this is.
        folder: of the statistics of all workers.
        progress: told of the sprites that are done.

    Returns:
        The file, and whether anything had to be done.

    Raises:
        StorageError: if it cannot be written; and what ``gather`` raises.
    """
    reference, folder = evaluator.reference, Path(folder)
    numbers = shard.numbers(len(drawn), statistics.BLOCK)
    key = statistics.key_of(reference, drawn.identity)
    if Statistics.load(folder, key, numbers) is not None:
        return statistics.file_of(folder, key, numbers), False
    found = statistics.gather(drawn.images, numbers, reference, progress)
    return found.save(folder, key), True


def evaluate_drawn(
    evaluator: Evaluator,
    drawn: Drawn,
    n: int = 1000,
    folder: str | Path | None = None,
    progress: Progress = SILENT,
) -> DrawnEvaluation:
    """Measure sprites that were drawn before.

    Args:
        evaluator: of the model that drew them, for what they are measured against.
        drawn: the sprites.
        n: the first so many are measured by the whole protocol, whose memory and time grow with n²;
            all of them if there are fewer.
        folder: where workers have kept the statistics of all sprites, see ``gather_shard``; they
            are gathered here if it is not given.
        progress: told of the work.

    Raises:
        DataError: for too few sprites, and naming those whose statistics are not in ``folder``.
    """
    reference, n = evaluator.reference, min(n, len(drawn))
    check_n(n, (0,))
    numbers = range(len(drawn))
    if folder is None:
        told = progress.part("statistics")
        whole = statistics.gather(drawn.images, numbers, reference, told)
    else:
        whole = _collect(Path(folder), statistics.key_of(reference, drawn.identity), len(drawn))
    floor = evaluator.floor(n)
    embedded = embed(
        drawn.images(range(n)),
        drawn.labels(range(n), reference.class_names),
        reference,
        progress=progress.part("features"),
    )
    first = Evaluation(reference, floor, (score(reference, embedded, floor),))
    return DrawnEvaluation(first, measure_whole(whole, reference))


def _collect(folder: Path, key: str, count: int) -> Statistics:
    """The statistics that workers have kept, joined."""
    parts = []
    for path in sorted(folder.glob(f"statistics-*-{key}.npz")):
        first, stop = map(int, path.stem.split("-")[1:3])
        part = Statistics.load(folder, key, range(first, stop))
        if part is None:
            raise DataError(f"{path} is broken; remove it and run its worker again")
        parts.append(part)
    if not parts:
        raise DataError(
            f"{folder} holds no statistics of these sprites against this model's; gather them "
            "with a `shard` of each worker first"
        )
    return join(parts, count)
