"""Food and drink: dishes with toppings, patterns and leaves, in colours one could eat."""

from __future__ import annotations

from dataclasses import dataclass

from spritelab.data.builtin import food_art as art
from spritelab.data.builtin import ramps
from spritelab.data.builtin.canvas import Canvas
from spritelab.data.builtin.dice import Dice
from spritelab.data.builtin.ramps import Hue, Ramp


@dataclass(frozen=True)
class Dish:
    """A kind of food: the colours of its materials and how it may vary.

    ``tops`` are patterns laid on material ``on`` in material ``c``. ``leaves`` are parts put on
    top, ``leaf_at`` rows down. ``rows`` and ``columns`` may be taken out or repeated.
    """

    name: str
    a: tuple[Hue, ...]
    b: tuple[Hue, ...] = ()
    c: tuple[Hue, ...] = ()
    d: tuple[Hue, ...] = ()
    e: tuple[Hue, ...] = ()
    on: str = "a"
    tops: tuple[str, ...] = ("",)
    leaves: tuple[str, ...] = ("",)
    leaf_at: int = 0
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()
    both_ways: bool = False  # may be turned left for right before the light falls on it


_CRUST = (ramps.TAN, ramps.BROWN, ramps.WOOD, Hue(34, 0.58, 0.88))
_GREEN = (ramps.LEAF, ramps.FOREST, ramps.LIME)
_SWEET = (ramps.PINK, ramps.CREAM, ramps.SNOW, ramps.BROWN, ramps.SKY, ramps.LIME, ramps.VIOLET,
          ramps.YELLOW, ramps.RED)  # fmt: skip
_MEAT = (ramps.BROWN, ramps.COPPER, Hue(12, 0.66, 0.66), Hue(30, 0.66, 0.78))
_PLATE = (ramps.SKY, ramps.SNOW, ramps.TAN, ramps.RED, ramps.TEAL, ramps.WOOD, ramps.BLUE)
_JUICE = (ramps.RED, ramps.ORANGE, ramps.AMBER, ramps.LIME, ramps.VIOLET, ramps.SKY, ramps.PINK,
          ramps.CREAM)  # fmt: skip
_WOOD = (ramps.WOOD, ramps.BROWN, ramps.LEATHER)
_GLASS = (ramps.SNOW, ramps.SKY, ramps.CYAN)

