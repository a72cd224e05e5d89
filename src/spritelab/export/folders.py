"""Folders of sprites: one PNG a sprite and a list of what they are."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spritelab.errors import SettingsError
from spritelab.export.files import save_png
from spritelab.pixels import Images
from spritelab.storage import storing, write_file

LIST = "samples.json"
FORMAT = 1


def save_sprites(
    images: Images,
    folder: Path,
    sprites: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> None:
    """Write every sprite as a PNG of its own size, and ``samples.json`` about them.

    Args:
        images: uint8 ``[N,H,W,C]``.
        folder: where; sprites are named ``0000.png`` …, with as many digits as needed.
        sprites: one mapping a sprite; its ``file_name`` is added.
        facts: about all of them.

    Raises:
        StorageError: if something cannot be written.
    """
    digits = max(4, len(str(len(images) - 1)))
    names = [f"{k:0{digits}d}.png" for k in range(len(images))]
    for image, name in zip(images, names, strict=True):
        save_png(image, folder / name)
    listed = [{"file_name": name, **sprite} for name, sprite in zip(names, sprites, strict=True)]
    record = {"format": FORMAT, **facts, "sprites": listed}
    write_file(folder / LIST, json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def check_free(folder: Path, overwrite: bool = False) -> None:
    """Raise ``SettingsError`` if sprites may not be written to ``folder``.

    It must not exist or be empty; with ``overwrite`` it may also be one that ``save_sprites``
    filled. A folder with anything else in it is never replaced.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / LIST).is_file():
        raise SettingsError(f"{folder} exists and holds other files; choose another --out")
    if not overwrite:
        raise SettingsError(
            f"{folder} holds sprites already; choose another --out, or --overwrite them"
        )


@contextmanager
def replacing(folder: Path, overwrite: bool = False) -> Iterator[Path]:
    """Give a folder aside to fill, which takes the place of ``folder`` if the block succeeds.

    Raises:
        SettingsError: as ``check_free``.
        StorageError: if the folder cannot be written; the old one is then still there.
    """
    check_free(folder, overwrite)
    key = secrets.token_hex(8)
    aside, old = folder.with_name(f".{key}.part"), folder.with_name(f".{key}.old")
    try:
        with storing(folder):
            aside.mkdir(parents=True)
        yield aside
        with storing(folder):
            if folder.exists():
                folder.rename(old)
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
