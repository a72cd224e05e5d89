"""A model in other clothes: shipped, with its card; as diffusers loads it; on a hub.

What is shipped is measured, for which the extras ``train`` and ``evaluate`` are asked; so every
name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spritelab.convert.card import CardFacts, Figures, PrecisionCost, Training, write_card
    from spritelab.convert.diffusers_folder import export_diffusers
    from spritelab.convert.push import parse_repository, push_model, read_figures, write_pushed
    from spritelab.convert.ship import draw_gallery, measure_shipped, ship_run

_HOMES = {
    "ship_run": "ship",
    "measure_shipped": "ship",
    "draw_gallery": "ship",
    "CardFacts": "card",
    "Training": "card",
    "PrecisionCost": "card",
    "Figures": "card",
    "write_card": "card",
    "export_diffusers": "diffusers_folder",
    "push_model": "push",
    "read_figures": "push",
    "write_pushed": "push",
    "parse_repository": "push",
}

__all__ = [
    "ship_run",
    "measure_shipped",
    "draw_gallery",
    "CardFacts",
    "Training",
    "PrecisionCost",
    "Figures",
    "write_card",
    "export_diffusers",
    "push_model",
    "read_figures",
    "write_pushed",
    "parse_repository",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'spritelab.convert' has no attribute {name!r}")
    return getattr(import_module(f"spritelab.convert.{_HOMES[name]}"), name)
