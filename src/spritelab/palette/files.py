"""Palettes in files: those of GIMP, JASC, Lospec and Adobe, and pictures of a palette.

A file holds the colours that can be seen. The fully transparent one is left out, in both
directions: few programs have it in their palettes, and a model that draws it adds it itself.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from spritelab.errors import DataError, SettingsError
from spritelab.palette import swatches, text_files
from spritelab.palette.colours import Palette, pack
from spritelab.palette.indexed import LARGEST
from spritelab.pixels import Images
from spritelab.storage import read_file, write_file

MAX_BYTES = 2**24
"""The most bytes of a file that is taken for a palette."""
MAX_PIXELS = 2**22
"""The most pixels of a picture of a palette."""

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)


def read_palette(path: str | Path) -> Palette:
    """Read a palette: ``.gpl``, ``.pal`` (JASC), ``.hex``, ``.ase`` (Adobe) or a ``.png`` of it.

    The palette is RGB, or RGBA if one of its colours can be seen through. A picture's palette is
    every colour of its pixels, however large their blocks are.

    Raises:
        DataError: naming the file, if it is missing, damaged, of another kind, or has no colours
            that can be seen; and if a picture has more than 256 colours.
    """
    path = Path(path)
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise DataError(f"{path.name} is no palette; give one as {_kinds()}")
    try:
        data = read_file(path, MAX_BYTES)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    try:
        return _seen(read(data))
    except DataError as error:
        raise DataError(f"{path.name} cannot be read as a palette: {error}") from None


def write_palette(palette: Palette, path: str | Path) -> Path:
    """Write a palette as the name of ``path`` says, see ``read_palette``; return the path.

    Reading it gives the same colours again, without the transparent one.

    Raises:
        DataError: if no colour can be seen, or Adobe's format is to hold one that can be seen
            through.
        SettingsError: if the name says none of the formats.
        StorageError: if the file cannot be written; one that was there before is untouched.
    """
    path = Path(path)
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise SettingsError(f"a palette is written as {_kinds()}, not {path.name!r}")
    return write_file(path, write(_seen(palette.colours).colours, path.stem))


def _seen(colours: Images) -> Palette:
    """The palette of what can be seen: RGB if all of it is opaque."""
    if colours.shape[-1] == 4:
        colours = colours[colours[:, 3] > 0]
        if (colours[:, 3] == 255).all():
            colours = colours[:, :3]
    if not len(colours):
        raise DataError("none of its colours can be seen")
    return Palette(colours)


def _kinds() -> str:
    *first, last = READERS
    return f"{', '.join(first)} or {last}"


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # names in old files; the numbers are ASCII either way
    if "\0" in text:
        raise DataError("it is no text")
    return text


def _read_ase(data: bytes) -> Images:
    if data[4:6] == b"\xe0\xa5":
        raise DataError("it is a picture of Aseprite, not Adobe's swatches; draw by `like`")
    return swatches.read_swatches(data)


def _write_ase(colours: Images, _: str) -> bytes:
    if colours.shape[-1] == 4:
        raise DataError("Adobe's swatches are opaque; write .hex, .gpl, .pal or .png instead")
    return swatches.write_swatches(colours)


def _read_png(data: bytes) -> Images:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the limit below is stricter than pillow's warning
            image = Image.open(io.BytesIO(data), formats=("PNG",))
            if image.width * image.height > MAX_PIXELS:
                raise DataError(f"it has {image.width}×{image.height} pixels; that is no palette")
            pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4)
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError("it unfolds into far too many pixels") from None
    except _BROKEN:
        raise DataError("it is no PNG, or damaged") from None
    packed = np.unique(pack(pixels))
    if len(packed) > LARGEST + 1:  # one of them may be transparent
        raise DataError(f"it has {len(packed):,} colours; a picture of a palette has at most 256")
    return packed.astype(">u4").view(np.uint8).reshape(-1, 4)


def _write_png(colours: Images, _: str) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(colours[None]).save(file, format="PNG", optimize=True)
    return file.getvalue()


READERS: dict[str, Callable[[bytes], Images]] = {
    ".gpl": lambda data: text_files.read_gpl(_text(data)),
    ".pal": lambda data: text_files.read_jasc(_text(data)),
    ".hex": lambda data: text_files.read_hex(_text(data)),
    ".ase": _read_ase,
    ".png": _read_png,
}
"""By the end of a file's name, what makes colours of its bytes."""

WRITERS: dict[str, Callable[[Images, str], bytes | str]] = {
    ".gpl": text_files.write_gpl,
    ".pal": lambda colours, _: text_files.write_jasc(colours),
    ".hex": lambda colours, _: text_files.write_hex(colours),
    ".ase": _write_ase,
    ".png": _write_png,
}
