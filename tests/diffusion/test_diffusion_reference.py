"""Whole runs of both samplers against float64 references written from the papers.

The network is a fixed nonlinear one that mixes all values of a sprite and depends on t. The
package runs in float32, the reference in float64 on the same x_T and the same noise, and **every**
step must agree to 2e-5 of the largest value. In float64 the two agree to rounding, which no slip
in a formula would survive.
"""

from __future__ import annotations

from collections.abc import Iterator

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch

from spritelab.diffusion import Schedule, Spacing, Step, Variance, ddim_steps, ddpm_steps

SHAPE = (2, 3, 4, 4)
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-10}
SCHEDULES = {"linear": Schedule.linear(), "cosine": Schedule.cosine()}
ALPHA_BARS = {
    "linear": oracle.alpha_bars_of(oracle.linear_betas()),
    "cosine": oracle.alpha_bars_of(oracle.cosine_betas()),
}

schedules = pytest.mark.parametrize("name", ["linear", "cosine"])
spacings = pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])
clips = pytest.mark.parametrize("clip", [True, False], ids=["clip", "no-clip"])
etas = pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
variances = pytest.mark.parametrize("variance", ["posterior", "beta"])
step_counts = pytest.mark.parametrize(
    "steps",
    [1, 7, 10, 30, 50, *(pytest.param(n, marks=pytest.mark.slow) for n in (999, 1000))],
)


def compare(
    got: Iterator[Step], expected: list[oracle.Array], dtype: torch.dtype, pairs: oracle.Pairs
) -> None:
    """Hold every step of a run against the reference, and the run to its pairs."""
    count = 0
    for step, x, (t, t_prev) in zip(got, expected, pairs, strict=True):
        assert (step.t, step.t_prev) == (t, t_prev)
        assert step.x.dtype == dtype
        assert step.x.shape == SHAPE
        error = oracle.relative_error(step.x, x)
        assert error <= TOLERANCE[dtype], f"step {count}, t = {t}: off by {error:.2e}"
        count += 1
    assert count == len(pairs)


def check_ddpm(
    name: str, steps: int, spacing: Spacing, variance: Variance, clip: bool, dtype: torch.dtype
) -> None:
    bars = ALPHA_BARS[name]
    network = oracle.network_eps(bars, dimensions=48)
    (x_T,) = oracle.draw(SHAPE, 1, seed=11, dtype=dtype)
    noises = [z.double().numpy() for z in oracle.draw(SHAPE, steps - 1, seed=12, dtype=dtype)]
    pairs = oracle.reference_pairs(1000, steps, spacing, ALPHA_BARS[name])
    expected = oracle.reference_ddpm(
        network, bars, x_T.double().numpy(), pairs, noises, variance, clip
    )
    run = ddpm_steps(
        oracle.as_torch(network),
        SCHEDULES[name],
        x_T,
        steps=steps,
        spacing=spacing,
        variance=variance,
        clip=clip,
        generator=torch.Generator().manual_seed(12),
    )
    compare(run, expected, dtype, pairs)


def check_ddim(
    name: str, steps: int, spacing: Spacing, eta: float, clip: bool, dtype: torch.dtype
) -> None:
    bars = ALPHA_BARS[name]
    network = oracle.network_eps(bars, dimensions=48)
    (x_T,) = oracle.draw(SHAPE, 1, seed=21, dtype=dtype)
    noises = [z.double().numpy() for z in oracle.draw(SHAPE, steps - 1, seed=22, dtype=dtype)]
    pairs = oracle.reference_pairs(1000, steps, spacing, ALPHA_BARS[name])
    expected = oracle.reference_ddim(network, bars, x_T.double().numpy(), pairs, noises, eta, clip)
    run = ddim_steps(
        oracle.as_torch(network),
        SCHEDULES[name],
        x_T,
        steps=steps,
        eta=eta,
        spacing=spacing,
        clip=clip,
        generator=torch.Generator().manual_seed(22),
    )
    compare(run, expected, dtype, pairs)


@schedules
@step_counts
@spacings
@variances
@clips
def test_ddpm(name: str, steps: int, spacing: Spacing, variance: Variance, clip: bool) -> None:
    check_ddpm(name, steps, spacing, variance, clip, torch.float32)


@schedules
@step_counts
@spacings
@etas
@clips
def test_ddim(name: str, steps: int, spacing: Spacing, eta: float, clip: bool) -> None:
    check_ddim(name, steps, spacing, eta, clip, torch.float32)


@schedules
@pytest.mark.parametrize("steps", [1, 7, 50])
@variances
@clips
def test_ddpm_in_float64(name: str, steps: int, variance: Variance, clip: bool) -> None:
    check_ddpm(name, steps, "linspace", variance, clip, torch.float64)


@schedules
@pytest.mark.parametrize("steps", [1, 7, 50])
@etas
@clips
def test_ddim_in_float64(name: str, steps: int, eta: float, clip: bool) -> None:
    check_ddim(name, steps, "linspace", eta, clip, torch.float64)


@clips
def test_drift_over_a_thousand_steps(clip: bool) -> None:
    """One long run of each sampler is part of the quick tests too."""
    check_ddpm("linear", 1000, "linspace", "posterior", clip, torch.float32)
    check_ddim("linear", 999, "linspace", 0.3, clip, torch.float32)


def test_the_reference_is_not_trivial() -> None:
    """Clipping, η, the variance and the spacing all change the result far beyond the tolerance."""
    bars = ALPHA_BARS["linear"]
    network = oracle.network_eps(bars, dimensions=48)
    x_T, *noises = (z.double().numpy() for z in oracle.draw(SHAPE, 10, 31, torch.float64))

    def ddim(spacing: str = "linspace", eta: float = 0.3, clip: bool = True) -> oracle.Array:
        pairs = oracle.reference_pairs(1000, 10, spacing)
        return oracle.reference_ddim(network, bars, x_T, pairs, noises, eta, clip)[-1]

    def ddpm(variance: str) -> oracle.Array:
        pairs = oracle.reference_pairs(1000, 10, "linspace")
        return oracle.reference_ddpm(network, bars, x_T, pairs, noises, variance, True)[-1]

    base = ddim()
    for other in (ddim(spacing="leading"), ddim(spacing="trailing"), ddim(eta=1), ddim(clip=False)):
        assert np.abs(base - other).max() > 0.01
    assert np.abs(ddpm("beta") - ddpm("posterior")).max() > 0.01
