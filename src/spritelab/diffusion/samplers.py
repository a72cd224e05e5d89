"""DDPM, DDIM and DPM-Solver++: from noise x_T to a sprite x_0, one step at a time.

All are generators. Each yields a ``Step`` after every network evaluation, and whoever wants a
preview, a strip, a GIF or a progress bar consumes them; ``for step in ...: pass`` leaves the
sprite in ``step.x``. Steps are computed in float64 and yielded in the dtype of x_T.

A chain can be entered anywhere: ``pairs`` says which steps it takes, ``x_T`` is the x at the first
of them, and ``constrain`` may replace the x that a step has reached before the next one starts.

| paper  | code            | meaning                                                         |
|--------|-----------------|-----------------------------------------------------------------|
| x_t    | x               | the sprite at step t                                            |
| ᾱ_t    | ab_t            | ``schedule.alpha_bar(t)``                                       |
| ᾱ_{t'} | ab_prev         | the same at t' = t_prev, the next step visited; 1 for t' = -1   |
| β      | beta            | 1 - ᾱ_t/ᾱ_{t'}: equals β_t when every step is visited           |
| ε̂, x̂_0 | eps_hat, x0_hat | the prediction and the clean sprite that follows from it        |
| σ      | sigma           | standard deviation of the noise this step adds                  |
| z      | z               | standard normal noise                                           |
| λ_t    | half_log_snr    | log(√ᾱ_t / √(1-ᾱ_t)), half the log of the signal-to-noise ratio |
| h      | h               | λ_{t'} - λ_t: how far this step goes, as DPM-Solver++ counts it |
| r      | r               | h of the step before over the h of this one                     |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor

from spritelab.config import Spacing, Variance
from spritelab.diffusion.denoiser import Denoised, Denoiser, Predictor, as_float64, from_eps
from spritelab.diffusion.noise import Generators, noise_like
from spritelab.diffusion.schedule import Schedule
from spritelab.diffusion.times import Pairs, check_pairs, half_log_snr
from spritelab.errors import SettingsError

Constraint = Callable[[Tensor, int], Tensor]
"""``constrain(x, t_prev)`` → the x, float ``[B,C,H,W]``, that the chain goes on with at t_prev."""


@dataclass(frozen=True, slots=True)
class Step:
    """One reverse step, from x_t to x at ``t_prev``. Tensors are float ``[B,C,H,W]``.

    ``x0_hat`` is clipped to [-1, 1] if the denoiser clips, and ``eps_hat`` agrees with it.
    """

    t: int
    t_prev: int
    x: Tensor
    x0_hat: Tensor
    eps_hat: Tensor


def ddpm_steps(
    predict: Denoiser | Predictor,
    schedule: Schedule,
    x_T: Tensor,
    steps: int | None = None,
    spacing: Spacing = "linspace",
    variance: Variance = "posterior",
    clip: bool = True,
    generator: Generators = None,
    *,
    pairs: Pairs | None = None,
    constrain: Constraint | None = None,
) -> Iterator[Step]:
    """Ancestral sampling. Source: Ho et al. 2020, algorithm 2 and equations 6-7.

    Args:
        predict: a ``Denoiser``, or ``predict(x_t, t)`` → ε̂ with t int64 ``[B]``.
        x_T: standard normal noise, float ``[B,C,H,W]``; with ``pairs``, x at the first t of them.
        steps: how many of the T steps to visit; None visits all of them, as the paper does. With
            fewer, the chain over the visited steps is used, whose β is 1 - ᾱ_t/ᾱ_prev (Nichol
            and Dhariwal 2021, equation 19).
        spacing: see ``Schedule.pairs``.
        variance: σ² of a step: ``posterior`` is β̃ = β·(1-ᾱ_prev)/(1-ᾱ_t), right for data that
            is one point; ``beta`` is β, right for data that is standard normal.
        clip: hold x̂_0 in [-1, 1], where the data lies; a ``Denoiser`` says so itself.
        generator: the source of z, see ``Generators``. The last step adds no noise.
        pairs: the steps themselves, [(t, t_prev), …], in place of ``steps`` and ``spacing``.
        constrain: see ``Constraint``; called after every step.

    Raises:
        SettingsError: for steps outside 1 … T, an unknown spacing or variance, or pairs that are no
            chain. Raised by the call, before the first step.
    """
    if variance not in get_args(Variance):
        raise SettingsError(
            f"unknown variance {variance!r}; choose one of {', '.join(get_args(Variance))}"
        )
    if pairs is None:
        pairs = schedule.pairs(schedule.timesteps if steps is None else steps, spacing)
    walk = check_pairs(pairs, schedule.timesteps)
    denoise = _denoiser(predict, schedule, clip)
    return _ddpm(denoise, schedule, x_T, walk, variance, generator, constrain)


@torch.no_grad()
def _ddpm(
    denoise: Denoiser,
    schedule: Schedule,
    x: Tensor,
    pairs: Pairs,
    variance: Variance,
    generator: Generators,
    constrain: Constraint | None,
) -> Iterator[Step]:
    for t, t_prev in pairs:
        ab_t, ab_prev = schedule.alpha_bar(t), schedule.alpha_bar(t_prev)
        alpha = ab_t / ab_prev
        beta = 1 - alpha
        x_t, denoised = as_float64(x), _at(denoise, x, t, t_prev)
        # The mean of q(x_prev | x_t, x_0 = x̂_0), equation 7; at t_prev = -1 it is x̂_0 itself.
        x_prev = (
            math.sqrt(ab_prev) * beta / (1 - ab_t) * denoised.x0_hat
            + math.sqrt(alpha) * (1 - ab_prev) / (1 - ab_t) * x_t
        )
        if t_prev >= 0:
            sigma2 = beta if variance == "beta" else beta * (1 - ab_prev) / (1 - ab_t)
            x_prev = x_prev + math.sqrt(sigma2) * noise_like(x, generator, t + 1)
        step = _step(t, t_prev, x_prev.to(x.dtype), denoised, constrain)
        x = step.x
        yield step


def ddim_steps(
    predict: Denoiser | Predictor,
    schedule: Schedule,
    x_T: Tensor,
    steps: int = 50,
    eta: float = 0.0,
    spacing: Spacing = "linspace",
    clip: bool = True,
    generator: Generators = None,
    *,
    pairs: Pairs | None = None,
    constrain: Constraint | None = None,
) -> Iterator[Step]:
    """Implicit sampling over any subset of the steps. Source: Song et al. 2020, equation 12.

    With η = 0 the pairs may ascend too: the same equation then walks from a sprite to the noise
    that draws it (Song et al. 2020, section 4.3), each step with the ε̂ of where it starts.

    Args:
        predict: a ``Denoiser``, or ``predict(x_t, t)`` → ε̂ with t int64 ``[B]``.
        x_T: standard normal noise, float ``[B,C,H,W]``; with ``pairs``, x at the first t of them.
        steps: how many of the T steps to visit.
        eta: η in [0, 1], equation 16: 0 adds no noise, so that x_T alone decides the sprite;
            1 over all T steps is DDPM with the posterior variance.
        spacing: see ``Schedule.pairs``.
        clip: hold x̂_0 in [-1, 1]; ε̂ is then derived again from it, so that both agree. A
            ``Denoiser`` says so itself.
        generator: the source of z if η > 0, see ``Generators``. The last step adds no noise.
        pairs: the steps themselves, [(t, t_prev), …], in place of ``steps`` and ``spacing``.
        constrain: see ``Constraint``; called after every step.

    Raises:
        SettingsError: for steps outside 1 … T, eta outside [0, 1], an unknown spacing, or pairs
            that are no chain. Raised by the call, before the first step.
    """
    if not 0 <= eta <= 1:
        raise SettingsError(f"eta must lie in [0, 1] (0: no noise, 1: as DDPM), not {eta}")
    if pairs is None:
        pairs = schedule.pairs(steps, spacing)
    walk = check_pairs(pairs, schedule.timesteps, ascending=eta == 0)
    denoise = _denoiser(predict, schedule, clip)
    return _ddim(denoise, schedule, x_T, walk, eta, generator, constrain)


@torch.no_grad()
def _ddim(
    denoise: Denoiser,
    schedule: Schedule,
    x: Tensor,
    pairs: Pairs,
    eta: float,
    generator: Generators,
    constrain: Constraint | None,
) -> Iterator[Step]:
    for t, t_prev in pairs:
        ab_t, ab_prev = schedule.alpha_bar(t), schedule.alpha_bar(t_prev)
        denoised = _at(denoise, x, t, t_prev)
        sigma2 = eta**2 * (1 - ab_prev) / (1 - ab_t) * (1 - ab_t / ab_prev)
        # The paper's "direction pointing to x_t": its weight gives up what σ adds.
        direction = math.sqrt(max(0.0, 1 - ab_prev - sigma2)) * denoised.eps_hat
        x_prev = math.sqrt(ab_prev) * denoised.x0_hat + direction
        if sigma2 > 0:
            x_prev = x_prev + math.sqrt(sigma2) * noise_like(x, generator, t + 1)
        step = _step(t, t_prev, x_prev.to(x.dtype), denoised, constrain)
        x = step.x
        yield step


def dpm_steps(
    predict: Denoiser | Predictor,
    schedule: Schedule,
    x_T: Tensor,
    steps: int = 10,
    spacing: Spacing = "logsnr",
    clip: bool = True,
    *,
    pairs: Pairs | None = None,
    constrain: Constraint | None = None,
) -> Iterator[Step]:
    """DPM-Solver++(2M), deterministic. Source: Lu et al. 2022 (arXiv 2211.01095), algorithm 2.

    It solves the same ODE as DDIM with η = 0. DDIM holds x̂_0 still during a step; this carries on
    the line through x̂_0 of this step and of the one before, to the middle of the step in λ. It
    costs no evaluation more, and between two t above 0 the error falls with the square of the
    number of steps.

    Three kinds of step are of first order, and so exactly DDIM's: the first, which has none before
    it; the last, where λ is infinite; and one more than twice as long as the step before (r < 1/2).
    The paper has no such bound. Here ``linspace`` and ``leading`` visit t = 0, and the step to it
    is up to five times as long as the one before: on Gaussian data of standard deviation 0.5 the
    line then overshoots so far that 10 or 20 steps end farther from the exact solution than DDIM.
    The jump at the noisy end of the cosine schedule does no harm: where the step *before* is the
    long one, the correction is small.

    Args:
        predict: a ``Denoiser``, or ``predict(x_t, t)`` → ε̂ with t int64 ``[B]``.
        x_T: standard normal noise, float ``[B,C,H,W]``; it alone decides the sprite. With
            ``pairs``, x at the first t of them.
        steps: how many of the T steps to visit.
        spacing: see ``Schedule.pairs``. With ``logsnr``, whose steps are alike in λ, the line
            reaches equally far in all of them, and 10 draw as well as 20 of the others do
            (``docs/benchmarks.md``).
        clip: hold x̂_0 in [-1, 1] before it is used; ε̂ is then derived again from it. A
            ``Denoiser`` says so itself.
        pairs: the steps themselves, [(t, t_prev), …], in place of ``steps`` and ``spacing``.
        constrain: see ``Constraint``; called after every step.

    Raises:
        SettingsError: for steps outside 1 … T, an unknown spacing, or pairs that are no chain.
            Raised by the call, before the first step.
    """
    if pairs is None:
        pairs = schedule.pairs(steps, spacing)
    walk = check_pairs(pairs, schedule.timesteps)
    return _dpm(_denoiser(predict, schedule, clip), schedule, x_T, walk, constrain)


@torch.no_grad()
def _dpm(
    denoise: Denoiser, schedule: Schedule, x: Tensor, pairs: Pairs, constrain: Constraint | None
) -> Iterator[Step]:
    h_before, x0_before = 0.0, x
    for t, t_prev in pairs:
        ab_t, ab_prev = schedule.alpha_bar(t), schedule.alpha_bar(t_prev)
        h = half_log_snr(ab_prev) - half_log_snr(ab_t)
        x_t, denoised = as_float64(x), _at(denoise, x, t, t_prev)
        x0_hat = denoised.x0_hat
        r = h_before / h  # 0 in the first step, and in the last, where h = ∞
        ahead = carried_on(x0_hat, x0_before, r)
        # e^(-h) - 1 is -1 in the last step, so that x̂_0 is all that is left.
        x_prev = math.sqrt((1 - ab_prev) / (1 - ab_t)) * x_t
        x_prev = x_prev - math.sqrt(ab_prev) * math.expm1(-h) * ahead
        h_before, x0_before = h, x0_hat
        step = _step(t, t_prev, x_prev.to(x.dtype), denoised, constrain)
        x = step.x
        yield step


def carried_on(x0_hat: Tensor, x0_before: Tensor, r: float) -> Tensor:
    """x̂_0 as DPM-Solver++ takes it for a step: on the line from that of the step before.

    Args:
        x0_hat: of the step.
        x0_before: of the one before; anything if there is none.
        r: see the module's head, 0 in the first step; below 1/2 nothing is carried on.
    """
    return x0_hat if r < 0.5 else x0_hat + (x0_hat - x0_before) / (2 * r)


def _denoiser(predict: Denoiser | Predictor, schedule: Schedule, clip: bool) -> Denoiser:
    return predict if isinstance(predict, Denoiser) else from_eps(predict, schedule, clip)


def _at(denoise: Denoiser, x: Tensor, t: int, t_prev: int) -> Denoised:
    """Denoise all of x ``[B, …]`` at one step, which may be the last of its chain."""
    times = torch.full((len(x),), t, dtype=torch.int64, device=x.device)
    return denoise(x, times, last=t_prev == -1)


def _step(t: int, t_prev: int, x: Tensor, denoised: Denoised, constrain: Constraint | None) -> Step:
    """The step that has reached ``x``, constrained, with all tensors in the dtype of ``x``."""
    x0_hat, eps_hat = (part.to(x.dtype) for part in denoised)
    return Step(t, t_prev, x if constrain is None else constrain(x, t_prev), x0_hat, eps_hat)
