"""A style sheet: one class for the sheet, one for every sprite."""

from __future__ import annotations

from string import ascii_letters, digits
from urllib.parse import quote

from spritelab.sheets.atlas import Atlas, unique_keys

_PLAIN = frozenset(ascii_letters + digits + "-_")


def style_sheet(atlas: Atlas, image: str, name: str) -> str:
    """CSS with which ``<i class="NAME NAME-KEY"></i>`` shows a sprite.

    White space in names becomes ``-``, since HTML takes it for the end of a class.

    Args:
        atlas: the sheet.
        image: the file name of its picture.
        name: of the class that all sprites share; each has another one, of this and its key.
    """
    grid = atlas.grid
    shared = _word(name)
    names = unique_keys([_word(f"{name}-{frame.key}") for frame in atlas.frames])
    rules = [
        f".{_identifier(shared)} {{\n"
        "  display: inline-block;\n"
        f"  width: {grid.width}px;\n"
        f"  height: {grid.height}px;\n"
        f'  background: url("{quote(image)}") no-repeat;\n'
        "  image-rendering: pixelated;\n"
        "}\n"
    ]
    rules += [
        f".{_identifier(one)} {{ background-position: {-frame.box.x}px {-frame.box.y}px; }}\n"
        for one, frame in zip(names, atlas.frames, strict=True)
    ]
    return "".join(rules)


def _word(text: str) -> str:
    return "-".join(text.split())


def _identifier(text: str) -> str:
    """``text`` as an identifier of CSS, by the rules of *serialize an identifier* (CSSOM)."""
    out = []
    for place, character in enumerate(text):
        leads = place == 0 or (place == 1 and text[0] == "-")
        if character == "\0":
            out.append("\N{REPLACEMENT CHARACTER}")
        elif ord(character) < 32 or ord(character) == 127 or (leads and character in "0123456789"):
            out.append(f"\\{ord(character):x} ")
        elif character in _PLAIN or ord(character) >= 128:
            out.append(character)
        else:
            out.append(f"\\{character}")
    return "".join(out)
