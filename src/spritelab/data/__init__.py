"""Sprites in: readers for every source, copies, splits and figures. No torch in this room."""

from spritelab.data.download import cache_folder
from spritelab.data.duplicates import exact_copies
from spritelab.data.inspection import ClassCount, Inspection, PaletteFigures, Spread, inspect
from spritelab.data.listing import LeftOut
from spritelab.data.packing import pack, pack_blocks
from spritelab.data.sources import (
    NAMES,
    before_and_after,
    find_source,
    fit,
    load,
    open_listing,
    read,
)
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.data.tidying import Tidied, tidy_files

__all__ = [
    "load",
    "read",
    "fit",
    "NAMES",
    "find_source",
    "before_and_after",
    "open_listing",
    "pack",
    "pack_blocks",
    "tidy_files",
    "Tidied",
    "cache_folder",
    "SpriteSet",
    "Provenance",
    "LeftOut",
    "exact_copies",
    "inspect",
    "Inspection",
    "ClassCount",
    "PaletteFigures",
    "Spread",
]
