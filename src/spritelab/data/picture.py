"""One image file as the frames that sprites are taken from: decoded, snapped, keyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spritelab import sheets
from spritelab.config import ReadingSettings
from spritelab.data.decode import decode
from spritelab.pixels import Colour, Images
from spritelab.sheets import PixelGrid


@dataclass(frozen=True, eq=False)
class Picture:
    """The frames of one file.

    Attributes:
        frames: each uint8 ``[H,W,4]``.
        grid: that its first frame was snapped to; None if it was not.
        key: the colour that plainly stands for transparency, unless colours were named that do.
    """

    frames: Sequence[Images]
    grid: PixelGrid | None
    key: Colour | None


def read_picture(data: bytes, how: ReadingSettings) -> Picture:
    """Decode a file, bring it back to its grid and make its key colours transparent, if asked to.

    Raises:
        DataError: with the bare reason, for the caller to put the file's name before it.
    """
    frames = list(decode(data))
    grid = None
    if how.snaps:
        grid = grid_of(frames[0], how)
        if grid is not None:  # frames of one file have one grid
            frames = [sheets.snap(frame, grid) for frame in frames]
    if how.transparent:
        return Picture([sheets.clear_colours(f, how.key_colours) for f in frames], grid, None)
    return Picture(frames, grid, sheets.plain_key(np.asarray(frames[0])))


def grid_of(image: Images, how: ReadingSettings) -> PixelGrid | None:
    """The grid to snap a picture to, uint8 ``[H,W,4]``: the one that is given, or that is found."""
    if how.pixel_size is None:
        return sheets.find_grid(image)
    size = how.pixel_size
    width, height = (size, size) if isinstance(size, float) else size
    return PixelGrid(width, height)
