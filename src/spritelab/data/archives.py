"""Files to read, whether they lie in a folder or in a zip archive.

Both become the same thing: a mapping from a path relative to the root, written with ``/``, to a
function that returns the bytes. Nothing of an archive is ever written to disk.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from spritelab.data.text import some
from spritelab.errors import DataError

Files = Mapping[str, Callable[[], bytes]]

MAX_MEMBERS = 500_000
"""The most files that an archive may hold."""
MAX_UNPACKED = 2**31
"""The most bytes that an archive may unpack to, by its own declaration, which is enforced."""


def folder_files(root: Path) -> Files:
    """List the files under a folder, sorted by path; hidden ones are left out.

    Links to folders are not followed.

    Raises:
        DataError: if the folder cannot be listed.
    """
    found: dict[str, Callable[[], bytes]] = {}

    def refuse(error: OSError) -> None:
        raise DataError(f"{error.filename} cannot be listed ({error.strerror})") from error

    for folder, folders, names in os.walk(root, onerror=refuse):
        folders[:] = [name for name in folders if not _hidden(name)]
        for name in names:
            path = Path(folder, name)
            if not _hidden(name):
                found[path.relative_to(root).as_posix()] = path.read_bytes
    return dict(sorted(found.items()))


@contextmanager
def zip_files(path: Path) -> Iterator[Files]:
    """Open a zip archive and list its files, sorted by path; hidden ones are left out.

    A single top folder that wraps everything else is taken off, so that an archive of a folder
    reads like the folder.

    Raises:
        DataError: for what is no zip archive, is encrypted, or is damaged; for paths that leave the
            archive (absolute, ``..``, drive letters) and for links; and for more than
            ``MAX_MEMBERS`` files or ``MAX_UNPACKED`` bytes.
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
        members = [member for member in archive.infolist() if not member.is_dir()]
        _check_members(path.name, members)
        found: dict[str, Callable[[], bytes]] = {
            member.filename: partial(_read_member, archive, member)
            for member in members
            if not any(_hidden(part) for part in member.filename.split("/"))
        }
        yield dict(sorted(_unwrap(found).items()))


def _check_members(name: str, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise DataError(f"{name} holds {len(members):,} files; {MAX_MEMBERS:,} are the limit")
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
    try:
        return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise DataError("it is damaged inside the archive") from error


def _leaves(name: str) -> bool:
    path = name.replace("\\", "/")
    return path.startswith("/") or path[1:2] == ":" or ".." in PurePosixPath(path).parts


def _hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


def _unwrap(files: dict[str, Callable[[], bytes]]) -> dict[str, Callable[[], bytes]]:
    """Take off one top folder that holds everything, unless it is itself the only class folder."""
    tops = {name.split("/", 1)[0] for name in files if "/" in name}
    if len(tops) != 1 or any("/" not in name for name in files):
        return files
    inner = {name.split("/", 1)[1]: read for name, read in files.items()}
    has_metadata = any(name in ("metadata.csv", "metadata.jsonl") for name in inner)
    return inner if has_metadata or any("/" in name for name in inner) else files
