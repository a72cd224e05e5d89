"""Figures of very many sprites, from statistics that workers gather apart and that are joined.

Sprites are cut into blocks of 1,024 by their numbers, wherever they lie and whoever looks at them,
so that every block is computed alike; what is summed over blocks is summed exactly or in the
order of the blocks. One worker and eight get the same figures, bit for bit, on machines of one
kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab.data.duplicates import digests
from spritelab.data.inspection import colours_per_sprite
from spritelab.errors import DataError
from spritelab.evaluation.metrics import (
    NEAR,
    KernelBlocks,
    Moments,
    authentic,
    distances,
    edge_distances,
    find_copies,
    frechet_distance_of_moments,
    partly_transparent_share,
    pixel_distances,
    stray_pixels,
)
from spritelab.evaluation.reference import Reference
from spritelab.pixels import Images, with_channels
from spritelab.progress import SILENT, Progress
from spritelab.storage import digest
from spritelab.storage.arrays import load_arrays, save_arrays

BLOCK = 1024
"""Sprites that are looked at together; shards of an evaluation are cut at its multiples."""

FORMAT = 1
"""Version of a file of statistics."""

Sprites = Callable[[range], Images]
"""Gives the sprites of some numbers, uint8 ``[N,H,W,C]``."""

EACH = (
    ("hashes", np.uint64),
    ("copies", np.bool_),
    ("pixel_distances", np.float64),
    ("edge_distances", np.float64),
    ("authentic", np.bool_),
    ("colours", np.int64),
    ("partly_transparent", np.float64),
    ("stray_pixels", np.int64),
)
"""What is kept of each sprite: some 50 bytes."""

OF_BLOCKS = ("sizes", "within", "across")


@dataclass(frozen=True, eq=False)
class Statistics:
    """What is known of the sprites of a range of numbers.

    Attributes:
        numbers: of the sprites.
        moments: of their features.
        each: by the names of ``EACH``, one value a sprite; ``hashes`` are ``[N,2]``.
        blocks: by the names of ``OF_BLOCKS``, one value a block, see ``KernelBlocks``.
    """

    numbers: range
    moments: Moments
    each: dict[str, NDArray[Any]]
    blocks: dict[str, NDArray[np.float64]]

    def save(self, folder: Path, key: str) -> Path:
        """Write them to a file of their own in ``folder``; whole or not at all.

        Raises:
            StorageError: if it cannot be written.
        """
        path = file_of(folder, key, self.numbers)
        moments = {f"moments_{name}": array for name, array in self.moments.arrays().items()}
        save_arrays(path, **moments, **self.each, **self.blocks)
        return path

    @classmethod
    def load(cls, folder: Path, key: str, numbers: range) -> Statistics | None:
        """Read those of some numbers; None if there are none.

        Warns:
            UserWarning: for a file that is broken, which counts as none.
        """
        names = [f"moments_{name}" for name in ("count", "total", "high", "cross", "low")]
        each = [name for name, _ in EACH]
        found = load_arrays(file_of(folder, key, numbers), *names, *each, *OF_BLOCKS)
        if found is None or {len(found[name]) for name in each} != {len(numbers)}:
            return None
        count, *sums = (found[name] for name in names)
        return cls(
            numbers,
            Moments(int(count), *sums),
            {name: found[name] for name in each},
            {name: found[name] for name in OF_BLOCKS},
        )


@dataclass(frozen=True)
class Whole:
    """Measures of all N sprites; those that ``Measures`` has too mean the same.

    Attributes:
        n: sprites.
        distinct: different ones among them.
        frechet: Fréchet distance of the features; comparable at equal n only.
        kid: kernel distance, see ``KernelBlocks``.
        kid_error: its standard error; None for a single block.
        copies, near_copies, pixel_distance, recoloured_copies, edge_distance, authentic, colours,
        partly_transparent, stray_pixels: as in ``Measures``.
    """

    n: int
    distinct: int
    frechet: float
    kid: float
    kid_error: float | None
    copies: float
    near_copies: float
    pixel_distance: float
    recoloured_copies: float
    edge_distance: float
    authentic: float
    colours: float
    partly_transparent: float
    stray_pixels: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def file_of(folder: Path, key: str, numbers: range) -> Path:
    """Where the statistics of some sprites are kept."""
    return folder / f"statistics-{numbers.start:010d}-{numbers.stop:010d}-{key}.npz"


def key_of(reference: Reference, sprites: str) -> str:
    """Names what statistics are of and against: ``sprites`` identifies the former."""
    return digest(FORMAT, reference.identity, sprites)[:12]


def gather(
    sprites: Sprites, numbers: range, reference: Reference, progress: Progress = SILENT
) -> Statistics:
    """Gather the statistics of some sprites, a block at a time.

    Args:
        sprites: gives them.
        numbers: which; they begin at a multiple of ``BLOCK``.
        reference: what they are measured against.
        progress: told of the sprites that are done.

    Raises:
        DataError: if the sprites are of another size than the real ones.
    """
    kernels = KernelBlocks(reference.features)
    d = reference.features.shape[1]
    moments = Moments.of(np.empty((0, d), dtype=np.float32))
    each: dict[str, list[NDArray[Any]]] = {name: [] for name, _ in EACH}
    blocks: dict[str, list[float]] = {name: [] for name in OF_BLOCKS}
    for first in range(numbers.start, numbers.stop, BLOCK):
        images = sprites(range(first, min(first + BLOCK, numbers.stop)))
        features = reference.extractor(images)
        moments = moments + Moments.of(features)
        for name, values in _each(images, features, reference).items():
            each[name].append(values)
        # A last sprite alone has no pair; it weighs nothing.
        within, across = kernels.sums(features) if len(images) > 1 else (0.0, 0.0)
        for name, value in zip(OF_BLOCKS, (len(images), within, across), strict=True):
            blocks[name].append(value)
        progress(first + len(images) - numbers.start, len(numbers))
    empty = {"hashes": (0, 2)}
    return Statistics(
        numbers,
        moments,
        {
            name: np.concatenate(each[name]).astype(kind)
            if each[name]
            else np.empty(empty.get(name, (0,)), kind)
            for name, kind in EACH
        },
        {name: np.array(values, dtype=np.float64) for name, values in blocks.items()},
    )


def _each(
    images: Images, features: NDArray[np.float32], reference: Reference
) -> dict[str, NDArray[Any]]:
    training = reference.training.images
    return {
        "hashes": digests(with_channels(images, 4)),
        "copies": find_copies(images, training).copy,
        "pixel_distances": pixel_distances(images, training),
        "edge_distances": edge_distances(images, training),
        "authentic": authentic(distances(reference.with_mirrors, features), reference.nearest_own),
        "colours": colours_per_sprite(images),
        "partly_transparent": partly_transparent_share(images),
        "stray_pixels": stray_pixels(images),
    }


def join(parts: Sequence[Statistics], count: int) -> Statistics:
    """Join the statistics of all sprites 0 … ``count`` - 1, whatever the order of the parts.

    Raises:
        DataError: naming sprites that are missing or there twice.
    """
    ordered = sorted((part for part in parts if len(part.numbers)), key=lambda p: p.numbers.start)
    reached = 0
    for part in ordered:
        if part.numbers.start != reached:
            first, last = sorted((reached, part.numbers.start))
            state = "missing" if part.numbers.start > reached else "there twice"
            raise DataError(f"the statistics of sprites {first} … {last - 1} are {state}")
        reached = part.numbers.stop
    if reached != count:
        raise DataError(f"the statistics of sprites {reached} … {count - 1} are missing")
    moments = ordered[0].moments
    for part in ordered[1:]:
        moments = moments + part.moments
    return Statistics(
        range(count),
        moments,
        {name: np.concatenate([part.each[name] for part in ordered]) for name, _ in EACH},
        {name: np.concatenate([part.blocks[name] for part in ordered]) for name in OF_BLOCKS},
    )


def measure_whole(found: Statistics, reference: Reference) -> Whole:
    """The figures of all sprites.

    Raises:
        DataError: for fewer than 2 sprites.
    """
    sizes, within, across = (found.blocks[name] for name in OF_BLOCKS)
    paired = sizes > 1
    moments = Moments.of(reference.features)
    frechet = frechet_distance_of_moments(moments, found.moments)
    kid, error = KernelBlocks(reference.features).join(
        sizes[paired], within[paired], across[paired]
    )
    pixel, edge = found.each["pixel_distances"], found.each["edge_distances"]
    means = ("authentic", "colours", "partly_transparent", "stray_pixels")
    return Whole(
        n=len(found.numbers),
        distinct=len(np.unique(found.each["hashes"], axis=0)),
        frechet=frechet,
        kid=kid,
        kid_error=None if np.isnan(error) else error,
        copies=float(found.each["copies"].mean()),
        near_copies=float((pixel <= NEAR).mean()),
        pixel_distance=float(np.median(pixel)),
        recoloured_copies=float((edge <= NEAR).mean()),
        edge_distance=float(np.median(edge)),
        **{name: float(found.each[name].mean()) for name in means},
    )
