"""Writing pictures: one as it is, and those of a run, each drawn and saved in one call."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spritelab import pixels
from spritelab.errors import SettingsError
from spritelab.pictures.curves import loss_curves
from spritelab.pictures.layout import Ground, good_columns, good_scale, grid
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


def encode_png(picture: Images | Image.Image) -> bytes:
    """The bytes of a PNG of a picture."""
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    encoded = io.BytesIO()
    # Looking for the best filters halves small pictures; for large ones it takes too long.
    image.save(encoded, format="PNG", optimize=image.width * image.height < 1 << 20)
    return encoded.getvalue()


def save_png(image: Images | Image.Image, path: str | Path) -> Path:
    """Write one picture as PNG and return its path.

    Args:
        image: uint8 ``[H,W,3]`` (RGB) or ``[H,W,4]`` (RGBA, straight alpha), or a picture of
            pillow in one of these modes; written as it is.
        path: a name that ends in ``.png``; folders on the way are made.

    Raises:
        DataError: ``image`` is no picture.
        SettingsError: the name says another format (JPEG and its like damage pixel art).
        StorageError: the file cannot be written; one that was there before is untouched.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise SettingsError(f"pictures are written as PNG: {path.name!r} must end in .png")
    pixels.check_images(np.asarray(image)[None])
    return write_file(path, encode_png(image))


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
    return save_png(titled(picture, title) if title else picture, path)


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
    return save_png(strip, path)


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
    return save_png(titled(picture, title) if title else picture, path)


def curves_picture(
    records: Sequence[Mapping[str, Any]], path: str | Path, title: str = "Loss", **which: str
) -> Path:
    """Save training and held-out loss curves; return the path. See ``loss_curves``.

    Args:
        records, title: see ``loss_curves``.
        path: of the PNG.
        which: its ``loss`` and ``unit``.
    """
    return save_png(loss_curves(records, title, **which), path)
