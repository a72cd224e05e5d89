"""The ideal denoiser of a finite set: a network that had learnt it without any error."""

from __future__ import annotations

import torch
from torch import Tensor

from spritelab.diffusion.denoiser import Denoiser
from spritelab.diffusion.heads import X0Head
from spritelab.diffusion.schedule import Schedule


def ideal_denoiser(points: Tensor, schedule: Schedule) -> Denoiser:
    """The denoiser of least squared error for data that is uniform on ``points``.

    x̂_0 = E[x_0 | x_t] = Σ_i w_i·x_i with w = softmax_i(-|x_t - √ᾱ_t·x_i|² / (2·(1-ᾱ_t))): the
    points, weighed by how likely each led to x_t. A chain that asks it ends in one of them. Source:
    Karras et al. 2022 (EDM), appendix B.3.

    Args:
        points: the set, float ``[K,C,H,W]`` in [-1, 1].
        schedule: whose t are asked for.
    """
    flat = points.double().flatten(1)
    squares = flat.square().sum(dim=1)

    def output(x_t: Tensor, t: Tensor) -> Tensor:
        ab = schedule.alpha_bars.to(x_t.device)[t][:, None]
        # -|x - √ᾱ·x_i|² without |x|², which is the same for all i.
        near = 2 * ab.sqrt() * (x_t.double().flatten(1) @ flat.T) - ab * squares
        x0_hat = (near / (2 * (1 - ab))).softmax(dim=1) @ flat
        return x0_hat.reshape(x_t.shape).to(x_t.dtype)

    return Denoiser(output, X0Head(schedule), clip=False)


def with_mirrored(points: Tensor, which: Tensor) -> Tensor:
    """``points`` ``[K,C,H,W]``, and after them those of ``which``, bool ``[K]``, mirrored."""
    return torch.cat([points, points[which].flip(-1)])
