"""The sprites of a file, mapped into memory."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import cast

import numpy as np

from spritelab import pixels
from spritelab.data.rows import MappedRows, blocks
from spritelab.pixels import Images

IMAGES = "images.npy"
"""The entry of an ``.npz`` that holds the sprites."""

# A local file header of zip: its fixed part, by APPNOTE.TXT 4.3.7.
_HEADER = struct.Struct("<4s5H3I2H")
_SIGNATURE = b"PK\x03\x04"


def map_images(path: Path, archive: zipfile.ZipFile) -> Images | None:
    """Map the array ``images`` of an ``.npz``: uint8 ``[N,H,W,C]``; None if it cannot be mapped.

    That is where it is deflated, or no sprites of 3 or 4 channels whose hidden pixels are clear.
    What is written to the array goes nowhere.

    Args:
        path: of the file.
        archive: the same, open.

    Raises:
        OSError, ValueError, struct.error, zipfile.BadZipFile: for a broken file, one flipped bit
            among its pixels too.
    """
    if IMAGES not in archive.namelist():
        return None
    entry = archive.getinfo(IMAGES)
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
        return None
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        fields = _HEADER.unpack(file.read(_HEADER.size))
        if fields[0] != _SIGNATURE:
            raise ValueError("an entry is not where the directory says")
        start = entry.header_offset + _HEADER.size + fields[-2] + fields[-1]
        file.seek(start)
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            return None
        shape, fortran, dtype = read(file)
        offset = file.tell()
        file.seek(start)
        checksum = zlib.crc32(file.read(offset - start))
        length = file.seek(0, io.SEEK_END)
    if fortran or dtype != np.uint8 or len(shape) != 4 or shape[-1] not in (3, 4):
        return None
    size = int(np.prod(shape, dtype=object))
    if size == 0 or offset + size > length or offset - start + size != entry.file_size:
        return None  # the reader of all others names what is wrong
    base: Images = np.memmap(path, np.uint8, mode="c", offset=offset, shape=shape)
    clear = True
    for block in blocks(base):
        checksum = zlib.crc32(block.data, checksum)
        clear = clear and pixels.clear_hidden(block) is block
    if checksum != entry.CRC:
        raise zipfile.BadZipFile(f"bad CRC-32 of {IMAGES}")
    if not clear:
        return None
    return cast("Images", MappedRows(base, np.arange(len(base))))
