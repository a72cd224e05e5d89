"""What is in a set of sprites, in figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab.data.duplicates import exact_copies
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.pixels import Images

_ROWS = 8192  # sprites at a time, so that 89,400 of them need little memory


@dataclass(frozen=True)
class Spread:
    """Smallest, middle and largest of some counts."""

    min: int
    median: float
    max: int


@dataclass(frozen=True)
class ClassCount:
    """One class: how many sprites, how many of them distinct, and whether it may be mirrored."""

    name: str
    n: int
    distinct: int
    mirrorable: bool


@dataclass(frozen=True)
class Inspection:
    """The figures of one set; the names of these fields are the keys of ``as_dict``.

    Attributes:
        n: sprites.
        distinct: different images, byte for byte.
        distinct_up_to_mirror: the same, mirror images counted once where the class allows it.
        groups: groups that a split keeps whole: copies, and what the source says belongs together.
        group_sizes: sprites per such group.
        classes: the classes in their order.
        size: height and width in pixels.
        channels: 3 (RGB) or 4 (RGBA).
        colours: different RGB colours per sprite, among its visible pixels (alpha > 0).
        transparent: share of pixels with alpha 0, in [0, 1].
        partly_transparent: share of pixels with alpha in 1 … 254, in [0, 1].
        provenance: where the sprites come from.
        content_hash: see ``SpriteSet.content_hash``.
    """

    n: int
    distinct: int
    distinct_up_to_mirror: int
    groups: int
    group_sizes: Spread
    classes: tuple[ClassCount, ...]
    size: int
    channels: int
    colours: Spread
    transparent: float
    partly_transparent: float
    provenance: Provenance
    content_hash: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and numbers, ready for JSON."""
        plain = asdict(self)
        plain["classes"] = list(plain["classes"])
        return plain


def inspect(sprites: SpriteSet) -> Inspection:
    """Count what is in a set: copies, groups, classes, colours, transparency."""
    exact = exact_copies(sprites.images)
    groups = sprites.leak_groups()
    alpha = sprites.images[..., 3] if sprites.channels == 4 else None
    return Inspection(
        n=len(sprites),
        distinct=_kinds(exact),
        distinct_up_to_mirror=_kinds(sprites.mirror_copies()),
        groups=_kinds(groups),
        group_sizes=_spread(np.bincount(groups)),
        classes=tuple(
            ClassCount(name, int(of.sum()), len(np.unique(exact[of])), mirrorable)
            for name, mirrorable, of in _classes(sprites)
        ),
        size=sprites.size,
        channels=sprites.channels,
        colours=_spread(colours_per_sprite(sprites.images)),
        transparent=0.0 if alpha is None else _share(alpha == 0),
        partly_transparent=0.0 if alpha is None else _share((alpha > 0) & (alpha < 255)),
        provenance=sprites.provenance,
        content_hash=sprites.content_hash,
    )


def colours_per_sprite(images: Images) -> NDArray[np.int64]:
    """Count the different RGB colours among the visible pixels of each sprite: int64 ``[N]``."""
    counts = [_count_colours(images[i : i + _ROWS]) for i in range(0, len(images), _ROWS)]
    return np.concatenate(counts) if counts else np.zeros(0, dtype=np.int64)


def _count_colours(images: Images) -> NDArray[np.int64]:
    rgb = images[..., :3].astype(np.int32)
    packed = ((rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]).reshape(len(images), -1)
    if images.shape[-1] == 4:
        packed[images[..., 3].reshape(len(images), -1) == 0] = -1  # sorts before every colour
    packed.sort(axis=1)
    first = packed[:, 0] >= 0
    counts: NDArray[np.int64] = (np.diff(packed, axis=1) != 0).sum(axis=1, dtype=np.int64) + first
    return counts


def _classes(sprites: SpriteSet) -> Iterator[tuple[str, bool, NDArray[np.bool_]]]:
    pairs = zip(sprites.class_names, sprites.mirrorable, strict=True)
    for k, (name, mirrorable) in enumerate(pairs):
        yield name, mirrorable, sprites.labels == k


def _kinds(numbers: NDArray[np.int64]) -> int:
    return int(numbers.max(initial=-1)) + 1


def _spread(counts: NDArray[np.int64]) -> Spread:
    if counts.size == 0:
        return Spread(0, 0.0, 0)
    return Spread(int(counts.min()), float(np.median(counts)), int(counts.max()))


def _share(where: NDArray[np.bool_]) -> float:
    return float(where.mean()) if where.size else 0.0
