"""What the folders of a set say: which files are meant, and of which class each one is.

Everything here works on paths alone, written with ``/``.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

ONE_CLASS = "sprite"
"""The class of images that lie in no class folder."""

SPLITS = frozenset(
    {"train", "training", "test", "testing", "val", "valid", "validation", "eval", "dev"}
)
"""Folders that other tools split a set into; no classes, in whatever case they are written."""


def matches(path: str, pattern: str) -> bool:
    """Whether a path fits a pattern of ``include`` or ``exclude``.

    A pattern names a file or a folder, at any depth, and with a folder all that is in it. ``*``
    stands for any characters, ``?`` for one, ``[ab]`` for one of these. Case makes no difference.
    """
    path = "/" + path.lower()
    wanted = pattern.lower().replace("\\", "/").removeprefix("./").strip("/")
    return fnmatchcase(path, f"*/{wanted}") or fnmatchcase(path, f"*/{wanted}/*")


def chosen(path: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether a file is meant: it fits a pattern to include, if there are any, and none to not."""
    wanted = not include or any(matches(path, pattern) for pattern in include)
    return wanted and not any(matches(path, pattern) for pattern in exclude)


def wrapper(images: Iterable[str], tables: Iterable[str] = ()) -> str:
    """The folders that wrap a whole set, such as ``pack/png/``; empty if there are none.

    A wrapper holds every image and every table, and most of the images in folders of its own. The
    only class folder is none.
    """
    paths = list(images)
    others = list(tables)
    prefix = ""
    while True:
        top = _only_top([path[len(prefix) :] for path in paths])
        inside = f"{prefix}{top}/"
        if top is None or not all(path.startswith(inside) for path in (*paths, *others)):
            return prefix
        prefix = inside


def _only_top(paths: Sequence[str]) -> str | None:
    """The folder that all of ``paths`` that lie in folders lie in, if it wraps others."""
    inner = [path.split("/") for path in paths if "/" in path]
    tops = {parts[0] for parts in inner}
    deeper = sum(len(parts) > 2 for parts in inner)
    return tops.pop() if len(tops) == 1 and 2 * deeper > len(inner) else None


@dataclass(frozen=True)
class Classes:
    """The class of every image, and what was decided on the way.

    Attributes:
        of: by the path of an image.
        notes: sentences for the user.
    """

    of: dict[str, str]
    notes: tuple[str, ...] = ()


def read_classes(images: Sequence[str]) -> Classes:
    """Tell the class of each image from its folders.

    It is the first folder of its path, after folders that wrap all others and those of a split
    (``train``, ``test`` …) are taken off; ``sprite`` for images outside of all folders.
    """
    rest = {path: path for path in images}
    _take_off(rest, _wrapping)
    notes = []
    if splits := _splits(rest.values()):
        counted = ", ".join(f"{n:,} in {name}" for name, n in splits.items())
        first = next(iter(splits))
        if len(splits) > 1:
            notes.append(
                f"{', '.join(splits)} are folders of a split, not classes; all are read, for "
                f"spritelab splits a set itself ({counted}); `include={first}` reads one alone"
            )
        rest = {p: r.partition("/")[2] if "/" in r else r for p, r in rest.items()}
        _take_off(rest, _wrapping)
    of = {
        path: unicodedata.normalize("NFC", inner.split("/")[0]) if "/" in inner else ONE_CLASS
        for path, inner in rest.items()
    }
    return Classes(of, tuple(notes))


def _take_off(rest: dict[str, str], find: Callable[[Sequence[str]], str]) -> None:
    while prefix := find(list(rest.values())):
        for path, inner in rest.items():
            rest[path] = inner.removeprefix(prefix)


def _wrapping(paths: Sequence[str]) -> str:
    top = _only_top(paths)
    return f"{top}/" if top is not None else ""


def _splits(paths: Iterable[str]) -> Counter[str]:
    """Count the images of each folder of a split, if all folders are such; else none."""
    tops = Counter(path.split("/")[0] for path in paths if "/" in path)
    return tops if all(top.lower() in SPLITS for top in tops) else Counter()


def says_direction(name: str) -> bool:
    """Tell whether a class name speaks of a direction, so that its mirror image is wrong."""
    words = name.lower().replace("_", "-").replace(" ", "-").split("-")
    return any(word in {"side", "left", "right", "west", "east", "facing"} for word in words)
