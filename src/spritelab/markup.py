"""Words that somebody else chose, put into Markdown: names, licences, paths."""

from __future__ import annotations

import re


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
