"""Frames cut out of a sheet by the JSON beside it: Aseprite's, TexturePacker's, and their kin.

Both give each frame by its rectangle on the sheet (``frame``), the size it had before its empty
edges were trimmed away (``sourceSize``) and where it lay in that (``spriteSourceSize``). A frame
that is ``rotated`` was turned by 90° clockwise; the width and height told are those before that.
Classes are Aseprite's ``frameTags``, PixiJS's ``animations``, or the folders in the names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from spritelab.errors import DataError
from spritelab.pixels import Images
from spritelab.sheets.atlas import Box, CutFrame, Tag, innermost, unique_keys
from spritelab.sheets.layout import MAX_PIXELS, MAX_SIDE


def is_atlas(record: Any) -> bool:
    """Whether a value read from JSON describes a sheet."""
    return isinstance(record, dict) and isinstance(record.get("frames"), dict | list)


def picture_of(record: Mapping[str, Any]) -> str | None:
    """The file name of the sheet that the JSON names; None if it names none."""
    meta = record.get("meta")
    image = meta.get("image") if isinstance(meta, dict) else None
    if not isinstance(image, str) or not image:
        return None
    return PurePosixPath(image.replace("\\", "/")).name or None


def cut_atlas(sheet: Images, record: Mapping[str, Any]) -> list[CutFrame]:
    """Cut the frames that ``record`` describes out of a sheet, uint8 RGBA ``[h,w,4]``.

    Trimmed frames get their empty edges again, rotated ones stand upright.

    Raises:
        DataError: with the bare reason, for the caller to put the file's name before it: a frame
            that is not described as above, lies outside of the sheet or of its own size, or frames
            that unfold into more pixels than a sheet may have.
    """
    named = list(_frames(record["frames"]))
    if not named:
        raise DataError("it describes no frames")
    names = unique_keys([name for name, _ in named])
    tags = _tags(record, len(named))
    animations = _animations(record)
    height, width = sheet.shape[:2]
    budget = MAX_PIXELS
    out: list[CutFrame] = []
    for place, (name, frame) in enumerate(named):
        box, rotated = _box(frame.get("frame"), name), frame.get("rotated") is True
        place_w, place_h = (box.height, box.width) if rotated else (box.width, box.height)
        if box.x + place_w > width or box.y + place_h > height:
            raise DataError(
                f"frame {name!r} at {box.x},{box.y} of {place_w}×{place_h} pixels lies outside of "
                f"its sheet of {width}×{height}"
            )
        source = _source(frame, box, name)
        budget -= source.width * source.height
        if budget < 0:
            raise DataError(f"its frames unfold into more than {MAX_PIXELS:,} pixels")
        cut = sheet[box.y : box.y + place_h, box.x : box.x + place_w]
        pixels = np.zeros((source.height, source.width, 4), dtype=np.uint8)
        upright = np.rot90(cut) if rotated else cut
        pixels[source.y : source.y + box.height, source.x : source.x + box.width] = upright
        tag = innermost(tags, place) or animations.get(name) or _folder(name)
        out.append(CutFrame(names[place], tag, pixels))
    return out


def _frames(frames: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = (
        frames.items()
        if isinstance(frames, dict)
        else ((one.get("filename") if isinstance(one, dict) else None, one) for one in frames)
    )
    for place, (name, frame) in enumerate(entries):
        if not isinstance(frame, dict):
            raise DataError(f"its frame {place} is no description of a frame")
        yield (name if isinstance(name, str) and name else str(place)), frame


def _source(frame: Mapping[str, Any], box: Box, name: str) -> Box:
    """The size of a frame before it was trimmed, at the place of what is left of it."""
    size = frame.get("sourceSize")
    if size is None:
        return Box(0, 0, box.width, box.height)
    width, height = _length(size, "w", name), _length(size, "h", name)
    corner = frame.get("spriteSourceSize") or {"x": 0, "y": 0}
    x, y = _length(corner, "x", name), _length(corner, "y", name)
    if x + box.width > width or y + box.height > height:
        raise DataError(
            f"frame {name!r} of {box.width}×{box.height} pixels at {x},{y} lies outside of its own "
            f"size of {width}×{height}"
        )
    return Box(x, y, width, height)


def _box(value: Any, name: str) -> Box:
    x, y, width, height = (_length(value, key, name) for key in "xywh")
    if width < 1 or height < 1:
        raise DataError(f"frame {name!r} has no pixels")
    return Box(x, y, width, height)


def _length(value: Any, key: str, name: str) -> int:
    """A length in pixels: a whole number in 0 … MAX_SIDE."""
    length = value.get(key) if isinstance(value, dict) else None
    if isinstance(length, bool) or not isinstance(length, int | float) or length != length // 1:
        raise DataError(f"frame {name!r} has no whole number for {key!r}")
    if not 0 <= length <= MAX_SIDE:
        raise DataError(f"frame {name!r} has {length} for {key!r}; 0 to {MAX_SIDE:,} are possible")
    return int(length)


def _tags(record: Mapping[str, Any], n: int) -> list[Tag]:
    meta = record.get("meta")
    listed = meta.get("frameTags") if isinstance(meta, dict) else None
    tags = []
    for tag in listed if isinstance(listed, list) else []:
        name, first, last = (
            (tag.get("name"), tag.get("from"), tag.get("to"))
            if isinstance(tag, dict)
            else (None, None, None)
        )
        if not isinstance(first, int) or not isinstance(last, int) or not 0 <= first <= last < n:
            raise DataError(f"tag {name!r} lies outside of its {n:,} frames")
        if isinstance(name, str) and name:
            tags.append(Tag(name, first, last))
    return tags


def _animations(record: Mapping[str, Any]) -> dict[str, str]:
    """By the name of a frame, the first animation that it is in."""
    listed = record.get("animations")
    found: dict[str, str] = {}
    for name, frames in listed.items() if isinstance(listed, dict) else ():
        for frame in frames if isinstance(frames, list) else ():
            if isinstance(frame, str):
                found.setdefault(frame, name)
    return found


def _folder(name: str) -> str | None:
    """The first folder in a frame's name."""
    folder, inside, _ = name.replace("\\", "/").partition("/")
    return folder if inside and folder else None
