"""Sheets of sprites: cut into cells, laid out, and written as games and editors read them."""

from spritelab.sheets.atlas import UNTAGGED, Atlas, Frame, Tag, drawn_key, unique_keys
from spritelab.sheets.grid import check_grid, cut
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
]
