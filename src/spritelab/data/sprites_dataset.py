"""``sprites``: the 89,400 little RGB sprites of a well-known course on diffusion models.

``sprites_1788_16x16.npy`` is uint8 (89400,16,16,3) and ``sprite_labels_nc_1788_16x16.npy`` float64
one-hot (89400,5), in the order hero, non-hero, food, spell, side-facing. The labels repeat in
blocks of 1,788, so most rows are expected to be copies: see ``spritelab.data.duplicates``.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from spritelab.data import arrays
from spritelab.data.download import fetch
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.errors import DataError, DownloadError
from spritelab.progress import SILENT, Progress

ROWS = 89_400

_BASES = (
    "https://huggingface.co/datasets/ashis-palai/sprites_image_dataset/resolve/"
    "a24918819843abc0d1bee75a239024415081a87d",
    "https://raw.githubusercontent.com/byrkbrk/conditional-ddpm/"
    "14056eb411bc1c8c8516bef8d4f08c985edce923/datasets",
)
_MOST = 128 * 2**20  # bytes of either; the images have 68.7 million
_BLOBS = {
    arrays.SPRITES_FILE: "b1fea8dd0c4f6f8ab64bea721918a035d75c11a7",
    arrays.SPRITES_LABELS_FILE: "42d3346088b5f19ab297476afe46274d5931696a",
}


def load(cache: Path | None = None, progress: Progress = SILENT) -> SpriteSet:
    """Return the data set, downloading its two files on first use.

    Each file is verified by its git blob id. A file of other bytes is taken if it has the right
    shape and kind.

    Warns:
        UserWarning: for a file of other bytes.

    Raises:
        DownloadError, StorageError: as ``download.fetch``.
    """
    images = _fetch(arrays.SPRITES_FILE, _check_images, cache, progress)
    labels = _fetch(arrays.SPRITES_LABELS_FILE, _check_labels, cache, progress)
    sprites = arrays.read_npy(images, labels)
    return SpriteSet.from_arrays(
        sprites.images,
        sprites.labels,
        sprites.class_names,
        provenance=Provenance(
            "sprites",
            licence="unknown: assembled from packs of FrootsnVeggies (zrghr) and Kyrise",
            url=_BASES[0],
        ),
    )


def _fetch(
    name: str, check: Callable[[Path], None], cache: Path | None, progress: Progress
) -> Path:
    verify = partial(_verify, name=name, check=check)
    addresses = [f"{base}/{name}" for base in _BASES]
    return fetch(name, addresses, verify, most=_MOST, cache=cache, progress=progress)


def _verify(path: Path, *, name: str, check: Callable[[Path], None]) -> None:
    if git_blob_id(path) == _BLOBS[name]:
        return
    try:
        check(path)
    except (DataError, ValueError, OSError, EOFError) as error:
        raise DownloadError("it is neither the known file nor an array of its shape") from error
    warnings.warn(
        f"{name} is not byte for byte the known file, but has its shape and kind; it is used",
        stacklevel=2,
    )


def git_blob_id(path: Path) -> str:
    """Return git's id of a file's content: SHA-1 of ``blob <length>\\0`` and the bytes."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def _check_images(path: Path) -> None:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.shape != (ROWS, 16, 16, 3) or array.dtype != np.uint8:
        raise DataError(f"an array of {array.dtype} {array.shape}")


def _check_labels(path: Path) -> None:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.shape != (ROWS, len(arrays.SPRITES_CLASSES)) or array.dtype != np.float64:
        raise DataError(f"an array of {array.dtype} {array.shape}")
    arrays.to_labels(array, ROWS, path.name)
