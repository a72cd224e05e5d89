"""A small GIF89a encoder written from the specification, as an oracle for the decoder's tests."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KEEP, CLEAR, RESTORE = 1, 2, 3  # disposal methods


@dataclass(frozen=True)
class Frame:
    """A rectangle of palette indices, uint8 ``[h,w]``, at (x, y), and its disposal method."""

    indices: NDArray[np.uint8]
    x: int = 0
    y: int = 0
    disposal: int = KEEP


def write_gif(
    frames: list[Frame], size: int, palette: NDArray[np.uint8], transparent: int | None
) -> bytes:
    """Encode frames of fewer than 250 pixels with a palette ``[256,3]``."""
    out = b"GIF89a" + struct.pack("<HHBBB", size, size, 0b1111_0111, 0, 0) + palette.tobytes()
    for frame in frames:
        flags = frame.disposal << 2 | (transparent is not None)
        out += b"\x21\xf9\x04" + struct.pack("<BHBB", flags, 5, transparent or 0, 0)
        height, width = frame.indices.shape
        out += b"\x2c" + struct.pack("<HHHHB", frame.x, frame.y, width, height, 0)
        data = _uncompressed_lzw(frame.indices)
        blocks = [data[i : i + 255] for i in range(0, len(data), 255)]
        out += b"\x08" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
    return out + b"\x3b"


def _uncompressed_lzw(indices: NDArray[np.uint8]) -> bytes:
    """Write every index as itself in 9 bits, between a clear code and an end code."""
    codes = [256, *indices.ravel().tolist(), 257]
    assert len(codes) < 252, "longer codes would be needed"
    bits = sum(code << (9 * i) for i, code in enumerate(codes))
    return bits.to_bytes(-(-9 * len(codes) // 8), "little")
