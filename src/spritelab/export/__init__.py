"""Pictures from uint8 sprites: grids, contact sheets, denoising strips, loss curves.

The drawing functions are pure: arrays in, a uint8 picture out. Those named ``…_picture`` also
save it as PNG. Sprites are only ever scaled by whole numbers.
"""

from spritelab.export.curves import loss_curves
from spritelab.export.files import save_png
from spritelab.export.folders import check_free, replacing, save_sprites
from spritelab.export.layout import Ground, grid, lay_on
from spritelab.export.pages import contact_sheet, denoising_strip, evenly, titled
from spritelab.export.pictures import (
    contact_sheet_picture,
    curves_picture,
    samples_picture,
    strip_picture,
)

__all__ = [
    "Ground",
    "grid",
    "lay_on",
    "titled",
    "contact_sheet",
    "denoising_strip",
    "evenly",
    "loss_curves",
    "save_png",
    "save_sprites",
    "check_free",
    "replacing",
    "samples_picture",
    "strip_picture",
    "contact_sheet_picture",
    "curves_picture",
]
