"""Aseprite files put together chunk by chunk, as the published specification has them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from sprite_files import Pixels


def string(text: str) -> bytes:
    return struct.pack("<H", len(text.encode())) + text.encode()


def chunk(kind: int, data: bytes) -> bytes:
    return struct.pack("<IH", len(data) + 6, kind) + data


def layer(
    name: str,
    *,
    flags: int = 1,
    kind: int = 0,
    level: int = 0,
    blend: int = 0,
    opacity: int = 255,
) -> bytes:
    head = struct.pack("<HHHHHHB", flags, kind, level, 0, 0, blend, opacity)
    return chunk(0x2004, head + bytes(3) + string(name))


def cel(
    pixels: Pixels | None,
    *,
    layer: int = 0,
    at: tuple[int, int] = (0, 0),
    opacity: int = 255,
    z: int = 0,
    raw: bool = False,
    linked: int = 0,
) -> bytes:
    """A cel of pixels ``[h,w,channels]``; of none, one that shows frame ``linked`` again."""
    kind = 1 if pixels is None else 0 if raw else 2
    head = struct.pack("<HhhBHh", layer, *at, opacity, kind, z) + bytes(5)
    if pixels is None:
        return chunk(0x2005, head + struct.pack("<H", linked))
    data = pixels.tobytes()
    size = struct.pack("<HH", pixels.shape[1], pixels.shape[0])
    return chunk(0x2005, head + size + (data if raw else zlib.compress(data)))


def palette(colours: Sequence[tuple[int, int, int, int]], first: int = 0, size: int = 0) -> bytes:
    last = first + len(colours) - 1
    head = struct.pack("<III", size or len(colours), first, last) + bytes(8)
    entries = [
        struct.pack("<H4B", k % 2, *c) + (string("x") if k % 2 else b"")
        for k, c in enumerate(colours)
    ]
    return chunk(0x2019, head + b"".join(entries))


def old_palette(kind: int, packets: Sequence[tuple[int, Sequence[tuple[int, int, int]]]]) -> bytes:
    body = struct.pack("<H", len(packets))
    for skip, colours in packets:
        body += bytes([skip, len(colours) % 256]) + b"".join(map(bytes, colours))
    return chunk(kind, body)


def tags(*named: tuple[str, int, int]) -> bytes:
    body = struct.pack("<H", len(named)) + bytes(8)
    for name, first, last in named:
        body += struct.pack("<HHB", first, last, 0) + bytes(8 + 3 + 1) + string(name)
    return chunk(0x2018, body)


def text(words: str) -> bytes:
    return chunk(0x2020, struct.pack("<I", 1) + string(words))


def aseprite(
    frames: Sequence[Sequence[bytes]],
    *,
    size: tuple[int, int] = (4, 4),
    depth: int = 32,
    flags: int = 3,
    transparent: int = 0,
    old: bool = False,
) -> bytes:
    """A file; ``old`` counts chunks where files before Aseprite 1.2 do."""
    body = b""
    for chunks in frames:
        data = b"".join(chunks)
        count = (len(chunks), 0) if old else (0xFFFF, len(chunks))
        body += struct.pack("<IHHH", len(data) + 16, 0xF1FA, count[0], 100)
        body += bytes(2) + struct.pack("<I", count[1]) + data
    head = struct.pack("<IHHHHHI", 128 + len(body), 0xA5E0, len(frames), *size, depth, flags)
    head += struct.pack("<HII", 100, 0, 0) + bytes([transparent, 0, 0, 0])
    return head.ljust(128, b"\0") + body


def plain(colour: Sequence[int], height: int = 4, width: int = 4) -> Pixels:
    """A cel of one colour."""
    return np.full((height, width, len(colour)), colour, dtype=np.uint8)
