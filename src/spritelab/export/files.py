"""Writing files so that none is ever half-written and none that was there is lost."""

from __future__ import annotations

import contextlib
import io
import secrets
from pathlib import Path

from PIL import Image

from spritelab import pixels
from spritelab.errors import SettingsError, StorageError
from spritelab.pixels import Images


def save_png(image: Images, path: str | Path) -> Path:
    """Write one picture as PNG and return its path.

    Args:
        image: uint8 ``[H,W,3]`` (RGB) or ``[H,W,4]`` (RGBA, straight alpha); written as it is.
        path: a name that ends in ``.png``; folders on the way are made.

    Raises:
        DataError: ``image`` is no picture.
        SettingsError: the name says another format (JPEG and its like damage pixel art).
        StorageError: the file cannot be written; one that was there before is untouched.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise SettingsError(f"pictures are written as PNG: {path.name!r} must end in .png")
    pixels.check_images(image[None])
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, format="PNG", optimize=image.size < 1 << 22)
    return write_bytes(encoded.getvalue(), path)


def write_bytes(content: bytes, path: str | Path) -> Path:
    """Write a file aside, rename it into place and return its path.

    The rename replaces an older file in one step, so that a reader meets the old content or the
    new, never a part. Folders on the way are made. Raises ``StorageError`` where that fails.
    """
    path = Path(path)
    aside = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("xb") as file:
                file.write(content)
            aside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"{path} could not be written ({reason}); free space or choose another place"
        ) from error
    return path
