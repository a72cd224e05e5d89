"""Text beside sprites: DejaVu Sans, drawn by pillow.

Pillow's own bundled font lacks the signs of the formulas (x̂₀, η, ×). The font comes along in
``fonts/``, so that pictures look alike on every machine.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from spritelab.pixels import Colour

INK: Colour = (38, 40, 48)
FAINT: Colour = (112, 116, 128)

FONTS = Path(__file__).parent / "fonts"

TITLE = 17
CAPTION = 13


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans at ``size`` pixels."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(FONTS / name), size)


def width(text: str, size: int, bold: bool = False) -> int:
    """Return how many pixels wide one line of text is, rounded up."""
    return int(-(-font(size, bold).getlength(text) // 1))


def line_height(size: int) -> int:
    """Return how many pixels one line takes, descenders and a little air included."""
    ascent, descent = font(size).getmetrics()
    return ascent + descent + 2


def wrap(text: str, size: int, room: int, bold: bool = False) -> list[str]:
    """Break text between words into lines of at most ``room`` pixels.

    A single word that is wider than ``room`` keeps a line of its own.
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def draw(
    page: Image.Image,
    xy: tuple[int, int],
    text: str,
    size: int,
    *,
    bold: bool = False,
    colour: Colour = INK,
    anchor: str = "la",
) -> None:
    """Write one line on an RGB page; ``anchor`` is pillow's: ``la`` top left, ``ma`` top middle."""
    ImageDraw.Draw(page).text(xy, text, fill=colour, font=font(size, bold), anchor=anchor)
