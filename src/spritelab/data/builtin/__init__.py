"""``builtin``: art drawn by code, which is why this folder is large: half of the room ``data``.

Procedural sprites: 16×16 RGBA with hard alpha, at most 16 colours a sprite, dark coloured outlines,
light from the top left, and the five classes of the Sprites dataset. Nothing is downloaded and no
licence is asked; there are as many as wanted, and sprite *i* is the same sprite however many are
drawn, on every machine.

Parts are drawn by hand as character art (the ``*_art``, ``hero_front`` and ``hero_side`` modules),
put together and varied by dice of our own (``dice``), coloured from hue-shifted ramps (``ramps``),
shaded and outlined (``light``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spritelab.data.builtin import ramps
from spritelab.data.builtin.canvas import SIZE, Canvas, material
from spritelab.data.builtin.foods import food
from spritelab.data.builtin.heroes import draw_front, draw_side, hero
from spritelab.data.builtin.light import render
from spritelab.data.builtin.monsters import monster
from spritelab.data.builtin.ramps import Ramp
from spritelab.data.builtin.spells import spell
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.errors import DataError

__all__ = ["CLASS_NAMES", "DEFAULT_COUNT", "draw", "load"]

CLASS_NAMES = ("hero", "non-hero", "food", "spell", "side-facing")
DEFAULT_COUNT = 5000

# A hero seen from the front may be mirrored: the few lopsided ones (a feather, a parting, a sash)
# are as right the other way round, as is the light. A side view faces left, so its mirror image is
# another class of sprite.
MIRRORABLE = (True, True, True, True, False)

HERO, MONSTER, FOOD, SPELL, SIDE = range(5)

# The classes in the order they are drawn, over and over. A side view follows its front view at
# once. The length shares no factor of 5 with usual sheet widths, so classes do not fall in columns.
_ROUND = (
    HERO, SIDE, MONSTER, FOOD, SPELL, MONSTER, HERO, SIDE, FOOD, MONSTER, HERO, SIDE, SPELL,
    MONSTER, FOOD, HERO, SIDE, SPELL,
)  # fmt: skip
_IN_ROUND = tuple(_ROUND.count(kind) for kind in range(5))
_BEFORE = tuple(_ROUND[:place].count(kind) for place, kind in enumerate(_ROUND))

_CHUNK = 1024  # sprites shaded at once: enough for numpy to be quick, few enough to fit its caches


def _place(index: int) -> tuple[int, int]:
    """Return the class of sprite ``index`` and its number within that class."""
    rounds, place = divmod(index, len(_ROUND))
    kind = _ROUND[place]
    return kind, rounds * _IN_ROUND[kind] + _BEFORE[place]


def _compose(index: int) -> tuple[Canvas, dict[str, Ramp]]:
    """Put sprite ``index`` together, before light and outline."""
    kind, number = _place(index)
    if kind == MONSTER:
        return monster(number)
    if kind == FOOD:
        return food(number)
    if kind == SPELL:
        return spell(number)
    who = hero(number)
    return (draw_front(who) if kind == HERO else draw_side(who)), who.ramps


def _paint(indices: Sequence[int]) -> NDArray[np.uint8]:
    """Draw the sprites ``indices``: uint8 ``[M,16,16,4]``."""
    mat = np.zeros((len(indices), SIZE, SIZE), dtype=np.uint8)
    tone = np.zeros_like(mat)
    colours = np.zeros((len(indices), 27, 5, 3), dtype=np.uint8)
    colours[:, material("k")] = ramps.INK
    colours[:, material("w")] = ramps.WHITE
    for row, index in enumerate(indices):
        canvas, palette = _compose(index)
        mat[row], tone[row] = canvas.mat, canvas.tone
        for letter, ramp in palette.items():
            colours[row, material(letter)] = ramp
    return render(mat, tone, colours)


def draw(index: int) -> NDArray[np.uint8]:
    """Draw one sprite.

    Args:
        index: 0, 1, 2 … ; ``load(n).images[index]`` is the same sprite for every n > index.

    Returns:
        uint8 ``[16,16,4]``, RGBA with alpha 0 or 255.

    Raises:
        DataError: if ``index`` is negative.
    """
    if index < 0:
        raise DataError(f"sprites are numbered from 0, so there is no sprite {index}")
    sprite: NDArray[np.uint8] = _paint((index,))[0]
    return sprite


def load(n: int = DEFAULT_COUNT) -> SpriteSet:
    """Draw the first ``n`` sprites.

    Every prefix holds all classes in steady shares: of 18 sprites 4 are heroes, 4 the same heroes
    from the side, 4 non-heroes, 3 food and 3 spells. Both views of a hero are of one group.

    Args:
        n: how many, at least 1.

    Returns:
        A ``SpriteSet`` of uint8 ``[n,16,16,4]`` with classes ``CLASS_NAMES``.

    Raises:
        DataError: if ``n`` is less than 1.
    """
    if n < 1:
        raise DataError(f"the number of builtin sprites must be at least 1, not {n}")
    images = np.concatenate(
        [_paint(range(start, min(start + _CHUNK, n))) for start in range(0, n, _CHUNK)]
    )
    places = [_place(index) for index in range(n)]
    labels = np.array([kind for kind, _ in places], dtype=np.int64)
    return SpriteSet(
        images=images,
        labels=labels,
        class_names=CLASS_NAMES,
        ids=tuple(f"{CLASS_NAMES[kind]}-{number:05d}" for kind, number in places),
        groups=np.arange(n, dtype=np.int64) - (labels == SIDE),
        mirrorable=MIRRORABLE,
        provenance=Provenance(
            source="builtin",
            licence="MIT",
            notes=f"procedural sprites 0 … {n - 1}, drawn by spritelab",
        ),
    )
