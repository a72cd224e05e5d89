"""What decides the sprites that a model draws, in one hash."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spritelab.generate.model import Model


_NOT_IT = {"version", "step", "sampling", "calibrated"}
"""Of what a model says of itself: how it draws unless told otherwise is not what it draws."""


def model_identity(model: Model) -> str:
    """SHA-256, in hexadecimal, of the weights and of all else that decides what a model draws.

    The kind of device counts too: its arithmetic and its speed are its own.
    """
    config = model.config.model_dump(mode="json", exclude=_NOT_IT)
    found = hashlib.sha256(json.dumps([config, model.device.type], sort_keys=True).encode())
    for name, tensor in sorted(model.network.state_dict().items()):
        values = tensor.detach().cpu().contiguous().numpy()
        found.update(f"{name} {values.dtype} {values.shape}".encode())
        found.update(values.data)
    if model.palettes is not None:
        for name, tensor in model.palettes.tensors().items():
            found.update(f"palettes {name} {tuple(tensor.shape)}".encode())
            found.update(tensor.numpy().data)
    return found.hexdigest()
