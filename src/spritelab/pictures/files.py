"""Writing pictures: one as it is, and those of a run, each drawn and saved in one call."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from spritelab import pixels
from spritelab.errors import DataError, SettingsError
from spritelab.pictures.curves import loss_curves
from spritelab.pictures.layout import PAGE, Ground, good_columns, good_scale, grid, lay_on
from spritelab.pictures.mark import SOFTWARE
from spritelab.pictures.pages import (
    Frames,
    contact_sheet,
    short_strip,
    titled,
)
from spritelab.pixels import Images
from spritelab.storage import write_file


class Picture(Image.Image):
    """A picture of pillow that a notebook shows as PNG, and not as JPEG besides."""

    def _repr_png_(self) -> bytes:
        return encode_png(self)

    def _repr_jpeg_(self) -> None:
        """None: JPEG blurs what pixel art is made of."""


def to_pil(picture: Images) -> Picture:
    """Turn a picture, uint8 ``[H,W,3]`` or ``[H,W,4]``, into one of pillow, pixel for pixel.

    Raises:
        DataError: it is no picture.
    """
    pixels.check_images(picture[None])
    image = Image.fromarray(picture)
    image.__class__ = Picture  # pillow has no constructor that a subclass could call
    assert isinstance(image, Picture)
    return image


def titled_rows(rows: Mapping[str, Images], scale: int = 4) -> Picture:
    """One row of sprites under each title, as a picture that shows itself.

    Args:
        rows: sprites, uint8 ``[N,H,W,C]``, N ≥ 1, by their title; rows may be of any length.
        scale: how many pixels a sprite's pixel is wide and high, ≥ 1.

    Raises:
        DataError: ``rows`` is empty, or a row is no sprites.
        SettingsError: ``scale`` out of range.
    """
    if not rows:
        raise DataError("`rows` is empty; give at least one row of sprites")
    parts = [titled(grid(images, len(images), scale), title) for title, images in rows.items()]
    width = max(part.shape[1] for part in parts)
    out = Image.new("RGB", (width, sum(len(part) for part in parts)), PAGE)
    top = 0
    for part in parts:
        out.paste(Image.fromarray(part), (0, top))
        top += len(part)
    return to_pil(np.asarray(out))


def encode_png(picture: Images | Image.Image, *, about_sprites: bool = False) -> bytes:
    """The bytes of a PNG of a picture; for ``about_sprites`` see ``save_png``."""
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    encoded = io.BytesIO()
    # Looking for the best filters halves small pictures; for large ones it takes too long.
    small = image.width * image.height < 1 << 20
    notes = PngInfo()
    if about_sprites:
        notes.add_text(*SOFTWARE)
    image.save(encoded, format="PNG", optimize=small, pnginfo=notes)
    return encoded.getvalue()


def save_png(image: Images | Image.Image, path: str | Path, *, about_sprites: bool = False) -> Path:
    """Write one picture as PNG and return its path.

    Args:
        image: uint8 ``[H,W,3]`` (RGB) or ``[H,W,4]`` (RGBA, straight alpha), or a picture of
            pillow in one of these modes; written as it is.
        path: a name that ends in ``.png``; folders on the way are made.
        about_sprites: it shows sprites and is none, such as a grid: it is marked, and passed over
            where a folder with it is read.

    Raises:
        DataError: ``image`` is no picture.
        SettingsError: the name says another format (JPEG and its like damage pixel art).
        StorageError: the file cannot be written; one that was there before is untouched.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise SettingsError(f"pictures are written as PNG: {path.name!r} must end in .png")
    pixels.check_images(np.asarray(image)[None])
    return write_file(path, encode_png(image, about_sprites=about_sprites))


def samples_picture(
    images: Images,
    path: str | Path,
    title: str = "",
    *,
    columns: int | None = None,
    background: Ground = "checker",
) -> Path:
    """Save a grid of sprites, uint8 ``[N,H,W,C]``, under a title; return the path.

    The scale is the largest whole number that keeps the picture about 900 pixels wide. Errors are
    those of ``grid`` and ``save_png``.
    """
    pixels.check_images(images)
    columns = columns or good_columns(len(images))
    scale = good_scale(images.shape[2], columns)
    picture = grid(images, columns, scale, background=background)
    return save_png(titled(picture, title) if title else picture, path, about_sprites=True)


def before_and_after_picture(
    pairs: Sequence[tuple[Images, Images]],
    path: str | Path,
    title: str = "",
    *,
    side: int = 192,
    background: Ground = "checker",
) -> Path:
    """Save pictures above what they became, at one size to the eye; return the path.

    Args:
        pairs: before and after, each uint8 ``[H,W,C]`` of any size.
        path: of the PNG.
        title: above all.
        side: pixels of the square that each is shown in.
        background: what shows through transparent pixels.
    """
    rows = []
    for row in zip(*pairs, strict=True):
        tiles = [_in_square(lay_on(image[None], background)[0], side) for image in row]
        rows.append(np.concatenate(tiles, axis=1))
    picture = np.concatenate(rows, axis=0)
    return save_png(titled(picture, title) if title else picture, path, about_sprites=True)


def _in_square(image: Images, side: int) -> Images:
    """Show a picture, uint8 ``[H,W,3]``, in the middle of a square, as large as it fits."""
    height, width = image.shape[:2]
    scale = (side - 8) / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shown = Image.fromarray(image).resize(size, Image.Resampling.NEAREST)
    out = Image.new("RGB", (side, side), PAGE)
    out.paste(shown, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(out)


def strip_picture(
    frames: Frames,
    t: Sequence[int],
    path: str | Path,
    title: str = "",
    *,
    x0_hat: Frames | None = None,
    most: int = 12,
    background: Ground = "checker",
) -> Path:
    """Save a denoising strip under a title; return the path.

    Arguments and errors as in ``short_strip``.
    """
    strip = short_strip(frames, t, title, x0_hat=x0_hat, most=most, background=background)
    return save_png(strip, path, about_sprites=True)


def contact_sheet_picture(
    images: Images,
    labels: NDArray[np.int64],
    class_names: Sequence[str],
    path: str | Path,
    title: str = "",
    *,
    columns: int | None = None,
    rows: int = 2,
    background: Ground = "checker",
) -> Path:
    """Save a contact sheet by class under a title; return the path.

    Arguments and errors as in ``contact_sheet``; without ``columns`` there are as many as let the
    sprites be seen at twice their size or more, 16 at most.
    """
    pixels.check_images(images)
    if columns is None:
        largest = int(np.bincount(np.maximum(labels, 0), minlength=1).max())
        columns = min(16, max(4, 450 // images.shape[2]), max(1, largest))
    scale = good_scale(images.shape[2], columns)
    picture = contact_sheet(
        images, labels, class_names, columns, rows, scale, background=background
    )
    return save_png(titled(picture, title) if title else picture, path, about_sprites=True)


def curves_picture(
    records: Sequence[Mapping[str, Any]], path: str | Path, title: str = "Loss", **which: str
) -> Path:
    """Save training and held-out loss curves; return the path. See ``loss_curves``.

    Args:
        records, title: see ``loss_curves``.
        path: of the PNG.
        which: its ``loss`` and ``unit``.
    """
    return save_png(loss_curves(records, title, **which), path, about_sprites=True)
