"""Both samplers on Gaussian data, where everything is known on paper.

For data N(m, s² I) the best ε̂ is affine in x_t, so one step is x_prev = a·x + b + σ·z, and mean and
variance of the output follow from mean ← a·mean + b, var ← a²·var + σ². The recursion below is
float64 and independent of the package (``diffusion_oracles``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch
from torch import Tensor

from spritelab.diffusion import Schedule, Spacing, Step, Variance, ddim_steps, ddpm_steps

LINEAR = Schedule.linear()
BARS = oracle.alpha_bars_of(oracle.linear_betas())


@dataclass(frozen=True)
class Sampler:
    """One way to sample, in the package and on paper."""

    run: Callable[[Tensor, int], Iterator[Step]]
    """(x_T, seed) → the package's steps, not clipped."""
    maps: list[tuple[float, float, float]]
    """(a, b, σ) of every step."""


def sampler(
    kind: str,
    steps: int,
    spacing: Spacing,
    eta: float,
    variance: Variance,
    *,
    mean: float,
    std: float,
) -> Sampler:
    predict = oracle.as_torch(oracle.gaussian_eps(BARS, mean, std))

    def run(x_T: Tensor, seed: int) -> Iterator[Step]:
        generator = torch.Generator().manual_seed(seed)
        if kind == "ddim":
            return ddim_steps(predict, LINEAR, x_T, steps, eta, spacing, False, generator)
        return ddpm_steps(predict, LINEAR, x_T, steps, spacing, variance, False, generator)

    maps = []
    for t, t_prev in oracle.reference_pairs(1000, steps, spacing, BARS):
        if kind == "ddim":
            step = oracle.ddim_affine(BARS, t, t_prev, eta)
        else:
            step = oracle.ddpm_affine(BARS, t, t_prev, variance)
        # ε̂ = slope · (x_t - √ᾱ_t·m)
        slope = np.sqrt(1 - BARS[t]) / (BARS[t] * std**2 + 1 - BARS[t])
        a = step.of_x + step.of_eps * slope
        b = -step.of_eps * slope * np.sqrt(BARS[t]) * mean
        maps.append((float(a), float(b), step.sigma))
    return Sampler(run, maps)


def moments(maps: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """Mean and variance after every step, from x_T ~ N(0, 1)."""
    out, mean, variance = [], 0.0, 1.0
    for a, b, sigma in maps:
        mean, variance = a * mean + b, a**2 * variance + sigma**2
        out.append((mean, variance))
    return out


def final(run: Iterator[Step]) -> Tensor:
    *_, last = run
    return last.x


CASES = [
    ("ddim", 0.0, "posterior"),
    ("ddim", 0.4, "posterior"),
    ("ddim", 1.0, "posterior"),
    ("ddpm", 0.0, "posterior"),
    ("ddpm", 0.0, "beta"),
]
cases = pytest.mark.parametrize(
    ("kind", "eta", "variance"), CASES, ids=[f"{k}-{e}-{v}" for k, e, v in CASES]
)


@cases
@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])
@pytest.mark.parametrize("steps", [1, 2, 7, 30])
@pytest.mark.parametrize("std", [0.3, 1.0])
def test_the_output_is_the_affine_map_of_the_paper(
    kind: str, eta: float, variance: Variance, spacing: Spacing, steps: int, std: float
) -> None:
    """The weight of x_T and of every z in the output, solved from one run, and so its variance."""
    mean = 0.4
    way = sampler(kind, steps, spacing, eta, variance, mean=mean, std=std)
    shape = (1, 1, 12, 12)
    (x_T,) = oracle.draw(shape, 1, seed=1, dtype=torch.float64)
    out = final(way.run(x_T, 2)).flatten().numpy()
    noises = oracle.draw(shape, steps - 1, seed=2, dtype=torch.float64)
    columns = [x_T, torch.ones_like(x_T), *noises]
    design = torch.stack(columns).flatten(1).numpy().T
    weights, *_ = np.linalg.lstsq(design, out, rcond=None)
    np.testing.assert_allclose(design @ weights, out, atol=1e-9)

    # On paper: what each step adds is scaled by every later a.
    later = np.cumprod([1.0, *(a for a, _, _ in reversed(way.maps))])[::-1]
    expected_noise = [sigma * later[k + 1] for k, (_, _, sigma) in enumerate(way.maps[:-1])]
    expected_mean, expected_variance = moments(way.maps)[-1]
    np.testing.assert_allclose(weights[0], later[0], atol=1e-8)
    np.testing.assert_allclose(weights[1], expected_mean, atol=1e-8)
    np.testing.assert_allclose(weights[2:], expected_noise, atol=1e-8)
    assert weights[0] ** 2 + (weights[2:] ** 2).sum() == pytest.approx(expected_variance, abs=1e-8)


@cases
@pytest.mark.parametrize("steps", [1, 10, 50])
def test_statistics_of_many_sprites(kind: str, eta: float, variance: Variance, steps: int) -> None:
    """Mean and variance after every step, over 65,536 values, to five standard errors."""
    mean, std = -0.3, 0.5
    way = sampler(kind, steps, "linspace", eta, variance, mean=mean, std=std)
    (x_T,) = oracle.draw((256, 1, 16, 16), 1, seed=3, dtype=torch.float32)
    n = x_T.numel()
    expected = moments(way.maps)
    for step, (m, v) in zip(way.run(x_T, 4), expected, strict=True):
        x = step.x.double()
        assert x.mean().item() == pytest.approx(m, abs=5 * (v / n) ** 0.5)
        assert x.var().item() == pytest.approx(v, rel=5 * (2 / n) ** 0.5)


