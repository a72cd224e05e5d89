"""From the bytes of one image file to pixels, for every mode that pixel art comes in.

Pillow does the decoding. Cases are finished here where its conversions would lose or invent
something: 16-bit grey (clipped instead of scaled), a transparent colour key on grey of less than 8
bits or on 16-bit samples (compared in the wrong range), and the opacity in a BMP of 32 bits.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from spritelab.data import png
from spritelab.errors import DataError
from spritelab.pixels import Images

FORMATS = {
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "WEBP": (".webp",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "AVIF": (".avif",),
    "TIFF": (".tif", ".tiff"),
    "QOI": (".qoi",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "PCX": (".pcx",),
    "ICO": (".ico",),
    "TGA": (".tga",),  # last: nothing at its beginning says that it is one
}
"""By Pillow's name of each format that is read, how its files are called, in lower case."""

SUFFIXES = frozenset(suffix for suffixes in FORMATS.values() for suffix in suffixes)
"""File names that are taken for images, in lower case."""

MAX_PIXELS = 2**26
"""The most pixels that one file may unfold into, over all its frames: an 8192×8192 sheet."""

_BAND = 2**20  # pixels that are converted at a time

_ANIMATED = ("PNG", "GIF", "WEBP", "AVIF", "TIFF")
_SIGNATURES = (png.SIGNATURE, b"GIF87a", b"GIF89a", b"\xff\xd8\xff", b"qoif")
"""Files that begin so are what they seem; one that cannot be read lacks its end, or is damaged."""

_GREY, _RGB = 0, 2  # colour types of PNG that may carry a transparent colour key
_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error),
    *(TypeError, KeyError, AttributeError, OverflowError, ZeroDivisionError, RuntimeError),
)


def decode(data: bytes) -> Images:
    """Decode one image file into its frames: uint8 RGBA ``[F,H,W,4]``, F = 1 for a still picture.

    Reads PNG (every colour type and depth, interlaced or not, animated), GIF (frames as they are
    shown: partial frames are laid on what the disposal method leaves), and the other ``FORMATS``.
    Samples of 16 bits keep their high byte; grey becomes R = G = B. An image without transparency
    gets alpha 255. Palette entries, colour keys and alpha channels all end as straight alpha. A
    still picture is turned as its EXIF says. Texts and profiles are not read, so that a broken one
    does no harm.

    Raises:
        DataError: with the bare reason, for the caller to put the file's name before it.
    """
    data = png.without_notes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the limit below is stricter than pillow's warning
            image = Image.open(io.BytesIO(data), formats=_known())
            many = image.format in _ANIMATED
            frames = int(getattr(image, "n_frames", 1)) if many else 1
            pixels = image.width * image.height * frames
            if pixels > MAX_PIXELS:
                raise DataError(f"it unfolds into {pixels:,} pixels; {MAX_PIXELS:,} are the limit")
            if image.format == "PNG":  # check every checksum, which a plain load leaves out
                Image.open(io.BytesIO(data), formats=_known()).verify()
            if frames > 1:
                return _frames(image, frames)
            if data.startswith(png.SIGNATURE):
                turned = _turned(image)
                return _still_png(turned, depth=data[24], colour_type=data[25])[None]
            if image.format == "BMP":
                return _still_bmp(image, data)[None]
            return _rgba(_turned(image))[None]
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"it unfolds into far more than {MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        if data.startswith(_SIGNATURES):
            raise DataError("it is truncated or damaged") from error
        raise DataError(
            f"it is not a {', '.join(_known()[:-1])} or {_known()[-1]} image"
        ) from error
    except _BROKEN as error:
        raise DataError("it is truncated or damaged") from error


@cache
def _known() -> tuple[str, ...]:
    """The formats that this Pillow reads: AVIF came late, and not everywhere."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _turned(image: Image.Image) -> Image.Image:
    return ImageOps.exif_transpose(image) if image.getexif().get(_ORIENTATION, 1) != 1 else image


_ORIENTATION = 0x0112


def _frames(image: Image.Image, count: int) -> Images:
    """All frames as RGBA ``[F,H,W,4]``, none of them there twice: Pillow holds several besides.

    A frame may be larger than the file says that its pictures are; it is not looked at then.
    """
    out = np.empty((count, image.height, image.width, 4), dtype=np.uint8)
    done = 0
    for frame in ImageSequence.Iterator(image):
        if (frame.height, frame.width) != out.shape[1:3]:
            raise DataError("its pages differ in size; save them as files of their own")
        _rgba(frame, out[done])
        done += 1
    return out[:done]


def _rgba(image: Image.Image, out: Images | None = None) -> Images:
    """Convert a picture to RGBA ``[H,W,4]``, into ``out`` if that is given."""
    out = np.empty((image.height, image.width, 4), dtype=np.uint8) if out is None else out
    if image.mode.startswith("I"):  # 16 bits of grey, whole numbers
        grey = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        out[..., :3], out[..., 3] = grey[..., None], 255
        return out
    if image.mode == "F":
        raise DataError("it holds floating-point levels; save it with 8 bits a channel")
    return _array(image, out)


def _array(image: Image.Image, out: Images) -> Images:
    """A picture as RGBA ``[H,W,4]``, some rows at a time: a large one shall not be there twice."""
    rows = max(1, _BAND // max(1, image.width))
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        out[top : top + rows] = np.asarray(band.convert("RGBA"))
    return out


def _still_bmp(image: Image.Image, data: bytes) -> Images:
    """Convert a BMP to RGBA ``[H,W,4]``.

    One of 32 bits a pixel without masks leaves its fourth byte undefined, and editors of pixel art
    write opacity there. It is taken as that unless it is 0 everywhere.
    """
    rgba = _rgba(image)
    offset, header = struct.unpack_from("<I", data, 10)[0], struct.unpack_from("<I", data, 14)[0]
    if header < 40 or image.mode != "RGB":
        return rgba
    height, _, bits, compression = struct.unpack_from("<iHHI", data, 22)
    if (bits, compression) != (32, 0):
        return rgba
    shape = (image.height, image.width, 4)
    raw = np.frombuffer(data, dtype=np.uint8, count=int(np.prod(shape)), offset=offset)
    alpha = raw.reshape(shape)[:: 1 if height < 0 else -1, :, 3]
    if alpha.any():
        rgba[..., 3] = alpha
    return rgba


def _still_png(image: Image.Image, *, depth: int, colour_type: int) -> NDArray[np.uint8]:
    """Convert a PNG of sample ``depth`` bits to RGBA ``[H,W,4]``, applying its colour key."""
    image.load()
    key = image.info.pop("transparency", None) if colour_type in (_GREY, _RGB) else None
    if image.mode.startswith("I"):  # grey of 16 bits
        levels = np.asarray(image).astype(np.int64)
        opaque = np.ones(levels.shape, dtype=bool) if key is None else levels != key
        grey = (levels >> 8).astype(np.uint8)
        return np.dstack([grey, grey, grey, np.where(opaque, np.uint8(255), np.uint8(0))])
    rgba = _rgba(image)
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
