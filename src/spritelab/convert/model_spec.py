"""What a file of weights says of itself, in the words of ModelSpec: ``modelspec.*``.

Source: the sai_model_spec standard, version 1.0.1 (Stability AI). Tools that list models read it
from the header of a ``.safetensors`` file without its tensors.
"""

from __future__ import annotations

from typing import Literal

import spritelab
from spritelab.generate import ModelConfig

_PREDICTIONS = {"eps": "epsilon", "v": "v"}
"""The two that the standard knows."""


def model_spec(
    config: ModelConfig, name: str, implementation: Literal["spritelab", "diffusers"] = "spritelab"
) -> dict[str, str]:
    """The entries for a model of this name, whose weights have the names of ``implementation``."""
    kind = "RGBA" if config.channels == 4 else "RGB"
    size = f"{config.size}x{config.size}"
    learnt = config.trained_on
    made_by = spritelab.__version__
    entries = {
        "sai_model_spec": "1.0.1",
        "architecture": f"spritelab/{config.network.kind}",
        "implementation": implementation,
        "title": name,
        "description": f"{size} {kind} sprites of {', '.join(config.class_names)}; trained on "
        f"{learnt.source}, {config.step} updates, by spritelab {made_by}",
        "license": learnt.licence,
        "resolution": size,
        "tags": "pixel-art,sprites",
        "timestep_range": f"0,{config.schedule.timesteps - 1}",
    }
    if config.prediction in _PREDICTIONS:
        entries["prediction_type"] = _PREDICTIONS[config.prediction]
    if learnt.parent is not None:
        entries["merged_from"] = learnt.parent.name
    return {f"modelspec.{key}": value for key, value in entries.items()}
