"""An ``.aseprite`` file: one frame a sprite, one layer, the palette, a tag for every class.

Source: "Aseprite File Format (.ase/.aseprite) Specifications", docs/ase-file-specs.md of Aseprite.
All numbers are little-endian; a string is its length in bytes (16 bits) and UTF-8.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError, SettingsError
from spritelab.palette.colours import distinct, pack
from spritelab.pixels import Images, check_images, clear_hidden, with_channels
from spritelab.sheets.atlas import Tag, tags_of, unique_keys

MAGIC, FRAME_MAGIC = 0xA5E0, 0xF1FA
LAYER, CEL, COLOUR_PROFILE, TAGS, PALETTE, USER_DATA = (
    *(0x2004, 0x2005, 0x2007),
    *(0x2018, 0x2019, 0x2020),
)
"""Types of chunks."""

RGBA, INDEXED = 32, 8
"""Bits of a pixel."""

MAX_WORD = 65_535
"""The most frames, pixels along a side and bytes of a name: they are told in 16 bits."""

_LAYER_NAME = "sprites"
_OPACITY_IS_VALID = 1
_VISIBLE, _EDITABLE = 1, 2
_SRGB = 1
_COMPRESSED = 2
_HAS_TEXT = 1


def encode_aseprite(
    images: Images, keys: Sequence[str], tags: Sequence[str], *, duration: int = 100
) -> bytes:
    """Encode sprites as the frames of one file, tag by tag in the order of their names.

    With at most 255 colours that can be seen the file is indexed, and colour 0 is the transparent
    one; else it is RGBA. The name of a sprite is the text of its cel's user data.

    Args:
        images: uint8 ``[N,H,W,C]``, N in 1 … 65,535.
        keys, tags: as in ``lay_out``.
        duration: of a frame, in milliseconds.

    Raises:
        DataError: ``images`` are no sprites, or none.
        SettingsError: if there are more than a file can hold.
    """
    check_images(images)
    n, height, width = images.shape[:3]
    if n == 0:
        raise DataError("there are no sprites to write; give at least one")
    if max(n, height, width) > MAX_WORD:
        raise SettingsError(f"an Aseprite file holds at most {MAX_WORD:,} frames; write several")
    order = sorted(range(n), key=lambda i: tags[i])
    names = unique_keys(keys)
    pixels = _pixels(images[order])
    first = [_colour_profile()]
    if pixels.palette is not None:
        first.append(_palette(pixels.palette))
    first += [_layer(), _tags(tags_of([tags[i] for i in order]))]
    body = b"".join(
        _frame([*(first if place == 0 else ()), *_cel(one, names[i])], duration)
        for place, (i, one) in enumerate(zip(order, pixels.values, strict=True))
    )
    return _header(n, width, height, pixels, duration, len(body)) + body


@dataclass(frozen=True)
class _Pixels:
    """Sprites as a file holds them: RGBA ``[N,H,W,4]``, or indices ``[N,H,W]`` and a palette."""

    values: NDArray[np.uint8]
    palette: Images | None

    @property
    def depth(self) -> int:
        return RGBA if self.palette is None else INDEXED


def _pixels(images: Images) -> _Pixels:
    colours, indices = distinct(pack(images), 4)
    if len(colours) and colours[0, 3] != 0:
        colours = np.concatenate([np.zeros((1, 4), dtype=np.uint8), colours])
        indices = indices + 1
    if len(colours) > 256:
        return _Pixels(clear_hidden(with_channels(images, 4)), None)
    return _Pixels(indices.astype(np.uint8), colours)


def _header(
    frames: int, width: int, height: int, pixels: _Pixels, duration: int, size: int
) -> bytes:
    colours = 0 if pixels.palette is None else len(pixels.palette)
    return struct.pack(
        "<IHHHHHIHIIB3xHBBhhHH84x",
        *(128 + size, MAGIC, frames, width, height, pixels.depth),
        *(_OPACITY_IS_VALID, duration, 0, 0),
        *(0, colours),  # the transparent colour, and how many there are
        *(1, 1),  # pixels are square
        *(0, 0, 16, 16),  # the grid that the editor shows
    )


def _frame(chunks: Sequence[bytes], duration: int) -> bytes:
    body = b"".join(chunks)
    old_count = min(len(chunks), 0xFFFF)
    head = struct.pack("<IHHH2xI", 16 + len(body), FRAME_MAGIC, old_count, duration, len(chunks))
    return head + body


def _chunk(kind: int, data: bytes) -> bytes:
    return struct.pack("<IH", 6 + len(data), kind) + data


def _string(text: str) -> bytes:
    data = text.encode()[:MAX_WORD].decode(errors="ignore").encode()  # no half characters
    return struct.pack("<H", len(data)) + data


def _colour_profile() -> bytes:
    return _chunk(COLOUR_PROFILE, struct.pack("<HHI8x", _SRGB, 0, 0))


def _palette(colours: Images) -> bytes:
    entries = b"".join(struct.pack("<H4B", 0, *colour) for colour in colours.tolist())
    count = len(colours)
    return _chunk(PALETTE, struct.pack("<III8x", count, 0, count - 1) + entries)


def _layer() -> bytes:
    head = struct.pack("<HHHHHHB3x", _VISIBLE | _EDITABLE, 0, 0, 0, 0, 0, 255)
    return _chunk(LAYER, head + _string(_LAYER_NAME))


def _tags(tags: Sequence[Tag]) -> bytes:
    entries = b"".join(
        struct.pack("<HHBH6x3Bx", tag.first, tag.last, 0, 0, 0, 0, 0) + _string(tag.name)
        for tag in tags
    )
    return _chunk(TAGS, struct.pack("<H8x", len(tags)) + entries)


def _cel(pixels: NDArray[np.uint8], name: str) -> tuple[bytes, bytes]:
    height, width = pixels.shape[:2]
    head = struct.pack("<HhhBHh5xHH", 0, 0, 0, 255, _COMPRESSED, 0, width, height)
    packed = zlib.compress(np.ascontiguousarray(pixels).tobytes(), 9)
    return (
        _chunk(CEL, head + packed),
        _chunk(USER_DATA, struct.pack("<I", _HAS_TEXT) + _string(name)),
    )
