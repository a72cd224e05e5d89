"""An ONNX file as the page loads it: the same bytes in an order that compresses better.

The upper bytes of float16 weights hold sign and exponent and are much alike; the lower bytes hold
digits and are not. Apart from each other they compress to less. ``docs/formats.md`` has the layout;
``engine/packing.js`` puts the bytes back.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

MAGIC = b"SLP1"

Range = tuple[int, int]
"""Where a run of float16 numbers begins, and its bytes, an even number."""


def pack(content: bytes) -> bytes:
    """An ONNX file with its large float16 weights taken apart.

    ``MAGIC``, n, n times (start, length), then all bytes outside of these n ranges, then the lower
    bytes of the numbers in them, then the upper ones. Numbers are uint32, little-endian.
    """
    import onnx

    weights = onnx.load_from_string(content).graph.initializer
    half = [one.raw_data for one in weights if one.data_type == onnx.TensorProto.FLOAT16]
    return _packed(content, _ranges(content, half))


def unpack(packed: bytes) -> bytes:
    """The file that ``pack`` was given."""
    (n,) = struct.unpack_from("<I", packed, 4)
    ranges = list(struct.iter_unpack("<II", packed[8 : 8 + 8 * n]))
    inside = sum(length for _, length in ranges)
    outside, parts = packed[8 + 8 * n : len(packed) - inside], []
    planes = np.frombuffer(packed, np.uint8)[len(packed) - inside :].reshape(2, -1)
    taken = done = at = 0
    for start, length in ranges:
        parts += [
            outside[at : at + start - done],
            planes[:, taken : taken + length // 2].T.tobytes(),
        ]
        at, done, taken = at + start - done, start + length, taken + length // 2
    return b"".join([*parts, outside[at:]])


def _ranges(content: bytes, runs: Sequence[bytes]) -> list[Range]:
    """Where each of ``runs`` lies in ``content``, whose order is theirs; they do not overlap."""
    found, done = [], 0
    for run in runs:
        start = content.index(run, done)
        found.append((start, len(run)))
        done = start + len(run)
    return found


def _packed(content: bytes, ranges: Sequence[Range]) -> bytes:
    outside, numbers, done = [], [], 0
    for start, length in ranges:
        outside.append(content[done:start])
        numbers.append(np.frombuffer(content, np.uint8)[start : start + length].reshape(-1, 2))
        done = start + length
    planes = np.concatenate(numbers).T.tobytes() if numbers else b""
    head = MAGIC + struct.pack("<I", len(ranges)) + b"".join(struct.pack("<II", *r) for r in ranges)
    return b"".join([head, *outside, content[done:], planes])
