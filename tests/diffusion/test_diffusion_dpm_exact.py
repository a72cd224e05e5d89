"""DPM-Solver++(2M) beside DDIM where the end of the flow is known: Gaussian data, a finite set."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch
from torch import Tensor

from spritelab.diffusion import Schedule, Spacing, Step, ddim_steps, dpm_steps

SCHEDULES = {"linear": Schedule.linear(), "cosine": Schedule.cosine()}
ALPHA_BARS = {
    "linear": oracle.alpha_bars_of(oracle.linear_betas()),
    "cosine": oracle.alpha_bars_of(oracle.cosine_betas()),
}

Sampler = Callable[..., Iterator[Step]]
schedules = pytest.mark.parametrize("name", ["linear", "cosine"])
spacings = pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])


def noise(shape: tuple[int, ...] = (2, 3, 4, 4), dtype: torch.dtype = torch.float64) -> Tensor:
    return oracle.draw(shape, 1, 51, dtype)[0]


def final(run: Iterator[Step]) -> Tensor:
    *_, last = run
    return last.x


def fine(name: str, timesteps: int) -> tuple[Schedule, oracle.Array]:
    """A schedule of many steps, and its ᾱ from the oracle."""
    if name == "cosine":
        return Schedule.cosine(timesteps), oracle.alpha_bars_of(oracle.cosine_betas(timesteps))
    betas = oracle.linear_betas(timesteps, 0.1 / timesteps, 20 / timesteps)
    return Schedule.linear(timesteps), oracle.alpha_bars_of(betas)


@pytest.mark.parametrize("std", [0.2, 0.7])
@pytest.mark.parametrize(
    ("sampler", "name", "lowest", "highest"),
    [
        (ddim_steps, "linear", 0.95, 1.05),
        (ddim_steps, "cosine", 0.95, 1.05),
        (dpm_steps, "linear", 1.9, 2.1),
        # The first step of the cosine schedule, to the end of λ, shortens by less than the others.
        (dpm_steps, "cosine", 1.75, 2.1),
    ],
)
def test_order_of_convergence(
    sampler: Sampler, name: str, lowest: float, highest: float, std: float
) -> None:
    """The slope of log error over log steps on Gaussian data: 1 for DDIM and 2 here.

    65,537 steps, so that subsets of 33 … 513 are evenly spaced, down to a quarter of them: near
    t = 0 no even spacing in t makes the steps in λ small.
    """
    timesteps, mean = 2**16 + 1, 0.3
    end = (timesteps - 1) // 4
    schedule, bars = fine(name, timesteps)
    predict = oracle.as_torch(oracle.gaussian_eps(bars, mean, std))
    x_T = noise()
    exact = oracle.gaussian_flow(bars, x_T.numpy(), timesteps - 1, end, mean, std)
    counts = [32, 64, 128, 256, 512]
    errors = []
    for n in counts:
        run = sampler(predict, schedule, x_T, n + 1, spacing="linspace", clip=False)
        (x,) = (step.x for step in run if step.t_prev == end)
        errors.append(float(np.abs(x.numpy() - exact).max()))
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert lowest < slope < highest, errors


def gaussian_errors(name: str, std: float, steps: int, spacing: Spacing) -> tuple[float, ...]:
    """Largest error of DDIM, of this and of the unbounded algorithm 2 at the end of a run."""
    bars, mean, x_T = ALPHA_BARS[name], 0.3, noise()
    pairs = oracle.reference_pairs(1000, steps, spacing, ALPHA_BARS[name])
    network = oracle.gaussian_eps(bars, mean, std)
    predict, schedule = oracle.as_torch(network), SCHEDULES[name]
    exact = oracle.gaussian_flow(bars, x_T.numpy(), pairs[0][0], -1, mean, std)
    ends = (
        final(ddim_steps(predict, schedule, x_T, steps, spacing=spacing, clip=False)).numpy(),
        final(dpm_steps(predict, schedule, x_T, steps, spacing, clip=False)).numpy(),
        oracle.reference_dpm(network, bars, x_T.numpy(), pairs, clip=False, shortest_r=0)[-1],
    )
    return tuple(float(np.abs(end - exact).max()) for end in ends)


@schedules
@spacings
@pytest.mark.parametrize("std", [0.1, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("steps", [3, 5, 10, 20, 50])
def test_never_farther_from_the_exact_solution_than_ddim(
    name: str, spacing: Spacing, std: float, steps: int
) -> None:
    ddim, ours, _ = gaussian_errors(name, std, steps, spacing)
    assert ours < ddim * (1 + 1e-12)
    if steps >= 20 and std >= 0.5:
        assert ours < 0.5 * ddim


@schedules
@pytest.mark.parametrize("steps", [10, 20])
def test_without_the_bound_on_r_it_would_be(name: str, steps: int) -> None:
    """The reason for the one departure from algorithm 2."""
    ddim, ours, unbounded = gaussian_errors(name, 0.5, steps, "linspace")
    assert ours < ddim < unbounded


@schedules
@pytest.mark.parametrize("std", [0.1, 0.2, 0.3])
def test_ten_steps_even_in_lambda_beat_twenty_even_in_t(name: str, std: float) -> None:
    """The reason for the default: data that vary little, as a pixel does, are decided late."""
    _, ten, _ = gaussian_errors(name, std, 10, "logsnr")
    even_in_t: tuple[Spacing, ...] = ("linspace", "leading", "trailing")
    for spacing in even_in_t:
        assert ten < 0.5 * gaussian_errors(name, std, 20, spacing)[1]


@schedules
def test_fewer_steps_find_the_sprite_that_the_flow_leads_to(name: str) -> None:
    """With the ideal denoiser every run ends on a sprite of the set; on which, the steps decide.

    The set varies along two directions, so that there are near neighbours to land on by mistake.
    """
    rng = np.random.default_rng(0)
    points = np.clip(rng.standard_normal((60, 2)) @ rng.standard_normal((2, 48)) * 0.5, -1, 1)
    predict = oracle.as_torch(oracle.ideal_eps(ALPHA_BARS[name], points))
    x_T = noise((64, 3, 4, 4), torch.float32)

    def found(run: Iterator[Step]) -> oracle.Array:
        flat = final(run).double().numpy().reshape(64, 1, 48)
        distances = np.sqrt(((flat - points) ** 2).mean(-1))
        assert distances.min(axis=1).max() < 0.02
        nearest: oracle.Array = distances.argmin(axis=1)
        return nearest

    schedule = SCHEDULES[name]
    flow = found(ddim_steps(predict, schedule, x_T, 1000))
    for steps in (10, 20):
        right = (found(dpm_steps(predict, schedule, x_T, steps)) == flow).sum()
        assert right > (found(ddim_steps(predict, schedule, x_T, steps)) == flow).sum()
