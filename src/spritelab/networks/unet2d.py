"""Our ``UNet`` as the ``UNet2DModel`` of diffusers, and back: the same function, other names.

The two are one network (see ``unet``). Only the class enters in another form: ours multiplies a
context vector by a matrix, so that classes can be mixed; theirs looks up a row for a whole number.
Row k of the table is column k of our matrix, and one more row, of zeros, stands for no class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from spritelab.config import UNetSettings
from spritelab.networks.cost import HEADS_WIDTH
from spritelab.networks.unet import GROUPS

_CONTEXT, _TABLE = "context.weight", "class_embedding.weight"

_ENDS = {
    "stem": "conv_in",
    "time1": "time_embedding.linear_1",
    "time2": "time_embedding.linear_2",
    "norm": "conv_norm_out",
    "head": "conv_out",
}
_BLOCK = re.compile(r"(?:(down|up)\.(\d+)\.(\d+)|middle([12]))\.(.+)")
_RESNET = {"modulation": "time_emb_proj", "shortcut": "conv_shortcut"}
_ATTENTION = {"norm": "group_norm", "out": "to_out.0"}
_RESIZED = {
    "shrink": "down_blocks.{}.downsamplers.0.conv",
    "grow": "up_blocks.{}.upsamplers.0.conv",
}


def unet2d_config(
    settings: UNetSettings,
    *,
    channels: int,
    size: int,
    classes: int | None,
    out_channels: int | None = None,
) -> dict[str, Any]:
    """The arguments of ``UNet2DModel`` that make it the network of ``settings``.

    Args:
        settings: of our network.
        channels: of x_t, or of what else it is shown.
        size: height and width of a sprite, in pixels.
        classes: K; the table has a row more, for no class. None: in place of a class it is given
            what is added to the embedding of t.
        out_channels: of the output; ``channels`` if not given.
    """
    table: dict[str, Any] = {"class_embed_type": "identity"}
    if classes is not None:
        table = {"num_class_embeds": classes + 1}
    attends = [size // 2**level in settings.attention for level in range(len(settings.widths))]
    return {
        "sample_size": size,
        "in_channels": channels,
        "out_channels": channels if out_channels is None else out_channels,
        "block_out_channels": list(settings.widths),
        "layers_per_block": settings.blocks,
        "down_block_types": ["AttnDownBlock2D" if one else "DownBlock2D" for one in attends],
        "up_block_types": ["AttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)],
        "attention_head_dim": HEADS_WIDTH,
        "norm_num_groups": GROUPS,
        "attn_norm_num_groups": GROUPS,  # without it the middle attends unnormalised
        "norm_eps": 1e-5,
        "resnet_time_scale_shift": "scale_shift",
        "freq_shift": 0,
        "flip_sin_to_cos": True,
        "dropout": settings.dropout,
        **table,
    }


def to_unet2d(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a ``UNet``, by name, as those of a ``UNet2DModel``.

    Without ``context.weight`` they are those of one that has no table.
    """
    found: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if name == _CONTEXT:
            none = weight.new_zeros(1, len(weight))
            found[_TABLE] = torch.cat([weight.T, none])
            continue
        theirs = _their_names(name)
        found.update(zip(theirs, weight.chunk(len(theirs)), strict=True))
    return found


def from_unet2d(weights: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """The weights of a ``UNet2DModel``, by name, as those of a ``UNet``.

    What its table says of no class is taken from every other row, and added to the biases that all
    of them reach, so that a network whose table was trained further gives what it gave.

    Args:
        weights: of a network with the arguments of ``unet2d_config``.
        names: of the weights of our network.
    """
    found = {
        name: torch.cat([weights[one] for one in _their_names(name)])
        for name in names
        if name != _CONTEXT
    }
    if (table := weights.get(_TABLE)) is not None:
        found[_CONTEXT] = (table[:-1] - table[-1]).T.contiguous()
        found["time2.bias"] = found["time2.bias"] + table[-1]
    return found


def _their_names(name: str) -> list[str]:
    """The names of diffusers for one of our weights; three for what holds q, k and v."""
    module, _, kind = name.rpartition(".")
    if module in _ENDS:
        return [f"{_ENDS[module]}.{kind}"]
    if (parts := module.split("."))[0] in _RESIZED:
        return [f"{_RESIZED[parts[0]].format(parts[1])}.{kind}"]
    match = _BLOCK.fullmatch(module)
    assert match is not None, name
    way, level, index, middle, part = match.groups()
    stage = f"{way}_blocks.{level}" if way else "mid_block"
    index = index if way else str(int(middle) - 1)
    if part == "attention.qkv":
        return [f"{stage}.attentions.{index}.to_{one}.{kind}" for one in "qkv"]
    if part.startswith("attention."):
        part = _ATTENTION[part.removeprefix("attention.")]
        return [f"{stage}.attentions.{index}.{part}.{kind}"]
    return [f"{stage}.resnets.{index}.{_RESNET.get(part, part)}.{kind}"]
