"""Arrays that can be made again, kept as ``.npz``; nothing is ever unpickled.

A file is written aside and renamed, so it is whole or absent; one that cannot be read all the same
(a damaged disk, another program) counts as absent, with a warning.
"""

from __future__ import annotations

import io
import lzma
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab.storage.files import write_file

Array = NDArray[Any]

UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, IndexError, AttributeError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, tokenize.TokenError),
    SyntaxError,  # a header that is no Python literal
    RuntimeError,  # an encrypted member; NotImplementedError, RecursionError: both are kinds of it
    MemoryError,  # a header that lies about its length
    OverflowError,
)
"""What numpy and zipfile raise for a damaged ``.npy`` or ``.npz``."""


def save_arrays(path: Path, **arrays: Array) -> None:
    """Write named arrays.

    Raises:
        StorageError: if the file cannot be written; an older one is then kept.
        ValueError: for an array of Python objects.
    """
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    write_file(path, packed.getvalue())


def load_arrays(path: Path, *names: str) -> dict[str, Array] | None:
    """Read the named arrays: None if there is no such file.

    Warns:
        UserWarning: for a file that cannot be read, lacks one of the names or holds Python
            objects, which counts as none.
    """
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except UNREADABLE as error:
        warnings.warn(f"{path} is broken ({error}); it is made again", stacklevel=2)
        return None


def cached(path: Path | None, make: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the array kept at ``path``, or make it and keep it there; None keeps nothing."""
    found = load_arrays(path, "values") if path is not None else None
    if found is not None:
        return found["values"]
    made = make()
    if path is not None:
        save_arrays(path, values=made)
    return made
