"""Adobe's swatches (``.ase``, *Adobe Swatch Exchange*): names and colours in big-endian blocks.

A file is ``ASEF``, its version (two times 16 bits), a count of blocks, and the blocks: a type (1 a
colour, 0xC001 and 0xC002 the begin and the end of a group), a length, and the data. A colour is its
name (the count of its characters with a last 0, in UTF-16), its model in four letters, 32-bit
floats, and whether it is global, spot or normal.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from spritelab.errors import DataError
from spritelab.pixels import Images

SIGNATURE = b"ASEF"

_COLOUR = 1
_NORMAL = 2
_CHANNELS = {b"RGB ": 3, b"Gray": 1, b"CMYK": 4}


def read_swatches(data: bytes) -> Images:
    """The colours of a file of swatches, groups and names left aside: uint8 ``[m,3]``.

    RGB and grey are rounded to the nearest level. CMYK becomes (1 - c)(1 - k) and so on, without
    the colour profile of a printer.

    Raises:
        DataError: with the bare reason, for the caller to put the file's name before it.
    """
    if not data.startswith(SIGNATURE):
        raise DataError("it holds no Adobe swatches")
    try:
        colours = [_colour(block) for kind, block in _blocks(data) if kind == _COLOUR]
    except struct.error:
        raise DataError("it is truncated or damaged") from None
    if not colours:
        raise DataError("it holds no colours")
    levels = np.array(colours, dtype=np.float64)
    if not np.isfinite(levels).all():
        raise DataError("it is truncated or damaged")
    return np.rint(np.clip(levels, 0.0, 1.0) * 255).astype(np.uint8)


def write_swatches(colours: Images) -> bytes:
    """A file of swatches, uint8 ``[m,3]``, each named by its code in hexadecimal."""
    blocks = b"".join(_block(colour) for colour in colours.tolist())
    return struct.pack(">4sHHI", SIGNATURE, 1, 0, len(colours)) + blocks


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    count, place = struct.unpack_from(">I", data, 8)[0], 12
    for _ in range(count):
        kind, length = struct.unpack_from(">HI", data, place)
        if place + 6 + length > len(data):
            raise DataError("it is truncated or damaged")
        yield kind, data[place + 6 : place + 6 + length]
        place += 6 + length


def _colour(block: bytes) -> tuple[float, float, float]:
    """Red, green and blue, each in [0, 1]."""
    start = 2 + 2 * struct.unpack_from(">H", block)[0]
    model = bytes(block[start : start + 4])
    if model not in _CHANNELS:
        name = model.decode("ascii", "replace").strip()
        raise DataError(f"it has colours in {name}; save them as RGB")
    values = struct.unpack_from(f">{_CHANNELS[model]}f", block, start + 4)
    if model == b"RGB ":
        return values[0], values[1], values[2]
    if model == b"Gray":
        return values[0], values[0], values[0]
    cyan, magenta, yellow, black = values
    return (1 - cyan) * (1 - black), (1 - magenta) * (1 - black), (1 - yellow) * (1 - black)


def _block(colour: list[int]) -> bytes:
    name = bytes(colour).hex()
    data = struct.pack(">H", len(name) + 1) + name.encode("utf-16-be") + b"\0\0"
    data += struct.pack(">4s3fH", b"RGB ", *(level / 255 for level in colour), _NORMAL)
    return struct.pack(">HI", _COLOUR, len(data)) + data
