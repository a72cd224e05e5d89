"""``ContextUNet``: the small network of the seed's notebook, with its two faults mended.

Two stages down, a bottleneck that is a plain vector, two stages up. Time enters as t/T and context
as a vector, both through small perceptrons, only in the upward half: context multiplies, time
adds. Preset ``seed`` trains it as the notebook did.

What differs from the notebook, on purpose:

- a block whose channels change has a real shortcut layer; the notebook made a new random, never
  trained one on every call, so that not even a deterministic sampler gave the same sprite twice;
- the context path is trained: the training loop hands it the labels, dropped at random.

What is kept although today's practice differs (see ``UNet``): batch normalisation, time as one
raw number, no attention, nothing in the downward half that knows t.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spritelab.errors import SettingsError


class ContextUNet(nn.Module):
    """``net(x_t, t, context)`` → float ``[B,out_channels,H,W]``.

    Args:
        channels: C of ``x_t``, 3 or 4.
        size: height and width, a multiple of 4.
        features: channels of the first stage; the second has twice as many.
        context_dim: K, the length of the context vector.
        timesteps: T; t is fed as t/T.
        out_channels: of the output; C if not given.
    """

    def __init__(
        self,
        channels: int,
        size: int,
        features: int,
        context_dim: int,
        timesteps: int,
        out_channels: int | None = None,
    ) -> None:
        super().__init__()
        if size % 4:
            raise SettingsError(f"this network needs a size that is a multiple of 4, not {size}")
        self.timesteps = timesteps
        self.context_dim = context_dim
        wide = 2 * features

        self.stem = ConvBlock(channels, features, residual=True)
        self.down1 = DownStage(features, features)
        self.down2 = DownStage(features, wide)
        self.to_vector = nn.Sequential(nn.AvgPool2d(size // 4), nn.GELU())

        self.time1 = Perceptron(1, wide)
        self.time2 = Perceptron(1, features)
        self.context1 = Perceptron(context_dim, wide)
        self.context2 = Perceptron(context_dim, features)

        self.from_vector = nn.Sequential(
            nn.ConvTranspose2d(wide, wide, kernel_size=size // 4, stride=size // 4),
            nn.GroupNorm(8, wide),
            nn.ReLU(),
        )
        self.up1 = UpStage(2 * wide, features)
        self.up2 = UpStage(wide, features)
        outputs = channels if out_channels is None else out_channels
        self.head = nn.Sequential(
            nn.Conv2d(wide, features, kernel_size=3, padding=1),
            nn.GroupNorm(8, features),
            nn.ReLU(),
            nn.Conv2d(features, outputs, kernel_size=3, padding=1),
        )

    def forward(self, x_t: Tensor, t: Tensor, context: Tensor | None = None) -> Tensor:
        """Predict from ``x_t`` float ``[B,C,H,W]``, ``t`` int64 ``[B]``, context float ``[B,K]``.

        No context means no class: zeros.
        """
        if context is None:
            context = x_t.new_zeros(len(x_t), self.context_dim)
        context = context.to(x_t.dtype)
        time = (t.to(x_t.dtype) / self.timesteps).unsqueeze(1)

        stem = self.stem(x_t)
        half = self.down1(stem)
        quarter = self.down2(half)
        up = self.from_vector(self.to_vector(quarter))
        up = self.up1(self.context1(context) * up + self.time1(time), quarter)
        up = self.up2(self.context2(context) * up + self.time2(time), half)
        out: Tensor = self.head(torch.cat([up, stem], dim=1))
        return out


class ConvBlock(nn.Module):
    """Two convolutions with batch normalisation and GELU; residual if asked."""

    def __init__(self, inputs: int, outputs: int, residual: bool = False) -> None:
        super().__init__()
        self.conv1 = _conv_norm_gelu(inputs, outputs)
        self.conv2 = _conv_norm_gelu(outputs, outputs)
        self.residual = residual
        # With equal channels the first convolution's output is the shortcut, as in the notebook.
        self.shortcut = (
            nn.Conv2d(inputs, outputs, kernel_size=1) if residual and inputs != outputs else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """float ``[B,inputs,H,W]`` → ``[B,outputs,H,W]``."""
        first = self.conv1(x)
        second: Tensor = self.conv2(first)
        if not self.residual:
            return second
        shortcut = first if self.shortcut is None else self.shortcut(x)
        # The sum of two unit-variance terms is brought back to unit variance: / √2.
        out: Tensor = (shortcut + second) * 0.5**0.5
        return out


class DownStage(nn.Sequential):
    """Two blocks, then half the resolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(ConvBlock(inputs, outputs), ConvBlock(outputs, outputs), nn.MaxPool2d(2))


class UpStage(nn.Module):
    """Twice the resolution from the stage below and the skip connection, then two blocks."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(inputs, outputs, kernel_size=2, stride=2),
            ConvBlock(outputs, outputs),
            ConvBlock(outputs, outputs),
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """float ``[B,c,H,W]`` and skip ``[B,inputs-c,H,W]`` → ``[B,outputs,2H,2W]``."""
        up: Tensor = self.layers(torch.cat([x, skip], dim=1))
        return up


class Perceptron(nn.Module):
    """Linear, GELU, Linear, as a map over the image: ``[B,inputs]`` → ``[B,outputs,1,1]``."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, outputs), nn.GELU(), nn.Linear(outputs, outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """float ``[B,inputs]`` → ``[B,outputs,1,1]``."""
        embedded: Tensor = self.layers(x)
        return embedded[:, :, None, None]


def _conv_norm_gelu(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, padding=1), nn.BatchNorm2d(outputs), nn.GELU()
    )
