"""The members of a tar archive, plain or compressed."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import IO, BinaryIO

from spritelab.data.listing import MAX_FILES, check_length
from spritelab.data.member_names import decode_names
from spritelab.data.members import Kind, Member, slashed
from spritelab.errors import DataError
from spritelab.storage.arrays import UNREADABLE

MAX_UNPACKED = 2**31
"""The most bytes that a compressed archive may unpack to."""
MAX_RATIO = 100
"""How much smaller than its contents an archive may be: art, which is packed already, hardly is."""

_SPARED = 2**26  # bytes that may unpack out of however few
_CHUNK = 2**20
_COMPRESSED = {
    "gzip": (".tar.gz", ".tgz"),
    "bz2": (".tar.bz2", ".tbz2", ".tbz"),
    "lzma": (".tar.xz", ".txz"),
}
"""By the module of Python that reads them, how such archives are called."""
TAR_ENDS = (".tar", *(end for ends in _COMPRESSED.values() for end in ends))

_BROKEN = (tarfile.TarError, *UNREADABLE, ImportError)


@contextmanager
def tar_members(file: Path | BinaryIO, name: str, said: str) -> Iterator[list[Member]]:
    """Open a tar archive and list its members; it is compressed as the end of its name says.

    A compressed one is unpacked into a file without a name first, which is gone afterwards: its
    members could be read in no other order.

    Raises:
        DataError: calling the archive as ``said``, if it is none, is damaged, holds more than
            ``MAX_FILES`` members, or unpacks to more than ``MAX_UNPACKED`` bytes, or to more than
            64 MiB and ``MAX_RATIO`` times its size.
    """
    module = next((m for m, ends in _COMPRESSED.items() if name.lower().endswith(ends)), None)
    try:
        opened: IO[bytes] = file.open("rb") if isinstance(file, Path) else file
    except OSError as error:
        raise DataError(f"{said} cannot be opened ({error.strerror})") from error
    with ExitStack() as stack:
        source = stack.enter_context(opened)
        try:
            if module is not None:
                opener: Callable[..., IO[bytes]] = import_module(module).open
                size = source.seek(0, 2)
                source.seek(0)
                unpacked = stack.enter_context(tempfile.TemporaryFile())
                with opener(source) as stream:
                    _unpack(stream, unpacked, size, said)
                source = unpacked
            archive = stack.enter_context(tarfile.open(fileobj=source, mode="r:"))
            infos = list(_entries(archive, said))
        except DataError:
            raise
        except _BROKEN as error:
            raise DataError(
                f"{said} is not a whole tar archive; download or pack it again"
            ) from error
        names = decode_names([info.name.encode("utf-8", "surrogateescape") for info in infos])
        yield [
            Member(slashed(one), info.size, partial(_read, archive, info), _kind(info))
            for one, info in zip(names, infos, strict=True)
        ]


def _unpack(stream: IO[bytes], target: IO[bytes], packed: int, name: str) -> None:
    allowed = min(MAX_UNPACKED, max(_SPARED, MAX_RATIO * packed))
    done = 0
    while chunk := stream.read(_CHUNK):
        done += len(chunk)
        if done > allowed:
            raise DataError(
                f"{name} unpacks to more than {allowed / 2**20:,.0f} MiB; that is no art: if it "
                "is, unpack it and give the folder"
            )
        target.write(chunk)
    target.seek(0)


def _entries(archive: tarfile.TarFile, name: str) -> Iterator[tarfile.TarInfo]:
    for number, info in enumerate(archive):
        if number >= MAX_FILES:
            raise DataError(f"{name} holds more than {MAX_FILES:,} files")
        if not info.isdir():
            yield info


def _kind(info: tarfile.TarInfo) -> Kind:
    if info.issym() or info.islnk():
        return "link"
    return "file" if info.isreg() and not info.issparse() else "device"


def _read(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    check_length(info.size)
    try:
        file = archive.extractfile(info)
        data = b"" if file is None else file.read()
    except _BROKEN as error:
        raise DataError("it is damaged inside the archive") from error
    if len(data) != info.size:
        raise DataError("it is damaged inside the archive")
    return data
