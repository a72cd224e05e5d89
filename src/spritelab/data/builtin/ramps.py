"""Colour ramps: five tones a material, from outline to highlight, with shifted hues.

Shadows lean towards blue-violet and lose less saturation, lights lean towards yellow and lose some:
the habit that keeps small sprites from looking like one colour at several brightnesses.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

from spritelab.data.builtin.dice import Dice

Tone = tuple[int, int, int]
Ramp = tuple[Tone, Tone, Tone, Tone, Tone]

OUTLINE, SHADOW, MIDDLE, LIGHT, SHINE = range(5)

_COOL, _WARM = 255.0, 52.0  # hues, in degrees, that shadows and lights lean towards


@dataclass(frozen=True)
class Hue:
    """A base colour: hue in degrees, saturation and value in 0 … 1, and how far it may stray."""

    hue: float
    saturation: float
    value: float
    stray: float = 7.0


# (value factor, saturation factor, degrees of lean) of the five tones.
_STEPS = (
    (0.30, 1.08, 34.0),
    (0.58, 1.10, 20.0),
    (0.80, 1.04, 8.0),
    (1.00, 0.94, 0.0),
    (1.22, 0.62, 14.0),
)


def _lean(hue: float, target: float, degrees: float) -> float:
    """Turn ``hue`` towards ``target`` the short way by at most ``degrees``."""
    gap = (target - hue + 180.0) % 360.0 - 180.0
    return (hue + max(-degrees, min(degrees, gap))) % 360.0


def ramp(base: Hue, dice: Dice) -> Ramp:
    """Return five tones (RGB, 0 … 255) of ``base``, strayed a little as the dice fall."""
    hue = base.hue + dice.spread(base.stray)
    saturation = min(1.0, max(0.0, base.saturation + dice.spread(0.09)))
    value = min(1.0, max(0.12, base.value + dice.spread(0.09)))
    tones: list[Tone] = []
    for index, (brighter, purer, degrees) in enumerate(_STEPS):
        turned = _lean(hue, _WARM if index == SHINE else _COOL, degrees) / 360.0
        v = min(1.0, value * brighter)
        s = min(1.0, saturation * purer)
        if index == OUTLINE:  # coloured, yet never so bright that the silhouette dissolves
            v, s = min(0.27, max(0.10, v)), min(0.75, s + 0.12)
        if index == SHINE:  # near white on light materials: what value cannot give, paleness does
            s *= 1.0 - 0.55 * max(0.0, value * brighter - 1.0)
            v = max(v, min(1.0, value + 0.10))
        red, green, blue = colorsys.hsv_to_rgb(turned, s, v)
        tones.append((int(red * 255 + 0.5), int(green * 255 + 0.5), int(blue * 255 + 0.5)))
    return (tones[0], tones[1], tones[2], tones[3], tones[4])


def alike(one: Hue, other: Hue) -> bool:
    """Tell whether two base colours would run into each other when they touch."""
    a = colorsys.hsv_to_rgb(one.hue / 360.0, one.saturation, one.value)
    b = colorsys.hsv_to_rgb(other.hue / 360.0, other.saturation, other.value)
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) < 0.62


def apart(dice: Dice, choices: Sequence[Hue], *others: Hue) -> Hue:
    """Pick a colour that is not ``alike`` any of ``others``, if a dozen throws find one."""
    for _ in range(12):
        choice = dice.pick(choices)
        if not any(alike(choice, other) for other in others):
            break
    return choice


def plain(*tones: Tone) -> Ramp:
    """Return a fixed ramp from five tones, or from one colour that light does not change."""
    if len(tones) == 1:
        tones = tones * 5
    return (tones[0], tones[1], tones[2], tones[3], tones[4])


INK = plain((26, 20, 34))
WHITE = plain((58, 56, 84), (178, 182, 206), (240, 240, 248), (255, 255, 255), (255, 255, 255))

RED = Hue(356, 0.80, 0.86)
CRIMSON = Hue(344, 0.78, 0.70)
ORANGE = Hue(24, 0.84, 0.95)
AMBER = Hue(38, 0.82, 0.97)
YELLOW = Hue(50, 0.74, 0.98)
LIME = Hue(82, 0.68, 0.84)
GREEN = Hue(122, 0.60, 0.70)
FOREST = Hue(140, 0.62, 0.50)
TEAL = Hue(174, 0.66, 0.68)
CYAN = Hue(190, 0.60, 0.92)
SKY = Hue(206, 0.58, 0.96)
BLUE = Hue(222, 0.70, 0.86)
NAVY = Hue(232, 0.60, 0.50)
VIOLET = Hue(264, 0.56, 0.78)
PURPLE = Hue(288, 0.58, 0.66)
MAGENTA = Hue(312, 0.62, 0.82)
PINK = Hue(338, 0.46, 0.97)
BROWN = Hue(24, 0.58, 0.54)
TAN = Hue(32, 0.46, 0.78)
CREAM = Hue(42, 0.22, 0.97)
BONE = Hue(48, 0.16, 0.92, 5)
GREY = Hue(225, 0.12, 0.62, 14)
SLATE = Hue(220, 0.24, 0.44, 14)
COAL = Hue(240, 0.22, 0.28, 20)
STEEL = Hue(212, 0.16, 0.80, 10)
GOLD = Hue(44, 0.76, 0.95, 5)
COPPER = Hue(20, 0.62, 0.80, 5)
WOOD = Hue(28, 0.58, 0.58, 5)
LEATHER = Hue(26, 0.52, 0.46, 5)
LEAF = Hue(108, 0.66, 0.68, 10)
SNOW = Hue(210, 0.07, 0.98, 8)

VIVID = (RED, CRIMSON, ORANGE, AMBER, LIME, GREEN, TEAL, CYAN, SKY, BLUE, VIOLET, PURPLE, MAGENTA)
CLOTH = (*VIVID, FOREST, NAVY, PINK, BROWN, TAN, GREY, SLATE, COAL, CREAM)
METAL = (STEEL, STEEL, GREY, GOLD, COPPER, SLATE)
