"""Sprites of many files brought together: one size, classes, groups."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from spritelab import pixels, sheets
from spritelab.config import ReadingSettings
from spritelab.config.bounds import MAX_NAME, MAX_SIDE
from spritelab.data.fitting import factor, fit
from spritelab.data.frames import join_frames, numbered
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.data.text import count, some
from spritelab.errors import DataError
from spritelab.pixels import Images

MAX_HELD = 2**31
"""The most bytes of sprites before they are brought to one size."""

_TAKEN: Images = np.zeros((0, 0, 4), dtype=np.uint8)
_LOOKED_AT = 12  # sprites that a grid is looked for in: enough to know what a set is like


@dataclass(frozen=True, eq=False)
class Sprite:
    """One sprite on its way into a set.

    Attributes:
        pixels: uint8 ``[H,W,4]``.
        name: its id.
        label: its class.
        group: equal for sprites that show one thing.
        file: its path, if it is a file of its own that may be one frame of an animation.
    """

    pixels: Images
    name: str
    label: str
    group: str
    file: str | None = None


class Gathering:
    """Takes sprites one file at a time, each at once brought to the size that is asked for."""

    def __init__(self, source: str, how: ReadingSettings, size: int | None) -> None:
        self.source, self.how, self.size = source, how, size
        self.shapes: Counter[tuple[int, int]] = Counter()  # width and height, as they came
        self.mixed: list[str] = []  # shrunk though their blocks are not of one colour
        self.off_grid: list[str] = []  # those of them that are enlarged art
        self._sprites: list[Sprite] = []
        self._unfit: Counter[tuple[int, int]] = Counter()
        self._hint = ""
        self._held = 0

    def __len__(self) -> int:
        return sum(self.shapes.values())

    def add(self, sprites: Iterable[Sprite]) -> None:
        """Take the sprites of one file.

        Raises:
            DataError: with the bare reason, if one is too large or there are too many.
        """
        for sprite in sprites:
            height, width = sprite.pixels.shape[:2]
            if max(height, width) > MAX_SIDE:
                raise DataError(
                    f"{width}×{height} is too large for a sprite; if it is a sheet, "
                    "say how large its tiles are with `tile`"
                )
            if len(sprite.label) > MAX_NAME:
                raise DataError(
                    f"its class {sprite.label[:20]!r}… has a name of {len(sprite.label):,} "
                    f"characters; {MAX_NAME} are the limit"
                )
            self.shapes[width, height] += 1
            fitted = sprite.pixels if self.size is None else self._fit(sprite, self.size)
            if fitted is None or self._unfit:
                continue  # it is refused in the end; what does not fit is counted, not kept
            self._held += fitted.nbytes
            if self._held > MAX_HELD:
                raise DataError("there are too many pixels; read fewer, or give their `size`")
            self._sprites.append(replace(sprite, pixels=fitted))

    def _fit(self, sprite: Sprite, size: int) -> Images | None:
        height, width = sprite.pixels.shape[:2]
        fitted = fit(sprite.pixels[None], size, pad=self.how.pad, anchor=self.how.anchor)
        if fitted is None:
            self._unfit[width, height] += 1
            if not self._hint and (grid := sheets.find_grid(sprite.pixels)) is not None:
                art = f"{grid.columns(width)}×{grid.rows(height)}"
                self._hint = (
                    f"; {sprite.name} looks like art of {art} pixels that was enlarged "
                    f"{grid.width:.4g} times: `snap` brings such art back"
                )
            return None
        times = factor(width, height, size, self.how.pad)
        if times is not None and times < 0 and _is_mixed(sprite.pixels, -times):
            self.mixed.append(sprite.name)
            if len(self.mixed) <= _LOOKED_AT and sheets.find_grid(sprite.pixels) is not None:
                self.off_grid.append(sprite.name)
        one: Images = fitted[0]
        return one

    def assemble(self) -> SpriteSet:
        """Return the set.

        Warns:
            UserWarning: for enlarged art that was shrunk by the mean of its blocks.

        Raises:
            DataError: for sprites that do not come to one size, naming the sizes.
        """
        if self.off_grid:
            warnings.warn(
                f"{some(self.off_grid)} in {self.source} look like pixel art that was enlarged, "
                "but its pixels are soft or off the grid: the mean of a block invents colours; "
                "`snap` brings such art back to its own pixels",
                stacklevel=2,
            )
        images = self._one_size()
        sprites = [replace(sprite, pixels=_TAKEN) for sprite in self._sprites]
        self._sprites = sprites  # so that what they were cut from is let go
        if bool((images[..., 3] == 255).all()):
            images = images[..., :3]
        names = sorted({sprite.label for sprite in sprites}, key=_by_number_or_name)
        index = {name: k for k, name in enumerate(names)}
        return SpriteSet.from_arrays(
            images,
            np.array([index[sprite.label] for sprite in sprites], dtype=np.int64),
            names,
            ids=[sprite.name for sprite in sprites],
            groups=numbered(self._groups(images)),
            provenance=Provenance(self.source),
        )

    def _groups(self, images: Images) -> list[str]:
        groups = [sprite.group for sprite in self._sprites]
        files = {i: s.file for i, s in enumerate(self._sprites) if s.file is not None}
        where = list(files)
        joined = join_frames(
            list(files.values()),
            pixels.clear_hidden(images[where]),
            [groups[i] for i in where],
            self.how.frames,
        )
        for i, group in zip(where, joined, strict=True):
            groups[i] = group
        return groups

    def _one_size(self) -> Images:
        """Stack the sprites: uint8 ``[N,S,S,4]``."""
        found = some([f"{n:,} of {w}×{h}" for (w, h), n in self.shapes.most_common()])
        if not self.how.pad and any(width != height for width, height in self.shapes):
            raise DataError(
                f"sprites must be square; {self.source} holds {found}; set them on squares by "
                f"`pad`, or cut sheets into squares with `tile`{self._hint}"
            )
        if self.size is not None:
            self._refuse_unfit(self.size, found)
            return np.stack([sprite.pixels for sprite in self._sprites])
        if len(self.shapes) > 1 and not self.how.pad:
            raise DataError(
                f"sprites must all have one size; {self.source} holds {found}; choose one with "
                "`size` (each is scaled by a whole factor), set them on one by `pad`, or sort "
                "them apart"
            )
        side = max(max(shape) for shape in self.shapes)
        fitted = [
            fit(sprite.pixels[None], side, pad=self.how.pad, anchor=self.how.anchor)
            for sprite in self._sprites
        ]
        return np.concatenate([one for one in fitted if one is not None])

    def _refuse_unfit(self, size: int, found: str) -> None:
        if not self._unfit:
            return
        unfit = some([f"{w}×{h}" for w, h in sorted(self._unfit)])
        if self.how.pad:
            raise DataError(
                f"`size` {size} is too small for {count(self._unfit.total(), 'sprite')} in "
                f"{self.source} ({unfit}), which shrink to it by no whole factor; choose a larger "
                f"`size`, or leave them out by `exclude`{self._hint}"
            )
        raise DataError(
            f"`size` {size} is not a whole factor away from every sprite; {self.source} holds "
            f"{found}; {unfit} cannot be scaled; `pad` sets smaller ones on a transparent "
            f"square{self._hint}"
        )


def _is_mixed(image: Images, factor: int) -> bool:
    """Whether a block of ``factor`` × ``factor`` pixels of uint8 ``[H,W,4]`` has two colours."""
    clear = pixels.clear_hidden(image[None])
    corners = pixels.upscale(clear[:, ::factor, ::factor], factor)
    return not np.array_equal(corners, clear)


def _by_number_or_name(name: str) -> tuple[bool, int, str]:
    return (False, int(name), name) if name.isdecimal() else (True, 0, name)
