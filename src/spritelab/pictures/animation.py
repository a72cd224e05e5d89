"""Moving pictures: GIF, and APNG that keeps every colour and opacity, pixel for pixel."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from spritelab import pixels
from spritelab.errors import DataError, SettingsError
from spritelab.pictures import text
from spritelab.pictures.layout import PAGE
from spritelab.pictures.mark import SOFTWARE
from spritelab.pixels import Colour, Images
from spritelab.storage import write_file

COLOURS = 256
"""That a frame of a GIF can have."""

MOVING = (".gif", ".apng", ".png")
"""How the files are called."""


def save_animation(
    frames: Sequence[Images],
    path: str | Path,
    *,
    seconds: float = 3.0,
    hold: float = 1.5,
    note: str = "",
) -> Path:
    """Write frames as a GIF or an APNG that repeats for ever; return its path.

    An APNG holds every frame exactly. In a GIF every frame has its own palette: one of at most 256
    colours is written exactly; one of more, as noise on many sprites has, in the 256 colours
    nearest to its own. A frame that equals the one before it lets that one stay longer.

    Args:
        frames: F ≥ 1 pictures of one shape, uint8 ``[h,w,3]``, for an APNG also ``[h,w,4]``.
        path: a name that ends in ``.gif``, ``.apng`` or ``.png``; folders on the way are made.
        seconds: that all frames take. A GIF counts hundredths, two for a frame at least.
        hold: how long the last frame stays besides.
        note: a comment in the file.

    Raises:
        DataError: no frames, frames that differ in shape, or that a GIF would have to see through.
        SettingsError: the name says another format, or a time is not positive.
        StorageError: the file cannot be written; one that was there before is untouched.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in MOVING:
        raise SettingsError(
            f"a moving picture is written as {', '.join(MOVING[:-1])} or {MOVING[-1]}, not "
            f"{path.name!r}"
        )
    if not (0 < seconds < float("inf") and 0 <= hold < float("inf")):
        raise SettingsError("an animation takes more than 0 `seconds`, and a `hold` of 0 or more")
    shapes = {frame.shape for frame in frames}
    if len(shapes) != 1:
        raise DataError(f"an animation needs frames of one shape, at least one, not {len(shapes)}")
    for frame in frames:
        pixels.check_images(frame[None])
    each = max(20, round(1000 * seconds / len(frames) / 10) * 10)
    times = [each] * (len(frames) - 1) + [each + round(100 * hold) * 10]
    shown, times = _without_repeats(frames, times)
    return write_file(path, (_gif if kind == ".gif" else _apng)(shown, times, note))


def captioned(
    frames: Sequence[Images], captions: Sequence[str], page: Colour = PAGE
) -> list[Images]:
    """Write a line below each frame, uint8 ``[h,w,3]`` or ``[h,w,4]``, on a band of its own.

    Frames that are narrower than a caption get an edge on the right: of ``page``, or transparent if
    they are RGBA. All come out of one size if they went in so.
    """
    room = max((text.width(caption, text.CAPTION) for caption in captions), default=0) + 8
    return [_captioned(*one, room, page) for one in zip(frames, captions, strict=True)]


def _captioned(frame: Images, caption: str, room: int, page: Colour) -> Images:
    height, width, channels = frame.shape
    wide, band = max(width, room), text.line_height(text.CAPTION) + 4
    out = np.zeros((height + band, wide, channels), dtype=np.uint8)
    if channels == 3:
        out[:] = page
    out[:height, :width] = frame
    below = Image.new("RGB", (wide, band), page)
    text.draw(below, (4, 2), caption, text.CAPTION)
    out[height:] = pixels.with_channels(np.asarray(below)[None], channels)[0]
    return out


def _without_repeats(
    frames: Sequence[Images], times: Sequence[int]
) -> tuple[list[Images], list[int]]:
    shown, lasting = [frames[0]], [times[0]]
    for frame, time in zip(frames[1:], times[1:], strict=True):
        if np.array_equal(frame, shown[-1]):
            lasting[-1] += time
        else:
            shown.append(frame)
            lasting.append(time)
    return shown, lasting


def _gif(frames: Sequence[Images], times: Sequence[int], note: str) -> bytes:
    if frames[0].shape[-1] == 4:
        raise DataError("a GIF has no opacities; give the frames a `background`, or write an .apng")
    first, *rest = map(_with_palette, frames)
    file = io.BytesIO()
    extra = {"comment": note.encode()} if note else {}
    first.save(
        file,
        "GIF",
        save_all=True,
        append_images=rest,
        duration=list(times),
        loop=0,
        optimize=False,
        **extra,
    )
    return file.getvalue()


def _apng(frames: Sequence[Images], times: Sequence[int], note: str) -> bytes:
    first, *rest = (Image.fromarray(frame) for frame in frames)
    notes = PngInfo()
    notes.add_text(*SOFTWARE)
    if note:
        notes.add_text("Comment", note)
    file = io.BytesIO()
    first.save(
        file,
        "PNG",
        save_all=True,
        append_images=rest,
        duration=list(times),
        loop=0,
        pnginfo=notes,
    )
    return file.getvalue()


def _with_palette(frame: Images) -> Image.Image:
    """One frame with a palette of its own."""
    colours, indices = np.unique(frame.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > COLOURS:
        return Image.fromarray(frame).quantize(COLOURS, dither=Image.Dither.NONE)
    out = Image.fromarray(indices.reshape(frame.shape[:2]).astype(np.uint8), mode="P")
    out.putpalette(colours.tobytes())
    return out
