"""The parts of an Aseprite file, as they stand in it: layers, cels, palettes, tags.

Source: as in ``aseprite``. Sizes are checked before anything is unpacked.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.pixels import Images
from spritelab.sheets import aseprite
from spritelab.sheets.atlas import Tag
from spritelab.sheets.layout import MAX_PIXELS

GREY = 16
"""Bits of a pixel of grey and alpha, beside ``aseprite.RGBA`` and ``aseprite.INDEXED``."""
_OLD_PALETTES = {0x0004: 1.0, 0x0011: 255 / 63}
"""Types of chunks of old palettes, and what brings their levels to 0 … 255."""
_RAW, _LINKED, _COMPRESSED, _TILEMAP = 0, 1, 2, 3
_MAX_CEL_PIXELS = 2 * MAX_PIXELS
"""The most pixels that all cels of a file may unfold into."""


@dataclass(frozen=True)
class Layer:
    """One layer; ``level`` is how many groups it lies in."""

    name: str
    flags: int
    kind: int
    level: int
    blend: int
    opacity: int


@dataclass(eq=False)
class Cel:
    """What a layer shows in a frame: pixels ``[h,w,channels]``, or the frame that it shares."""

    layer: int
    x: int
    y: int
    opacity: int
    z: int
    pixels: NDArray[np.uint8] | None = None
    linked: int = 0
    text: str = ""


@dataclass(eq=False)
class Frame:
    """The cels of one frame, and the palette as it is from there on, RGBA ``[m,4]``."""

    palette: Images
    cels: list[Cel] = field(default_factory=list)


@dataclass(eq=False)
class File:
    """All of a file that is needed to draw its frames."""

    width: int
    height: int
    depth: int
    flags: int
    transparent: int
    layers: list[Layer] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


def parse(data: bytes) -> File:
    """Take a file apart.

    Raises:
        DataError: with the bare reason, if it is no such file, damaged, or too large.
    """
    try:
        return _parse(data)
    except (struct.error, IndexError, UnicodeDecodeError):
        raise DataError("it is truncated or damaged") from None


def _parse(data: bytes) -> File:
    if len(data) < 128 or struct.unpack_from("<H", data, 4)[0] != aseprite.MAGIC:
        raise DataError("it is no file of Aseprite")
    count, width, height, depth, flags = struct.unpack_from("<HHHHI", data, 6)
    if depth not in (aseprite.RGBA, GREY, aseprite.INDEXED) or not width * height * count:
        raise DataError("it is truncated or damaged")
    if width * height * count > MAX_PIXELS:
        raise DataError(
            f"it has {count:,} frames of {width}×{height} pixels; {MAX_PIXELS:,} pixels in all are "
            "the limit"
        )
    file = File(width, height, depth, flags, data[28])
    budget = [_MAX_CEL_PIXELS]
    palette: Images = np.zeros((0, 4), dtype=np.uint8)
    place = 128
    for _ in range(count):
        size, magic, old_chunks, _, chunks = struct.unpack_from("<IHHH2xI", data, place)
        if magic != aseprite.FRAME_MAGIC or size < 16 or place + size > len(data):
            raise DataError("it is truncated or damaged")
        frame = Frame(palette)
        found = list(_chunks(data[place + 16 : place + size], chunks or old_chunks))
        new = any(kind == aseprite.PALETTE for kind, _ in found)
        for kind, body in found:
            if kind == aseprite.PALETTE:
                frame.palette = _palette(frame.palette, body)
            elif kind in _OLD_PALETTES and not new:
                frame.palette = _old_palette(frame.palette, body, _OLD_PALETTES[kind])
        _fill(file, frame, found, budget)
        palette = frame.palette
        file.frames.append(frame)
        place += size
    return file


def _fill(file: File, frame: Frame, chunks: list[tuple[int, bytes]], budget: list[int]) -> None:
    """Put layers, cels and tags in their places."""
    last: Cel | None = None  # whom user data belong to
    for kind, body in chunks:
        if kind == aseprite.USER_DATA:
            if last is not None and struct.unpack_from("<I", body)[0] & 1:
                last.text = _string(body, 4)
            last = None
        elif kind == aseprite.CEL:
            last = _cel(body, file.depth // 8, budget)
            frame.cels.append(last)
        elif kind == aseprite.LAYER:
            flags, layer_kind, level, _, _, blend, opacity = struct.unpack_from("<HHHHHHB", body)
            name = _string(body, 16)
            file.layers.append(Layer(name, flags, layer_kind, level, blend, opacity))
            last = None
        elif kind == aseprite.TAGS:
            file.tags += _tags(body)
            last = None


def _chunks(body: bytes, count: int) -> Iterator[tuple[int, bytes]]:
    place = 0
    for _ in range(count):
        size, kind = struct.unpack_from("<IH", body, place)
        if size < 6 or place + size > len(body):
            raise DataError("it is truncated or damaged")
        yield kind, body[place + 6 : place + size]
        place += size


def _string(body: bytes, place: int) -> str:
    length = struct.unpack_from("<H", body, place)[0]
    text = body[place + 2 : place + 2 + length]
    if len(text) < length:
        raise DataError("it is truncated or damaged")
    return text.decode("utf-8", "replace")


def _tags(body: bytes) -> Iterator[Tag]:
    count, place = struct.unpack_from("<H", body)[0], 10
    for _ in range(count):
        first, last = struct.unpack_from("<HH", body, place)
        name = _string(body, place + 17)
        place += 19 + struct.unpack_from("<H", body, place + 17)[0]
        yield Tag(name, first, last)


def _palette(before: Images, body: bytes) -> Images:
    size, first, last = struct.unpack_from("<III", body)
    if not first <= last < size <= 2**16:
        raise DataError("it is truncated or damaged")
    colours = np.zeros((size, 4), dtype=np.uint8)
    kept = min(size, len(before))
    colours[:kept] = before[:kept]
    place = 20
    for number in range(first, last + 1):
        named, *colour = struct.unpack_from("<H4B", body, place)
        colours[number] = colour
        place += 6
        if named & 1:
            place += 2 + struct.unpack_from("<H", body, place)[0]
    return colours


def _old_palette(before: Images, body: bytes, scale: float) -> Images:
    colours = np.zeros((max(256, len(before)), 4), dtype=np.uint8)
    colours[: len(before)] = before
    place, number = 2, 0
    for _ in range(struct.unpack_from("<H", body)[0]):
        number += body[place]
        count = body[place + 1] or 256
        levels = (
            np.frombuffer(body, np.uint8, 3 * count, place + 2)
            if (len(body) >= place + 2 + 3 * count and number + count <= len(colours))
            else None
        )
        if levels is None:
            raise DataError("it is truncated or damaged")
        colours[number : number + count, :3] = np.rint(levels.reshape(-1, 3) * scale)
        colours[number : number + count, 3] = 255
        place, number = place + 2 + 3 * count, number + count
    return colours


def _cel(body: bytes, channels: int, budget: list[int]) -> Cel:
    layer, x, y, opacity, kind, z = struct.unpack_from("<HhhBHh", body)
    cel = Cel(layer, x, y, opacity, z)
    if kind == _LINKED:
        cel.linked = struct.unpack_from("<H", body, 16)[0]
        return cel
    if kind == _TILEMAP:
        raise DataError("it has a layer of tiles; convert it to a normal layer in Aseprite")
    if kind not in (_RAW, _COMPRESSED):
        raise DataError(f"it has a cel of the unknown kind {kind}")
    width, height = struct.unpack_from("<HH", body, 16)
    budget[0] -= width * height
    if not width * height or budget[0] < 0:
        raise DataError("it is damaged, or its layers unfold into far too many pixels")
    length = width * height * channels
    raw = body[20:] if kind == _RAW else _unpacked(body[20:], length)
    if len(raw) < length:
        raise DataError("it is truncated or damaged")
    cel.pixels = np.frombuffer(raw, np.uint8, length).reshape(height, width, channels)
    return cel


def _unpacked(packed: bytes, length: int) -> bytes:
    """At most ``length`` bytes of zlib's, whatever they could unfold into."""
    try:
        return zlib.decompressobj().decompress(packed, length)
    except zlib.error:
        raise DataError("it is truncated or damaged") from None
