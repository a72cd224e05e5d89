"""Locks of the operating system, which go with the process that holds them."""

from __future__ import annotations

import os
from pathlib import Path

from spritelab.errors import SettingsError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

AVAILABLE = fcntl is not None
"""Whether this system has such locks."""

NO_RUNS = "training from the page needs Linux or macOS; here, use `spritelab train` in a terminal"


def take(path: Path) -> int | None:
    """Lock a file and return its descriptor, which a child may inherit; None if others hold it.

    The lock is that of the open file: it lasts until the last process that has it has closed it.

    Raises:
        SettingsError: where the system has no such locks.
    """
    if fcntl is None:
        raise SettingsError(NO_RUNS)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def is_taken(path: Path) -> bool:
    """Whether somebody holds the lock now."""
    if fcntl is None or not path.exists():
        return False
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
