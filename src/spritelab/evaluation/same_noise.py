"""What one x_T becomes: with fewer steps, with another sampler, with other noise on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from spritelab.diffusion import noise_like
from spritelab.errors import SettingsError
from spritelab.evaluation import protocol
from spritelab.generate import Model
from spritelab.generate.request import make_request
from spritelab.generate.setting import Setting
from spritelab.pixels import Images


def picture_difference(a: Images, b: Images) -> NDArray[np.float64]:
    """Mean absolute difference of the colour levels of each pair: float64 ``[N]``, 0 … 255.

    ``a`` and ``b`` are uint8 ``[N,H,W,C]``, laid on the protocol's colour.
    """
    left, right = (protocol.to_rgb(side).astype(np.float64) for side in (a, b))
    difference: NDArray[np.float64] = np.abs(left - right).mean(axis=(1, 2, 3))
    return difference


def unrelated_difference(images: Images, seed: int = 0) -> float:
    """``picture_difference`` of sprites that have nothing to do with each other, averaged.

    Each of uint8 ``[N,H,W,C]``, N ≥ 2, is set against another one: what "another picture" means.
    """
    order = np.random.default_rng(seed).permutation(len(images))
    return float(picture_difference(images[order], images[np.roll(order, 1)]).mean())


@dataclass(frozen=True, eq=False)
class Variety:
    """Sprites drawn over and over from the same x_T.

    Attributes:
        setting: how.
        images: uint8 ``[S,R,H,W,C]``, R drawings from each of S x_T.
        difference: mean ``picture_difference`` between two drawings from one x_T.
    """

    setting: Setting
    images: Images
    difference: float


def redraw(
    model: Model, setting: Setting, own_seeds: NDArray[np.int64], labels: NDArray[np.int64], r: int
) -> Images:
    """Draw r ≥ 2 sprites from each x_T with DDIM, each with noise of its own: ``[S,r,H,W,C]``.

    Args:
        model: what draws.
        setting: DDIM with any η; with η = 0 all drawings of one x_T are equal.
        own_seeds: int64 ``[S]``, the sprites' own seeds, which decide x_T.
        labels: int64 ``[S]``, their classes.
        r: drawings from each x_T.

    Raises ``SettingsError`` for another sampler.
    """
    if setting.eta is None or r < 2:
        raise SettingsError("drawing again from one x_T takes DDIM and at least 2 drawings")
    shape = (1, model.channels, model.size, model.size)
    like = torch.empty(shape, device=model.device)
    rows = []
    for own, label in zip(own_seeds.tolist(), labels.tolist(), strict=True):
        x_T = noise_like(like, [torch.Generator().manual_seed(own)]).repeat(r, 1, 1, 1)
        # Streams of their own: neither x_T's (own) nor its class's (own, 1).
        noise = [
            torch.Generator().manual_seed(
                int(np.random.SeedSequence((own, 2, k)).generate_state(1, np.uint32)[0])
            )
            for k in range(r)
        ]
        name = model.class_names[label] if label >= 0 else "none"
        request = make_request(None, 0, [own] * r, name, model.class_names, ())
        x = x_T
        for step in model.chain(model.sampler_settings(**setting.request), request, x_T, noise):
            x = step.x
        rows.append(model.to_pixels(x))
    return np.stack(rows)


def variety_of(setting: Setting, images: Images) -> Variety:
    """Measure drawings ``[S,R,H,W,C]``: every pair from one x_T, averaged."""
    r = images.shape[1]
    pairs = [
        picture_difference(images[:, i], images[:, j]).mean()
        for i in range(r)
        for j in range(i + 1, r)
    ]
    return Variety(setting, images, float(np.mean(pairs)))
