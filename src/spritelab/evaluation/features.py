"""Sprites to features: uint8 ``[N,H,W,3]`` (or RGBA ``[N,H,W,4]``) → float32 ``[N,D]``.

========================  =====  ============================================  =================
function                  D      network                                       Fréchet distance
========================  =====  ============================================  =================
``effnet_features``       1280   EfficientNet-Lite0, ImageNet                  FD-EffNet
``inception_features``    2048   FID's InceptionV3                             FID
``pytorch_fid_features``  2048   the same, without integer upscaling           FID (pytorch-fid)
``pixel_features``        H·W·3  none: the pixels                              FD-pixels
========================  =====  ============================================  =================

All but ``pytorch_fid_features`` follow ``spritelab.evaluation.protocol``. Features never depend on
which other sprites stand beside a sprite, beyond float32 rounding: batches only bound the memory.

On a GPU, torch rounds the inputs of convolutions to TF32 unless the caller sets
``torch.backends.cudnn.allow_tf32 = False``: figures to be compared come from one kind of device.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spritelab.evaluation import effnet, inception, protocol
from spritelab.pixels import Images

Features = NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called with the number of sprites done and their total, after every batch."""


def effnet_features(
    images: Images,
    *,
    batch_size: int = 8,
    device: str | torch.device = "cpu",
    progress: Progress | None = None,
) -> Features:
    """EfficientNet-Lite0's features, float32 ``[N,1280]``: the default, for it needs no download.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        batch_size: sprites at a time. Small batches stay in a CPU's cache: 8 is faster than 64.
        device: where the network runs.
        progress: see ``Progress``.

    Raises ``DataError`` for images of another form, ``MissingExtraError`` where the network's
    packages are not installed.
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
    progress: Progress | None = None,
) -> Features:
    """Features of the FID's InceptionV3 by this project's protocol, float32 ``[N,2048]``.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        weights: pytorch-fid's weights file; None takes it from the cache or downloads it.
        batch_size: sprites at a time.
        device: where the network runs.
        progress: see ``Progress``.

    Raises ``DataError`` for images of another form, ``ModelError`` for a wrong weights file,
    ``DownloadError`` where the weights cannot be fetched.
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
    progress: Progress | None = None,
) -> Features:
    """``inception_features`` without integer upscaling: what pytorch-fid computes from PNG files.

    The network's own bilinear resize takes a sprite from 16×16 to 299×299. Only for comparing with
    figures published with that tool. Arguments and errors as for ``inception_features``.
    """
    rgb = protocol.to_rgb(images)
    network = inception.load_inception(weights)
    return _extract(network, rgb, None, batch_size, device, progress)


def pixel_features(images: Images, *, progress: Progress | None = None) -> Features:
    """The pixels themselves, float32 ``[N,H·W·3]``, each channel scaled from 0 … 255 to [-1, 1].

    The scale is fixed and not fitted to the sprites, so that two sets stay comparable: a set that
    is too bright or too pale must look so. Sprites with alpha are laid on the protocol's colour.
    """
    rgb = protocol.to_rgb(images)
    features: Features = rgb.reshape(len(rgb), -1).astype(np.float32) / 127.5 - 1
    if progress is not None:
        progress(len(rgb), len(rgb))
    return features


def _extract(
    network: nn.Module,
    rgb: Images,
    side: int | None,
    batch_size: int,
    device: str | torch.device,
    progress: Progress | None,
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
            if progress is not None:
                progress(start + len(batch), len(rgb))
    return np.concatenate(features)
