"""Spells and what they are cast from: bolts and flames, gems, books, scrolls, relics, arms."""

from __future__ import annotations

from dataclasses import dataclass

from spritelab.data.builtin import ramps
from spritelab.data.builtin import spell_art as art
from spritelab.data.builtin.canvas import Canvas
from spritelab.data.builtin.dice import Dice
from spritelab.data.builtin.ramps import Hue, Ramp


@dataclass(frozen=True)
class Item:
    """A kind of spell or relic: the colours of its materials and how it may vary.

    ``gleams`` are patterns of material ``b`` on ``a``; ``sigils`` are emblems of material ``c``,
    ``sigil_at`` rows down. ``rows`` and ``columns`` may be taken out or repeated; ``both_ways``
    items may also be turned left for right before the light falls on them.
    """

    name: str
    a: tuple[Hue, ...]
    b: tuple[Hue, ...] = ()
    c: tuple[Hue, ...] = ()
    d: tuple[Hue, ...] = ()
    gleams: tuple[str, ...] = ("",)
    sigils: tuple[str, ...] = ("",)
    sigil_at: int = 0
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()
    both_ways: bool = False
    sparks: bool = False


_GLOW = (*ramps.VIVID, ramps.PINK, ramps.YELLOW)
_HEART = (ramps.YELLOW, ramps.CREAM, ramps.CYAN, ramps.PINK, ramps.LIME, ramps.AMBER, ramps.SKY)
_METAL = (ramps.STEEL, ramps.GOLD, ramps.COPPER, ramps.GREY, ramps.STEEL)
_BLADE = (ramps.STEEL, ramps.STEEL, ramps.GOLD, ramps.CYAN, ramps.RED, ramps.LIME, ramps.VIOLET,
          ramps.COPPER, ramps.SLATE)  # fmt: skip
_GRIP = (ramps.WOOD, ramps.LEATHER, ramps.BROWN, ramps.NAVY, ramps.CRIMSON, ramps.FOREST)
_COVER = (*ramps.VIVID, ramps.BROWN, ramps.NAVY, ramps.FOREST, ramps.SLATE, ramps.LEATHER)
_PAPER = (ramps.CREAM, ramps.BONE, ramps.TAN, ramps.SKY, ramps.PINK)
_STONE = (ramps.GREY, ramps.SLATE, ramps.TAN, ramps.COAL, ramps.BROWN, ramps.STEEL)
_SIGILS = ("star", "cross", "rune", "sun", "moon", "bolt", "eye", "wave", "skull", "drop")

