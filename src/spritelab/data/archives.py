"""Archives as people pack them, zip and tar, read without ever being unpacked to a folder.

What an archive may hold is bounded before any of it is read: by the number of files, by what they
unpack to, and by where their paths lead.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from spritelab.data.listing import (
    HIDDEN,
    MAX_FILES,
    SPECIAL,
    Aside,
    Listing,
    is_hidden,
)
from spritelab.data.members import Member
from spritelab.data.tars import TAR_ENDS, tar_members
from spritelab.data.text import some
from spritelab.data.zips import zip_members
from spritelab.errors import DataError

MAX_UNPACKED = 2**31
"""The most bytes that an archive may unpack to, with those in it; by its own declaration, which is
enforced."""
MAX_INNER = 2**28
"""The most bytes, as they are packed, of the archives in an archive: they are held in memory."""

MAX_ARCHIVES = 256
"""The most archives of a folder: all are open at once."""

TWICE = "packed twice under one name, the last one read"
DEEPER = "archives in an archive in an archive"

ENDS = (".zip", *TAR_ENDS)
"""How the names of archives that are read end, in lower case."""

OTHERS = {
    ".7z": "a 7-Zip archive",
    ".rar": "a RAR archive",
    ".gz": "packed by gzip",
    ".xz": "packed by xz",
    ".bz2": "packed by bzip2",
    ".zst": "packed by Zstandard",
    ".lzh": "an LHA archive",
    ".cab": "a Cabinet archive",
}
"""How the names of archives that are not read end, and what they are."""
_SIGNATURES = {b"7z\xbc\xaf\x27\x1c": ".7z", b"Rar!\x1a\x07": ".rar"}


def is_archive(name: str) -> bool:
    """Whether a file's name is that of an archive that is read."""
    return name.lower().endswith(ENDS)


def check_packing(path: Path) -> None:
    """Raise ``DataError``, with the remedy, for an archive that is not read, by name or content."""
    kind = path.suffix.lower()
    if path.is_file() and is_archive(path.name):
        with path.open("rb") as file:
            head = file.read(8)
        kind = next((end for start, end in _SIGNATURES.items() if head.startswith(start)), "")
    elif is_archive(path.name):
        return
    if kind in OTHERS:
        raise DataError(
            f"{path.name} is {OTHERS[kind]}, which is not read; unpack it and give the folder, or "
            "pack that as .zip or .tar.gz"
        )


@contextmanager
def archive_files(path: Path) -> Iterator[Listing]:
    """Open an archive and list its files, sorted by path; hidden ones are left out.

    An archive that lies in it is listed like a folder of its name without the end; what lies in
    that as an archive is left out.

    Raises:
        DataError: for what is no archive, is encrypted, or is damaged; for paths that leave the
            archive (absolute, ``..``, drive letters) and for links; and for more than
            ``MAX_FILES`` files or ``MAX_UNPACKED`` bytes.
    """
    aside = Aside()
    with ExitStack() as stack:
        outer = stack.enter_context(_members(path, path.name, path.name))
        _check(path.name, outer)
        files = _files(outer, "", aside)
        packed = {name: files.pop(name) for name in list(files) if is_archive(name)}
        _check_sizes(path.name, outer, list(packed.values()))
        everything = outer
        for name, member in packed.items():
            said = f"{name} in {path.name}"
            inner = stack.enter_context(_members(_held(said, member), name, said))
            _check(said, inner)
            everything = [*everything, *inner]
            _check_sizes(path.name, everything)
            found = _files(inner, f"{_without_end(name)}/", aside)
            aside.put(DEEPER, [one for one in found if is_archive(one)])
            aside.put(TWICE, [one for one in found if one in files])
            files |= {one: member for one, member in found.items() if not is_archive(one)}
        yield Listing({name: files[name].read for name in sorted(files)}, aside.all())


