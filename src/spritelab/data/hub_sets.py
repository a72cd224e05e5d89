"""A data set on the Hugging Face Hub becomes a ``SpriteSet``: ``hf://org/name``.

Its images are read as those of a folder of one's own (see ``folders.read_folder``), with all that
can be said of how. In Parquet files, what is read is the first column of images, and as their class
the first column of class labels, or one that is called as such: what is in a row is an image
``SPLIT/CLASS/NUMBER.png`` to the settings that name files. No code of a repository is fetched.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from spritelab.config import ReadingSettings
from spritelab.data import decode
from spritelab.data.archives import archive_files, is_archive
from spritelab.data.folders import read_folder
from spritelab.data.listing import MAX_FILES, Files, Listing, check_length, folder_files
from spritelab.data.spriteset import SpriteSet
from spritelab.errors import DataError
from spritelab.extras import require
from spritelab.hub import Address, fetch
from spritelab.progress import SILENT, Progress

CARD = "README.md"

ARCHIVES = ("*.zip", "*.tar", "*.tar.gz", "*.tgz")

PATTERNS = (
    *(f"*{suffix}" for suffix in decode.SUFFIXES),
    *("*.parquet", "metadata.csv", "*/metadata.csv", "metadata.jsonl", "*/metadata.jsonl"),
    *(CARD, "*.json", "*.aseprite", "*.ase", *ARCHIVES),
)
"""The files that are fetched: what can be read, and the card, for its licence."""

LABELS = ("label", "labels", "class", "category", "type", "fine_label")
"""Columns that are taken for the class, where none says that it is one."""


def load(
    address: Address, how: ReadingSettings, size: int | None = None, progress: Progress = SILENT
) -> SpriteSet:
    """Fetch a data set and read its images.

    Args:
        address: of the data set.
        how: as the files of a folder are read.
        size: see ``read_folder``.
        progress: told how far the reading is.

    Raises:
        DownloadError: if it cannot be fetched.
        DataError: if it holds no images, or they do not fit together.
        MissingExtraError: without the packages of the extras ``hub`` and, for Parquet files,
            ``datasets``.
    """
    folder = fetch(address, "dataset", PATTERNS)
    parquet = sorted(folder.rglob("*.parquet"))
    archives = sorted(path for path in folder.rglob("*") if is_archive(path.name))
    shown = str(address)
    if parquet:
        listing = _rows(folder, parquet)
        sprites = read_folder(listing, shown, how, size=size, progress=progress)
    elif len(archives) == 1 and not _has_images(folder):
        with archive_files(archives[0]) as listing:
            sprites = read_folder(listing, shown, how, size=size, progress=progress)
    else:
        sprites = read_folder(folder_files(folder), shown, how, size=size, progress=progress)
    place = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    origin = replace(
        sprites.provenance,
        source=shown,
        licence=_licence(folder / CARD),
        url=f"{place}/datasets/{address.repository}",
    )
    return replace(sprites, provenance=origin)


def _has_images(folder: Path) -> bool:
    return any(path.suffix.lower() in decode.SUFFIXES for path in folder.rglob("*"))


def _licence(card: Path) -> str:
    """What the card says; ``unknown`` if it does not."""
    from huggingface_hub import DatasetCard

    try:
        said = getattr(DatasetCard(card.read_text("utf-8")).data, "license", None)
    except (OSError, ValueError):
        return "unknown"
    if isinstance(said, list):
        said = ", ".join(str(one) for one in said)
    return said if isinstance(said, str) and len(said) <= 200 else "unknown"


def _rows(folder: Path, paths: Sequence[Path]) -> Listing:
    """The rows of Parquet files as a listing of images.

    Raises:
        DataError: if there is no column of images, or a file is broken.
    """
    require("datasets")
    import datasets

    files: dict[str, Callable[[], bytes]] = {}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            with _quiet(datasets):
                table = datasets.Dataset.from_parquet(str(path))
            files |= _images(
                table, path.name.partition("-")[0].removesuffix(".parquet"), len(files)
            )
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
        except Exception as error:  # the library has no one exception for what it cannot read
            said = " ".join(str(error).split())[:200]
            raise DataError(f"{name} cannot be read as Parquet ({said})") from None
        if len(files) > MAX_FILES:
            raise DataError(f"{name}: more than {MAX_FILES:,} rows in all; use a smaller set")
    return Listing(files)


def _images(table: Any, split: str, before: int) -> Files:
    """The images of one table by their names, ``before`` which so many rows came."""
    import datasets

    kinds = table.features
    pictures = [name for name, kind in kinds.items() if isinstance(kind, datasets.Image)]
    if not pictures:
        raise DataError(f"it has no column of images, but {', '.join(kinds)}")
    table = table.cast_column(pictures[0], datasets.Image(decode=False))
    classes = _classes(table)
    return {
        f"{split}/{classes(i)}{before + i:06d}.png": partial(_bytes, table, pictures[0], i)
        for i in range(len(table))
    }


def _classes(table: Any) -> Callable[[int], str]:
    """The folder that stands for the class of row i: ``food/``, or none."""
    import datasets

    kinds = table.features
    labels = [name for name, kind in kinds.items() if isinstance(kind, datasets.ClassLabel)]
    plain = [name for name in LABELS if isinstance(kinds.get(name), datasets.Value)]
    if not labels and not plain:
        return lambda _: ""
    column = (labels or plain)[0]
    values = table[column]
    named = kinds[column].int2str if labels else str

    def folder(i: int) -> str:
        value = values[i]
        if value is None or value == -1:
            return ""
        return str(named(value)).replace("/", "-").strip(" .") + "/"

    return folder


def _bytes(table: Any, column: str, row: int) -> bytes:
    data = table[row][column]["bytes"]
    if not isinstance(data, bytes):
        raise DataError("the row names a file elsewhere in place of its bytes")
    check_length(len(data))
    return data


@contextmanager
def _quiet(datasets: Any) -> Iterator[None]:
    """Keep the bars of progress of ``datasets`` off."""
    shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()
