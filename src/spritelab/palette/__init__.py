"""Palettes: colours as the eye sees them, sprites as a palette and an index for every pixel."""

from spritelab.palette.colours import Palette
from spritelab.palette.dithering import dither
from spritelab.palette.files import READERS, read_palette, write_palette
from spritelab.palette.indexed import (
    LARGEST,
    ColourError,
    IndexedSprites,
    apply,
    colour_error,
    fitting_size,
    index_sprites,
    learn_palette,
    nearest,
    palette_sizes,
)
from spritelab.palette.merging import merge_colours
from spritelab.palette.oklab import from_oklab, to_oklab, to_points
from spritelab.palette.reduction import nearest_points

__all__ = [
    "to_oklab",
    "from_oklab",
    "to_points",
    "nearest_points",
    "Palette",
    "read_palette",
    "write_palette",
    "READERS",
    "LARGEST",
    "palette_sizes",
    "fitting_size",
    "index_sprites",
    "IndexedSprites",
    "learn_palette",
    "nearest",
    "apply",
    "dither",
    "merge_colours",
    "colour_error",
    "ColourError",
]
