"""Palettes as text: GIMP's ``.gpl``, JASC's ``.pal``, and ``.hex``.

GIMP's and JASC's formats know opaque colours only. Where a palette has others, a fourth number is
its opacity, as Aseprite writes it; GIMP does not read that.
"""

from __future__ import annotations

import re

import numpy as np

from spritelab.errors import DataError
from spritelab.palette.colours import Palette
from spritelab.pixels import Images

_GIMP, _GIMP_RGBA = "GIMP Palette", "Channels: RGBA"
_JASC, _JASC_VERSION = "JASC-PAL", "0100"
_GIMP_HEADER = re.compile(r"(name|columns|channels)\s*:", re.IGNORECASE)


def read_gpl(text: str) -> Images:
    """The colours of a GIMP palette: uint8 ``[m,3]``, or ``[m,4]`` with opacities.

    Raises:
        DataError: with the bare reason, for the caller to put the file's name before it.
    """
    lines = text.splitlines()
    if not lines or lines[0].strip() != _GIMP:
        raise DataError(f"its first line must be {_GIMP!r}")
    colours = []
    count = 4 if any(line.strip().lower() == _GIMP_RGBA.lower() for line in lines) else 3
    for number, line in enumerate(lines[1:], start=2):
        line = line.strip()
        if line and not line.startswith("#") and not _GIMP_HEADER.match(line):
            colours.append(_levels(line.split()[:count], count, number))
    return _colours(colours)


def write_gpl(colours: Images, name: str) -> str:
    """The text of a GIMP palette of colours, uint8 ``[m,3]`` or ``[m,4]``."""
    head = [_GIMP]
    if colours.shape[-1] == 4:
        head.append(_GIMP_RGBA)
    head += [f"Name: {' '.join(name.split())}", "Columns: 8", "#"]
    body = [
        f"{' '.join(f'{level:3d}' for level in colour)}\t{bytes(colour).hex()}"
        for colour in colours.tolist()
    ]
    return "\n".join([*head, *body]) + "\n"


def read_jasc(text: str) -> Images:
    """The colours of a JASC palette; shapes and errors as in ``read_gpl``."""
    lines = text.splitlines()
    if [line.strip() for line in lines[:2]] != [_JASC, _JASC_VERSION]:
        raise DataError(f"its first lines must be {_JASC!r} and {_JASC_VERSION!r}")
    declared = lines[2].strip() if len(lines) > 2 else ""
    rows = [(k, line.split()) for k, line in enumerate(lines[3:], start=4) if line.strip()]
    if not declared.isdecimal() or len(declared) > 9 or int(declared) != len(rows):
        raise DataError(f"it names {declared or 'no'} colours and holds {len(rows):,}")
    count = 4 if any(len(row) == 4 for _, row in rows) else 3
    opaque = ["255"] if count == 4 else []
    return _colours(
        [_levels(row + opaque if len(row) == 3 else row, count, number) for number, row in rows]
    )


def write_jasc(colours: Images) -> str:
    """The text of a JASC palette of colours, uint8 ``[m,3]`` or ``[m,4]``."""
    rows = [" ".join(map(str, colour)) for colour in colours.tolist()]
    return "\r\n".join([_JASC, _JASC_VERSION, str(len(rows)), *rows]) + "\r\n"


def read_hex(text: str) -> Images:
    """The colours of a ``.hex`` file, one a line; shapes and errors as in ``read_gpl``.

    Lines that begin with ``;``, as Paint.NET writes them, are comments.
    """
    lines = [line.strip() for line in text.splitlines()]
    codes = [code for line in lines if not line.startswith(";") for code in line.split()]
    if not codes:
        raise DataError("it holds no colours")
    return Palette.from_hex(codes).colours


def write_hex(colours: Images) -> str:
    """The text of a ``.hex`` file of colours, uint8 ``[m,3]`` or ``[m,4]``."""
    return "".join(f"{bytes(colour).hex()}\n" for colour in colours.tolist())


def _levels(words: list[str], count: int, number: int) -> list[int]:
    """The levels of one colour.

    Raises:
        DataError: unless there are ``count`` whole numbers in 0 … 255.
    """
    if len(words) != count or not all(word.isdecimal() and len(word) < 4 for word in words):
        raise DataError(f"line {number} is no colour; one is {count} numbers from 0 to 255")
    levels = [int(word) for word in words]
    if max(levels) > 255:
        raise DataError(f"line {number} is no colour; one is {count} numbers from 0 to 255")
    return levels


def _colours(levels: list[list[int]]) -> Images:
    if not levels:
        raise DataError("it holds no colours")
    return np.array(levels, dtype=np.uint8)
