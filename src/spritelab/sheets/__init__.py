"""Sheets and pictures of sprites: cut, snapped to their grid, keyed, padded; laid out and written.

What is on a sheet comes from a grid (``cut``), from the file beside it (``cut_atlas``), or from its
pixels (``find_sprites``); ``save_sheet`` writes one for engines and editors.
"""

from spritelab.sheets.aseprite import encode_aseprite
from spritelab.sheets.aseprite_reader import read_aseprite
from spritelab.sheets.atlas import (
    UNTAGGED,
    Atlas,
    Box,
    CutFrame,
    Frame,
    Tag,
    drawn_key,
    unique_keys,
)
from spritelab.sheets.colour_key import clear_colours, plain_border, plain_key
from spritelab.sheets.find import clear_ground, find_sprites
from spritelab.sheets.grid import Cells, cut
from spritelab.sheets.json_reader import cut_atlas, is_atlas, picture_of
from spritelab.sheets.layout import lay_out
from spritelab.sheets.padding import pad
from spritelab.sheets.pixel_grid import PixelGrid, find_grid
from spritelab.sheets.save import ASEPRITE_FILES, WRITERS, save_sheet
from spritelab.sheets.snapping import snap
from spritelab.sheets.strays import clear_islands, clear_strays, stray_pixels
from spritelab.sheets.tidying import tidy

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
    "tidy",
    "stray_pixels",
    "clear_strays",
    "clear_islands",
    "lay_out",
    "save_sheet",
    "WRITERS",
    "Atlas",
    "Frame",
    "Box",
    "Tag",
    "UNTAGGED",
    "drawn_key",
    "unique_keys",
    "encode_aseprite",
    "read_aseprite",
    "ASEPRITE_FILES",
    "cut_atlas",
    "is_atlas",
    "picture_of",
    "find_sprites",
    "clear_ground",
    "CutFrame",
]
