"""DDIM upwards: it converges to the noise that draws a sprite, plain and implicit."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from spritelab.diffusion import Schedule, denoiser, invert_steps
from spritelab.diffusion.heads import X0Head


def test_inversion_of_gaussian_data_converges_at_first_order() -> None:
    """Data N(0, c²): x̂_0 = √ᾱ·c²/(ᾱ·c² + 1 - ᾱ)·x_t, and the flow keeps x/√(ᾱ·c² + 1 - ᾱ)."""
    schedule, c = Schedule.cosine(4000), 0.5

    def network(x: torch.Tensor, t: torch.Tensor, _: object) -> torch.Tensor:
        ab = schedule.alpha_bars[t].reshape(-1, 1, 1, 1)
        return (ab.sqrt() * c**2 / (ab * c**2 + 1 - ab)).to(x) * x

    def scale(t: int) -> float:
        ab = schedule.alpha_bar(t)
        return math.sqrt(ab * c**2 + 1 - ab)

    denoise = denoiser(network, X0Head(schedule), clip=False)
    x = torch.full((1, 1, 1, 1), 0.7, dtype=torch.float64)
    errors = {}
    for iterations in (1, 40):
        for n in (50, 100, 200):
            times = np.linspace(40, 3600, n + 1).round().astype(int).tolist()
            pairs = list(pairwise(times))
            got = invert_steps(denoise, schedule, x, pairs, iterations)
            errors[iterations, n] = abs(float(got) - 0.7 * scale(3600) / scale(40))
    for iterations in (1, 40):
        assert errors[iterations, 50] / errors[iterations, 100] == pytest.approx(2, rel=0.15)
        assert errors[iterations, 100] / errors[iterations, 200] == pytest.approx(2, rel=0.15)
