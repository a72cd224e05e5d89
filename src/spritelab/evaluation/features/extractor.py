"""Sprites to features: uint8 ``[N,H,W,3]`` (or RGBA ``[N,H,W,4]``) → float32 ``[N,D]``.

| function                 | D     | network                             | Fréchet distance  |
|--------------------------|-------|-------------------------------------|-------------------|
| ``effnet_features``      | 1280  | EfficientNet-Lite0, ImageNet        | FD-EffNet         |
| ``inception_features``   | 2048  | FID's InceptionV3                   | FID               |
| ``pytorch_fid_features`` | 2048  | the same, without integer upscaling | FID (pytorch-fid) |
| ``pixel_features``       | H·W·3 | none: the pixels                    | FD-pixels         |

All but ``pytorch_fid_features`` follow ``features.protocol``. Features never depend on which other
sprites stand beside a sprite, beyond float32 rounding: batches only bound the memory.

On a GPU, torch rounds the inputs of convolutions to TF32 unless the caller sets
``torch.backends.cudnn.allow_tf32 = False``: figures to be compared come from one kind of device.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spritelab.config import FeatureName
from spritelab.errors import SettingsError
from spritelab.evaluation.features import effnet, inception, protocol
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress

Features = NDArray[np.float32]
"""float32 ``[N,D]``."""

FRECHET_NAMES: dict[FeatureName, str] = {
    "effnet": "FD-EffNet",
    "inception": "FID",
    "pytorch-fid": "FID (pytorch-fid)",
    "pixels": "FD-pixels",
}


@dataclass(frozen=True)
class Extractor:
    """Sprites to features, the same way for a whole evaluation.

    Attributes:
        name: which features.
        weights: a file of weights for ``inception`` and ``pytorch-fid``; None takes the published
            file from the cache, or downloads it.
        device: where the network runs.
    """

    name: FeatureName = "effnet"
    weights: Path | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.name not in get_args(FeatureName):
            raise SettingsError(
                f"unknown features {self.name!r}; choose one of {', '.join(get_args(FeatureName))}"
            )
        if self.weights is not None and self.name not in ("inception", "pytorch-fid"):
            raise SettingsError(f"`weights` goes with inception features, not with {self.name}")

    @property
    def frechet_name(self) -> str:
        """What the Fréchet distance of these features is called; only Inception's is an FID."""
        return FRECHET_NAMES[self.name]

    @property
    def identity(self) -> str:
        """Names the features and, where a file was given, its content: for keys of caches."""
        if self.weights is None or not self.weights.is_file():
            return self.name
        with self.weights.open("rb") as file:
            return f"{self.name} {hashlib.file_digest(file, 'sha256').hexdigest()}"

    def __call__(self, images: Images, progress: Progress = SILENT) -> Features:
        """Features of uint8 ``[N,H,W,C]``: float32 ``[N,D]``.

        Raises:
            DataError, ModelError, DownloadError: what the function of these features raises.
        """
        if self.name == "pixels":
            return pixel_features(images, progress=progress)
        if self.name == "effnet":
            return effnet_features(images, device=self.device, progress=progress)
        extract = inception_features if self.name == "inception" else pytorch_fid_features
        return extract(images, self.weights, device=self.device, progress=progress)


def effnet_features(
    images: Images,
    *,
    batch_size: int = 8,
    device: str | torch.device = "cpu",
    progress: Progress = SILENT,
) -> Features:
    """EfficientNet-Lite0's features, float32 ``[N,1280]``: the default, for it needs no download.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        batch_size: sprites at a time. Small batches stay in a CPU's cache: 8 is faster than 64.
        device: where the network runs.
        progress: told of the sprites done, after every batch.

    Raises:
        DataError: for images of another form.
    """
    rgb = protocol.to_rgb(images)
    network = effnet.load_effnet()
    return _extract(network, rgb, effnet.INPUT_SIZE, batch_size, device, progress)


def inception_features(
    images: Images,
    weights: str | Path | None = None,
    *,
    batch_size: int = 16,
    device: str | torch.device = "cpu",
    progress: Progress = SILENT,
) -> Features:
    """Features of the FID's InceptionV3 by this project's protocol, float32 ``[N,2048]``.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        weights: pytorch-fid's weights file; None takes it from the cache or downloads it.
        batch_size: sprites at a time.
        device: where the network runs.
        progress: told of the sprites done, after every batch.

    Raises:
        DataError: for images of another form.
        ModelError: for a wrong weights file.
        DownloadError: where the weights cannot be fetched.
    """
    rgb = protocol.to_rgb(images)
    network = inception.load_inception(weights)
    return _extract(network, rgb, inception.INPUT_SIZE, batch_size, device, progress)


def pytorch_fid_features(
    images: Images,
    weights: str | Path | None = None,
    *,
    batch_size: int = 16,
    device: str | torch.device = "cpu",
    progress: Progress = SILENT,
) -> Features:
    """``inception_features`` without integer upscaling: what pytorch-fid computes from PNG files.

    The network's own bilinear resize takes a sprite from 16×16 to 299×299. Only for comparing with
    figures published with that tool. Arguments and errors as for ``inception_features``.
    """
    rgb = protocol.to_rgb(images)
    network = inception.load_inception(weights)
    return _extract(network, rgb, None, batch_size, device, progress)


def pixel_features(images: Images, *, progress: Progress = SILENT) -> Features:
    """The pixels themselves, float32 ``[N,H·W·3]``, each channel scaled from 0 … 255 to [-1, 1].

    The scale is fixed and not fitted to the sprites, so that two sets stay comparable: a set that
    is too bright or too pale must look so. Sprites with alpha are laid on the protocol's colour.
    """
    rgb = protocol.to_rgb(images)
    features: Features = rgb.reshape(len(rgb), -1).astype(np.float32) / 127.5 - 1
    progress(len(rgb), len(rgb))
    return features


def _extract(
    network: nn.Module,
    rgb: Images,
    side: int | None,
    batch_size: int,
    device: str | torch.device,
    progress: Progress,
) -> Features:
    """Run ``network`` over the sprites, each enlarged within ``side`` pixels (None: as it is)."""
    network = network.to(device)
    features: list[Features] = []
    with torch.inference_mode():
        for start in range(0, len(rgb), batch_size):
            batch = rgb[start : start + batch_size]
            if side is not None:
                batch = protocol.enlarge(batch, side)
            # In [0, 1], what both networks start from.
            x = torch.from_numpy(np.ascontiguousarray(batch)).to(device)
            features.append(network(x.permute(0, 3, 1, 2).float() / 255).cpu().numpy())
            progress(start + len(batch), len(rgb))
    return np.concatenate(features)