@contextmanager
def archives_of_folder(root: Path, listing: Listing) -> Iterator[Listing]:
    """List the archives of a folder like folders of their names, as WebDataset's tars lie in one.

    Args:
        root: the folder.
        listing: of its files.

    Raises:
        DataError: for more than ``MAX_ARCHIVES``; and as ``archive_files``, whose bounds hold for
            all of them together.
    """
    packed = [name for name in listing.files if is_archive(name)]
    if len(packed) > MAX_ARCHIVES:
        raise DataError(
            f"{root} holds {len(packed):,} archives; {MAX_ARCHIVES} are the limit: put them in one"
        )
    aside = Aside({one.reason: list(one.names) for one in listing.left_out})
    files = {name: read for name, read in listing.files.items() if not is_archive(name)}
    everything: list[Member] = []
    with ExitStack() as stack:
        for name in packed:
            place, said = root / name, f"{name} in {root.name}"
            inner = stack.enter_context(
                # By its name, unless that is no UTF-8 and another one is shown.
                _members(
                    place if place.is_file() else io.BytesIO(listing.files[name]()), name, said
                )
            )
            _check(said, inner)
            everything += inner
            _check_sizes(root.name, everything)
            found = _files(inner, f"{_without_end(name)}/", aside)
            aside.put(DEEPER, [one for one in found if is_archive(one)])
            files |= {one: member.read for one, member in found.items() if not is_archive(one)}
        yield Listing(dict(sorted(files.items())), aside.all())


def _members(file: Path | BinaryIO, name: str, said: str) -> AbstractContextManager[list[Member]]:
    """Open an archive, a tar if its ``name`` says so; errors call it ``said``."""
    if name.lower().endswith(TAR_ENDS):
        return tar_members(file, name, said)
    return zip_members(file, said)


def _held(said: str, member: Member) -> BinaryIO:
    try:
        return io.BytesIO(member.read())
    except DataError as error:
        raise DataError(f"{said} cannot be read: {error}") from None


def _without_end(name: str) -> str:
    return name[: -len(next(end for end in ENDS if name.lower().endswith(end)))]


def _check(said: str, members: list[Member]) -> None:
    """Raise ``DataError`` for paths that leave an archive, and for links."""
    if outside := [member.name for member in members if _leaves(member.name)]:
        raise DataError(f"{said} holds paths that lead out of it ({some(outside)}); it is refused")
    if links := [member.name for member in members if member.kind == "link"]:
        raise DataError(f"{said} holds links ({some(links)}); pack the files themselves")


def _check_sizes(name: str, members: list[Member], inner: list[Member] | None = None) -> None:
    """Raise ``DataError`` for too much of anything."""
    if len(members) > MAX_FILES:
        raise DataError(f"{name} holds {len(members):,} files; {MAX_FILES:,} are the limit")
    unpacked = sum(member.size for member in members)
    if unpacked > MAX_UNPACKED:
        raise DataError(
            f"{name} unpacks to {unpacked / 2**30:.1f} GiB; "
            f"{MAX_UNPACKED / 2**30:.0f} are the limit"
        )
    held = sum(member.size for member in inner or ())
    if held > MAX_INNER:
        raise DataError(
            f"{name} holds archives of {held / 2**20:,.0f} MiB; {MAX_INNER / 2**20:,.0f} are the "
            "limit: unpack it and give the folder"
        )


def _leaves(name: str) -> bool:
    return name.startswith("/") or name[1:2] == ":" or ".." in PurePosixPath(name).parts


def _files(members: list[Member], prefix: str, aside: Aside) -> dict[str, Member]:
    """The files of an archive by their paths; what is none of the user's art is put aside."""
    found: dict[str, Member] = {}
    for member in members:
        name = prefix + member.name
        if any(is_hidden(part) for part in member.name.split("/")):
            aside.put(HIDDEN, [name])
        elif member.kind == "device":
            aside.put(SPECIAL, [name])
        else:
            if name in found:
                aside.put(TWICE, [name])
            found[name] = member
    return found
