"""How sprites are read from files: the settings that every reader and every command share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from spritelab.config.base import Byte, Line, Settings, first_mistake
from spritelab.config.bounds import MAX_LENGTH, MAX_PATTERNS
from spritelab.errors import SettingsError

Anchor = Literal["centre", "bottom"]
"""Where a sprite stands on its transparent square; ``bottom`` is in the middle of its last row."""

Leftover = Literal["refuse", "drop", "keep"]
"""What becomes of the strip that a sheet's last whole cells leave over."""

Frames = Literal["auto", "all", "off"]
"""Which files that are numbered alike are frames of one animation."""

_PAIR = re.compile(r"\s*([\d.]+)\s*[x×,]\s*([\d.]+)\s*", re.IGNORECASE)
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")


def both(length: int | tuple[int, int]) -> tuple[int, int]:
    """The two lengths, along x and y, that one or two numbers stand for."""
    return (length, length) if isinstance(length, int) else length


def _pair(value: Any, kind: type[int] | type[float]) -> Any:
    """Read ``16``, ``"16x24"`` or ``[16, 24]``; of two that are equal one is kept."""
    if isinstance(value, str):
        found = _PAIR.fullmatch(value)
        try:
            value = [kind(part) for part in found.groups()] if found else kind(value)
        except ValueError:
            raise ValueError(f"is a number or two, such as 16 or 16x24, not {value!r}") from None
    if isinstance(value, Sequence):
        if len(value) != 2:
            raise ValueError(f"is a number or two, such as 16 or 16x24, not {value!r}")
        return value[0] if value[0] == value[1] else tuple(value)
    return value


def _cell(value: Any) -> Any:
    value = _pair(value, int)
    lengths = value if isinstance(value, tuple) else (value,)
    for length in lengths:
        if isinstance(length, int) and length < 1:
            raise ValueError(f"must be at least 1 pixel, not {length}")
    return value


def _gap(value: Any) -> Any:
    value = _pair(value, int)
    lengths = value if isinstance(value, tuple) else (value,)
    if any(isinstance(length, int) and length < 0 for length in lengths):
        raise ValueError("must not be negative")
    return value


def _some(value: Any) -> Any:
    """One text is a list of one; commas part several."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _keys(value: Any) -> Any:
    """Colours as ``#rrggbb``, from such texts (the ``#`` may be left out) or triples of bytes."""
    value = _some(value)
    if isinstance(value, Sequence) and len(value) == 3 and all(isinstance(v, int) for v in value):
        value = (value,)
    if not isinstance(value, Sequence):
        return value
    return tuple(_key(one) for one in value)


def _key(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        levels = list(value)
        if len(levels) == 3 and all(isinstance(v, int) and 0 <= v <= 255 for v in levels):
            return f"#{bytes(levels).hex()}"
    found = _HEX.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"names colours such as ff00ff, not {value!r}")
    return f"#{found[1].lower()}"


def _listed(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value))


_Side = Annotated[int, Field(ge=1, le=MAX_LENGTH)]
_Room = Annotated[int, Field(ge=0, le=MAX_LENGTH)]
_Times = Annotated[float, Field(ge=1, le=MAX_LENGTH)]
_Listed = Field(max_length=MAX_PATTERNS)

Cell = Annotated[_Side | tuple[_Side, _Side], BeforeValidator(_cell)]
Gap = Annotated[_Room | tuple[_Room, _Room], BeforeValidator(_gap)]
Scale = Annotated[
    _Times | tuple[_Times, _Times], BeforeValidator(lambda value: _pair(value, float))
]
Globs = Annotated[tuple[Line, ...], _Listed, BeforeValidator(_some), AfterValidator(_listed)]
Keys = Annotated[tuple[str, ...], _Listed, BeforeValidator(_keys), AfterValidator(_listed)]