@cases
def test_all_thousand_steps_give_the_data(kind: str, eta: float, variance: Variance) -> None:
    """The exact affine map of a full run ends within 1 % of N(m, s²)."""
    mean, std = 0.4, 0.5
    way = sampler(kind, 1000, "linspace", eta, variance, mean=mean, std=std)
    m, v = moments(way.maps)[-1]
    assert m == pytest.approx(mean, abs=2e-3)
    assert v**0.5 == pytest.approx(std, rel=0.01)
    (x_T,) = oracle.draw((64, 1, 16, 16), 1, seed=5, dtype=torch.float32)
    x = final(way.run(x_T, 6)).double()
    assert x.mean().item() == pytest.approx(m, abs=5 * (v / x.numel()) ** 0.5)
    assert x.var().item() == pytest.approx(v, rel=5 * (2 / x.numel()) ** 0.5)


@pytest.mark.parametrize("std", [0.2, 0.7])
def test_ddim_converges_to_the_flow_at_first_order(std: float) -> None:
    """η = 0 discretises the probability-flow ODE (Song et al. 2021, equation 13).

    For Gaussian data its solution keeps the standard score of x_t, so that
    x_0 = m + s·(x_T - √ᾱ_T·m) / √(ᾱ_T·s² + 1 - ᾱ_T). Ten times the steps: a tenth of the error.
    """
    mean, fine = 0.3, Schedule.linear(timesteps=10_000)
    bars = oracle.alpha_bars_of(oracle.linear_betas(10_000, 1e-5, 0.002))
    predict = oracle.as_torch(oracle.gaussian_eps(bars, mean, std))
    (x_T,) = oracle.draw((2, 1, 4, 4), 1, seed=7, dtype=torch.float64)
    last = bars[-1]
    exact = mean + std * (x_T - last**0.5 * mean) / (last * std**2 + 1 - last) ** 0.5
    errors = [
        float((final(ddim_steps(predict, fine, x_T, n, clip=False)) - exact).abs().max())
        for n in (20, 200, 2000)
    ]
    assert errors[-1] < 5e-3
    for coarse, finer in pairwise(errors):
        assert 6 < coarse / finer < 14


@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])
@pytest.mark.parametrize("steps", [2, 5, 50, 333])
def test_beta_variance_is_right_for_standard_normal_data(spacing: Spacing, steps: int) -> None:
    """Ho et al., section 3.2: with data N(0, I) and σ² = β, every x_t has variance 1 exactly."""
    way = sampler("ddpm", steps, spacing, 0.0, "beta", mean=0.0, std=1.0)
    for _, variance in moments(way.maps)[:-1]:
        assert variance == pytest.approx(1.0, abs=1e-10)
    for (t, t_prev), (a, _, sigma) in zip(
        oracle.reference_pairs(1000, steps, spacing, BARS)[:-1], way.maps[:-1], strict=True
    ):
        assert a**2 == pytest.approx(BARS[t] / BARS[t_prev], rel=1e-10)
        assert sigma**2 == pytest.approx(1 - BARS[t] / BARS[t_prev], rel=1e-10)
    (x_T,) = oracle.draw((64, 1, 16, 16), 1, seed=8, dtype=torch.float32)
    for step in list(way.run(x_T, 9))[:-1]:
        assert step.x.var().item() == pytest.approx(1.0, rel=5 * (2 / x_T.numel()) ** 0.5)


@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])
@pytest.mark.parametrize("steps", [2, 5, 50])
@pytest.mark.parametrize("eta", [None, 0.0, 0.4, 1.0], ids=["ddpm", "ddim-0", "ddim-.4", "ddim-1"])
def test_one_point_is_followed_exactly(spacing: Spacing, steps: int, eta: float | None) -> None:
    """For data of one point, posterior DDPM and DDIM of any η keep every x_t in q(x_t | x_0).

    This is what equation 12 of Song et al. is built for (their lemma 1), at any number of steps.
    """
    point = 0.6
    predict = oracle.as_torch(oracle.gaussian_eps(BARS, point, 0.0))
    generator = torch.Generator().manual_seed(10)
    pairs = LINEAR.pairs(steps, spacing)
    (z,) = oracle.draw((128, 1, 16, 16), 1, seed=11, dtype=torch.float32)
    start = BARS[pairs[0][0]]
    x = start**0.5 * point + (1 - start) ** 0.5 * z
    if eta is None:
        run = ddpm_steps(predict, LINEAR, x, steps, spacing, generator=generator)
    else:
        run = ddim_steps(predict, LINEAR, x, steps, eta, spacing, generator=generator)
    for step in run:
        torch.testing.assert_close(step.x0_hat, torch.full_like(x, point), rtol=0, atol=1e-4)
        if step.t_prev >= 0:
            bar = BARS[step.t_prev]
            got = step.x.double()
            error = ((1 - bar) / got.numel()) ** 0.5
            assert got.mean().item() == pytest.approx(bar**0.5 * point, abs=5 * error)
            assert got.var().item() == pytest.approx(1 - bar, rel=5 * (2 / got.numel()) ** 0.5)
    torch.testing.assert_close(step.x, torch.full_like(x, point), rtol=0, atol=1e-5)
