"""A byte mutator: small damage of the kinds that disks, programs and strangers do."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

Mutation = Callable[[bytearray, random.Random], None]

_WORDS = (
    *(b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"),
    *(b"\x80\x00\x00\x00", b"\x00\x00\x00\x80", b"\x00\x00\x01\x00", b"\x00\x01\x00\x00"),
    *(
        b"-1",
        b"0",
        b"99999999999999999999",
        b"1e999",
        b"NaN",
        b"null",
        b"[]",
        b"{}",
        b'""',
        b"true",
    ),
    *(b"[" * 200, b'{"a":' * 200, b"9" * 5000, b"\x1b[31m", b"../", b"\x00", b"\r\n", b"\xff\xfe"),
    *("\u202e".encode(), "\U0001f47e".encode(), b"\xed\xa0\x80", b" " * 100),
)
"""What readers stumble over: the ends of whole numbers, values of other kinds, nests, controls."""


def mutate(data: bytes, chance: random.Random, name: str = "") -> bytes:
    """Damage ``data`` in one to four places; a PNG's checksums are often made right again.

    Args:
        data: of a whole file.
        chance: decides all of it.
        name: of the file; its end says whether there are checksums to mend.
    """
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        chance.choice(MUTATIONS)(damaged, chance)
    if name.endswith(".png") and chance.random() < 0.7:
        return _with_checksums(bytes(damaged))
    return bytes(damaged)


def _flip(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _at_the_start(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(min(64, len(data)))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _drop(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data) + 1)
    del data[start : start + chance.choice((1, 2, 4, 16, 256))]


def _repeat(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data) + 1)
    part = data[start : start + chance.choice((1, 4, 16, 256))]
    data[start:start] = part * chance.choice((1, 2, 50))


def _swap(data: bytearray, chance: random.Random) -> None:
    if len(data) > 8:
        one, other = chance.randrange(len(data) - 4), chance.randrange(len(data) - 4)
        data[one : one + 4], data[other : other + 4] = (
            data[other : other + 4],
            data[one : one + 4],
        )


def _word(data: bytearray, chance: random.Random) -> None:
    start, word = chance.randrange(len(data) + 1), chance.choice(_WORDS)
    data[start : start + chance.choice((0, len(word)))] = word


def _number(data: bytearray, chance: random.Random) -> None:
    """Another number in the place of one that stands in a text."""
    digits = [place for place, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    if digits:
        start = end = chance.choice(digits)
        while end < len(data) and 0x30 <= data[end] <= 0x39:
            end += 1
        new = chance.choice((0, -1, 1, 3, 255, 2**15, 2**31, 2**63, 10**30, 0.5))
        data[start:end] = str(new).encode()


MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _set, _at_the_start, _cut, _drop, _repeat, _swap, _word, _number),
)


def _with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks' checksums are right, as far as its lengths hold."""
    out, place = [data[:8]], 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if place + 12 + length > len(data):
            break
        body = data[place + 4 : place + 8 + length]
        out.append(data[place : place + 4] + body + zlib.crc32(body).to_bytes(4, "big"))
        place += 12 + length
    return b"".join(out) + data[place:]
