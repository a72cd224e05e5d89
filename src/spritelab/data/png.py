"""The chunks of a PNG: those that make its picture, and the mark of pictures drawn by spritelab."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from spritelab.pictures.mark import SOFTWARE

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_PICTURE = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT", b"eXIf"}
)
"""Chunks that say what the picture looks like; eXIf may say how it is turned."""

_LENGTHS = struct.Struct(">I4s")


def without_notes(data: bytes) -> bytes:
    """Return a PNG without its texts, colour profiles and the like.

    Pillow refuses a whole picture for a text of over a mebibyte or a broken profile, and art out of
    generators carries both. What cannot be taken apart is returned as it is.
    """
    if not data.startswith(SIGNATURE):
        return data
    kept = [SIGNATURE]
    for kind, start, end in _chunks(data):
        if kind == b"eXIf" and not _is_whole(data, start, end):
            continue
        if kind in _PICTURE:
            kept.append(data[start:end])
        if kind == b"IEND":
            return b"".join(kept)
    return data


def is_drawn_by_spritelab(data: bytes) -> bool:
    """Whether it is a grid, a contact sheet or another picture about sprites of spritelab's own."""
    if not data.startswith(SIGNATURE):
        return False
    key, value = SOFTWARE
    mark = key.encode() + b"\0" + value.encode()
    for kind, start, end in _chunks(data):
        if kind == b"IDAT":
            return False
        if kind == b"tEXt" and data[start + 8 : end - 4] == mark:
            return True
    return False


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each chunk, where it begins and where it ends, up to the first cut off."""
    start = len(SIGNATURE)
    while start + 12 <= len(data):
        length, kind = _LENGTHS.unpack_from(data, start)
        end = start + 12 + length
        if end > len(data):
            return
        yield kind, start, end
        start = end


def _is_whole(data: bytes, start: int, end: int) -> bool:
    return zlib.crc32(data[start + 4 : end - 4]) == int.from_bytes(data[end - 4 : end], "big")
