"""A palette: the colours that sprites are drawn from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.palette.oklab import to_oklab
from spritelab.pixels import Images, check_images, clear_hidden, with_channels

_PIXELS = 1 << 20  # that are sorted at a time
_SHOWN = 6  # colours that a palette's repr shows

_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


@dataclass(frozen=True, eq=False)
class Palette:
    """Distinct colours in a fixed order: transparent first, then from dark to light.

    Light is L of OKLab, without regard to alpha; colours of one L (one colour in several
    opacities) are ordered by their bytes. So palettes of the same colours are equal, whichever
    way they came about.

    Attributes:
        colours: uint8 ``[m,3]`` (RGB) or ``[m,4]`` (RGBA, straight alpha), m ≥ 1; read-only. They
            may be given in any order, and repeatedly. Fully transparent ones are one colour.

    Raises:
        DataError: if the colours are of another type or shape, or there are none.
    """

    colours: Images

    def __post_init__(self) -> None:
        given = np.asarray(self.colours)
        if given.dtype != np.uint8 or given.ndim != 2 or given.shape[-1] not in (3, 4):
            raise DataError(
                "`colours` must be uint8 of shape [m,3] or [m,4], "
                f"not {given.dtype} of shape {list(given.shape)}"
            )
        if not len(given):
            raise DataError("a palette needs at least one colour; `colours` has none")
        ordered = distinct(pack(given), given.shape[-1])[0]
        ordered.setflags(write=False)
        object.__setattr__(self, "colours", ordered)

    @classmethod
    def of(cls, images: Images) -> Palette:
        """Return all colours of sprites, uint8 ``[N,H,W,C]``.

        Raises:
            DataError: if they are no sprites, or have no pixels.
        """
        check_images(images)
        rows = max(1, _PIXELS // max(1, images[0:1, ..., 0].size))
        some = [np.unique(pack(images[i : i + rows])) for i in range(0, len(images), rows)]
        packed = np.unique(np.concatenate(some)) if some else np.zeros(0, dtype=np.uint32)
        rgba = packed.astype(">u4").view(np.uint8).reshape(-1, 4)
        return cls(rgba[:, : images.shape[-1]])

    @classmethod
    def from_hex(cls, codes: Sequence[str]) -> Palette:
        """Read colours such as ``#rrggbb`` or ``#rrggbbaa``; the ``#`` may be left out.

        The palette is RGBA if one of the codes has an alpha (those without are opaque), else RGB.

        Raises:
            DataError: naming the first code that is no colour.
        """
        digits = []
        for code in codes:
            if not (found := _HEX.fullmatch(code)):
                shown = code if len(code) < 40 else f"{code[:40]}…"
                raise DataError(f"{shown!r} is no colour; write `codes` as #rrggbb or #rrggbbaa")
            digits.append(found[1])
        channels = 4 if any(len(one) == 8 for one in digits) else 3
        raw = b"".join(bytes.fromhex(one.ljust(2 * channels, "f")) for one in digits)
        return cls(np.frombuffer(raw, dtype=np.uint8).reshape(-1, channels))

    @property
    def hex(self) -> tuple[str, ...]:
        """The colours in order: ``#rrggbb`` each in RGB, ``#rrggbbaa`` each in RGBA."""
        return tuple(f"#{bytes(colour).hex()}" for colour in self.colours)

    @property
    def channels(self) -> int:
        """3 (RGB) or 4 (RGBA)."""
        return int(self.colours.shape[-1])

    @property
    def has_transparent(self) -> bool:
        """Whether the first colour is the fully transparent one."""
        return self.channels == 4 and bool(self.colours[0, 3] == 0)

    def __len__(self) -> int:
        return len(self.colours)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Palette):
            return NotImplemented
        return np.array_equal(self.colours, other.colours)

    def __hash__(self) -> int:
        return hash((self.channels, self.colours.tobytes()))

    def __repr__(self) -> str:
        shown = " ".join(self.hex[:_SHOWN]) + (" …" if len(self) > _SHOWN else "")
        counted = f"{len(self)} colour{'s' if len(self) > 1 else ''}"
        return f"Palette({counted}, {'RGB' if self.channels == 3 else 'RGBA'}: {shown})"


def pack(colours: Images) -> NDArray[np.uint32]:
    """Pack colours, uint8 ``[...,3]`` or ``[...,4]``, into one number each: 0xrrggbbaa.

    RGB colours are opaque; fully transparent ones are all 0.
    """
    rgba = np.ascontiguousarray(with_channels(clear_hidden(colours), 4))
    return rgba.view(">u4")[..., 0].astype(np.uint32)


def distinct(packed: NDArray[np.uint32], channels: int) -> tuple[Images, NDArray[np.intp]]:
    """Return the distinct colours in the order of a palette, and where each given one is in it.

    Returns:
        uint8 ``[m,channels]``, and int of the shape of ``packed``.
    """
    numbers, where = np.unique(packed, return_inverse=True)
    rgba = numbers.astype(">u4").view(np.uint8).reshape(-1, 4)
    light = to_oklab(rgba[:, :3])[:, 0]
    order = np.lexsort((numbers, light))  # transparent has light and number 0, so it is first
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rgba[order, :channels], rank[where].reshape(packed.shape)
