"""A sprite's noise written out in plain Python integers and floats, from docs/formats.md alone."""

from __future__ import annotations

import math

WORD = 2**32


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x32-10."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [p1 // WORD ^ c[1] ^ k[0], p1 % WORD, p0 // WORD ^ c[3] ^ k[1], p0 % WORD]
        k = [(k[0] + 0x9E3779B9) % WORD, (k[1] + 0xBB67AE85) % WORD]
    return c


def normals(seed: int, number: int, stream: int, draw: int, count: int) -> list[float]:
    """The first ``count`` normals of a draw."""
    out: list[float] = []
    for block in range(-(-count // 4)):
        words = philox([block, draw, number, stream], [seed % WORD, seed // WORD])
        u = [(word + 0.5) / WORD for word in words]
        for first, second in ((u[0], u[1]), (u[2], u[3])):
            radius, angle = math.sqrt(-2 * math.log(first)), 2 * math.pi * second
            out += [radius * math.cos(angle), radius * math.sin(angle)]
    return out[:count]


def uniform(seed: int, number: int) -> float:
    """What decides a sprite's class."""
    return (philox([0, 0, number, 1], [seed % WORD, seed // WORD])[0] + 0.5) / WORD
