"""Numbers and times as text for people to read."""

from __future__ import annotations

import math
import re

MEASURES = (
    ("frechet", "", 1),
    ("kid", "KID × 1000", 1000),
    ("precision", "precision", 1),
    ("recall", "recall", 1),
    ("density", "density", 1),
    ("coverage", "coverage", 1),
    ("told_apart", "told apart", 1),
    ("copies", "copies of training sprites, %", 100),
    ("near_copies", "near copies, %", 100),
    ("pixel_distance", "differing pixels, %", 100),
    ("recoloured_copies", "recoloured copies, %", 100),
    ("edge_distance", "edge distance", 1),
    ("authentic", "authentic, %", 100),
    ("colours", "colours in a sprite", 1),
    ("partly_transparent", "partly transparent pixels, %", 100),
    ("stray_pixels", "stray pixels", 1),
)
"""A table's rows: the measure, its name for people and what it is multiplied by. The Fréchet
distance is called as the features say, ``Extractor.frechet_name``."""


def figure(value: float | None) -> str:
    """A number for reading: three digits that count, and no more than four decimals."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    decimals = min(4, max(0, 2 - math.floor(math.log10(abs(value)))))
    return f"{value:,.{decimals}f}".replace("-", "−")


def duration(seconds: float) -> str:
    """A time for reading: ``3.2 ms``, ``41 s``, ``2 h 05 min``."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 90:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def plain(text: str) -> str:
    """Words that somebody chose (a name, a licence), as Markdown shows them: no markup of theirs.

    Nothing in them ends a cell, a line or a heading, links, or is HTML. White space becomes one
    blank, what cannot be printed (controls, bidirectional marks) a replacement character.
    """
    return _MARKUP.sub(lambda found: f"\\{found[0]}", printable(text))


def code(text: str) -> str:
    """The same as code inside of a line, whatever backticks it has (CommonMark 0.31, 6.1)."""
    text = printable(text)
    fence = "`"
    while fence in text:
        fence += "`"
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


_MARKUP = re.compile(
    r"[\\`*\[\]<>|~&@$]"  # code, emphasis, links, HTML, cells, entities, addresses, formulas
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word is none
    r"|:(?=//)|(?<=www)\.|(?<=WWW)\."  # what GitHub takes for an address
    r"|^[#+=-](?=\s|#|$)|(?<=^\d)[.)]"  # a heading, a list
)


def printable(text: str) -> str:
    """Text on one line, a replacement character in the place of what cannot be printed."""
    shown = (c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))
    return "".join(shown)
