"""A small PNG encoder written from the specification, as an oracle for the decoder's tests."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
_ADAM7 = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Length, kind, data and checksum (PNG specification, 5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(
    samples: NDArray[Any],
    colour_type: int,
    depth: int,
    *,
    interlaced: bool = False,
    palette: bytes = b"",
    transparency: bytes = b"",
) -> bytes:
    """Encode samples, ``[H,W,K]`` of ``depth`` bits each, with filter 0 on every row."""
    height, width, _ = samples.shape
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    passes = [samples]
    if interlaced:
        passes = [samples[y::dy, x::dx] for y, x, dy, dx in _ADAM7]
    rows = b"".join(_rows(part, depth) for part in passes if part.size)
    out = SIGNATURE + chunk(b"IHDR", header)
    if palette:
        out += chunk(b"PLTE", palette)
    if transparency:
        out += chunk(b"tRNS", transparency)
    return out + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _rows(samples: NDArray[Any], depth: int) -> bytes:
    flat = samples.reshape(len(samples), -1)
    if depth == 16:
        packed = flat.astype(">u2").view(np.uint8).reshape(len(flat), -1)
    else:
        bits = np.unpackbits(flat.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth :]
        packed = np.packbits(bits.reshape(len(flat), -1), axis=-1)
    return b"".join(b"\0" + row.tobytes() for row in packed)
