"""What is in a set of sprites, in figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab import palette
from spritelab.data.duplicates import exact_copies
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.pixels import Images, harden_alpha

_REDUCED = 2000  # sprites whose reduction is measured: a few seconds, and the mean is settled


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
class PaletteFigures:
    """What it would mean to give each sprite a palette; transparent counts as one colour.

    Attributes:
        sizes: colours of a sprite's palette.
        auto: what `data.palette` auto chooses for this set, see ``palette.fitting_size``. Sprites
            with at most that many colours stay exactly as they are.
        within_16: share of sprites that have at most 16 colours, in [0, 1].
        within_24: the same with 24.
        within_32: the same with 32.
        set_colours: different colours of the whole set.
        error_32: mean difference of a channel of a pixel over the whole set, sprites laid on white,
            in levels (0 … 255), if sprites with more than 32 colours are reduced to 32.
        error_reduced: the same over those sprites alone; 0 if there are none.
    """

    sizes: Spread
    auto: int
    within_16: float
    within_24: float
    within_32: float
    set_colours: int
    error_32: float
    error_reduced: float


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
        palettes: how well few colours a sprite would do.
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
    palettes: PaletteFigures
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
    """Count what is in a set: copies, groups, classes, colours, palettes, transparency."""
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
        palettes=_palettes(sprites.images),
        transparent=0.0 if alpha is None else _share(alpha == 0),
        partly_transparent=0.0 if alpha is None else _share((alpha > 0) & (alpha < 255)),
        provenance=sprites.provenance,
        content_hash=sprites.content_hash,
    )


def colours_per_sprite(images: Images) -> NDArray[np.int64]:
    """Count the different RGB colours among the visible pixels of each sprite: int64 ``[N]``."""
    if images.shape[-1] == 3:
        return palette.palette_sizes(images)
    transparent = images[..., 3] == 0
    sizes = palette.palette_sizes(harden_alpha(images, threshold=1))
    counts: NDArray[np.int64] = sizes - transparent.any(axis=(1, 2))
    return counts


def _palettes(images: Images) -> PaletteFigures:
    sizes = palette.palette_sizes(images)
    more = np.flatnonzero(sizes > 32)
    measured = more[:: max(1, -(-len(more) // _REDUCED))]
    error = palette.index_sprites(images[measured], 32).error.mean_levels
    return PaletteFigures(
        sizes=_spread(sizes),
        auto=palette.fitting_size(images),
        within_16=_share(sizes <= 16),
        within_24=_share(sizes <= 24),
        within_32=_share(sizes <= 32),
        set_colours=len(palette.Palette.of(images)) if len(images) else 0,
        error_32=error * _share(sizes > 32),
        error_reduced=error,
    )


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
