"""Pictures from uint8 sprites: grids, contact sheets, denoising strips, loss curves.

The drawing functions are pure: arrays in, a uint8 picture out. Those named ``…_picture`` also
save it as PNG. Sprites are only ever scaled by whole numbers.
"""

from spritelab.pictures.curves import loss_curves
from spritelab.pictures.files import (
    before_and_after_picture,
    contact_sheet_picture,
    curves_picture,
    samples_picture,
    save_png,
    strip_picture,
)
from spritelab.pictures.layout import Ground, grid, lay_on
from spritelab.pictures.pages import contact_sheet, denoising_strip, evenly, titled
from spritelab.pictures.sides import Side, side_by_side

__all__ = [
    "Ground",
    "grid",
    "lay_on",
    "titled",
    "contact_sheet",
    "denoising_strip",
    "evenly",
    "Side",
    "side_by_side",
    "loss_curves",
    "save_png",
    "samples_picture",
    "before_and_after_picture",
    "strip_picture",
    "contact_sheet_picture",
    "curves_picture",
]
