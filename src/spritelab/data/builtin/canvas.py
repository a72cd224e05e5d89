"""Drawing by parts: sheets of character art, stamped on a 16×16 canvas of materials and tones.

A picture in these sheets is rows of characters. A lower-case letter is a material, shaded later by
the light; the same letter in upper case is that material's dark line; ``1`` … ``4`` are material
``a`` in a fixed tone from shadow to shine, ``5`` … ``8`` the same of material ``b``. ``.`` is
nothing, ``_`` rubs out what lies below. ``k`` is ink and ``w`` is white.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from spritelab.data.builtin.dice import Dice
from spritelab.data.builtin.ramps import MIDDLE, SHADOW, SHINE

SIZE = 16
NOTHING = 0
AUTO = 255  # a tone that the light decides

Plane = NDArray[np.uint8]
S = TypeVar("S", np.uint8, np.bool_)


_RELIT = np.arange(256, dtype=np.uint8)  # what a hand-drawn tone becomes in a mirrored part
_RELIT[[MIDDLE, SHINE]] = SHINE, MIDDLE


def material(letter: str) -> int:
    """Return the number, 1 … 26, of the material with this lower-case letter."""
    return ord(letter) - 96


FACE = material("s")


@dataclass(frozen=True, eq=False)
class Stamp:
    """A part: uint8 ``[16,16]`` materials and tones, and where it rubs out."""

    mat: Plane
    tone: Plane
    touched: NDArray[np.bool_]  # drawn or rubbed out
    drawn: NDArray[np.bool_]


def _stamp(rows: list[str], top: int, left: int) -> Stamp:
    mat = np.zeros((SIZE, SIZE), dtype=np.uint8)
    tone = np.full((SIZE, SIZE), AUTO, dtype=np.uint8)
    touched = np.zeros((SIZE, SIZE), dtype=bool)
    for y, row in enumerate(rows, start=top):
        for x, char in enumerate(row, start=left):
            if char == ".":
                continue
            touched[y, x] = True
            if char == "_":
                continue
            if char.isdigit():
                number = int(char) - 1
                mat[y, x] = material("ab"[number // 4])
                tone[y, x] = 1 + number % 4
            else:
                mat[y, x] = material(char.lower())
                if char.isupper():
                    tone[y, x] = 0
    return Stamp(mat, tone, touched, mat > 0)


def read_sheet(sheet: str) -> dict[str, Stamp]:
    """Read a sheet of parts drawn side by side.

    A band of pictures is a line of headings and below it as many rows as the pictures are high;
    bands are parted by blank lines. A heading is ``name``, ``name@top`` or ``name@top,left``, where
    the first row and column lie on the canvas. A picture 8 wide without ``left`` is a left half and
    is mirrored. A column of ``-`` pads a picture that is lower than its neighbours.
    """
    stamps: dict[str, Stamp] = {}
    for band in sheet.strip("\n").split("\n\n"):
        heading, *lines = band.strip("\n").split("\n")
        columns = list(zip(*(line.split() for line in lines), strict=True))
        for title, column in zip(heading.split(), columns, strict=True):
            name, _, place = title.partition("@")
            top, _, left = place.partition(",")
            rows = [row for row in column if set(row) != {"-"}]
            if not left and len(rows[0]) == SIZE // 2:
                rows = [row + row[::-1] for row in rows]
            if len({len(row) for row in rows}) != 1:
                raise ValueError(f"the rows of {name!r} are not equally wide")
            stamps[name] = _stamp(rows, int(top or 0), int(left or 0))
    return stamps


class Canvas:
    """A sprite in the making: a material and a tone for each of 16×16 pixels."""

    def __init__(self) -> None:
        self.mat: Plane = np.zeros((SIZE, SIZE), dtype=np.uint8)
        self.tone: Plane = np.full((SIZE, SIZE), AUTO, dtype=np.uint8)

    def stamp(
        self,
        part: Stamp,
        dx: int = 0,
        dy: int = 0,
        *,
        under: bool = False,
        shadow: bool = False,
        mirror: bool = False,
    ) -> None:
        """Lay a part on the canvas.

        Args:
            dx, dy: how far right and down of its own place; what leaves the canvas is cut off.
            under: lay it behind what is there.
            shadow: let it cast a shadow one pixel deep on what lies right below it; a light one
                on faces, whose eyes must stay readable.
            mirror: turn it left for right first; the light does not turn, so what was drawn lit
                and shaded by hand changes places.
        """
        mat, tone, touched, drawn = part.mat, part.tone, part.touched, part.drawn
        if mirror:
            mat, touched, drawn = mat[:, ::-1], touched[:, ::-1], drawn[:, ::-1]
            tone = _RELIT[tone[:, ::-1]]
        if dx or dy:
            mat, tone = shifted(mat, dx, dy, 0), shifted(tone, dx, dy, AUTO)
            touched, drawn = shifted(touched, dx, dy, 0), shifted(drawn, dx, dy, 0)
        if under:
            touched = touched & (self.mat == NOTHING)
        elif shadow:
            below = np.zeros((SIZE, SIZE), dtype=bool)
            below[1:] = drawn[:-1]
            below &= ~touched & (self.mat > 0) & (self.tone == AUTO)
            self.tone[below] = np.where(self.mat[below] == FACE, MIDDLE, SHADOW)
        np.copyto(self.mat, mat, where=touched)
        np.copyto(self.tone, tone, where=touched)

    def repaint(self, pattern: Stamp, old: str, new: str, dx: int = 0, dy: int = 0) -> None:
        """Turn material ``old`` into ``new`` where a pattern is drawn; tones stay."""
        where = shifted(pattern.drawn, dx, dy, 0) if dx or dy else pattern.drawn
        self.mat[where & (self.mat == material(old))] = material(new)

    def dot(self, x: int, y: int, letter: str, tone: int = AUTO) -> None:
        """Set one pixel."""
        self.mat[y, x] = material(letter)
        self.tone[y, x] = tone

    def clear_above(self, row: int) -> None:
        """Rub out all rows above ``row``."""
        self.mat[:row] = NOTHING
        self.tone[:row] = AUTO

    def cut_row(self, row: int) -> None:
        """Take out one row: all above it sinks by one."""
        for plane, empty in ((self.mat, 0), (self.tone, AUTO)):
            plane[1 : row + 1] = plane[:row].copy()
            plane[0] = empty

    def double_row(self, row: int) -> None:
        """Repeat one row: all above it rises by one. The top row is lost, so keep it empty."""
        for plane in (self.mat, self.tone):
            plane[:row] = plane[1 : row + 1].copy()

    def cut_columns(self, column: int) -> None:
        """Take out a column of the left half and its mirror: the sides move inwards."""
        for plane, empty in ((self.mat, 0), (self.tone, AUTO)):
            plane[:, 1 : column + 1] = plane[:, :column].copy()
            plane[:, SIZE - 1 - column : -1] = plane[:, SIZE - column :].copy()
            plane[:, 0] = plane[:, -1] = empty

    def double_columns(self, column: int) -> None:
        """Repeat a column of the left half and its mirror: the sides move outwards."""
        for plane in (self.mat, self.tone):
            plane[:, :column] = plane[:, 1 : column + 1].copy()
            plane[:, SIZE - column :] = plane[:, SIZE - 1 - column : -1].copy()

    def stretch(self, rows: Sequence[int], columns: Sequence[int], dice: Dice) -> None:
        """Throw dice for each row and column whether it stays, goes or is repeated.

        A repeated row or column pushes the rest towards the edge, so this needs two free ones
        there: the outline takes the last.
        """
        for row in rows:
            throw = dice.below(4)
            if throw == 0:
                self.cut_row(row)
            elif throw == 1 and self.free_rows()[0] > 1:
                self.double_row(row)
        for column in columns:
            throw = dice.below(4)
            if throw == 0:
                self.cut_columns(column)
            elif throw == 1 and min(self.free_columns()) > 1:
                self.double_columns(column)

    def free_rows(self) -> tuple[int, int]:
        """Return how many empty rows lie above and below the drawing."""
        rows = np.flatnonzero(self.mat.any(axis=1))
        return int(rows[0]), SIZE - 1 - int(rows[-1])

    def free_columns(self) -> tuple[int, int]:
        """Return how many empty columns lie left and right of the drawing."""
        columns = np.flatnonzero(self.mat.any(axis=0))
        return int(columns[0]), SIZE - 1 - int(columns[-1])


def shifted(plane: NDArray[S], dx: int, dy: int, empty: int) -> NDArray[S]:
    """Return a copy moved right by ``dx`` and down by ``dy``, filled up with ``empty``."""
    out = np.full_like(plane, empty)
    to_y, from_y = slice(max(dy, 0), SIZE + min(dy, 0)), slice(max(-dy, 0), SIZE + min(-dy, 0))
    to_x, from_x = slice(max(dx, 0), SIZE + min(dx, 0)), slice(max(-dx, 0), SIZE + min(-dx, 0))
    out[to_y, to_x] = plane[from_y, from_x]
    return out
