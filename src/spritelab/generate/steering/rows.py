"""Rows from one sprite to another: the noise on the way, and what is asked for there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spritelab.config import SamplerSettings
from spritelab.diffusion import Noise
from spritelab.errors import SettingsError
from spritelab.generate.palettes import LENDS_NONE
from spritelab.generate.request import Request
from spritelab.generate.steering.given import join
from spritelab.palette import Palette


def slerp(a: Tensor, b: Tensor, w: Tensor) -> Tensor:
    """Spherical interpolation from ``a`` to ``b``, both ``[…]``, at ``w`` ``[N]``: ``[N, …]``.

    sin((1-w)θ)/sin θ·a + sin(wθ)/sin θ·b, with θ the angle between the two. The ends are a and b
    exactly. Where the two point the same way it is the straight line. Source: Shoemake 1985,
    section 3.3; for x_T: Song et al. 2020, section 5.3 and appendix D.5.
    """
    accurate = torch.float32 if a.device.type == "mps" else torch.float64
    a64, b64 = a.to(accurate), b.to(accurate)
    w = w.to(a64).reshape(-1, *[1] * a.ndim)
    cosine = (a64 * b64).sum() / (a64.norm() * b64.norm())
    theta = torch.arccos(cosine.clamp(-1, 1))
    if not float(theta.sin()) > 1e-6:  # parallel, or one of them is 0
        return ((1 - w) * a64 + w * b64).to(a.dtype)
    to_a, to_b = ((1 - w) * theta).sin() / theta.sin(), (w * theta).sin() / theta.sin()
    return (to_a * a64 + to_b * b64).to(a.dtype)


def check_deterministic(how: SamplerSettings) -> None:
    """Raise ``SettingsError`` for a sampler that adds noise: x_T does not decide its sprites."""
    if how.adds_noise:
        raise SettingsError(
            f"x_T alone must decide a sprite on such a row, and {how.family} adds noise on the "
            "way; give `sampler` dpm, or ddim with `eta` 0"
        )


def row_request(ends: Request, n: int, most: int) -> Request:
    """The n sprites of a row between two: mixes of their classes, in the colours of both.

    The ends are asked for as they are. A sprite between is named by the nearer of the two. Where
    the palettes of both have more than ``most`` colours together, these are reduced.
    """
    w = torch.linspace(0, 1, n)
    nearer = [int(at > 0.5) for at in w.tolist()]
    context = ends.context[:1] * (1 - w[:, None]) + ends.context[1:] * w[:, None]
    alike = bool((ends.context[0] == ends.context[1]).all())
    labels = ends.labels[nearer].copy()
    asked = [ends.asked[i] for i in nearer]
    if not alike:
        labels[1:-1] = -1
        asked[1:-1] = [_mixed(ends.asked, at) for at in w[1:-1].tolist()]
    palettes: tuple[Palette, ...] | None = None
    lenders = None
    if ends.palettes is not None and ends.lenders is not None:
        first, last = ends.palettes
        between = first if first == last else join([first, last], most)
        palettes = (first, *[between] * (n - 2), last)
        lenders = np.full(n, LENDS_NONE, dtype=np.int64)
        lenders[[0, -1]] = ends.lenders
    noise = Noise(ends.noise.seeds[nearer], ends.noise.numbers[nearer])
    return Request(noise, labels, context, palettes, lenders, tuple(asked))


def _mixed(asked: Sequence[str], at: float) -> str:
    return f"{asked[0]}={1 - at:.3g},{asked[1]}={at:.3g}"
