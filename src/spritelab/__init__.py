"""spritelab: learn a set of pixel-art sprites with a denoising diffusion model and draw new ones.

The names below are the public face; ``spritelab.diffusion`` holds the mathematics. They are
imported on first use, so that ``import spritelab`` and ``spritelab --help`` stay quick.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spritelab.data import SpriteSet
    from spritelab.data import load as load_sprites
    from spritelab.generate import Model, SpriteBatch, load_model

__version__ = "0.2.0.dev0"

__all__ = ["Model", "SpriteBatch", "SpriteSet", "__version__", "load_model", "load_sprites"]

_HOMES = {
    "SpriteSet": ("spritelab.data", "SpriteSet"),
    "load_sprites": ("spritelab.data", "load"),
    "Model": ("spritelab.generate", "Model"),
    "SpriteBatch": ("spritelab.generate", "SpriteBatch"),
    "load_model": ("spritelab.generate", "load_model"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'spritelab' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
