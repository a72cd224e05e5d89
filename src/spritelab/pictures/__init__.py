"""Pictures from uint8 sprites: grids, contact sheets, denoising strips, loss curves.

The drawing functions are pure: arrays in, a uint8 picture out. Those named ``…_picture`` also
save it as PNG. Sprites are only ever scaled by whole numbers.
"""

from spritelab.pictures.animation import MOVING, captioned, save_animation
from spritelab.pictures.curves import loss_curves
from spritelab.pictures.files import (
    Picture,
    before_and_after_picture,
    contact_sheet_picture,
    curves_picture,
    encode_png,
    samples_picture,
    save_png,
    strip_picture,
    titled_rows,
    to_pil,
)
from spritelab.pictures.layout import Ground, grid, lay_on
from spritelab.pictures.notebook import data_uri, sheet_html, sprites_html, sprites_png, table_html
from spritelab.pictures.pages import (
    contact_sheet,
    denoising_strip,
    evenly,
    labelled_rows,
    short_strip,
    titled,
)
from spritelab.pictures.sides import Side, side_by_side

__all__ = [
    "Picture",
    "to_pil",
    "Ground",
    "grid",
    "lay_on",
    "titled",
    "titled_rows",
    "contact_sheet",
    "denoising_strip",
    "short_strip",
    "labelled_rows",
    "evenly",
    "Side",
    "side_by_side",
    "loss_curves",
    "encode_png",
    "save_png",
    "save_animation",
    "captioned",
    "MOVING",
    "data_uri",
    "sheet_html",
    "sprites_html",
    "sprites_png",
    "table_html",
    "samples_picture",
    "before_and_after_picture",
    "strip_picture",
    "contact_sheet_picture",
    "curves_picture",
]
