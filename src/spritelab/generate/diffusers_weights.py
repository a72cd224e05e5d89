"""The weights of a model in the files that diffusers loads, one for each of its parts.

A ``UNet`` is one part, a ``UNet2DModel``. Of a ``PaletteNet`` the inner U-Net is such a part as
well, and what makes it choose among colours is another, which has the training palettes beside its
weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from spritelab.networks import from_unet2d, to_unet2d

UNET, HEAD = "unet", "palette_head"
"""The parts, by their folders."""

FILE = "diffusion_pytorch_model.safetensors"
"""In the folder of a part."""

BUFFERS = ("colours", "sizes", "labels")
"""What the part ``HEAD`` has beside its weights: see ``TrainingPalettes.tensors``."""

_INNER, _CONTEXT = "inner.", "inner.context.weight"


def to_parts(weights: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """The weights of a ``UNet`` or a ``PaletteNet``, by name, by the part and then by its names."""
    if _CONTEXT not in weights:
        return {UNET: to_unet2d(weights)}
    inner = {
        name.removeprefix(_INNER): weight
        for name, weight in weights.items()
        if name.startswith(_INNER) and name != _CONTEXT
    }
    head = {name: weight for name, weight in weights.items() if not name.startswith(_INNER)}
    return {UNET: to_unet2d(inner), HEAD: {**head, "context.weight": weights[_CONTEXT]}}


def from_parts(
    parts: Mapping[str, Mapping[str, Tensor]], names: Iterable[str]
) -> dict[str, Tensor]:
    """The weights of our network, of which these are the ``names``, from those of its parts."""
    names = list(names)
    if _CONTEXT not in names:
        return from_unet2d(parts[UNET], names)
    own = [name for name in names if name.startswith(_INNER) and name != _CONTEXT]
    inner = from_unet2d(parts[UNET], [name.removeprefix(_INNER) for name in own])
    found = {f"{_INNER}{name}": weight for name, weight in inner.items()}
    found[_CONTEXT] = parts[HEAD]["context.weight"]
    others = (name for name in names if not name.startswith(_INNER))
    return found | {name: parts[HEAD][name] for name in others}
