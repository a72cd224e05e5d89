"""Pictures in files, tidied: a folder, an archive or one picture in, a folder out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from spritelab import pictures, sheets
from spritelab.data import decode, png
from spritelab.data.folders import ABOUT_SPRITES, NO_IMAGE
from spritelab.data.listing import Aside, LeftOut, Listing, Reader
from spritelab.data.metadata import SAMPLES, is_table
from spritelab.data.text import count, some
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Images, clear_hidden
from spritelab.progress import SILENT, Progress
from spritelab.sheets.png import encode_png
from spritelab.storage import (
    check_undamaged,
    check_writable,
    parse_json,
    sealed,
    to_json,
    write_file,
)

MOVING = "animations, which have no one picture"
BEFORE_AND_AFTER = "before_and_after.png"

_SHOWN = 12  # pictures before and after


@dataclass(frozen=True)
class Tidied:
    """What tidying has done.

    Attributes:
        pictures: how many were written.
        changed: how many of them changed.
        pixels: that changed, in all.
        strays: how many stray pixels (see ``sheets.stray_pixels``) there were, and are.
        left_out: what was not tidied, and why.
    """

    pictures: int
    changed: int
    pixels: int
    strays: tuple[int, int]
    left_out: tuple[LeftOut, ...]


def tidy_files(
    listing: Listing,
    out: Path,
    facts: Mapping[str, Any],
    tidy: Callable[[Images], Images],
    *,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Tidied:
    """Tidy every picture of a listing, and write it under its own name, as PNG, below ``out``.

    Tables and JSON that lie beside the pictures are copied, so that what came out of a model keeps
    its names and classes; ``samples.json`` is told the ``facts``. Some of the pictures that changed
    most are shown in ``before_and_after.png``.

    Args:
        listing: see ``sources.open_listing``.
        out: a folder that does not exist or is empty.
        facts: what is done, for the record.
        tidy: uint8 ``[1,H,W,4]`` to what it becomes.
        overwrite: replace files of these names in a folder that is not empty.
        progress: told of every picture.

    Raises:
        DataError: naming pictures that cannot be read, or a list of samples that is damaged;
            nothing is written then.
        SettingsError: if ``out`` is not empty.
        StorageError: if a file cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())) and not overwrite:
        raise SettingsError(f"{out} is not empty; choose another `out`, or `overwrite` files in it")
    check_writable(out)
    aside = Aside({one.reason: list(one.names) for one in listing.left_out})
    found = _stills(listing, aside)
    tables = {
        path: _record(path, read, facts)
        for path, read in listing.files.items()
        if is_table(path) or path.lower().endswith(".json")
    }
    pairs: list[tuple[int, Images, Images]] = []
    strays = np.zeros(2, dtype=np.int64)
    counts = np.zeros(2, dtype=np.int64)
    for number, (name, path) in enumerate(_names(found).items()):
        progress(number, len(found), "tidying pictures")
        before = decode.decode(listing.files[path]())
        after = tidy(before)
        differ = int((clear_hidden(before) != after).any(axis=-1).sum())
        strays += [sheets.stray_pixels(images).sum() for images in (before, after)]
        counts += (differ > 0, differ)
        pairs = sorted([*pairs, (differ, before[0], after[0])], key=lambda one: -one[0])[:_SHOWN]
        write_file(out / name, encode_png(after[0]))
    progress(len(found), len(found), "tidying pictures")
    for path, content in tables.items():
        write_file(out / path, content)
    shown = [(before, after) for _, before, after in pairs]
    pictures.before_and_after_picture(shown, out / BEFORE_AND_AFTER, "before, after", side=104)
    changed, total = (int(n) for n in counts)
    return Tidied(len(found), changed, total, (int(strays[0]), int(strays[1])), aside.all())


def _stills(listing: Listing, aside: Aside) -> list[str]:
    """The paths of the pictures to tidy; each is decoded once, so that none is found broken late.

    Raises:
        DataError: naming those that cannot be read; and if there are none.
    """
    found, broken = [], []
    for path, read in listing.files.items():
        if PurePosixPath(path).suffix.lower() not in decode.SUFFIXES:
            if not is_table(path) and not path.lower().endswith(".json"):
                aside.put(NO_IMAGE, [path])
            continue
        try:
            data = read()
            if png.is_drawn_by_spritelab(data):
                aside.put(ABOUT_SPRITES, [path])
            elif len(decode.decode(data)) > 1:
                aside.put(MOVING, [path])
            else:
                found.append(path)
        except DataError as error:
            broken.append(f"{path}: {error}")
        except OSError as error:
            broken.append(f"{path}: it cannot be opened ({error.strerror})")
    if broken:
        raise DataError(
            f"{count(len(broken), 'picture')} cannot be read ({some(broken)}); mend or remove them"
        )
    if not found:
        raise DataError("there is no still picture to tidy; give one, or a folder of some")
    return found


def _names(paths: list[str]) -> dict[str, str]:
    """By the name to write each under, the path of each: ``a.png`` of ``a.bmp``, if it is free."""
    taken = {path for path in paths if path.endswith(".png")}
    names: dict[str, str] = {path: path for path in paths if path in taken}
    for path in paths:
        if path not in taken:
            name = str(PurePosixPath(path).with_suffix(".png"))
            names[path + ".png" if name in names else name] = path
    return names


def _record(path: str, read: Reader, facts: Mapping[str, Any]) -> bytes | str:
    """A table or a JSON as it is; that of drawn sprites with what has been done to them.

    Raises:
        DataError: if that is not what its digest says.
    """
    data = read()
    if PurePosixPath(path).name != SAMPLES:
        return data
    try:
        record = parse_json(data.decode("utf-8"))
    except ValueError:
        return data
    if not isinstance(record, dict):
        return data
    check_undamaged(path, record, DataError)
    told = {key: value for key, value in record.items() if key != "digest"} | {"tidied": facts}
    return to_json(sealed(told) if "digest" in record else told)
