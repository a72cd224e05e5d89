"""What decides the sprites that a model draws, in one hash."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from spritelab.generate.model import Model


_NOT_IT = {"version", "step", "sampling", "calibrated", "guide_step"}
"""Of what a model says of itself: how it draws unless told otherwise is not what it draws."""


def model_identity(model: Model) -> str:
    """SHA-256, in hexadecimal, of the weights and of all else that decides what a model draws.

    The kind of device counts too: its arithmetic and its speed are its own.
    """
    config = model.config.model_dump(mode="json", exclude=_NOT_IT)
    found = hashlib.sha256(json.dumps([config, model.device.type], sort_keys=True).encode())
    _take_in(found, model.network)
    if model.palettes is not None:
        for name, tensor in model.palettes.tensors().items():
            found.update(f"palettes {name} {tuple(tensor.shape)}".encode())
            found.update(tensor.numpy().data)
    return found.hexdigest()


def guide_identity(model: Model) -> str:
    """The same of its guide's weights; empty without one."""
    found = hashlib.sha256()
    if model.guide is not None:
        _take_in(found, model.guide)
    return found.hexdigest() if model.guide is not None else ""


def _take_in(found: hashlib._Hash, network: nn.Module) -> None:
    for name, tensor in sorted(network.state_dict().items()):
        values = tensor.detach().cpu().contiguous().numpy()
        found.update(f"{name} {values.dtype} {values.shape}".encode())
        found.update(values.data)
