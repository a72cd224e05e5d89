"""Writing files so that none is ever half-written and none that was there is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from spritelab.errors import StorageError


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
    aside = path.with_name(f".{secrets.token_hex(8)}.part")
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        regular(path)
        try:
            with aside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise
    return path


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
    key = secrets.token_hex(8)
    aside, old = folder.with_name(f".{key}.part"), folder.with_name(f".{key}.old")
    try:
        with storing(folder):
            aside.mkdir(parents=True)
            yield aside
            if folder.exists():
                folder.rename(old)
            try:
                aside.rename(folder)
            except BaseException:
                if old.exists():
                    old.rename(folder)
                raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def flush_folder(folder: Path) -> None:
    """Make renames inside ``folder`` last through a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