DISHES = (
    Dish("apple", (ramps.RED, ramps.LIME, ramps.YELLOW, ramps.CRIMSON), c=(ramps.AMBER,), d=_WOOD,
         e=_GREEN, tops=("", "", "", "seeds"), leaves=("stalk", "leaf", "twig"), rows=(7, 9),
         columns=(4,)),
    Dish("cherries", (ramps.RED, ramps.CRIMSON, ramps.PURPLE, ramps.ORANGE), d=_GREEN + _WOOD,
         rows=(4,)),
    Dish("drumstick", both_ways=True, a=_MEAT, b=(ramps.BONE, ramps.CREAM), c=(ramps.BROWN,
         ramps.AMBER), e=(ramps.BONE,), tops=("", "seeds", "drip", "stripes")),
    Dish("steak", (ramps.BROWN, Hue(8, 0.60, 0.52)), b=(ramps.RED, Hue(8, 0.62, 0.80), ramps.PINK),
         c=(ramps.CREAM, ramps.BONE), on="b", tops=("", "seeds", "spots", "swirl"), rows=(8, 11),
         columns=(2, 4)),
    Dish("bread", both_ways=True, a=(*_CRUST, ramps.AMBER), b=(ramps.CREAM, ramps.BROWN),
         c=(ramps.CREAM,), tops=("", "", "seeds"), rows=(10, 11), columns=(3,)),
    Dish("cheese", both_ways=True, a=(Hue(46, 0.52, 0.98), ramps.AMBER, ramps.CREAM),
         b=(ramps.YELLOW, ramps.AMBER, Hue(40, 0.6, 0.92)), rows=(8, 11)),
    Dish("carrot", both_ways=True, a=(ramps.ORANGE, ramps.AMBER, ramps.PURPLE, ramps.CREAM),
         e=_GREEN),
    Dish("mushroom", (ramps.RED, ramps.BROWN, ramps.TAN, ramps.VIOLET, ramps.SKY, ramps.ORANGE),
         b=(ramps.CREAM, ramps.BONE, ramps.SNOW), c=(ramps.CREAM, ramps.SNOW), tops=("spots",
         "seeds", "", "sprinkles"), rows=(4, 9, 10), columns=(5, 6)),
    Dish("cake", both_ways=True, a=(Hue(36, 0.46, 0.92), ramps.BROWN, ramps.PINK, ramps.CREAM,
         ramps.LIME), b=_SWEET, c=(ramps.RED, ramps.CRIMSON, ramps.PINK, ramps.BROWN, ramps.BLUE),
         on="b", tops=("", "sprinkles", "seeds"), rows=(10, 8)),
    Dish("cupcake", (ramps.PINK, ramps.SKY, ramps.TAN, ramps.BROWN, ramps.VIOLET, ramps.TEAL),
         b=_SWEET, c=(ramps.RED, ramps.CRIMSON, ramps.YELLOW, ramps.LIME), on="b", tops=("",
         "sprinkles", "stripes", "swirl"), rows=(5, 9), columns=(6,)),
    Dish("egg", (ramps.CREAM, ramps.SNOW, ramps.TAN, ramps.SKY, ramps.PINK, ramps.LIME),
         c=(ramps.BROWN, *ramps.VIVID), tops=("", "spots", "stripes", "sprinkles", "swirl",
         "seeds"), rows=(6, 9), columns=(6,)),
    Dish("burger", (Hue(32, 0.62, 0.88), ramps.TAN, ramps.WOOD), c=(ramps.RED, ramps.YELLOW),
         e=(ramps.LIME, ramps.YELLOW, ramps.LEAF), b=(ramps.LEAF, ramps.YELLOW, ramps.LIME),
         d=(ramps.BROWN, Hue(16, 0.6, 0.46)), tops=("", "seeds", "sprinkles"), rows=(5, 11, 9),
         columns=(5,)),
    Dish("pizza", _CRUST, b=(ramps.YELLOW, ramps.AMBER, ramps.ORANGE), e=_GREEN, c=(ramps.RED,
         ramps.CRIMSON, ramps.FOREST), on="b", tops=("", "seeds", "sprinkles"), columns=(3,)),
    Dish("cone", (Hue(34, 0.60, 0.86), ramps.TAN), b=_SWEET, c=(ramps.RED, *_SWEET), on="b",
         tops=("", "sprinkles", "drip", "stripes", "swirl"), rows=(4, 9), columns=(6,)),
    Dish("grapes", (ramps.VIOLET, ramps.LIME, ramps.CRIMSON, ramps.PURPLE, ramps.BLUE), d=_WOOD,
         e=_GREEN, rows=(11,)),
    Dish("banana", both_ways=True, a=(ramps.YELLOW, ramps.AMBER, ramps.LIME), d=(ramps.BROWN,
         ramps.LEAF), c=(ramps.BROWN,), tops=("", "sprinkles", "seeds")),
    Dish("melon", (ramps.FOREST, ramps.LEAF, ramps.LIME, ramps.AMBER), columns=(3,), rows=(9,),
         b=(ramps.RED, ramps.PINK, ramps.ORANGE, ramps.YELLOW, ramps.LIME), c=(ramps.COAL,)),
    Dish("donut", _SWEET, b=_CRUST, c=_SWEET, tops=("sprinkles", "stripes", "", "swirl", "drip"),
         rows=(6, 11), columns=(3,)),
    Dish("berry", (ramps.RED, ramps.CRIMSON, ramps.PINK, ramps.BLUE), rows=(8, 10), columns=(6,),
         c=(ramps.YELLOW, ramps.CREAM), e=_GREEN),
    Dish("pear", (ramps.LIME, ramps.YELLOW, ramps.AMBER, ramps.LEAF), d=_WOOD, e=_GREEN,
         c=(ramps.BROWN, ramps.RED), tops=("", "seeds", "sprinkles"), rows=(8, 11)),
    Dish("citrus", (ramps.ORANGE, ramps.YELLOW, ramps.LIME, ramps.PINK, ramps.RED), d=_WOOD,
         e=_GREEN, c=(ramps.CREAM, ramps.AMBER), tops=("", "seeds"), rows=(9, 11), columns=(3, 6),
         leaves=("leaf", "sprig", "crown", "stalk"), leaf_at=1),
    Dish("sushi", (ramps.SNOW, ramps.BONE), b=(ramps.ORANGE, ramps.RED, ramps.PINK, ramps.AMBER),
         c=(ramps.FOREST, ramps.COAL, ramps.CREAM), on="b", tops=("", "stripes", "seeds"), rows=(8,
         9), columns=(4,)),
    Dish("candy", _SWEET + ramps.VIVID, b=_SWEET, rows=(8,), columns=(6,)),
    Dish("lollipop", ramps.VIVID, b=_SWEET, d=(ramps.BONE, ramps.CREAM), rows=(13,)),
    Dish("bowl", _PLATE, b=_PLATE, c=(ramps.SNOW,), d=_WOOD, e=_JUICE + _MEAT + _GREEN, rows=(8,),
         columns=(5,)),
    Dish("bottle", _GLASS, d=_WOOD, e=_JUICE, c=_SWEET, on="e", columns=(6,), tops=("", "seeds",
         "stripes", "swirl"), rows=(4, 9, 11)),
    Dish("mug", both_ways=True, a=(ramps.SNOW,), d=(ramps.WOOD, ramps.STEEL, ramps.COPPER,
         *_PLATE), e=(ramps.AMBER, ramps.ORANGE, ramps.BROWN, ramps.LIME, ramps.PINK), rows=(8,
         10)),
    Dish("corn", (ramps.YELLOW, ramps.AMBER, ramps.CREAM), d=_GREEN, e=_GREEN, rows=(6, 10)),
    Dish("aubergine", (ramps.PURPLE, ramps.VIOLET, ramps.RED, ramps.LEAF, ramps.NAVY), d=_WOOD,
         e=_GREEN, c=(ramps.CREAM,), tops=("", "", "seeds")),
    Dish("fish", both_ways=True, a=(ramps.SKY, ramps.ORANGE, ramps.STEEL, ramps.PINK, ramps.TEAL,
         ramps.YELLOW), b=(ramps.BLUE, ramps.RED, ramps.AMBER, ramps.VIOLET), c=(ramps.CREAM,
         ramps.NAVY), tops=("", "stripes", "seeds", "spots"), rows=(9,)),
    Dish("pie", both_ways=True, a=_CRUST, b=(Hue(36, 0.54, 0.94), ramps.AMBER, ramps.TAN),
         d=(ramps.BROWN,), c=(ramps.RED, ramps.VIOLET, ramps.CREAM), on="b", tops=("", "seeds",
         "spots", "swirl"), rows=(7,), columns=(3,)),
    Dish("pudding", (ramps.AMBER, ramps.CREAM, ramps.PINK, ramps.BROWN), b=_SWEET, d=_PLATE,
         c=(ramps.RED, ramps.CRIMSON), tops=("", "seeds"), rows=(6, 10), columns=(6,)),
    Dish("jar", _GLASS, d=(ramps.GOLD, ramps.RED, ramps.WOOD, ramps.STEEL), e=_JUICE, on="e",
         c=_SWEET, tops=("", "spots", "seeds", "sprinkles"), rows=(8, 10), columns=(6,)),
    Dish("hotdog", (Hue(34, 0.58, 0.90), ramps.TAN), b=(ramps.RED, Hue(14, 0.68, 0.74)),
         c=(ramps.YELLOW, ramps.CREAM, ramps.RED), rows=(10, 11), columns=(4,)),
    Dish("sandwich", (Hue(36, 0.48, 0.94), ramps.TAN, ramps.CREAM), b=(ramps.RED, ramps.PINK),
         c=_GREEN, d=(ramps.YELLOW, ramps.AMBER), e=(ramps.LIME, ramps.RED), rows=(4, 8, 9),
         columns=(4,)),
    Dish("skewer", both_ways=True, a=(*_MEAT, ramps.RED), b=(ramps.LIME, ramps.YELLOW, ramps.CREAM,
         ramps.RED), d=_WOOD),
    Dish("croissant", both_ways=True, a=(*_CRUST, ramps.AMBER), c=(ramps.CREAM, ramps.BROWN),
         rows=(9,), tops=("", "seeds", "drip")),
)  # fmt: skip


def food(index: int) -> tuple[Canvas, dict[str, Ramp]]:
    """Draw dish number ``index``; return it with the ramps of its materials."""
    dice = Dice(3, index)
    dish = dice.pick(DISHES)
    canvas = Canvas()
    canvas.stamp(art.DISHES[dish.name], mirror=dish.both_ways and dice.chance(50))
    if top := dice.pick(dish.tops):
        canvas.repaint(art.TOPPINGS[top], dish.on, "c", dice.between(-2, 2), dice.between(0, 2))
    if leaf := dice.pick(dish.leaves):
        canvas.stamp(art.LEAVES[leaf], dy=dish.leaf_at)
    canvas.stretch(dish.rows, dish.columns, dice)
    colours: dict[str, Hue] = {}
    for letter in "abcde":
        if choices := getattr(dish, letter):
            near = colours.values() if letter in "bc" else ()
            colours[letter] = ramps.apart(dice, choices, *near)
    return canvas, {letter: ramps.ramp(hue, dice) for letter, hue in colours.items()}
