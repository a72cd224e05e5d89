"""A sheet of sprites that knows what lies where: the sprites' names, places and tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spritelab.pixels import Images

UNTAGGED = "default"
"""The tag of sprites that have no class."""


@dataclass(frozen=True)
class Box:
    """A rectangle on a sheet, in pixels from its top left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Frame:
    """One sprite on a sheet.

    Attributes:
        key: its name; no two of a sheet are alike.
        tag: its class, or ``default``.
        box: where its pixels are, without those of ``extrude``.
    """

    key: str
    tag: str
    box: Box


@dataclass(frozen=True)
class Tag:
    """Sprites of one class: those from ``first`` to ``last``, both included."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Grid:
    """The grid that a sheet of equal sprites is, as Tiled and engines count it.

    Attributes:
        width, height: of a sprite, in pixels.
        columns, rows: how many fit on the picture; the last ones may be empty.
        margin: pixels before the first sprite, from the left and from above.
        spacing: pixels between two sprites.
    """

    width: int
    height: int
    columns: int
    rows: int
    margin: int
    spacing: int


@dataclass(frozen=True, eq=False)
class CutFrame:
    """A sprite that was taken off a sheet, or out of a file of Aseprite.

    Attributes:
        name: as the file has it; no two of a file are alike.
        tag: the class that the file gives it; None if it gives none.
        pixels: uint8 RGBA ``[H,W,4]``, of its own size.
    """

    name: str
    tag: str | None
    pixels: Images


@dataclass(frozen=True, eq=False)
class Atlas:
    """A sheet and what is on it.

    Attributes:
        picture: uint8 RGBA ``[h,w,4]``.
        frames: in reading order; sprites of one tag follow each other.
        grid: the grid that they lie in.
    """

    picture: Images
    frames: tuple[Frame, ...]
    grid: Grid

    @property
    def width(self) -> int:
        """Of the picture, in pixels."""
        return int(self.picture.shape[1])

    @property
    def height(self) -> int:
        """Of the picture, in pixels."""
        return int(self.picture.shape[0])

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The tags in the order of the frames."""
        return tags_of([frame.tag for frame in self.frames])

    def numbered(self) -> Atlas:
        """The same sheet, its sprites called 0, 1, … in their order."""
        return replace(
            self,
            frames=tuple(replace(frame, key=str(i)) for i, frame in enumerate(self.frames)),
        )

    def __repr__(self) -> str:
        return f"<Atlas: {len(self.frames):,} sprites on {self.width}×{self.height}>"


def tags_of(tags: Sequence[str]) -> tuple[Tag, ...]:
    """The runs of equal tags."""
    starts = [i for i, tag in enumerate(tags) if i == 0 or tags[i - 1] != tag]
    ends = [*(start - 1 for start in starts[1:]), len(tags) - 1]
    return tuple(Tag(tags[a], a, b) for a, b in zip(starts, ends, strict=bool(starts)))


def innermost(tags: Sequence[Tag], place: int) -> str | None:
    """The name of the shortest tag that a frame lies in, the first of equal ones; None if none."""
    around = [tag for tag in tags if tag.first <= place <= tag.last]
    return min(around, key=lambda tag: tag.last - tag.first).name if around else None


def drawn_key(tag: str, seed: int, number: int) -> str:
    """The name of a sprite that a model drew: ``food-0-17`` is sprite 17 of seed 0.

    It ends in two whole numbers, so no two of them are alike unless class, seed and number are,
    whatever the name of the class.
    """
    return f"{tag}-{seed}-{number}"


def unique_keys(keys: Sequence[str]) -> list[str]:
    """Make names differ: the first of equal ones stays, the second ends in ``-2``, and so on.

    None takes a name that another was given.
    """
    given, taken, out = set(keys), set[str](), []
    for key in keys:
        name, count = key, 1
        while name in taken or (count > 1 and name in given):
            count += 1
            name = f"{key}-{count}"
        taken.add(name)
        out.append(name)
    return out
