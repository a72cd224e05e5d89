"""DDIM upwards: from a sprite to the noise that draws it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from spritelab.diffusion.denoiser import Denoiser, as_float64
from spritelab.diffusion.schedule import Schedule
from spritelab.diffusion.times import Pairs


@torch.no_grad()
def invert_steps(
    denoise: Denoiser, schedule: Schedule, x: Tensor, pairs: Pairs, iterations: int = 1
) -> Tensor:
    """Walk from x, float ``[B,C,H,W]``, along ascending ``pairs``: x at the last t of them.

    With one iteration a step is DDIM's, upwards: √ᾱ_t'·x̂_0 + √(1-ᾱ_t')·ε̂ with x̂_0 and ε̂ of (x, t)
    (Song et al. 2020, section 4.3; Dhariwal and Nichol 2021, appendix F). With more, the x' that
    DDIM leads down to x, so that ε̂ is of (x', t'), is approached from there by fixed-point
    iteration (Pan et al. 2023, AIDI, section 3.2). Computed in float64, as the way down is.
    """
    for t, t_next in pairs:
        ab, ab_next = schedule.alpha_bar(t), schedule.alpha_bar(t_next)
        start, at, reached = as_float64(x), t, x
        for _ in range(iterations):
            times = torch.full((len(x),), at, dtype=torch.int64, device=x.device)
            eps_hat = denoise(reached, times).eps_hat
            x0_hat = (start - math.sqrt(1 - ab) * eps_hat) / math.sqrt(ab)
            moved = math.sqrt(ab_next) * x0_hat + math.sqrt(1 - ab_next) * eps_hat
            reached, at = moved.to(x.dtype), t_next
        x = reached
    return x
