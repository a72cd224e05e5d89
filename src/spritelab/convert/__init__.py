"""A model made ready to be shared: small on disk, measured, with a card and a gallery."""

from spritelab.convert.card import CardFacts, Figures, PrecisionCost, Training, write_card
from spritelab.convert.ship import draw_gallery, measure_shipped, ship_run

__all__ = [
    "ship_run",
    "measure_shipped",
    "draw_gallery",
    "CardFacts",
    "Training",
    "PrecisionCost",
    "Figures",
    "write_card",
]
