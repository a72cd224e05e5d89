"""The members of a zip archive."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from spritelab.data.listing import check_length
from spritelab.data.member_names import decode_names, unicode_path
from spritelab.data.members import Kind, Member, slashed
from spritelab.data.text import some
from spritelab.errors import DataError
from spritelab.storage.arrays import UNREADABLE

_UTF_8 = 0x800  # flag of a member whose name is UTF-8
_ENCRYPTED = 1


@contextmanager
def zip_members(file: Path | BinaryIO, said: str) -> Iterator[list[Member]]:
    """Open a zip archive and list its members, as they stand in its directory.

    For names that are not said to be UTF-8 see ``member_names``; for how folders are parted,
    ``members.slashed``.

    Raises:
        DataError: calling the archive as ``said``, if it is none, is encrypted, or is damaged.
    """
    try:
        archive = zipfile.ZipFile(file)
    except PermissionError as error:
        raise DataError(f"{said} cannot be opened ({error.strerror})") from error
    except UNREADABLE as error:
        raise DataError(f"{said} is not a whole zip archive; download or pack it again") from error
    with archive:
        infos = archive.infolist()
        names = [slashed(one) for one in _names(infos)]
        # PowerShell's folders are members whose name ends in a backslash.
        files = [(one, info) for one, info in zip(names, infos, strict=True) if one[-1:] != "/"]
        if locked := [one for one, info in files if info.flag_bits & _ENCRYPTED]:
            raise DataError(f"{said} is encrypted ({some(locked)}); pack it without a password")
        yield [
            Member(one, info.file_size, partial(_read, archive, info), _kind(info))
            for one, info in files
        ]


def _kind(info: zipfile.ZipInfo) -> Kind:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "link"
    return "file" if stat.S_IFMT(mode) in (0, stat.S_IFREG) else "device"


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """The names of all members, as far as one can tell what was meant."""
    names = [info.orig_filename.partition("\0")[0] for info in infos]
    unsaid = {}
    for place, info in enumerate(infos):
        if info.flag_bits & _UTF_8 or names[place].isascii():
            continue
        raw = names[place].encode("cp437")  # as zipfile has decoded it
        better = unicode_path(info.extra, raw)
        if better is None:
            unsaid[place] = raw
        else:
            names[place] = better
    if unsaid:
        for place, name in zip(unsaid, decode_names(list(unsaid.values())), strict=True):
            names[place] = name
    return names


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Read one file; zipfile stops at the declared size and checks the CRC."""
    check_length(info.file_size)
    try:
        return archive.read(info)
    except UNREADABLE as error:
        raise DataError("it is damaged inside the archive") from error
