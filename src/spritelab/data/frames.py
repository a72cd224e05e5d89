"""Frames of one animation that lie in files of their own: ``walk_0.png``, ``walk_1.png`` …

Numbers alone do not say it: packs number sprites that have nothing to do with each other, too.
Frames of an animation also look alike.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from spritelab.config import Frames
from spritelab.pixels import Images

ALIKE = 0.5
"""The share of the pixels drawn in either of two neighbours that are equal in frames."""

_NUMBER = re.compile(r"\d+")


def numbered(keys: Iterable[str]) -> NDArray[np.int64]:
    """Number keys by their first appearance: int64 ``[N]``."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)


def join_frames(
    paths: Sequence[str], images: Images, groups: Sequence[str], which: Frames = "auto"
) -> list[str]:
    """Give frames of one animation one group.

    Two files are neighbours if they lie in one folder and their names are equal but for a number
    that is one more. With ``auto`` neighbours that look alike are joined, with ``all`` whatever has
    a name that is equal but for its numbers, with ``off`` nothing.

    Args:
        paths: of the N sprites, each of a file of its own.
        images: uint8 ``[N,H,W,4]``.
        groups: the group of each so far.

    Returns:
        The group of each.
    """
    if which == "off":
        return list(groups)
    leader = list(range(len(paths)))

    def root(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    for i, j in _neighbours(paths) if which == "auto" else _namesakes(paths):
        if which == "all" or look_alike(images[i], images[j]):
            leader[root(j)] = root(i)
    return [groups[root(i)] for i in range(len(paths))]


def look_alike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two sprites, uint8 ``[H,W,4]``, differ as little as frames of one animation do.

    The colour of a sprite's first pixel is its background; what is not, is drawn.
    """
    drawn = (one != one[:1, :1]).any(axis=-1) | (other != other[:1, :1]).any(axis=-1)
    equal = (one == other).all(axis=-1)
    return bool(equal[drawn].sum() >= ALIKE * max(1, drawn.sum()))


def _by_name(paths: Sequence[str]) -> dict[str, dict[tuple[int, ...], int]]:
    """Sprites by their folder and name without numbers, and by these numbers."""
    found: defaultdict[str, dict[tuple[int, ...], int]] = defaultdict(dict)
    for i, path in enumerate(paths):
        where = PurePosixPath(path)
        numbers = tuple(int(digits[:18]) for digits in _NUMBER.findall(where.stem))
        if numbers:
            key = f"{where.parent}/{_NUMBER.sub('#', where.stem)}{where.suffix.lower()}"
            found[key].setdefault(numbers, i)
    return found


def _neighbours(paths: Sequence[str]) -> Iterator[tuple[int, int]]:
    for alike in _by_name(paths).values():
        for numbers, i in alike.items():
            for k, number in enumerate(numbers):
                j = alike.get((*numbers[:k], number + 1, *numbers[k + 1 :]))
                if j is not None:
                    yield i, j


def _namesakes(paths: Sequence[str]) -> Iterator[tuple[int, int]]:
    for alike in _by_name(paths).values():
        first, *others = alike.values()
        yield from ((first, other) for other in others)