class ReadingSettings(Settings):
    """How the files of a source become sprites. Lengths are along x and y where two are given."""

    background: tuple[Byte, Byte, Byte] = Field(
        default=(255, 255, 255), description="colour under RGBA sprites that become RGB"
    )
    include: Globs = Field(
        default=(),
        description="read only files that match: a folder, a name, or a pattern such as "
        "Tiles/*.png; commas part several",
    )
    exclude: Globs = Field(
        default=(), description="leave out files that match: Preview.png, Tilemap, *_big.png"
    )
    tile: Cell | None = Field(
        default=None, description="width and height of a cell, for a sheet: 16, or 16x24"
    )
    margin: Gap = Field(
        default=0, description="pixels around the cells of a sheet: 1, or 2x0 by axis"
    )
    spacing: Gap = Field(
        default=0, description="pixels between the cells of a sheet: 1, or 2x0 by axis"
    )
    offset: Gap = Field(
        default=0, description="pixels left of and above the first cell: 8, or 0x32 by axis"
    )
    auto: bool = Field(
        default=False,
        description="find the sprites on a sheet: what hangs together and has room around it",
    )
    leftover: Leftover = Field(
        default="refuse",
        description="the strip beyond a sheet's last whole cells: refuse the sheet; drop the "
        "strip; keep its part cells, filled up with transparent pixels",
    )
    transparent: Keys = Field(
        default=(),
        description="colours that stand for transparency, such as ff00ff; commas part several",
    )
    snap: bool = Field(
        default=False,
        description="find the grid of art that was enlarged, off its grid or softly, and take one "
        "pixel for each of its cells",
    )
    pixel_size: Scale | None = Field(
        default=None,
        description="snap to pixels of this many: 8, 31.25, or 8x9; unset: found by `snap`",
    )
    pad: bool = Field(
        default=False,
        description="set sprites that are smaller than the size on a transparent square, their "
        "pixels as they are",
    )
    anchor: Anchor = Field(
        default="centre",
        description="where `pad` sets a sprite: centre, or bottom, for figures that stand",
    )
    frames: Frames = Field(
        default="auto",
        description="files numbered alike (walk_0, walk_1): auto keeps those together in a split "
        "that look alike; all: every one; off: none",
    )
    labels: Line | None = Field(default=None, description="file of labels for an .npy of sprites")

    @model_validator(mode="after")
    def _check_sheet(self) -> Self:
        if self.tile is None:
            if self.margin or self.spacing:
                raise ValueError("`margin` and `spacing` describe a sheet; give its `tile` as well")
            if self.offset or self.leftover != "refuse":
                raise ValueError(
                    "`offset` and `leftover` describe a sheet; give its `tile` as well"
                )
        if self.auto and self.tile is not None:
            raise ValueError("`auto` finds sprites that lie in no grid; give `tile` or `auto`")
        if self.anchor != "centre" and not self.pad:
            raise ValueError("`anchor` says where `pad` sets a sprite; give `pad` as well")
        return self

    @classmethod
    def of(cls, **values: Any) -> Self:
        """Build the settings from a caller's arguments.

        Raises:
            SettingsError: naming the first value that is unknown or out of range.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            key, reason = first_mistake(error)
            raise SettingsError(f"`{key}` {reason}" if key else reason) from None

    @property
    def snaps(self) -> bool:
        """Whether sprites are brought back to their grid."""
        return self.snap or self.pixel_size is not None

    @property
    def key_colours(self) -> tuple[tuple[int, int, int], ...]:
        """``transparent`` as triples of bytes."""
        return tuple((c[0], c[1], c[2]) for c in (bytes.fromhex(k[1:]) for k in self.transparent))


def as_read_before(values: Any) -> None:
    """Put into data settings of a record what spritelab did before it had a setting for it.

    ``frames`` decides which sprites are held out: those of runs begun before stay as they are.
    """
    if isinstance(values, dict):
        values.setdefault("frames", "off")


HOW_READ = frozenset(ReadingSettings.model_fields)
"""The names of these settings: what a model's folder says of how its sprites are read."""
