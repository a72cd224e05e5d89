"""Moving pictures: GIFs of pictures that change, pixel for pixel."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from spritelab import pixels
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Images
from spritelab.storage import write_file

COLOURS = 256
"""That a frame of a GIF can have."""


def save_gif(
    frames: Sequence[Images], path: str | Path, *, seconds: float = 3.0, hold: float = 1.5
) -> Path:
    """Write frames as a GIF that repeats for ever; return its path.

    Every frame has its own palette: one of at most 256 colours is written exactly; one of more, as
    noise on many sprites has, in the 256 colours nearest to its own.

    Args:
        frames: F ≥ 1 pictures, uint8 ``[h,w,3]``, all of one shape.
        path: a name that ends in ``.gif``; folders on the way are made.
        seconds: that all frames take. A GIF counts hundredths, two for a frame at least.
        hold: how long the last frame stays besides.

    Raises:
        DataError: no frames, or frames that differ in shape.
        SettingsError: the name says another format, or a time is not positive.
        StorageError: the file cannot be written; one that was there before is untouched.
    """
    path = Path(path)
    if path.suffix.lower() != ".gif":
        raise SettingsError(f"a moving picture is written as GIF: {path.name!r} must end in .gif")
    if not (0 < seconds < float("inf") and 0 <= hold < float("inf")):
        raise SettingsError("a GIF takes more than 0 `seconds`, and a `hold` of 0 or more")
    shapes = {frame.shape for frame in frames}
    if len(shapes) != 1:
        raise DataError(f"a GIF needs frames of one shape, at least one, not {sorted(shapes)}")
    each = max(20, round(1000 * seconds / len(frames) / 10) * 10)
    times = [each] * (len(frames) - 1) + [each + round(100 * hold) * 10]
    first, *rest = map(_with_palette, frames)
    encoded = io.BytesIO()
    first.save(
        encoded, "GIF", save_all=True, append_images=rest, duration=times, loop=0, optimize=False
    )
    return write_file(path, encoded.getvalue())


def _with_palette(frame: Images) -> Image.Image:
    """One frame with a palette of its own."""
    pixels.check_images(frame[None])
    colours, indices = np.unique(frame.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > COLOURS:
        return Image.fromarray(frame).quantize(COLOURS, dither=Image.Dither.NONE)
    out = Image.fromarray(indices.reshape(frame.shape[:2]).astype(np.uint8), mode="P")
    out.putpalette(colours.tobytes())
    return out
