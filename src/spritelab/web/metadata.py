"""What an exported model says of itself: all that drawing needs beside the network.

One JSON object under the key ``spritelab`` of the ONNX metadata, so that a file is complete by
itself. Arrays are base64 of little-endian bytes; those of the palettes are deflated (zlib) before.
``docs/formats.md`` lists the keys.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

import spritelab
from spritelab.generate import Model, TrainingPalettes

FORMAT = 1
"""Version of the metadata; raised whenever old code could no longer read it."""

KEY = "spritelab"

NOISE = 2
"""Version of the noise that names x_T and z, see ``docs/formats.md``."""


def describe(model: Model) -> dict[str, Any]:
    """All of a model but its network, as JSON takes it."""
    config = model.config
    learnt = config.trained_on
    described: dict[str, Any] = {
        "format": FORMAT,
        "version": spritelab.__version__,
        "name": model.name or "model",
        "size": model.size,
        "channels": model.channels,
        "class_names": list(model.class_names),
        "class_counts": list(learnt.class_counts),
        "prediction": config.prediction,
        "hard_alpha": config.hard_alpha,
        "schedule": {
            "name": config.schedule.name,
            "timesteps": model.schedule.timesteps,
            "alpha_bars": _text(model.schedule.alpha_bars.numpy().astype("<f8")),
        },
        "sampling": model.sampler_settings().model_dump(mode="json", exclude={"guided_steps"}),
        "noise": NOISE,
        "licence": learnt.licence,
        "source": learnt.source,
        "url": learnt.url,
        "updates": config.step,
    }
    if config.calibrated:
        described["calibrated"] = [one.model_dump(mode="json") for one in config.calibrated]
    if config.distilled is not None:
        described["distilled"] = True
    if config.needs_moments and model.moments is not None:
        tensors = model.moments.tensors().items()
        described["moments"] = {name: _text(part.numpy().astype("<f4")) for name, part in tensors}
    if learnt.parent is not None:
        described["begun_from"] = learnt.parent.in_words()
    if model.palettes is not None:
        described["palettes"] = _palettes(model.palettes)
    return described


def to_text(described: dict[str, Any]) -> str:
    """The metadata as it stands in the file."""
    return json.dumps(described, ensure_ascii=False, separators=(",", ":"))


def _palettes(palettes: TrainingPalettes) -> dict[str, Any]:
    """The palettes of the training sprites: sizes, labels, and all colours one after another."""
    entries = np.arange(palettes.most) < palettes.sizes[:, None]
    return {
        "count": len(palettes),
        "most": palettes.most,
        "have_transparent": palettes.have_transparent,
        "sizes": _deflated(palettes.sizes.astype("<u2")),
        "labels": _deflated(palettes.labels.astype("<u2")),
        "colours": _deflated(palettes.colours[entries]),
    }


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def _deflated(array: NDArray[Any]) -> str:
    return base64.b64encode(zlib.compress(array.tobytes(), 9)).decode("ascii")
