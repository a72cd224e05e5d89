"""``UNet``: today's practice for diffusion, sized for 16×16 and 32×32 sprites.

Residual blocks with group normalisation and SiLU; time as sinusoids (Vaswani et al. 2017, Ho et
al. 2020) through a perceptron, joined by the context, and fed to every block as a scale and a
shift (Dhariwal and Nichol 2021); self-attention where the image is small; the last layer of every
branch starts at zero, so that each block starts as the identity.

The layout is that of diffusers' ``UNet2DModel`` with ``resnet_time_scale_shift="scale_shift"``,
``attn_norm_num_groups=8``, and a row for each class, so that weights carry over (see ``unet2d``); a
test holds the two equal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from spritelab.errors import SettingsError
from spritelab.networks.cost import HEADS_WIDTH

_Module = TypeVar("_Module", bound=nn.Module)

GROUPS = 8
"""Groups of every normalisation."""


class UNet(nn.Module):
    """``net(x_t, t, context)`` → float ``[B,out_channels,H,W]``.

    Args:
        channels: C of ``x_t``, 3 or 4.
        size: height and width, a multiple of 2 to the power of the number of levels less one.
        widths: channels of each level, from full resolution down; each level halves the size.
        blocks: residual blocks a level on the way down; the way up has one more.
        attention: sizes at which every block is followed by self-attention. The middle has it
            always.
        context_dim: K, the length of the context vector.
        heads_width: channels of one attention head.
        dropout: share of activations dropped in every residual block while training.
        groups: groups of the normalisation; must divide every width.
        out_channels: of the output; C if not given.
    """

    def __init__(
        self,
        channels: int,
        size: int,
        widths: Sequence[int],
        blocks: int,
        attention: Sequence[int],
        context_dim: int,
        heads_width: int = HEADS_WIDTH,
        dropout: float = 0.0,
        groups: int = GROUPS,
        out_channels: int | None = None,
    ) -> None:
        super().__init__()
        if size % 2 ** (len(widths) - 1):
            raise SettingsError(
                f"{len(widths)} levels need a size that is a multiple of "
                f"{2 ** (len(widths) - 1)}, not {size}"
            )
        if any(width % groups or width % heads_width for width in widths):
            raise SettingsError(
                f"every width must be a multiple of {groups} (groups) and of {heads_width} "
                f"(heads_width), unlike {list(widths)}"
            )
        self.context_dim = context_dim
        self.time_width = widths[0]
        embedding = 4 * widths[0]
        self.time1 = nn.Linear(widths[0], embedding)
        self.time2 = nn.Linear(embedding, embedding)
        self.context = nn.Linear(context_dim, embedding, bias=False)

        def stage(inputs: Sequence[int], outputs: int, attend: bool) -> nn.ModuleList:
            return nn.ModuleList(
                Block(width, outputs, embedding, heads_width if attend else 0, dropout, groups)
                for width in inputs
            )

        self.stem = nn.Conv2d(channels, widths[0], kernel_size=3, padding=1)
        skips = [widths[0]]
        width, resolution = widths[0], size
        self.down, self.shrink = nn.ModuleList(), nn.ModuleList()
        for level, outputs in enumerate(widths):
            inputs = [width] + [outputs] * (blocks - 1)
            self.down.append(stage(inputs, outputs, resolution in attention))
            skips += [outputs] * blocks
            width = outputs
            if level < len(widths) - 1:
                self.shrink.append(nn.Conv2d(width, width, kernel_size=3, stride=2, padding=1))
                skips.append(width)
                resolution //= 2

        self.middle1 = Block(width, width, embedding, heads_width, dropout, groups)
        self.middle2 = Block(width, width, embedding, 0, dropout, groups)

        self.up, self.grow = nn.ModuleList(), nn.ModuleList()
        for level, outputs in reversed(list(enumerate(widths))):
            inputs = []
            for _ in range(blocks + 1):
                inputs.append(width + skips.pop())
                width = outputs
            self.up.append(stage(inputs, outputs, resolution in attention))
            if level > 0:
                self.grow.append(nn.Conv2d(width, width, kernel_size=3, padding=1))
                resolution *= 2

        self.norm = nn.GroupNorm(groups, width, eps=1e-5)
        outputs = channels if out_channels is None else out_channels
        self.head = zeroed(nn.Conv2d(width, outputs, kernel_size=3, padding=1))

    def forward(self, x_t: Tensor, t: Tensor, context: Tensor | None = None) -> Tensor:
        """Predict from ``x_t`` float ``[B,C,H,W]``, ``t`` int64 ``[B]``, context float ``[B,K]``.

        No context means no class: zeros.
        """
        embedding = self.time1(sinusoids(t, self.time_width).to(x_t.dtype))
        embedding = self.time2(functional.silu(embedding))
        if context is not None:
            embedding = embedding + self.context(context.to(x_t.dtype))
        embedding = functional.silu(embedding)

        # Channels last: every convolution follows, a tenth faster on a CPU.
        x = self.stem(x_t.contiguous(memory_format=torch.channels_last))
        skips = [x]
        for level, stage in enumerate(self.down):
            for block in stage:  # type: ignore[attr-defined]
                x = block(x, embedding)
                skips.append(x)
            if level < len(self.shrink):
                x = self.shrink[level](x)
                skips.append(x)

        x = self.middle2(self.middle1(x, embedding), embedding)

        for level, stage in enumerate(self.up):
            for block in stage:  # type: ignore[attr-defined]
                x = block(torch.cat([x, skips.pop()], dim=1), embedding)
            if level < len(self.grow):
                x = self.grow[level](functional.interpolate(x, scale_factor=2.0, mode="nearest"))

        out: Tensor = self.head(functional.silu(self.norm(x)))
        return out


class Block(nn.Module):
    """A residual block under a scale and a shift from the embedding, then perhaps attention.

    Source: Dhariwal and Nichol 2021, section 3 (adaptive group normalisation).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        embedding: int,
        heads_width: int,
        dropout: float,
        groups: int,
    ) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inputs, eps=1e-5)
        self.conv1 = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1)
        self.modulation = nn.Linear(embedding, 2 * outputs)
        self.norm2 = nn.GroupNorm(groups, outputs, eps=1e-5)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = zeroed(nn.Conv2d(outputs, outputs, kernel_size=3, padding=1))
        self.shortcut = nn.Conv2d(inputs, outputs, kernel_size=1) if inputs != outputs else None
        self.attention = Attention(outputs, heads_width, groups) if heads_width else None

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """float ``[B,inputs,H,W]`` and ``[B,embedding]`` → ``[B,outputs,H,W]``."""
        h = self.conv1(functional.silu(self.norm1(x)))
        scale, shift = self.modulation(embedding)[:, :, None, None].chunk(2, dim=1)
        h = torch.addcmul(shift, self.norm2(h), 1 + scale)
        h = self.conv2(self.dropout(functional.silu(h)))
        x = (x if self.shortcut is None else self.shortcut(x)) + h
        return x if self.attention is None else self.attention(x)


