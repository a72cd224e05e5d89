"""Sprites in: readers for every source, copies, splits and figures. No torch in this room."""

from spritelab.data.download import cache_folder
from spritelab.data.duplicates import exact_copies
from spritelab.data.inspection import ClassCount, Inspection, PaletteFigures, Spread, inspect
from spritelab.data.sources import NAMES, fit, load, read
from spritelab.data.spriteset import Provenance, SpriteSet

__all__ = [
    "load",
    "read",
    "fit",
    "NAMES",
    "cache_folder",
    "SpriteSet",
    "Provenance",
    "exact_copies",
    "inspect",
    "Inspection",
    "ClassCount",
    "PaletteFigures",
    "Spread",
]
