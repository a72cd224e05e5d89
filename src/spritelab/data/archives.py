"""Zip archives, read without ever being unpacked to disk."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath

from spritelab.data.listing import (
    HIDDEN,
    MAX_FILES,
    Aside,
    Listing,
    Reader,
    check_length,
    is_hidden,
)
from spritelab.data.text import some
from spritelab.errors import DataError

MAX_UNPACKED = 2**31
"""The most bytes that an archive may unpack to, by its own declaration, which is enforced."""

TWICE = "packed twice under one name, the last one read"

_UTF_8 = 0x800  # flag of a member whose name is UTF-8


@contextmanager
def zip_files(path: Path) -> Iterator[Listing]:
    """Open a zip archive and list its files, sorted by path; hidden ones are left out.

    Folders are parted by ``/``, or by ``\\`` as some Windows tools pack them. Names that are not
    said to be UTF-8 but are it, as some tools pack them, are read as that.

    Raises:
        DataError: for what is no zip archive, is encrypted, or is damaged; for paths that leave the
            archive (absolute, ``..``, drive letters) and for links; and for more than
            ``MAX_FILES`` files or ``MAX_UNPACKED`` bytes.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(
            f"{path.name} is not a whole zip archive; download or pack it again"
        ) from error
    except OSError as error:
        raise DataError(f"{path.name} cannot be opened ({error.strerror})") from error
    with archive:
        names = [(_name(member), member) for member in archive.infolist()]
        # PowerShell's folders are members whose name ends in a backslash.
        members = {name: member for name, member in names if not name.endswith("/")}
        _check_members(path.name, [member for name, member in names if not name.endswith("/")])
        found: dict[str, Reader] = {}
        aside = Aside()
        for name, member in members.items():
            if any(is_hidden(part) for part in name.split("/")):
                aside.put(HIDDEN, [name])
            else:
                found[name] = partial(_read_member, archive, member)
        seen: set[str] = set()
        for name, _ in names:
            if name in seen and name in found:
                aside.put(TWICE, [name])
            seen.add(name)
        yield Listing(dict(sorted(found.items())), aside.all())


def _name(member: zipfile.ZipInfo) -> str:
    """The path of a member, written with ``/``; that of a folder ends in one."""
    name = member.filename
    if not member.flag_bits & _UTF_8:
        with suppress(UnicodeError):  # it was no UTF-8 after all
            name = name.encode("cp437").decode("utf-8")
    name = name.replace("\\", "/")
    return str(PurePosixPath(name)) + ("/" if name.endswith("/") else "")


def _check_members(name: str, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_FILES:
        raise DataError(f"{name} holds {len(members):,} files; {MAX_FILES:,} are the limit")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED:
        raise DataError(
            f"{name} unpacks to {unpacked / 2**30:.1f} GiB; "
            f"{MAX_UNPACKED / 2**30:.0f} are the limit"
        )
    outside = [member.orig_filename for member in members if _leaves(member.orig_filename)]
    if outside:
        raise DataError(f"{name} holds paths that lead out of it ({some(outside)}); it is refused")
    links = [m.filename for m in members if stat.S_ISLNK(m.external_attr >> 16)]
    if links:
        raise DataError(f"{name} holds links ({some(links)}); pack the files themselves")
    locked = [member.filename for member in members if member.flag_bits & 1]
    if locked:
        raise DataError(f"{name} is encrypted ({some(locked)}); pack it without a password")


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Read one file; zipfile stops at the declared size and checks the CRC."""
    check_length(member.file_size)
    try:
        return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise DataError("it is damaged inside the archive") from error


def _leaves(name: str) -> bool:
    path = name.replace("\\", "/")
    return path.startswith("/") or path[1:2] == ":" or ".." in PurePosixPath(path).parts
