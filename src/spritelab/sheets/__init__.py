"""Pictures as people have them, made into sprites: cut, snapped to their grid, keyed, padded."""

from spritelab.sheets.colour_key import clear_colours, plain_border, plain_key
from spritelab.sheets.grid import Cells, cut
from spritelab.sheets.padding import pad
from spritelab.sheets.pixel_grid import PixelGrid, find_grid
from spritelab.sheets.snapping import snap

__all__ = [
    "cut",
    "Cells",
    "pad",
    "clear_colours",
    "plain_key",
    "plain_border",
    "find_grid",
    "PixelGrid",
    "snap",
]
