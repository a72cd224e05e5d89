"""From a trained model and seeds to sprites: the one façade that everything else calls."""

from spritelab.generate.model import (
    BATCHING_TOLERANCE,
    NO_CLASS,
    Frame,
    Label,
    Model,
    Progress,
    SpriteBatch,
    load_model,
    sprite_seed,
)
from spritelab.generate.setting import DEFAULT_STEPS, Sampler, Setting
from spritelab.generate.shipped import shipped_models

__all__ = [
    "Model",
    "load_model",
    "shipped_models",
    "SpriteBatch",
    "Frame",
    "Label",
    "NO_CLASS",
    "Progress",
    "Sampler",
    "Setting",
    "DEFAULT_STEPS",
    "sprite_seed",
    "BATCHING_TOLERANCE",
]
