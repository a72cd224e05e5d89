"""Sheets of sprites: cut into cells, laid out, and written as games and editors read them."""

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
from spritelab.sheets.find import find_sprites
from spritelab.sheets.grid import check_grid, cut
from spritelab.sheets.json_reader import cut_atlas, is_atlas, picture_of
from spritelab.sheets.layout import lay_out
from spritelab.sheets.save import WRITERS, save_sheet

__all__ = [
    "check_grid",
    "cut",
    "lay_out",
    "Atlas",
    "Frame",
    "Tag",
    "UNTAGGED",
    "drawn_key",
    "unique_keys",
    "save_sheet",
    "WRITERS",
    "encode_aseprite",
    "read_aseprite",
    "cut_atlas",
    "is_atlas",
    "picture_of",
    "find_sprites",
    "CutFrame",
    "Box",
]
