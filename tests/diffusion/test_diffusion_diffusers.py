"""Both samplers against the schedulers of diffusers, on the same network, x_T and noise.

Diffusers is an oracle where it is right, and is held to what the papers say by three settings:

- its betas are float32, so ᾱ is put in from float64;
- its DDIM keeps the ε̂ of before the clipping unless ``use_clipped_model_output`` is set;
- it guesses the previous step as ``t - T // n``, which is right where n divides T, for ``leading``
  and ``trailing`` spacing, and wrong for ``linspace`` with n < T. There it is no oracle, and the
  references of ``test_diffusion_reference.py`` stand alone.

Its ``linspace`` of T steps visits all steps, as every spacing does.
"""

from __future__ import annotations

from typing import Any

import diffusion_oracles as oracle
import pytest
import torch
from torch import Tensor

from spritelab.diffusion import Schedule, Spacing, Variance, ddim_steps, ddpm_steps

DDIMScheduler = pytest.importorskip("diffusers.schedulers.scheduling_ddim").DDIMScheduler
DDPMScheduler = pytest.importorskip("diffusers.schedulers.scheduling_ddpm").DDPMScheduler

SHAPE = (2, 3, 4, 4)
SCHEDULES = {"linear": Schedule.linear(), "cosine": Schedule.cosine()}
DIFFUSERS_NAMES = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
VARIANCE_NAMES = {"posterior": "fixed_small", "beta": "fixed_large"}

schedules = pytest.mark.parametrize("name", ["linear", "cosine"])
clips = pytest.mark.parametrize("clip", [True, False], ids=["clip", "no-clip"])


def scheduler(kind: Any, name: str, **settings: Any) -> Any:
    """A scheduler of diffusers with its ᾱ in float64."""
    made = kind(beta_schedule=DIFFUSERS_NAMES[name], **settings)
    betas = SCHEDULES[name].betas
    torch.testing.assert_close(made.betas.double(), betas, rtol=0, atol=2e-6)
    made.betas, made.alphas = betas, 1 - betas
    made.alphas_cumprod = torch.cumprod(1 - betas, dim=0)
    made.one = torch.tensor(1.0, dtype=torch.float64)
    return made


def network(name: str) -> tuple[Any, Tensor]:
    """A predictor and an x_T in float64, so that a difference is never rounding."""
    bars = oracle.alpha_bars_of(SCHEDULES[name].betas.numpy())
    (x_T,) = oracle.draw(SHAPE, 1, seed=41, dtype=torch.float64)
    return oracle.as_torch(oracle.network_eps(bars, dimensions=48)), x_T


def indices(t: int) -> Tensor:
    return torch.full((SHAPE[0],), t)


@schedules
@clips
@pytest.mark.parametrize("variance", ["posterior", "beta"])
@pytest.mark.parametrize(
    ("steps", "spacing"), [(1000, "leading"), (50, "leading"), (40, "trailing")]
)
def test_ddpm(name: str, clip: bool, variance: Variance, steps: int, spacing: Spacing) -> None:
    predict, x = network(name)
    theirs = scheduler(
        DDPMScheduler,
        name,
        clip_sample=clip,
        variance_type=VARIANCE_NAMES[variance],
        timestep_spacing=spacing,
    )
    theirs.set_timesteps(steps)
    generator = torch.Generator().manual_seed(42)
    ours = ddpm_steps(
        predict,
        SCHEDULES[name],
        x,
        steps,
        spacing,
        variance,
        clip,
        torch.Generator().manual_seed(42),
    )
    for step, t in zip(ours, theirs.timesteps.tolist(), strict=True):
        assert step.t == t
        out = theirs.step(predict(x, indices(t)), t, x, generator=generator)
        # Their last step for t > 0 (trailing) adds noise of variance clamped at 1e-20 or β_t;
        # ours adds none, and both share the mean below.
        if step.t_prev < 0:
            torch.testing.assert_close(step.x, out.pred_original_sample, rtol=1e-9, atol=1e-9)
            break
        x = out.prev_sample
        torch.testing.assert_close(step.x0_hat, out.pred_original_sample, rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(step.x, x, rtol=1e-7, atol=1e-9)


@schedules
@clips
@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(
    ("steps", "spacing"),
    [(1, "trailing"), (10, "leading"), (50, "leading"), (50, "trailing"), (1000, "linspace")],
)
def test_ddim(name: str, clip: bool, eta: float, steps: int, spacing: Spacing) -> None:
    predict, x = network(name)
    theirs = scheduler(DDIMScheduler, name, clip_sample=clip, timestep_spacing=spacing)
    theirs.set_timesteps(steps)
    noises = iter(oracle.draw(SHAPE, steps, seed=43, dtype=torch.float64))
    ours = ddim_steps(
        predict,
        SCHEDULES[name],
        x,
        steps,
        eta,
        spacing,
        clip,
        torch.Generator().manual_seed(43),
    )
    for step, t in zip(ours, theirs.timesteps.tolist(), strict=True):
        assert step.t == t
        out = theirs.step(
            predict(x, indices(t)),
            t,
            x,
            eta=eta,
            use_clipped_model_output=True,
            variance_noise=next(noises),
        )
        x = out.prev_sample
        torch.testing.assert_close(step.x0_hat, out.pred_original_sample, rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(step.x, x, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("spacing", ["leading", "trailing"])
@pytest.mark.parametrize("steps", [1, 2, 10, 50, 250, 500, 1000])
def test_the_steps_visited_where_n_divides_the_timesteps(spacing: Spacing, steps: int) -> None:
    theirs = DDIMScheduler(timestep_spacing=spacing)
    theirs.set_timesteps(steps)
    visited = [t for t, _ in SCHEDULES["linear"].pairs(steps, spacing)]
    assert visited == theirs.timesteps.tolist()


@pytest.mark.parametrize("steps", [7, 30, 50, 999])
def test_linspace_visits_the_same_steps_even_where_their_guess_is_wrong(steps: int) -> None:
    theirs = DDIMScheduler(timestep_spacing="linspace")
    theirs.set_timesteps(steps)
    pairs = SCHEDULES["linear"].pairs(steps, "linspace")
    assert [t for t, _ in pairs] == theirs.timesteps.tolist()
    assert any(t - 1000 // steps != t_prev for t, t_prev in pairs[:-1])
