"""The files of a source: what can be read, by path, and what was left out, by reason."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from spritelab.errors import DataError
from spritelab.storage import regular

Reader = Callable[[], bytes]
"""Returns the bytes of one file; raises ``DataError`` with the bare reason, or ``OSError``."""

Files = Mapping[str, Reader]
"""By the path relative to the root, written with ``/``."""

MAX_FILES = 500_000
"""The most files of a source."""
MAX_FILE = 2**28 + 2**20
"""The most bytes of one file: those of the largest sheet, uncompressed, and a header."""

HIDDEN = "hidden"
LINKED = "folders linked a second time"
DEAD = "links that lead nowhere"
SPECIAL = "pipes, devices and the like"


@dataclass(frozen=True)
class LeftOut:
    """What a reader left out of a set for one reason.

    Attributes:
        reason: in a few words.
        names: of all that was left out for it: paths, cells of sheets.
    """

    reason: str
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


@dataclass
class Aside:
    """Collects what is left out."""

    by_reason: dict[str, list[str]] = field(default_factory=dict)

    def put(self, reason: str, names: Iterable[str]) -> None:
        """Add names under a reason."""
        if named := list(names):
            self.by_reason.setdefault(reason, []).extend(named)

    def all(self) -> tuple[LeftOut, ...]:
        """Everything so far, in the order in which the reasons came up."""
        return tuple(LeftOut(reason, tuple(names)) for reason, names in self.by_reason.items())


@dataclass(frozen=True)
class Listing:
    """The files of a folder or an archive, sorted by path, and what is not among them."""

    files: Files
    left_out: tuple[LeftOut, ...] = ()


def folder_files(root: Path) -> Listing:
    """List the files under a folder.

    Links are followed, to files and to folders; a folder is listed once, however many links lead to
    it, and never inside itself. Hidden files and folders (of a name that begins with a dot) are
    left out, and so are pipes, sockets and devices, which are not opened.

    Raises:
        DataError: if a folder cannot be listed, or there are more than ``MAX_FILES`` files.
    """
    found: dict[str, Reader] = {}
    aside = Aside()
    seen: set[tuple[int, int]] = set()
    folders = deque([(root, "")])
    linked: deque[tuple[Path, str]] = deque()
    while folders or linked:
        # Links last, so that a folder that is really here has the name that it has here.
        folder, prefix = (folders or linked).popleft()
        try:
            state = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise DataError(f"{folder} cannot be listed ({error.strerror})") from error
        if (state.st_dev, state.st_ino) in seen:
            aside.put(LINKED, [prefix])
            continue
        seen.add((state.st_dev, state.st_ino))
        for entry in entries:
            name, path = prefix + readable(entry.name), Path(entry.path)
            if is_hidden(entry.name):
                aside.put(HIDDEN, [name])
            elif _is(entry.is_dir):
                (linked if entry.is_symlink() else folders).append((path, name + "/"))
            elif _is(entry.is_file):
                while name in found:  # two names that are no UTF-8, and look alike now
                    name = f"{prefix}_{name.removeprefix(prefix)}"
                found[name] = partial(read_one, path)
            else:
                aside.put(DEAD if entry.is_symlink() else SPECIAL, [name])
        if len(found) > MAX_FILES:
            raise DataError(f"{root} holds more than {MAX_FILES:,} files; give a folder inside it")
    return Listing(dict(sorted(found.items())), aside.all())


def readable(name: str) -> str:
    """A file's name as text: ``?`` in the place of bytes that are no UTF-8.

    A file may be called so, but its name could be written in no other file.
    """
    return name.encode("utf-8", "replace").decode()


def is_hidden(part: str) -> bool:
    """Whether a file or folder of this name is none of the user's art."""
    return part.startswith(".") or part in ("__MACOSX", "Thumbs.db", "desktop.ini")


def check_length(length: int) -> None:
    """Raise ``DataError`` for a file of more than ``MAX_FILE`` bytes."""
    if length > MAX_FILE:
        raise DataError(f"its {length / 2**20:,.0f} MiB are more than a sheet may have")


def _is(kind: Callable[[], bool]) -> bool:
    try:
        return kind()
    except OSError:  # a link that leads to itself
        return False


def read_one(path: Path) -> bytes:
    """The bytes of one file of at most ``MAX_FILE``.

    Raises:
        DataError, OSError: with the bare reason.
    """
    check_length(regular(path).stat().st_size)
    return path.read_bytes()
