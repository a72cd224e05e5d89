"""Results kept on disk while a comparison grows: arrays as ``.npz``, records as JSON.

Nothing is unpickled. A file is written aside and renamed, so it is whole or absent; one that
cannot be read all the same (a damaged disk, another program) counts as absent, with a warning.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab.storage import write_file

Array = NDArray[Any]


def save_arrays(path: Path, **arrays: Array) -> None:
    """Write named arrays. Raises ``StorageError`` if that fails; an older file is then kept."""
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    write_file(path, packed.getvalue())


def load_arrays(path: Path, *names: str) -> dict[str, Array] | None:
    """Read the named arrays, or None if there is no such file or it cannot be read."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        warnings.warn(f"{path} is broken ({error}); it is made again", stacklevel=2)
        return None


def save_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as JSON. Raises ``StorageError`` if that fails."""
    write_file(path, json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def load_record(path: Path) -> dict[str, Any] | None:
    """Read a record, or None if there is no such file or it cannot be read."""
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        warnings.warn(f"{path} is broken ({error}); it is made again", stacklevel=2)
        return None
    return record if isinstance(record, dict) else None


def cached(path: Path | None, make: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the array cached at ``path``, or make it and keep it there; None keeps nothing."""
    found = load_arrays(path, "values") if path is not None else None
    if found is not None:
        return found["values"]
    made = make()
    if path is not None:
        save_arrays(path, values=made)
    return made
