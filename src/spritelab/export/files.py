"""Writing a picture as it is."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from spritelab import pixels
from spritelab.errors import SettingsError
from spritelab.pixels import Images
from spritelab.storage import write_file


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
    # Looking for the best filters halves small pictures; for large ones it takes too long.
    Image.fromarray(image).save(encoded, format="PNG", optimize=image.size < 1 << 22)
    return write_file(path, encoded.getvalue())
