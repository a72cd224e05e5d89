"""Sprites in one file that is mapped into memory and never read whole.

An ``.npz`` whose arrays are stored as they are: NumPy and every program that reads ``.npz`` read it
too. Deflated arrays would have to be unpacked into each process.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from spritelab import pixels
from spritelab.data.mapping import IMAGES
from spritelab.data.rows import blocks
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress
from spritelab.storage import writing


def pack(sprites: SpriteSet, path: str | Path, progress: Progress = SILENT) -> Path:
    """Write a set as a file that is mapped when it is read, and return its path.

    Args:
        sprites: the set; its ids are left out.
        path: of the file, ``NAME.npz``.
        progress: told of the sprites that are written.

    Raises:
        SettingsError, StorageError: as ``pack_blocks``.
    """
    return pack_blocks(
        blocks(sprites.images),
        (len(sprites), *sprites.images.shape[1:]),
        path,
        labels=sprites.labels,
        class_names=sprites.class_names,
        groups=sprites.groups,
        mirrorable=sprites.mirrorable,
        provenance=sprites.provenance,
        progress=progress,
    )


def pack_blocks(
    images: Iterable[Images],
    shape: tuple[int, ...],
    path: str | Path,
    *,
    labels: NDArray[np.int64],
    class_names: Sequence[str],
    mirrorable: Sequence[bool],
    provenance: Provenance,
    groups: NDArray[np.int64] | None = None,
    progress: Progress = SILENT,
) -> Path:
    """``pack`` for sprites that are handed over a block at a time: no more is held in memory.

    Args:
        images: uint8 ``[B,H,W,C]`` each.
        shape: (N, H, W, C) of all.
        path: of the file, ``NAME.npz``.
        labels, class_names, mirrorable, provenance: as in ``SpriteSet``.
        groups: as in ``SpriteSet``; None for a group of its own for each sprite.
        progress: told of the sprites that are written.

    Raises:
        SettingsError: if the name ends in anything else.
        DataError: if the blocks are not of that shape.
        StorageError: if the file cannot be written; one that was there before is untouched.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise SettingsError(f"sprites are packed as .npz: {path.name!r} must end so")
    small = {
        "labels": labels,
        "class_names": np.array(class_names, dtype=np.str_),
        "mirrorable": np.array(mirrorable, dtype=bool),
        "provenance": np.array(astuple(provenance), dtype=np.str_),
    }
    if groups is not None:
        small["groups"] = groups
    with writing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in small.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        # Last, so that all else is read from the end of the file.
        with archive.open(IMAGES, "w", force_zip64=True) as member:
            _write_images(member, images, shape, progress)
    return path


def _write_images(
    member: IO[bytes], images: Iterable[Images], shape: tuple[int, ...], progress: Progress
) -> None:
    head = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(member, head)
    done = 0
    for block in images:
        pixels.check_images(block)
        if block.shape[1:] != shape[1:] or done + len(block) > shape[0]:
            raise DataError(f"sprites of the shape {list(block.shape)} do not fit {list(shape)}")
        member.write(pixels.clear_hidden(np.ascontiguousarray(block)).data)
        done += len(block)
        progress(done, shape[0])
    if done != shape[0]:
        raise DataError(f"{done:,} sprites were to be packed as {shape[0]:,}")
