"""``arcade``: 400 sprites of clean pixel art, for trainings on a small set of one's own.

Drawn by parts, unlike the built-in sprites: seen from the front or from above, symmetric, in flat
ramps of three tones with a dark outline, 4 to 12 colours a sprite. Five classes of 80: insects,
robots, ships, masks and runes. Every sprite is another drawing, and sprite i is the same on every
machine.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spritelab.data import SpriteSet
from spritelab.pixels import Images

NAME = "arcade"
SIZE = 16
PER_CLASS = 80

RAMPS = {
    "steel": ("3f4a5e", "76849a", "c2ccd6"),
    "rust": ("6e2f22", "b4583a", "e8a067"),
    "moss": ("2f4f2c", "5f8a3a", "b3c25a"),
    "teal": ("1d4a55", "2f8585", "83ccb2"),
    "violet": ("3f2c66", "7350a3", "b892d4"),
    "bone": ("7a6650", "b9a380", "ece0bd"),
    "blood": ("5c1a2e", "a62b3b", "e86a5a"),
    "brass": ("6b4a1c", "b8862d", "f2cf63"),
    "navy": ("22305e", "3d5ba8", "84a9e6"),
    "ash": ("3b3640", "676070", "a39ba8"),
}
"""Shadow, middle and light of a material, as ``rrggbb``."""

OUTLINES = ("17141f", "1b1f2e", "241318", "14201d")
GLOWS = ("ffd94a", "6ff2e0", "ff6b8b", "b6ff5c", "ff9a3d", "f2f7ff")

NOTHING, OUTLINE, GLOW = 0, 1, 2
FIRST, SECOND = 3, 4
"""What a pixel is; the materials come last, and are shaded by the light."""

Plane = NDArray[np.int64]


class Half:
    """The left half of a symmetric drawing: int64 ``[16,8]``, column 7 beside the axis."""

    def __init__(self) -> None:
        self.kind: Plane = np.zeros((SIZE, SIZE // 2), dtype=np.int64)

    def rows(self, top: int, widths: list[int], kind: int, axis: int = 0) -> None:
        """Fill rows from ``top`` down, each so many pixels wide, ``axis`` pixels off the middle."""
        for y, width in enumerate(widths, start=top):
            right = SIZE // 2 - axis
            self.kind[y, max(0, right - width) : right] = kind

    def dots(self, kind: int, *places: tuple[int, int]) -> None:
        """Set pixels: (row, pixels off the axis, 0 to 7)."""
        for y, off in places:
            self.kind[y, SIZE // 2 - 1 - off] = kind

    def whole(self) -> Plane:
        """Both halves, outlined where a material meets nothing: int64 ``[16,16]``."""
        kind = np.concatenate([self.kind, self.kind[:, ::-1]], axis=1)
        solid = np.pad(kind > OUTLINE, 1)
        beside = solid[:-2, 1:-1] | solid[2:, 1:-1] | solid[1:-1, :-2] | solid[1:-1, 2:]
        kind[(kind == NOTHING) & beside] = OUTLINE
        return kind


def insect(dice: random.Random) -> Half:
    """From above: head with feelers, thorax, a long body in bands, wings or legs."""
    half = Half()
    body = dice.choice([[2, 3, 3, 3, 2, 1], [3, 4, 4, 3, 2], [1, 2, 2, 2, 2, 1], [2, 3, 4, 4, 3]])
    shape = dice.choice([[4, 5, 5, 4, 2], [3, 5, 6, 6, 5, 3], [5, 6, 5, 3], [2, 4, 5, 6, 6, 4], []])
    if shape:
        half.rows(dice.randint(4, 6), shape, SECOND)
        if dice.random() < 0.6:
            half.dots(GLOW, (dice.randint(6, 7), len(shape) - 1))
    for y in dice.sample([5, 7, 9, 11], dice.randint(2, 3)):
        reach = dice.randint(4, 6) if not shape else 5
        half.dots(OUTLINE, *((y + (k > 4), k) for k in range(3, reach + 1)))
    top = 7
    half.rows(top, body, FIRST)
    for y in range(top + 1, top + len(body) - 1, dice.choice([2, 3])):
        half.rows(y, [body[y - top]], dice.choice([OUTLINE, SECOND]))
    half.rows(5, [2, 2], FIRST)
    head = dice.choice([[1, 2], [2, 2], [2, 3]])
    half.rows(5 - len(head), head, dice.choice([FIRST, SECOND]))
    half.dots(GLOW, (4, 1))
    feelers = dice.choice([[(2, 1), (1, 2)], [(2, 2), (1, 3), (1, 4)], [(2, 1), (1, 1), (0, 2)]])
    half.dots(OUTLINE, *feelers)
    return half


def robot(dice: random.Random) -> Half:
    """From the front: a head with an aerial, eyes or a visor, a trunk with a lamp, arms, legs."""
    half = Half()
    wide = dice.randint(3, 5)
    half.rows(2, [wide - dice.randint(0, 1), wide, wide, wide], FIRST)
    eyes = dice.choice(["visor", "round", "slit"])
    if eyes == "visor":
        half.rows(4, [wide - 1], GLOW)
    elif eyes == "round":
        half.dots(GLOW, (3, 1), (4, 1))
        half.dots(OUTLINE, (3, 2), (4, 2))
    else:
        half.rows(3, [wide - 1], OUTLINE)
        half.dots(GLOW, (3, dice.randint(0, wide - 2)))
    ear = dice.choice([None, (1, 0), (1, wide - 1), (3, wide)])
    if ear is not None:
        half.dots(SECOND, ear)
    trunk = dice.choice([[4, 4, 4, 3], [3, 4, 4, 4], [5, 4, 3, 3], [4, 5, 5, 4]])
    half.rows(7, trunk, SECOND)
    lamp = dice.choice([[(8, 0)], [(8, 1)], [(8, 0), (9, 0)], [(9, 2)], []])
    half.dots(GLOW, *lamp)
    half.rows(dice.randint(9, 10), [2], OUTLINE)
    arm = dice.choice([[1, 1, 1], [1, 1, 2], [2, 2], [1, 1, 1, 1]])
    half.rows(7, arm, FIRST, axis=max(trunk))
    base = dice.choice(["legs", "wheels", "hover"])
    if base == "legs":
        half.rows(11, [1, 1, 2], FIRST, axis=dice.randint(1, 2))
    elif base == "wheels":
        half.rows(11, [5, 5], FIRST)
        half.rows(13, [4], OUTLINE)
        half.dots(GLOW, (12, dice.randint(1, 3)))
    else:
        half.rows(11, [3, 2], FIRST)
        half.rows(14, [dice.randint(1, 2)], GLOW)
    return half


def ship(dice: random.Random) -> Half:
    """From above: a hull with a cockpit, wings with guns, engines with flames."""
    half = Half()
    hull = [1, 1, 2, 2, 2, 3, 3, 3, 3, 2, 2]
    if dice.random() < 0.5:
        hull = [1, 2, 2, 3, 3, 3, 4, 4, 3, 3, 2]
    low = dice.randint(5, 8)
    span = dice.choice(
        [[3, 4, 5, 6, 7, 7], [4, 6, 7, 7, 5], [7, 6, 5, 4, 3], [5, 5, 7, 7], [3, 5, 7, 6, 4]]
    )
    half.rows(low, span, SECOND)
    half.rows(1, hull, FIRST)
    glass = dice.choice([[1, 1], [1, 1, 1], [1, 2, 1]])
    half.rows(dice.randint(3, 5), glass, GLOW)
    for off in dice.sample([4, 5, 6], dice.randint(1, 2)):
        gun = low + dice.choice([-1, 0])
        half.dots(OUTLINE, (gun, off), (gun + 1, off))
    half.rows(dice.randint(8, 9), [dice.randint(1, 2)], SECOND)
    half.rows(12, [1], OUTLINE, axis=dice.randint(0, 1))
    half.rows(13, [1] * dice.randint(1, 2), GLOW, axis=dice.randint(0, 1))
    return half


def mask(dice: random.Random) -> Half:
    """From the front: a face with horns or a crest, hollow eyes, a nose and teeth."""
    half = Half()
    face = dice.choice(
        [
            [5, 6, 6, 6, 5, 5, 4, 3, 2],
            [4, 5, 6, 6, 6, 5, 4, 3],
            [6, 6, 6, 5, 5, 5, 4, 4],
            [4, 5, 5, 5, 5, 4, 4, 3, 2, 1],
        ]
    )
    horns = dice.choice(
        [
            [(1, 6), (2, 6), (2, 5), (3, 5), (3, 4)],
            [(1, 4), (2, 4), (3, 4), (3, 3)],
            [(3, 6), (4, 6), (2, 7), (1, 7)],
            [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)],
            [(2, 0), (3, 0), (2, 2), (3, 2), (2, 4), (3, 4)],
        ]
    )
    half.dots(SECOND, *horns)
    half.rows(4, face, FIRST)
    y = dice.randint(6, 7)
    eye = dice.choice([[(0, 2), (0, 3)], [(0, 2), (0, 3), (1, 2)], [(0, 3), (1, 2)], [(0, 2)]])
    half.dots(OUTLINE, *((y + dy, off) for dy, off in eye), (y + 1, 3))
    half.dots(GLOW, (y + eye[0][0], eye[0][1]))
    half.dots(OUTLINE, (y + dice.randint(2, 3), 0))
    mark = dice.choice([[(4, 0), (5, 0)], [(5, 4), (5, 3)], [(9, 3), (9, 4)], [(5, 1), (4, 1)], []])
    half.dots(SECOND, *mark)
    mouth = 10 if len(face) > 8 else 9
    half.rows(mouth, [dice.randint(2, 3)], OUTLINE)
    half.dots(dice.choice([SECOND, FIRST]), (mouth, dice.randint(0, 1)))
    return half


def rune(dice: random.Random) -> Half:
    """A stone or a plate with a glowing sign of strokes cut into it."""
    half = Half()
    stone = dice.choice(
        [
            [3, 5, 6, 6, 6, 6, 6, 6, 6, 6, 5, 3],
            [6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6],
            [1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1],
            [4, 5, 6, 6, 6, 6, 6, 6, 5, 4, 3, 2],
        ]
    )
    half.rows(2, stone, SECOND)
    half.rows(3, [max(0, width - 1) for width in stone[1:-1]], FIRST)
    strokes = {
        "stem": [(y, 0) for y in range(5, 12)],
        "arms": [(5, 1), (6, 2), (7, 3)],
        "roots": [(11, 1), (10, 2), (9, 3)],
        "bar": [(8, 0), (8, 1), (8, 2), (8, 3)],
        "eye": [(7, 1), (8, 2), (9, 1)],
        "crown": [(5, 0), (5, 1), (5, 2), (6, 2)],
        "foot": [(11, 0), (11, 1), (10, 1)],
        "dots": [(6, 2), (10, 2)],
    }
    inside = {(y, off) for y, width in enumerate(stone, start=2) for off in range(width - 1)}
    for name in dice.sample(sorted(strokes), dice.randint(2, 3)):
        half.dots(GLOW, *(place for place in strokes[name] if place in inside))
    for place in dice.sample([(4, 3), (12, 1), (6, 4), (9, 4), (11, 3)], dice.randint(0, 2)):
        if place in inside:
            half.dots(OUTLINE, place)
    return half


CLASSES: dict[str, Callable[[random.Random], Half]] = {
    "insect": insect,
    "robot": robot,
    "ship": ship,
    "mask": mask,
    "rune": rune,
}


def paint(kind: Plane, dice: random.Random) -> Images:
    """Shade and colour a drawing: uint8 ``[16,16,4]``.

    The light comes from above: the upper edge of a part is light, its lower edge lies in shadow.
    """
    names = dice.sample(sorted(RAMPS), 2)
    above, below = np.roll(kind, 1, axis=0), np.roll(kind, -1, axis=0)
    tone = np.ones_like(kind)
    tone[(above != kind) & (above != GLOW)] = 2
    tone[(below != kind) & (below != GLOW)] = 0
    sprite = np.zeros((SIZE, SIZE, 4), dtype=np.uint8)
    sprite[kind == OUTLINE] = _rgba(dice.choice(OUTLINES))
    sprite[kind == GLOW] = _rgba(dice.choice(GLOWS))
    for material, name in zip((FIRST, SECOND), names, strict=True):
        colours = np.array([_rgba(text) for text in RAMPS[name]], dtype=np.uint8)
        where = kind == material
        sprite[where] = colours[tone[where]]
    return sprite


def _rgba(text: str) -> tuple[int, ...]:
    return (*bytes.fromhex(text), 255)


def sprites_of(name: str, count: int) -> Iterator[Images]:
    """The first ``count`` sprites of a class, of distinct drawings."""
    # Of one string and no more, so that it is the same in every version of Python.
    dice = random.Random(f"{NAME} {name}")
    seen: set[bytes] = set()
    while len(seen) < count:
        kind = CLASSES[name](dice).whole()
        sprite = paint(kind, dice)
        if kind.tobytes() not in seen:
            seen.add(kind.tobytes())
            yield sprite


def draw() -> SpriteSet:
    """All 400 of them, class by class."""
    images = [sprite for name in CLASSES for sprite in sprites_of(name, PER_CLASS)]
    labels = np.repeat(np.arange(len(CLASSES), dtype=np.int64), PER_CLASS)
    return SpriteSet.from_arrays(np.stack(images), labels, tuple(CLASSES))


def save(folder: Path) -> Path:
    """Write ``arcade.npz``, which ``spritelab train --data`` reads, unless it is there already.

    Raises:
        StorageError: if the file cannot be written.
    """
    path = folder / f"{NAME}.npz"
    if not path.is_file():
        draw().save(path)
    return path
