"""Writing files so that none is ever half-written and none that was there is lost."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from spritelab.errors import SettingsError, StorageError
from spritelab.storage.aside import file_aside, folder_aside, put_in_place


def regular(path: Path) -> Path:
    """Return ``path``, if it is a file or missing: a pipe would be waited for, a device never ends.

    Raises:
        OSError: if it is anything else.
    """
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe, a device or the like"
        raise OSError(errno.EINVAL, f"it is {kind} and no file")
    return path


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: if it cannot be read, is no file (see ``regular``) or has more than ``most`` bytes;
            ``FileNotFoundError`` if there is none.
    """
    length = regular(path).stat().st_size
    if length > most:
        raise OSError(errno.EFBIG, f"it has {length:,} bytes; {most:,} are the limit")
    return path.read_bytes()


def write_file(path: str | Path, content: bytes | str) -> Path:
    """Write a file aside, flush it to the disk, rename it into place and return its path.

    The rename replaces an older file in one step, so that whatever the moment of a crash the name
    holds the old content or the new one, whole. Folders on the way are made; text is UTF-8.

    Raises:
        StorageError: the file cannot be written; one that was there before is untouched, and so is
            a device or a pipe.
    """
    path = Path(path)
    # Names of files may hold what is no Unicode; a question mark stands for it.
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    with writing(path) as file:
        file.write(data)
    return path


@contextlib.contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """``write_file`` for what comes in parts: give a file that takes its name when the block ends.

    Raises:
        StorageError: as ``write_file``.
    """
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        regular(path)
        with file_aside(path) as (handle, aside):
            with open(handle, "wb", closefd=False) as file:
                yield file
                file.flush()
                os.fsync(handle)
            aside.replace(path)


@contextlib.contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` met while writing ``path`` into a ``StorageError`` of one line.

    Blocks may be nested, as where a folder is filled aside: the outermost names what is lost.
    """
    try:
        yield
    except (OSError, StorageError) as error:
        cause = error.__cause__ if isinstance(error, StorageError) else error
        if not isinstance(cause, OSError):
            raise
        reason = cause.strerror or str(cause)
        raise StorageError(
            f"cannot write {path} ({reason}); what was there before is kept; "
            "free some space or choose another place"
        ) from cause


@contextlib.contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Give a folder aside to fill, which takes the place of ``folder`` if the block succeeds.

    Whether ``folder`` may be replaced is for the caller to check.

    Raises:
        StorageError: if the folder cannot be written; the old one is then still there.
    """
    with storing(folder), folder_aside(folder) as aside:
        yield aside
        put_in_place(aside, folder)


def check_writable(place: Path) -> None:
    """Find out before long work whether a file or folder can be written at ``place``.

    A few bytes are written where it is to be, or in the nearest folder above that exists, and
    removed again.

    Raises:
        StorageError: if it cannot: no permission, a read-only or a full disk, a file on the way.
    """
    with storing(place):
        above = place
        while not above.is_dir():
            if above.exists() and above != place:
                raise NotADirectoryError(errno.ENOTDIR, f"{above} is a file")
            above = above.parent
        # Called as what is written there later, which finds it where a kill has left it.
        # The folder that one stands in, ".", has no name of its own.
        with file_aside(above / (place.name or "probe")) as (handle, aside):
            os.write(handle, bytes(4096))
            os.fsync(handle)
            aside.unlink()


def check_file(path: Path, overwrite: bool = True, *, parameter: str = "out") -> None:
    """Find out before long work whether a file can be written.

    Args:
        path: of the file.
        overwrite: it may be there already.
        parameter: by which the caller names it.

    Raises:
        SettingsError: if it is there and may not be.
        StorageError: if nothing can be written there: see ``check_writable``; a folder, a device.
    """
    if path.exists() and not overwrite:
        raise SettingsError(
            f"{path} exists already; choose another `{parameter}`, or `overwrite` it"
        )
    with storing(path):
        regular(path)
    check_writable(path)


def check_replaceable(
    folder: Path, overwrite: bool, ours: Callable[[], bool], *, parameter: str, what: str, it: str
) -> None:
    """Find out before long work whether a folder that is written whole may become ``folder``.

    It must not exist, or be empty, or with ``overwrite`` be one of ours. A folder with anything
    else in it is never replaced, nor is the current one.

    Args:
        folder: the place.
        overwrite: replace one of ours.
        ours: whether a folder that is there holds what is written, and nothing else.
        parameter: by which the caller names the folder.
        what: is written, for the message.
        it: the same again, in a pronoun.

    Raises:
        SettingsError: if it may not.
        StorageError: if nothing can be written there.
    """
    another = f"choose another `{parameter}`"
    if Path.cwd().is_relative_to(folder.resolve()):
        raise SettingsError(f"{folder} is where you are; {another}")
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        check_writable(folder.parent if folder.exists() else folder)
        return
    if not folder.is_dir() or not ours():
        raise SettingsError(f"{folder} exists and holds other files; {another}")
    if not overwrite:
        raise SettingsError(f"{folder} holds {what} already; {another}, or `overwrite` {it}")
    check_writable(folder.parent)


def flush_folder(folder: Path) -> None:
    """Make renames inside ``folder`` last through a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
