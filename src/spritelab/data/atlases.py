"""Sprites that a file names: frames of a sheet with its JSON beside it, or of an Aseprite file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from spritelab import sheets
from spritelab.data.decode import SUFFIXES, decode
from spritelab.data.listing import Files, Listing, Reader, read_one
from spritelab.errors import DataError
from spritelab.pixels import Images
from spritelab.sheets import CutFrame
from spritelab.storage import parse_json

Atlases = Mapping[str, Mapping[str, Any]]
"""By the path of a sheet, what its JSON says."""


def decode_frames(name: str, data: bytes) -> Images:
    """Decode a picture, or an ``.aseprite`` if its name says so: uint8 ``[F,H,W,4]``.

    Raises:
        DataError: with the bare reason.
    """
    if is_aseprite(name):
        return np.stack([frame.pixels for frame in sheets.read_aseprite(data)])
    return decode(data)


def is_aseprite(path: str) -> bool:
    """Whether a file's name is one of Aseprite's."""
    return PurePosixPath(path).suffix.lower() in sheets.ASEPRITE_FILES


MAX_JSON = 2**26
"""The most bytes of a sheet's JSON: those of some 150,000 frames."""


def beside(path: str) -> str:
    """Where the JSON of a sheet lies: ``a/sheet.json`` of ``a/sheet.png``."""
    return str(PurePosixPath(path).with_suffix(".json"))


def read_atlases(files: Files, images: Iterable[str]) -> Atlases:
    """Read the JSON beside each of ``images`` that has one; other JSON than that of a sheet counts
    as none.

    Raises:
        DataError: naming a file that is no JSON, or cannot be opened.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for path in images:
        name = beside(path)
        if name not in files or is_aseprite(path):
            continue
        record = read_record(name, files[name])
        if sheets.is_atlas(record):
            found[path] = record
    return found


def read_record(name: str, read: Reader) -> Any:
    """The value in a JSON file.

    Raises:
        DataError: naming the file, if it is no JSON or cannot be opened.
    """
    try:
        data = read()
        if len(data) > MAX_JSON:
            raise DataError(f"{name} has {len(data):,} bytes; {MAX_JSON:,} are the limit")
        return parse_json(data.decode("utf-8-sig"))
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{name} cannot be opened ({error.strerror})") from None
    except ValueError as error:
        raise DataError(
            f"{name} is no JSON ({error}); remove it to read the picture beside it by itself"
        ) from None


def one_file(path: Path) -> Listing:
    """List one image with the JSON beside it, if there is any; or the one that a JSON names.

    Raises:
        DataError: naming a JSON that is broken, describes no sheet, or names none that is there.
    """
    if path.suffix.lower() != ".json":
        json = path.with_suffix(".json")
        sheet = json.is_file() and path.suffix.lower() in SUFFIXES
        more = {json.name: partial(read_one, json)} if sheet else {}
        return Listing({path.name: partial(read_one, path), **more})
    record = read_record(path.name, partial(read_one, path))
    if not sheets.is_atlas(record):
        raise DataError(f"{path.name} describes no sheet of sprites: it has no frames")
    name = sheets.picture_of(record) or path.with_suffix(".png").name
    picture = path.with_name(name)
    if not picture.is_file():
        raise DataError(f"{path.name} describes {name}, which is not beside it")
    return Listing(
        {picture.name: partial(read_one, picture), beside(picture.name): partial(read_one, path)}
    )


def found_frames(sheet: Images) -> list[CutFrame]:
    """The sprites that ``sheets.find_sprites`` finds on a sheet, uint8 ``[h,w,4]``.

    They are named by their place: ``x8y24``. The ground of an opaque sheet becomes transparent.

    Raises:
        DataError: with the bare reason, if there are none.
    """
    cleared = sheets.clear_ground(sheet)
    return [
        CutFrame(
            f"x{box.x}y{box.y}",
            None,
            cleared[box.y : box.y + box.height, box.x : box.x + box.width],
        )
        for box in sheets.find_sprites(cleared)
    ]
