"""One entry of an archive, of whatever kind the archive is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from spritelab.data.listing import Reader

Kind = Literal["file", "link", "device"]


@dataclass(frozen=True)
class Member:
    """An entry of an archive that is no folder.

    Attributes:
        name: its path, written with ``/``; nothing is promised of where that leads.
        size: the bytes that it unpacks to, which its reader does not exceed.
        read: returns its bytes.
        kind: a link may be one to a file or a folder, a device also a pipe.
    """

    name: str
    size: int
    read: Reader
    kind: Kind = "file"


def slashed(name: str) -> str:
    r"""A path with its folders parted by ``/``, where some Windows tools write ``\``; a last one
    stays."""
    name = name.replace("\\", "/")
    return str(PurePosixPath(name)) + ("/" if name.endswith("/") else "")