ITEMS = (
    Item("fireball", _GLOW, b=_HEART, both_ways=True, sparks=True, rows=(9,)),
    Item("bolt", _GLOW, b=_HEART, both_ways=True, sparks=True, rows=(4, 11)),
    Item("shard", (ramps.CYAN, ramps.SKY, *_GLOW), both_ways=True, sparks=True, rows=(8,)),
    Item("orb", _GLOW, b=_HEART, c=_HEART, rows=(7, 10), columns=(3, 6), sparks=True, sigil_at=5,
         gleams=("", "veins", "spiral", "half", "spots", "ring"), sigils=("", "", *_SIGILS)),
    Item("swirl", _GLOW, b=_HEART, both_ways=True, rows=(8,), columns=(5,), sparks=True),
    Item("flame", _GLOW, b=_HEART, both_ways=True, rows=(4, 9), columns=(5,), sparks=True),
    Item("scroll", _PAPER, c=_COVER, d=_COVER, sigils=_SIGILS, sigil_at=5, rows=(6, 11),
         columns=(4,)),
    Item("ring", _METAL, b=_GLOW, c=_GLOW, rows=(9,), columns=(6,)),
    Item("rune", _STONE, b=(ramps.BONE, *_STONE), c=_GLOW, sigils=_SIGILS, sigil_at=5, gleams=("",
         "", "facets"), rows=(4, 11), columns=(3, 6)),
    Item("gem", _GLOW, rows=(6,), columns=(5,), sparks=True),
    Item("phial", _GLOW, b=_HEART, d=_GRIP, gleams=("", "spots", "half", "veins", "spiral"),
         rows=(3, 8, 9), columns=(5,)),
    Item("tome", _COVER, b=_METAL, c=(ramps.GOLD, ramps.STEEL, *_HEART), d=(ramps.BROWN, *_COVER),
         sigils=_SIGILS, sigil_at=5, gleams=("", "", "ring", "half"), rows=(4, 11), columns=(4,)),
    Item("kite", _COVER, b=_COVER, c=_METAL, sigils=("", *_SIGILS), sigil_at=4, gleams=("",
         "facets", "half"), rows=(7, 10), columns=(6,)),
    Item("round", (*_COVER, *_METAL), b=_COVER, c=_METAL, sigils=("", *_SIGILS), sigil_at=6,
         gleams=("", "ring", "half", "facets"), rows=(7, 10), columns=(6,)),
    Item("sword", _BLADE, c=_METAL + _GRIP, d=_GRIP, both_ways=True),
    Item("axe", _BLADE, c=_METAL, d=_GRIP, both_ways=True, rows=(9,)),
    Item("staff", _GLOW, b=_GLOW, c=_METAL + _GRIP, d=_GRIP, both_ways=True, sparks=True),
    Item("bow", _GRIP, c=_METAL + _GRIP, d=(*_GRIP, *_METAL), both_ways=True, rows=(4, 10)),
    Item("star", (ramps.YELLOW, *_GLOW), b=_HEART, rows=(6, 11), columns=(6,), sparks=True,
         gleams=("", "facets", "spots")),
    Item("moon", (ramps.YELLOW, ramps.CREAM, ramps.SKY, *_GLOW), b=_HEART, both_ways=True,
         rows=(8,), gleams=("", "spots", "half"), sparks=True),
    Item("sun", (ramps.YELLOW, ramps.ORANGE, *_GLOW), b=(ramps.ORANGE, ramps.RED, *_HEART),
         c=_HEART, sigils=("", "eye", "moon", "skull"), sigil_at=6),
    Item("heart", (ramps.RED, ramps.PINK, *_GLOW), b=_HEART, c=_HEART, rows=(6, 8), columns=(3, 6),
         gleams=("", "veins", "facets", "spots"), sparks=True, sigils=("", "", "cross", "bolt",
         "star", "skull"), sigil_at=4),
    Item("drop", (ramps.BLUE, ramps.SKY, *_GLOW), b=_HEART, c=_HEART, rows=(5, 10), columns=(6,),
         gleams=("", "half", "spots", "spiral"), sparks=True, sigils=("", "skull", "bolt", "rune"),
         sigil_at=6),
    Item("hand", (ramps.TAN, *_GLOW), b=_GLOW, both_ways=True, rows=(10,), sparks=True),
    Item("feather", (ramps.SNOW, *_GLOW), b=(ramps.CREAM, ramps.AMBER, *_GLOW), both_ways=True),
    Item("eye", (*_GLOW, ramps.TAN), b=_GLOW, rows=(5,), columns=(3,), sparks=True),
    Item("key", _METAL, c=_METAL + _GLOW, both_ways=True),
    Item("amulet", _METAL, b=_GLOW, c=_METAL, d=(*_METAL, *_GRIP), rows=(5,), columns=(3,)),
    Item("bomb", (ramps.COAL, ramps.NAVY, ramps.CRIMSON, ramps.SLATE, ramps.PURPLE), b=_GLOW,
         c=(ramps.ORANGE, ramps.YELLOW, ramps.CYAN, ramps.LIME), d=(ramps.TAN, ramps.GREY),
         gleams=("", "half", "spots"), both_ways=True, rows=(9,)),
    Item("hourglass", _METAL + _GRIP, b=_GLOW, rows=(4, 10), columns=(5,)),
    Item("wings", (ramps.SNOW, ramps.COAL, *_GLOW), c=_GLOW + _METAL, rows=(7,), columns=(6,)),
    Item("coin", (ramps.GOLD, ramps.GOLD, ramps.STEEL, ramps.COPPER, ramps.CYAN), b=(ramps.AMBER,
         ramps.GREY, ramps.WOOD), c=(ramps.WOOD, ramps.CREAM, *_GLOW), sigils=_SIGILS, sigil_at=5,
         gleams=("ring", "ring", ""), rows=(7, 10), columns=(6,)),
    Item("arrow", _BLADE, b=_GLOW, d=_GRIP, both_ways=True),
    Item("dagger", _BLADE, c=_METAL + _GRIP, d=_GRIP, both_ways=True),
    Item("scimitar", _BLADE, c=_METAL + _GRIP, d=_GRIP, both_ways=True),
    Item("hammer", _METAL + _STONE, b=_METAL, c=_METAL, d=_GRIP, gleams=("", "facets", "half"),
         both_ways=True),
    Item("crook", _GRIP + _GLOW, c=_GLOW, d=_GRIP, both_ways=True, sparks=True),
    Item("wand", _GLOW, c=_METAL, d=_GRIP, both_ways=True, sparks=True),
    Item("emerald", _GLOW, rows=(8,), columns=(5,), sparks=True),
    Item("brilliant", _GLOW, rows=(7,), sparks=True),
    Item("cluster", _GLOW, both_ways=True, sparks=True, rows=(3, 6)),
    Item("flake", (ramps.CYAN, ramps.SKY, ramps.SNOW, *_GLOW), rows=(5,), sparks=True),
    Item("leaf", (ramps.LEAF, ramps.FOREST, ramps.LIME, ramps.ORANGE, ramps.RED), b=(ramps.LIME,
         ramps.CREAM, ramps.FOREST), both_ways=True, sparks=True),
    Item("crown", _METAL, b=_GLOW, c=_GLOW, rows=(8, 11), columns=(3, 6)),
    Item("helm", _METAL, c=_METAL + _GLOW, rows=(5, 12), columns=(4,)),
    Item("boots", _GRIP + _GLOW, b=_METAL + _GLOW, both_ways=True, rows=(6, 9)),
    Item("skull", (ramps.BONE, *_GLOW), b=_GLOW, rows=(5, 12), columns=(3, 6)),
    Item("burst", _GLOW, b=_HEART, rows=(4, 11), columns=(4,)),
    Item("twister", _GLOW, b=_GLOW, both_ways=True, rows=(5, 10), sparks=True),
    Item("claw", _GLOW, both_ways=True, rows=(6, 9), sparks=True),
)  # fmt: skip


