"""Sprites in: readers for every source, copies, splits and figures. No torch in this room."""

from spritelab.data.download import cache_folder
from spritelab.data.duplicates import exact_copies, leak_groups, mirror_copies, without_copies
from spritelab.data.inspection import ClassCount, Inspection, Spread, inspect
from spritelab.data.sources import NAMES, load
from spritelab.data.splits import split
from spritelab.data.spriteset import Provenance, SpriteSet

__all__ = [
    "load",
    "NAMES",
    "cache_folder",
    "SpriteSet",
    "Provenance",
    "split",
    "exact_copies",
    "mirror_copies",
    "leak_groups",
    "without_copies",
    "inspect",
    "Inspection",
    "ClassCount",
    "Spread",
]
