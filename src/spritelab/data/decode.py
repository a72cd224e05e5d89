"""From the bytes of one image file to pixels, for every mode that pixel art comes in.

Pillow does the decoding. Three cases are finished here, because its conversions would lose or
invent something: 16-bit grey (clipped instead of scaled), and a transparent colour key on grey of
less than 8 bits or on 16-bit samples (compared in the wrong range).
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from spritelab.errors import DataError
from spritelab.pixels import Images

SUFFIXES = frozenset({".png", ".gif", ".bmp", ".webp", ".jpg", ".jpeg"})
"""File names that are taken for images, in lower case."""

MAX_PIXELS = 2**26
"""The most pixels that one file may unfold into, over all its frames: an 8192×8192 sheet."""

_FORMATS = ("PNG", "GIF", "BMP", "WEBP", "JPEG")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SIGNATURES = (_PNG_SIGNATURE, b"GIF87a", b"GIF89a", b"\xff\xd8\xff")
"""Files that begin so are what they seem; one that cannot be read lacks its end, or is damaged."""

_GREY, _RGB = 0, 2  # colour types of PNG that may carry a transparent colour key
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)


def decode(data: bytes) -> Images:
    """Decode one image file into its frames: uint8 RGBA ``[F,H,W,4]``, F = 1 for a still picture.

    Reads PNG (every colour type and depth, interlaced or not, animated), GIF (frames as they are
    shown: partial frames are laid on what the disposal method leaves), BMP, WebP and JPEG. Samples
    of 16 bits keep their high byte; grey becomes R = G = B. An image without transparency gets
    alpha 255. Palette entries, colour keys and alpha channels all end as straight alpha.

    Raises:
        DataError: with the bare reason, for the caller to put the file's name before it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the limit below is stricter than pillow's warning
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            frames = int(getattr(image, "n_frames", 1))
            pixels = image.width * image.height * frames
            if pixels > MAX_PIXELS:
                raise DataError(f"it unfolds into {pixels:,} pixels; {MAX_PIXELS:,} are the limit")
            if image.format == "PNG":  # check every checksum, which a plain load leaves out
                Image.open(io.BytesIO(data), formats=_FORMATS).verify()
            if data.startswith(_PNG_SIGNATURE) and frames == 1:
                return _still_png(image, depth=data[24], colour_type=data[25])[None]
            return np.stack(
                [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]
            )
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"it unfolds into far more than {MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        if data.startswith(_SIGNATURES):
            raise DataError("it is truncated or damaged") from error
        raise DataError("it is not a PNG, GIF, BMP, WebP or JPEG image") from error
    except _BROKEN as error:
        raise DataError("it is truncated or damaged") from error


def _still_png(image: Image.Image, *, depth: int, colour_type: int) -> NDArray[np.uint8]:
    """Convert a PNG of sample ``depth`` bits to RGBA ``[H,W,4]``, applying its colour key."""
    image.load()
    key = image.info.pop("transparency", None) if colour_type in (_GREY, _RGB) else None
    if image.mode.startswith("I"):  # grey of 16 bits
        levels = np.asarray(image).astype(np.int64)
        opaque = np.ones(levels.shape, dtype=bool) if key is None else levels != key
        grey = (levels >> 8).astype(np.uint8)
        return np.dstack([grey, grey, grey, np.where(opaque, np.uint8(255), np.uint8(0))])
    rgba = np.array(image.convert("RGBA"))
    if key is not None:
        sample = np.atleast_1d(np.asarray(key, dtype=np.int64))
        hidden = (rgba[..., :3] == _to_8_bits(sample, depth)).all(axis=-1)
        rgba[..., 3] = np.where(hidden, 0, 255)
    return rgba


def _to_8_bits(sample: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    """Scale a colour key, given in samples of ``depth`` bits, as pillow scales the pixels."""
    if depth == 1:  # pillow has scaled this one already in some versions
        return np.where(sample != 0, 255, 0)
    if depth == 16:
        return np.right_shift(sample, 8)
    levels = 2**depth - 1
    scaled: NDArray[np.int64] = np.bitwise_and(sample, levels) * (255 // levels)
    return scaled