class Attention(nn.Module):
    """Multi-head self-attention over the pixels of a small map, residual."""

    def __init__(self, width: int, heads_width: int, groups: int) -> None:
        super().__init__()
        self.heads = width // heads_width
        self.norm = nn.GroupNorm(groups, width, eps=1e-5)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = zeroed(nn.Linear(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """float ``[B,width,H,W]`` → the same shape."""
        batch, width, height, wide = x.shape
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        q, k, v = (
            self.qkv(tokens).view(batch, height * wide, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v)
        mixed = self.out(mixed.transpose(1, 2).reshape(batch, height * wide, width))
        out: Tensor = x + mixed.transpose(1, 2).reshape(batch, width, height, wide)
        return out


def sinusoids(t: Tensor, width: int) -> Tensor:
    """Embed int64 ``t`` ``[B]`` as float32 ``[B,width]``: cosines, then sines, of t·10000^(-i/n).

    n = width/2 and i = 0 … n-1. Source: Vaswani et al. 2017, section 3.5, with the frequencies of
    diffusers (``flip_sin_to_cos=True``, ``freq_shift=0``).
    """
    half = width // 2
    frequencies = torch.exp(
        -math.log(10000) * torch.arange(half, dtype=torch.float32, device=t.device) / half
    )
    angles = t[:, None].float() * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def zeroed(layer: _Module) -> _Module:
    """Set every parameter of ``layer`` to zero, in place, and return it."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
