"""Monsters: bodies with faces, horns and markings, stretched and squashed."""

from __future__ import annotations

from dataclasses import dataclass

from spritelab.data.builtin import monster_art as art
from spritelab.data.builtin import ramps
from spritelab.data.builtin.canvas import Canvas
from spritelab.data.builtin.dice import Dice
from spritelab.data.builtin.ramps import Hue, Ramp

_ALL_EYES = ("dots", "tall", "angry", "big", "bright", "sleepy", "glare", "one", "beads", "cross")
_PAIRS = ("dots", "tall", "angry", "big", "bright", "sleepy", "glare", "beads")
_ALL_MOUTHS = ("flat", "smile", "grin", "fangs", "open", "frown", "teeth", "tiny", "tongue", "")
_SMALL_MOUTHS = ("flat", "tiny", "open", "frown", "")
_HORNS = ("short", "long", "feelers", "tuft", "antlers", "ears", "crown", "spikes", "sprout")
# How deep each pair of horns sits in the head: broad ones start lower on a round skull.
HORNS_SINK = {
    "short": 1, "long": 1, "feelers": 1, "tuft": 1, "antlers": 1, "ears": 2, "crown": 1,
    "spikes": 2, "sprout": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Body:
    """A kind of monster: where its face sits and how it may vary.

    ``eyes_at`` and ``mouth_at`` are canvas rows. ``rows`` and ``columns`` name the
    rows and left-half columns that may be taken out or repeated without harm.
    """

    name: str
    main: tuple[Hue, ...]
    second: tuple[Hue, ...] = ramps.VIVID
    eyes: tuple[str, ...] = ()
    eyes_at: int = 0
    mouths: tuple[str, ...] = ("",)
    mouth_at: int = 0
    horns: tuple[str, ...] = ("",)
    marks: tuple[str, ...] = ("",)
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()


_SLIMY = (*ramps.VIVID, ramps.PINK, ramps.YELLOW)
_HIDE = (*ramps.VIVID, ramps.BROWN, ramps.SLATE, ramps.TAN, ramps.FOREST, ramps.GREY)
_STONE = (ramps.GREY, ramps.SLATE, ramps.TAN, ramps.BROWN, ramps.COAL, ramps.STEEL)
_PALE = (ramps.SNOW, ramps.BONE, ramps.CREAM, ramps.SKY, ramps.PINK, ramps.CYAN, ramps.VIOLET)
_DARK = (ramps.COAL, ramps.NAVY, ramps.PURPLE, ramps.SLATE, ramps.CRIMSON, ramps.FOREST)

HORN = (ramps.BONE, ramps.TAN, ramps.SLATE)
LIGHT_EYES = ("bright", "glare", "big", "one", "angry")
GLOWS = (ramps.YELLOW, ramps.RED, ramps.CYAN, ramps.LIME, ramps.MAGENTA, ramps.ORANGE)

BODIES = (
    Body("slime", _SLIMY, eyes=_ALL_EYES, eyes_at=9, mouths=_ALL_MOUTHS, mouth_at=12, horns=("",
         "", "", "sprout", "crown", "feelers", "tuft"), marks=("", "", "spots", "freckles",
         "patch"), rows=(8, 9, 11), columns=(4, 6)),
    Body("puddle", _SLIMY, eyes=_ALL_EYES, eyes_at=8, mouths=_ALL_MOUTHS, mouth_at=11, horns=("",
         *_HORNS), marks=("", "", "spots", "stripes", "patch", "bands"), rows=(8, 10, 12),
         columns=(4, 6)),
    Body("ghost", _PALE, eyes=("tall", "glare", "sleepy", "beads", "angry", "cross", "big"),
         eyes_at=4, mouths=("", "open", "tiny", "smile", "fangs", "tongue"), mouth_at=8, horns=("",
         "", "", "crown", "ears", "sprout"), marks=("", "", "", "bands", "freckles"), rows=(6, 10),
         columns=(5, 6)),
    Body("bat", _DARK + _HIDE, eyes=("angry", "glare", "dots", "bright", "big"), eyes_at=6,
         mouths=("fangs", "tiny", "flat", ""), mouth_at=9, rows=(8, 9), columns=(2, 6)),
    Body("skull", (ramps.BONE, ramps.CREAM, ramps.SNOW, ramps.GREY, ramps.TAN), horns=("", "",
         "long", "short", "antlers", "crown", "spikes", "ears"), marks=("", "", "patch",
         "stripes"), rows=(4, 5, 12), columns=(2, 6)),
    Body("beetle", _HIDE, (ramps.COAL, ramps.SLATE, ramps.BROWN, ramps.NAVY), eyes=("dots",
         "bright", "glare"), eyes_at=4, marks=("", "spots", "freckles", "stripes", "bands",
         "patch"), rows=(7, 9), columns=(5,)),
    Body("spider", _DARK + _HIDE, eyes=("beads", "glare", "bright", "big", "cross"), eyes_at=6,
         mouths=("fangs", "", "tiny"), mouth_at=10, marks=("", "belly", "stripes", "spots"),
         rows=(8,), columns=(5, 6)),
    Body("beholder", _HIDE, marks=("", "spots", "freckles", "patch"), horns=("", "short",
         "spikes"), rows=(4, 11), columns=(3,)),
    Body("imp", _HIDE, (*ramps.VIVID, ramps.CREAM), eyes=_PAIRS, eyes_at=4, mouths=("fangs",
         "smile", "tiny", ""), mouth_at=6, marks=("", "", "freckles"), rows=(4, 9), columns=(5,
         6)),
    Body("golem", _STONE, ramps.VIVID, mouths=("", "flat", "teeth"), mouth_at=4, horns=("", "",
         "tuft", "spikes", "crown"), marks=("", "", "patch", "spots"), rows=(6, 10), columns=(5,)),
    Body("toadstool", _SLIMY, (ramps.CREAM, ramps.BONE, ramps.TAN, ramps.PINK, ramps.SNOW),
         eyes=("dots", "tall", "bright", "sleepy", "angry"), eyes_at=9, mouths=("", "tiny",
         "flat"), mouth_at=12, marks=("spots", "freckles", "", "stripes"), rows=(5, 11),
         columns=(5, 6)),
    Body("jelly", _SLIMY, eyes=_PAIRS, eyes_at=5, mouths=_SMALL_MOUTHS, mouth_at=7, marks=("",
         "spots", "freckles", "stripes"), rows=(4, 5, 11), columns=(6,)),
    Body("biter", _SLIMY, (ramps.LEAF, ramps.FOREST, ramps.TEAL, ramps.LIME), eyes=("dots",
         "bright", "angry", "big", ""), eyes_at=2, marks=("spots", "freckles", ""), horns=("",
         "sprout", "spikes"), rows=(3, 11), columns=(4, 6)),
    Body("drake", _HIDE, (ramps.CREAM, ramps.AMBER, *ramps.VIVID), eyes=("angry", "glare",
         "bright", "tall"), eyes_at=4, marks=("", "freckles", "bands"), rows=(5, 11),
         columns=(6,)),
    Body("owl", (ramps.BROWN, ramps.GREY, ramps.SNOW, ramps.SLATE, ramps.NAVY, ramps.TEAL,
         ramps.PURPLE, ramps.TAN), (ramps.CREAM, ramps.TAN, ramps.SNOW, ramps.AMBER), marks=("",
         "freckles"), rows=(9, 11), columns=(6,)),
    Body("crab", _SLIMY, mouths=("flat", "smile", "tiny", ""), mouth_at=9, marks=("", "spots",
         "freckles"), rows=(9, 10), columns=(6,)),
    Body("frog", _SLIMY, (ramps.CREAM, ramps.YELLOW, ramps.PINK, ramps.BONE), marks=("", "spots",
         "freckles", "patch"), rows=(8, 11), columns=(6,)),
    Body("pumpkin", (ramps.ORANGE, ramps.AMBER, ramps.LIME, ramps.PURPLE, ramps.CREAM),
         (ramps.LEAF, ramps.BROWN), eyes=("glare", "angry", "big", "cross", "tall"), eyes_at=6,
         mouths=("grin", "teeth", "fangs", "open"), mouth_at=10, rows=(5, 9), columns=(3, 6)),
    Body("chest", (ramps.WOOD, ramps.BROWN, ramps.CRIMSON, ramps.NAVY, ramps.FOREST, ramps.SLATE),
         (ramps.GOLD, ramps.STEEL, ramps.COPPER), eyes=("glare", "big", "bright", "angry", "dots"),
         eyes_at=3, rows=(11,), columns=(6,)),
    Body("cyclops", _HIDE, (ramps.CREAM, ramps.TAN, *ramps.VIVID), horns=("", "short", "tuft",
         "ears", "spikes"), marks=("", "freckles", "spots"), rows=(9, 12), columns=(6,)),
    Body("wolf", (ramps.GREY, ramps.SLATE, ramps.BROWN, ramps.TAN, ramps.ORANGE, ramps.SNOW,
         ramps.COAL, ramps.NAVY), (ramps.CREAM, ramps.SNOW, ramps.GREY, ramps.TAN), eyes=("angry",
         "glare", "dots", "bright", "tall"), eyes_at=6, marks=("", "", "patch", "stripes"),
         rows=(5,), columns=(5,)),
    Body("wisp", (ramps.RED, ramps.ORANGE, ramps.BLUE, ramps.VIOLET, ramps.GREEN, ramps.MAGENTA,
         ramps.TEAL), (ramps.YELLOW, ramps.AMBER, ramps.CYAN, ramps.LIME, ramps.PINK),
         eyes=("angry", "dots", "tall", "sleepy"), eyes_at=8, mouths=_SMALL_MOUTHS, mouth_at=11,
         rows=(5, 8), columns=(3,)),
    Body("crystal", (ramps.CYAN, ramps.VIOLET, ramps.MAGENTA, ramps.LIME, ramps.SKY, ramps.RED,
         ramps.AMBER), eyes=_PAIRS, eyes_at=7, mouths=_SMALL_MOUTHS, mouth_at=10, rows=(7,),
         columns=(5,)),
    Body("worm", _HIDE, (ramps.CREAM, ramps.PINK, *ramps.VIVID), horns=("", "short", "spikes"),
         marks=("", "freckles", "spots"), rows=(12,), columns=(6,)),
    Body("mask", _HIDE, marks=("", "stripes", "patch", "spots", "freckles"), rows=(7, 10),
         columns=(6,)),
    Body("cat", (ramps.ORANGE, ramps.GREY, ramps.COAL, ramps.CREAM, ramps.BROWN, ramps.SNOW,
         ramps.VIOLET, ramps.TEAL), (ramps.SNOW, ramps.CREAM, ramps.PINK, ramps.TAN), eyes=("big",
         "bright", "glare", "tall"), eyes_at=4, rows=(5, 11), columns=(5,), mouths=("tiny",
         "smile", "fangs", ""), mouth_at=7, marks=("", "stripes", "patch", "spots")),
    Body("shade", _DARK, eyes=("", "", "tall", "big"), eyes_at=5, rows=(8, 10), columns=(6,),
         horns=("", "", "long", "crown", "short"), marks=("", "", "bands", "patch")),
    Body("treant", (ramps.BROWN, ramps.WOOD, ramps.TAN, ramps.SLATE), (ramps.LEAF, ramps.FOREST,
         ramps.ORANGE, ramps.PINK, ramps.LIME, ramps.CRIMSON), rows=(9, 12), columns=(6,)),
    Body("squid", _SLIMY, eyes=_PAIRS, eyes_at=7, mouths=_SMALL_MOUTHS, mouth_at=9, marks=("",
         "spots", "freckles", "stripes"), rows=(4, 7), columns=(6,)),
    Body("snail", _SLIMY, _HIDE),
    Body("snake", _SLIMY, (ramps.CREAM, ramps.YELLOW, *ramps.VIVID), marks=("", "freckles",
         "stripes", "bands"), rows=(8,)),
    Body("fish", _SLIMY, marks=("", "stripes", "freckles", "spots"), rows=(10,)),
)  # fmt: skip


def monster(index: int) -> tuple[Canvas, dict[str, Ramp]]:
    """Draw monster number ``index``; return it with the ramps of its materials."""
    dice = Dice(2, index)
    body = dice.pick(BODIES)
    main = dice.pick(body.main)
    second = ramps.apart(dice, body.second, main)
    canvas = Canvas()
    canvas.stamp(art.BODIES[body.name])
    if mark := dice.pick(body.marks):
        canvas.repaint(art.MARKS[mark], "a", "b", dx=dice.between(-1, 1), dy=dice.between(-1, 1))
    eyes = dice.pick(body.eyes or ("",))
    if eyes and main.value < 0.5:  # ink on a dark body would not be seen
        eyes = dice.pick([look for look in body.eyes if look in LIGHT_EYES] or [eyes])
    if eyes:
        canvas.stamp(art.EYES[eyes], dy=body.eyes_at)
    if mouth := dice.pick(body.mouths):
        canvas.stamp(art.MOUTHS[mouth], dy=body.mouth_at)
    if horns := dice.pick(body.horns):
        _crouch(canvas, body)
        top = canvas.free_rows()[0]
        canvas.stamp(art.HORNS[horns], dy=top - 3 + HORNS_SINK[horns], under=True)
    canvas.stretch(body.rows, body.columns, dice)
    return canvas, {
        "a": ramps.ramp(main, dice),
        "b": ramps.ramp(second, dice),
        "c": ramps.ramp(ramps.apart(dice, (*HORN, second), main), dice),
        "g": ramps.ramp(ramps.apart(dice, GLOWS, main), dice),
        "r": ramps.ramp(ramps.CRIMSON, dice),
    }


def _crouch(canvas: Canvas, body: Body) -> None:
    """Take rows out of a tall body until there is room above it for horns."""
    for row in body.rows * 2:
        if canvas.free_rows()[0] < 4:
            canvas.cut_row(row)
