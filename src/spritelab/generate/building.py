"""The network that a model's configuration asks for."""

from __future__ import annotations

import torch
from torch import nn

from spritelab.diffusion import FEATURES, palette_channels
from spritelab.generate.model_config import ModelConfig
from spritelab.networks import build_network, build_palette_network, check_parameters


def make_network(config: ModelConfig) -> nn.Module:
    """Build the network of ``config`` with freshly drawn weights.

    Raises:
        SettingsError: if the network cannot have the size of the sprites, or is larger than
            ``config.bounds`` allow.
    """
    sketch_network(config)
    return _build(config)


def sketch_network(config: ModelConfig) -> nn.Module:
    """The network of ``config`` on the meta device: shapes without numbers, and so without memory.

    Raises:
        SettingsError: as ``make_network``.
    """
    with torch.device("meta"):
        sketch = _build(config)
    check_parameters(sketch)
    return sketch


def _build(config: ModelConfig) -> nn.Module:
    shared = {
        "size": config.size,
        "context_dim": len(config.class_names),
        "timesteps": config.schedule.timesteps,
    }
    if config.prediction == "palette":
        shown = palette_channels(config.channels)
        return build_palette_network(config.network, channels=shown, features=FEATURES, **shared)
    return build_network(config.network, channels=config.channels, **shared)