def spell(index: int) -> tuple[Canvas, dict[str, Ramp]]:
    """Draw spell number ``index``; return it with the ramps of its materials."""
    dice = Dice(4, index)
    item = dice.pick(ITEMS)
    canvas = Canvas()
    canvas.stamp(art.ITEMS[item.name], mirror=item.both_ways and dice.chance(50))
    gleam, sigil = dice.pick(item.gleams), dice.pick(item.sigils)
    if gleam and not (sigil and gleam not in QUIET):
        canvas.repaint(art.GLEAMS[gleam], "a", "b", dice.between(-1, 1) if not sigil else 0)
    if sigil:
        canvas.stamp(art.SIGILS[sigil], dy=item.sigil_at)
    canvas.stretch(item.rows, item.columns, dice)
    if item.sparks:
        _strew(canvas, dice)
    colours: dict[str, Hue] = {}
    for letter in "abcd":
        if choices := getattr(item, letter):
            near = tuple(colours.values()) if letter in "bc" else ()
            colours[letter] = ramps.apart(dice, choices, *near)
    drawn = {letter: ramps.ramp(hue, dice) for letter, hue in colours.items()}
    return canvas, drawn | {"s": drawn["a"]}


QUIET = ("ring", "half", "facets")  # patterns on which an emblem can still be read


def _strew(canvas: Canvas, dice: Dice) -> None:
    """Strew up to three sparks of the item's own colour on empty pixels away from it."""
    for _ in range(dice.below(4)):
        x, y = dice.between(1, 14), dice.between(1, 14)
        if not canvas.mat[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].any():
            canvas.dot(x, y, "a", 4)
