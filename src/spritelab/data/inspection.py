"""What is in a set of sprites, in figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab import palette, sheets
from spritelab.data.duplicates import exact_copies
from spritelab.data.listing import LeftOut
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.pixels import Images, harden_alpha

FEW = 1000  # distinct sprites below which learning by heart is to be expected
_ONE_SIDED = 10  # times as many sprites of the largest class as of the smallest
_SOFT = 0.005  # share of pixels that are partly transparent
_MIXED = 512  # colours of a whole set beyond which it is of several palettes
_SEVERAL = 3  # sprites that may have a ground in common
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
        within_32: the same with 32.
        within_64: the same with 64.
        set_colours: different colours of the whole set.
        error: mean difference of a channel of a pixel over the whole set, sprites laid on white,
            in levels (0 … 255), if sprites with more than ``auto`` colours are reduced to that.
        error_reduced: the same over those sprites alone; 0 if there are none.
    """

    sizes: Spread
    auto: int
    within_16: float
    within_32: float
    within_64: float
    set_colours: int
    error: float
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
        left_out: see ``SpriteSet.left_out``.
        notes: see ``SpriteSet.notes``.
        advice: what to look at before training, see ``spritelab.data.advice``.
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
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and numbers, ready for JSON."""
        plain = asdict(self)
        plain["classes"] = list(plain["classes"])
        plain["left_out"] = {one.reason: list(one.names) for one in self.left_out}
        plain |= {"notes": list(self.notes), "advice": list(self.advice)}
        return plain


def inspect(sprites: SpriteSet) -> Inspection:
    """Count what is in a set: copies, groups, classes, colours, palettes, transparency."""
    exact = exact_copies(sprites.images)
    groups = sprites.leak_groups()
    alpha = sprites.images[..., 3] if sprites.channels == 4 else None
    facts = Inspection(
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
        left_out=sprites.left_out,
        notes=sprites.notes,
    )
    return replace(facts, advice=tuple(advise(sprites, facts)))


def advise(sprites: SpriteSet, facts: Inspection) -> Iterator[str]:
    """Yield what to look at before a model learns the sprites, in sentences for the user."""
    if facts.size not in (16, 32) or sprites.images.shape[1] != sprites.images.shape[2]:
        yield (
            f"models learn 16×16 or 32×32 sprites, not {facts.size}×{facts.size}; choose a `size`, "
            "with `pad` if no whole factor leads to it"
        )
    if facts.distinct_up_to_mirror < FEW:
        yield (
            f"{facts.distinct_up_to_mirror:,} distinct sprites are few: a model soon knows them by "
            "heart; add sprites, train shorter, or begin from a model that knows others"
        )
    counts = {one.name: one.distinct for one in facts.classes}
    small, large = (f(counts, key=counts.__getitem__) for f in (min, max))
    if counts[large] > _ONE_SIDED * counts[small]:
        yield (
            f"classes are one-sided: {counts[large]:,} distinct sprites of {large}, "
            f"{counts[small]:,} of {small}; the small ones are learnt badly"
        )
    if facts.partly_transparent > _SOFT:
        yield (
            f"{facts.partly_transparent:.1%} of the pixels are partly transparent: soft edges or "
            "shadows, which a model draws as soft; harden them if they are not meant"
        )
    if facts.palettes.set_colours > _MIXED and facts.palettes.sizes.median <= 32:
        yield (
            f"{facts.palettes.set_colours:,} colours in the whole set: its palettes are mixed; new "
            "sprites are drawn in the palette of one training sprite each"
        )
    colour = sheets.plain_border(sprites.images)
    if colour is not None and facts.transparent == 0 and facts.n >= _SEVERAL:
        code = bytes(colour).hex()
        yield (
            f"nearly all sprites stand on plain #{code}; if it is no part of them, make it "
            f"transparent by `transparent={code}`"
        )
    blank = int((sprites.images[..., 3:] == 0).all(axis=(1, 2, 3)).sum()) if _rgba(sprites) else 0
    if blank:
        yield f"{blank:,} of the sprites are wholly transparent; remove or `exclude` their files"


def _rgba(sprites: SpriteSet) -> bool:
    return sprites.channels == 4


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
    auto = palette.fitting_size(images)
    more = np.flatnonzero(sizes > auto)
    measured = more[:: max(1, -(-len(more) // _REDUCED))]
    error = palette.index_sprites(images[measured], auto).error.mean_levels
    return PaletteFigures(
        sizes=_spread(sizes),
        auto=auto,
        within_16=_share(sizes <= 16),
        within_32=_share(sizes <= 32),
        within_64=_share(sizes <= 64),
        set_colours=len(palette.Palette.of(images)) if len(images) else 0,
        error=error * _share(sizes > auto),
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
