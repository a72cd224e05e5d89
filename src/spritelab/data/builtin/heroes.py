"""Heroes: one set of parts and colours, drawn from the front and from the side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spritelab.data.builtin import hero_front as front
from spritelab.data.builtin import hero_side as side
from spritelab.data.builtin import ramps
from spritelab.data.builtin.canvas import Canvas, Stamp
from spritelab.data.builtin.dice import Dice
from spritelab.data.builtin.ramps import Hue, Ramp

SKINS = (
    Hue(26, 0.30, 1.00, 4),
    Hue(28, 0.36, 0.96, 4),
    Hue(27, 0.44, 0.90, 4),
    Hue(26, 0.50, 0.78, 4),
    Hue(23, 0.54, 0.62, 4),
)
HAIRS = (
    Hue(24, 0.60, 0.40, 6),
    Hue(30, 0.62, 0.58, 6),
    Hue(45, 0.62, 0.95, 5),
    Hue(16, 0.76, 0.76, 6),
    Hue(240, 0.26, 0.27, 20),
    Hue(220, 0.08, 0.86, 20),
    ramps.PINK,
    ramps.TEAL,
    ramps.VIOLET,
    ramps.SKY,
    ramps.CRIMSON,
)


@dataclass(frozen=True)
class Kind:
    """A people: its skins, ears, eyes and mouths, and whether hair and beards grow."""

    skins: tuple[Hue, ...]
    ears: tuple[str, ...]
    eyes: tuple[str, ...]
    mouths: tuple[str, ...]
    hair: int  # per cent with hair
    beard: int  # per cent with a beard
    share: int  # weight among the peoples


_PLAIN_EYES = ("tall", "tall", "dots", "bright", "stern", "wide", "sleepy")
KINDS = (
    Kind(SKINS, ("", "", "round"), _PLAIN_EYES, ("", "", "small", "smile"), 94, 26, 46),
    Kind(SKINS[:4], ("elf",), ("tall", "bright", "wide"), ("", "small"), 96, 4, 10),
    Kind(
        (Hue(98, 0.52, 0.62), Hue(130, 0.38, 0.56), Hue(72, 0.48, 0.62)),
        ("round", "goblin"), ("dots", "stern", "sly"), ("tusks",), 40, 14, 9,
    ),
    Kind(
        (Hue(88, 0.60, 0.74), Hue(64, 0.58, 0.76)),
        ("goblin",), ("wide", "sly", "tall"), ("fangs", "smile"), 14, 4, 7,
    ),
    Kind((ramps.BONE, Hue(64, 0.16, 0.84)), ("",), ("sockets",), ("teeth",), 10, 0, 6),
    Kind(
        (ramps.ORANGE, ramps.GREY, ramps.TAN, ramps.CREAM, ramps.SNOW, ramps.BROWN),
        ("cat", "bear", "bunny", "cat"), ("tall", "dots", "bright"), ("muzzle",), 12, 0, 9,
    ),
    Kind((ramps.STEEL, ramps.COPPER, ramps.SKY), ("antenna", "", "round"), ("visor", "glow"),
         ("", "small"), 0, 0, 4),
    Kind((ramps.RED, ramps.CRIMSON, ramps.VIOLET, ramps.MAGENTA), ("horns",),
         ("glow", "sly", "stern"), ("fangs", "smile"), 34, 20, 6),
    Kind((ramps.TEAL, ramps.FOREST, ramps.SKY), ("", "elf"), ("wide", "glow", "tall"),
         ("snout", "small"), 10, 0, 3),
    Kind((ramps.YELLOW, ramps.SKY, ramps.SNOW, ramps.TAN), ("",), ("tall", "dots", "wide"),
         ("beak",), 24, 0, 3),
)  # fmt: skip

CLOSED = ("knight", "bucket")  # helmets without a face
COWLS = ("ninja", "hood", "horned", "crested")  # what hides the hair at the sides as well
TALL = (
    "wizard", "turban", "beanie", "tophat", "mitre", "witch", "fez", "feathered", "jester",
    "crested", "viking", "horned",
)  # fmt: skip
OPEN = ("crown", "wreath", "circlet", "headband", "bandana")  # the hair shows above or below
METALLIC = ("knight", "viking", "crested", "bucket", "horned")
PROUD = ("cat", "bear", "bunny", "horns", "antenna")  # ears on top of the head
KNEES = 13  # the canvas row that a short hero lacks
UPRIGHT = ("spiky", "afro", "mohawk", "tuft", "swept")  # hair that stands a pixel higher
PATTERNED = ("fur", "sash", "mail")
DARK_EYES = ("tall", "dots", "stern", "sly", "sleepy")
LEGS = (ramps.BROWN, ramps.SLATE, ramps.COAL, ramps.NAVY, ramps.TAN, ramps.FOREST, ramps.CRIMSON)
BOOTS = (ramps.LEATHER, ramps.COAL, ramps.BROWN, ramps.SLATE, ramps.RED, ramps.AMBER)


Parts = Mapping[str, Stamp]


@dataclass(frozen=True)
class View:
    """The parts of one view; both views name them alike."""

    heads: Parts
    ears: Parts
    eyes: Parts
    mouths: Parts
    hair: Parts
    beards: Parts
    hats: Parts
    bodies: Parts
    chests: Parts


FRONT = View(
    front.HEADS, front.EARS, front.EYES, front.MOUTHS, front.HAIR, front.BEARDS, front.HATS,
    front.BODIES, front.CHESTS,
)  # fmt: skip
SIDE = View(
    side.HEADS, side.EARS, side.EYES, side.MOUTHS, side.HAIR, side.BEARDS, side.HATS,
    side.BODIES, side.CHESTS,
)  # fmt: skip


@dataclass(frozen=True)
class Hero:
    """All that both views of a hero share."""

    ears: str
    eyes: str
    mouth: str
    hair: str
    beard: str
    hat: str
    body: str
    chest: str
    shoulders: str
    cape: bool
    bare_arms: bool
    short: bool  # shorter legs
    low: bool  # the head sits a pixel lower: a shorter neck, or room for a tall hat
    weapon: str
    ramps: dict[str, Ramp]


def _share(dice: Dice) -> Kind:
    throw = dice.below(sum(kind.share for kind in KINDS))
    for kind in KINDS:
        throw -= kind.share
        if throw < 0:
            return kind
    raise AssertionError("the shares of KINDS have changed meanwhile")


def hero(index: int) -> Hero:
    """Return hero number ``index``."""
    dice = Dice(1, index)
    kind = _share(dice)
    skin = dice.pick(kind.skins)
    ears = dice.pick(kind.ears)
    hat = dice.pick(tuple(front.HATS)) if dice.chance(35 if ears in PROUD else 70) else ""
    body = dice.pick(tuple(front.BODIES))
    hair = ramps.apart(dice, HAIRS, skin)
    cloth = ramps.apart(dice, ramps.CLOTH, skin)
    trim = ramps.apart(dice, ramps.CLOTH, cloth)
    if body == "plate" and dice.chance(60):
        cloth = dice.pick(ramps.METAL)
    headgear = ramps.apart(dice, ramps.CLOTH, skin, hair)
    if dice.chance(45) and not ramps.alike(cloth, hair):  # a suit: the hat is of the same cloth
        headgear = cloth
    if hat in METALLIC:
        headgear = dice.pick(ramps.METAL)
    if hat == "straw":
        headgear = dice.pick((ramps.AMBER, ramps.TAN, ramps.CREAM))
    ribbon = ramps.apart(dice, (trim, trim, ramps.GOLD, cloth, *ramps.CLOTH), headgear, skin)
    metal = dice.pick((ramps.GOLD, ramps.STEEL, ramps.GOLD, ramps.COPPER))
    glow = dice.pick((ramps.CYAN, ramps.ORANGE, ramps.LIME, ramps.MAGENTA, ramps.YELLOW))
    legs = ramps.apart(dice, LEGS, cloth)
    style = dice.pick(tuple(front.HAIR)) if dice.chance(kind.hair) else ""
    eyes = dice.pick(kind.eyes)
    if skin.value < 0.7 and eyes in DARK_EYES:
        eyes = dice.pick(("bright", "wide"))  # ink on a dark face would not be seen
    if eyes in ("glow", "visor"):
        metal = ramps.apart(dice, (ramps.CYAN, ramps.YELLOW, ramps.LIME, ramps.RED), skin)
    skins, clothes = ramps.ramp(skin, dice), ramps.ramp(cloth, dice)
    return Hero(
        ears=ears,
        eyes=eyes,
        mouth=dice.pick(kind.mouths),
        hair=style,
        beard=dice.pick(tuple(front.BEARDS)) if dice.chance(kind.beard) else "",
        hat=hat,
        body=body,
        chest=dice.pick(tuple(front.CHESTS)) if dice.chance(60) else "",
        shoulders=dice.pick(tuple(front.SHOULDERS)) if dice.chance(24) else "",
        cape=dice.chance(22),
        bare_arms=dice.chance(22),
        short=dice.chance(28),
        low=dice.chance(40) or hat in TALL or ears in PROUD or style in UPRIGHT,
        weapon=dice.pick(tuple(side.WEAPONS)),
        ramps={
            "s": skins,
            "z": skins,
            "h": ramps.ramp(hair, dice),
            "a": clothes if headgear is cloth else ramps.ramp(headgear, dice),
            "b": ramps.ramp(ribbon, dice),
            "c": clothes,
            "d": ramps.ramp(trim, dice),
            "l": ramps.ramp(legs, dice),
            "e": ramps.ramp(ramps.apart(dice, BOOTS, legs), dice),
            "f": ramps.ramp(ramps.apart(dice, ramps.CLOTH, cloth), dice),
            "g": ramps.ramp(metal, dice),
            "m": ramps.ramp(dice.pick((ramps.STEEL, ramps.STEEL, ramps.GOLD, glow)), dice),
            "n": ramps.ramp(dice.pick((ramps.WOOD, ramps.WOOD, ramps.LEATHER, trim)), dice),
            "o": ramps.ramp(glow, dice),
        },
    )


def _draw_head(canvas: Canvas, who: Hero, view: View) -> None:
    """Draw head, face, hair and headgear."""
    dy = int(who.low)
    closed = who.hat in CLOSED
    canvas.stamp(view.heads["head"], dy=dy, shadow=True)
    if who.hat:
        hat = view.hats[who.hat]
        if who.hair and who.hat not in COWLS:
            canvas.stamp(view.hair[who.hair], dy=dy, shadow=True)
            if who.hat not in OPEN:  # a hat presses down the hair on top
                canvas.clear_above(int(hat.drawn.any(axis=1).argmax()) + 2 + dy)
    elif who.hair:
        canvas.stamp(view.hair[who.hair], dy=dy, shadow=True)
    if not closed:
        canvas.stamp(view.eyes[who.eyes], dy=dy)
        if who.mouth:
            canvas.stamp(view.mouths[who.mouth], dy=dy)
        if who.beard:
            canvas.stamp(view.beards[who.beard], dy=dy, shadow=True)
    if who.hat:
        canvas.stamp(view.hats[who.hat], dy=dy, shadow=True)
    if who.ears and not closed and not (who.hat and who.ears in PROUD):
        canvas.stamp(view.ears[who.ears], dy=dy, under=view is FRONT and who.ears not in PROUD)


def _draw_body(canvas: Canvas, who: Hero, view: View) -> None:
    canvas.stamp(view.bodies[who.body])
    if who.chest and who.body not in PATTERNED:
        canvas.stamp(view.chests[who.chest])


def draw_front(who: Hero) -> Canvas:
    """Draw a hero from the front."""
    canvas = Canvas()
    _draw_body(canvas, who, FRONT)
    if who.shoulders:
        canvas.stamp(front.SHOULDERS[who.shoulders])
    _draw_head(canvas, who, FRONT)
    if who.cape:
        canvas.stamp(front.CAPES["cape"], under=True)
    if who.short:
        canvas.cut_row(KNEES)
    return canvas


def draw_side(who: Hero) -> Canvas:
    """Draw a hero from the side, facing left, weapon in hand."""
    canvas = Canvas()
    _draw_body(canvas, who, SIDE)
    if who.cape:
        canvas.stamp(side.CAPES["cape"])
    arm = "mailed" if who.body == "plate" else "bare" if who.bare_arms else "sleeve"
    canvas.stamp(side.ARMS[arm])
    if who.shoulders:
        canvas.stamp(side.SHOULDERS[who.shoulders])
    _draw_head(canvas, who, SIDE)
    canvas.stamp(side.WEAPONS[who.weapon])
    if who.short:
        canvas.cut_row(KNEES)
    return canvas
