"""What is written lies aside until it is whole; what a kill left there is used again or removed.

A file or folder aside is locked by the process that fills it, so that one that nobody locks was
left by a process that is gone. Its name follows from that of what it becomes: whoever writes the
same next finds it without looking through the folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".part"
_OLD = ".old"


@contextlib.contextmanager
def file_aside(path: Path) -> Iterator[tuple[int, Path]]:
    """Open an empty file aside of ``path``: its descriptor and its path, which is locked meanwhile.

    Raises:
        OSError: if it cannot be made.
    """
    aside = _name(path)
    if aside.is_dir():
        _remove(aside)  # left by a kill, where a folder of this name was to be
    flags = os.O_CREAT | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    fills = fcntl is not None and not aside.is_dir()
    handle = os.open(aside, flags, 0o666) if fills else -1
    try:
        if handle < 0 or not (_lock(handle) and _is_at(handle, aside)):  # another writes the same
            if handle >= 0:
                os.close(handle)
            aside = _name(path, secrets.token_hex(4))
            handle = os.open(aside, flags | os.O_EXCL, 0o666)
            _lock(handle)
        os.ftruncate(handle, 0)
        yield handle, aside
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise
    finally:
        os.close(handle)


@contextlib.contextmanager
def folder_aside(folder: Path) -> Iterator[Path]:
    """Make an empty folder aside of ``folder``, locked meanwhile; it is removed in the end.

    Raises:
        OSError: if it cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _recover(folder)
    aside = _name(folder)
    if aside.exists():
        _remove(aside)
    try:
        aside.mkdir()
    except FileExistsError:  # another fills it
        aside = _name(folder, secrets.token_hex(4))
        aside.mkdir()
    held = _lock_folder(aside)
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if held is not None:
            os.close(held)


def put_in_place(aside: Path, folder: Path) -> None:
    """Rename a folder aside to ``folder``; one that is there takes its name instead.

    Both at once where the system can (Linux); else there is a moment in which ``folder`` is not
    there, and whoever is killed in it leaves what the next writer puts back.

    Raises:
        OSError: if it cannot be renamed; ``folder`` is then what it was.
    """
    if not folder.exists():
        aside.rename(folder)
        return
    if _exchange(aside, folder):
        return
    old = _name(folder).with_suffix(_OLD)
    folder.rename(old)
    try:
        aside.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def tidy(folder: Path) -> None:
    """Remove what kills left aside anywhere below ``folder``; what is being written stays."""
    for left in folder.rglob(f".*{SUFFIX}"):
        _remove(left)


def is_aside(path: Path) -> bool:
    """Whether a file or folder is called as what lies aside."""
    return bool(re.fullmatch(r"\.[0-9a-f]{16}([0-9a-f]{8})?\.part", path.name))


def _remove(left: Path) -> None:
    """Remove a file or folder aside that a kill left, which is one that nobody has locked."""
    with contextlib.suppress(OSError):
        if left.is_dir():
            handle = _lock_folder(left)
            if handle is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(handle)
        elif left.is_file():
            handle = os.open(left, os.O_WRONLY)
            try:
                if fcntl is not None and _lock(handle):
                    left.unlink()
            finally:
                os.close(handle)


def _name(path: Path, token: str = "") -> Path:
    """The name aside of ``path``: short, whatever it is called."""
    key = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".{key}{token}{SUFFIX}")


def _recover(folder: Path) -> None:
    """Put back what a kill between two renames left under another name."""
    old = _name(folder).with_suffix(_OLD)
    with contextlib.suppress(OSError):
        if old.exists() and not folder.exists():
            old.rename(folder)
        elif old.exists():
            shutil.rmtree(old, ignore_errors=True)


def _lock(handle: int) -> bool:
    """Lock an open file; also true where the file system knows no locks."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _lock_folder(folder: Path) -> int | None:
    """Lock a folder: what to close in the end; None if another has locked it, or no system can."""
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY)
    if _lock(handle):
        return handle
    os.close(handle)
    return None


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file still has its name, and was not renamed before it was locked."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; whether that could be done (Linux's ``renameat2``)."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    done: int = call(here, os.fsencode(one), here, os.fsencode(other), exchange)
    return done == 0
