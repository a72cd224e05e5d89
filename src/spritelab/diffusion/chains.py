"""The sampler that settings name, at work on any chain."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from spritelab.config import SamplerSettings
from spritelab.diffusion.denoiser import Denoiser, guided_times
from spritelab.diffusion.noise import Generators
from spritelab.diffusion.samplers import (
    Constraint,
    Step,
    ddim_steps,
    ddpm_steps,
    dpm_steps,
)
from spritelab.diffusion.schedule import Schedule
from spritelab.diffusion.times import Pairs, pairs_of


def sampler_steps(
    how: SamplerSettings,
    denoise: Denoiser,
    schedule: Schedule,
    x_T: Tensor,
    generator: Generators = None,
    *,
    pairs: Pairs | None = None,
    constrain: Constraint | None = None,
) -> Iterator[Step]:
    """Walk along a chain by the sampler that ``how`` names.

    Arguments and errors are those of the samplers. Without ``pairs`` the steps are those that
    ``how`` visits. Guidance and ``how.clip`` belong to the denoiser and are not read here.
    """
    if pairs is None:
        pairs = visited_pairs(how, schedule)
    if how.sampler == "ddpm":
        return ddpm_steps(
            denoise,
            schedule,
            x_T,
            variance=how.variance or "posterior",
            generator=generator,
            pairs=pairs,
            constrain=constrain,
        )
    if how.sampler == "ddim":
        return ddim_steps(
            denoise,
            schedule,
            x_T,
            eta=how.eta or 0.0,
            generator=generator,
            pairs=pairs,
            constrain=constrain,
        )
    return dpm_steps(denoise, schedule, x_T, pairs=pairs, constrain=constrain)


def visited_pairs(how: SamplerSettings, schedule: Schedule) -> list[tuple[int, int]]:
    """The steps that ``how`` visits on ``schedule``: [(t, t_prev), …], the last t_prev -1.

    Raises:
        SettingsError: for more steps than there are, or a step beyond T-1.
    """
    how = how.complete(schedule.timesteps)
    if how.times is not None:
        return pairs_of(how.times)
    assert how.steps is not None
    start = None if how.start == "noise" else how.start
    return schedule.pairs(how.steps, how.spacing or "linspace", start)


def guided_steps(how: SamplerSettings, schedule: Schedule, pairs: Pairs) -> int:
    """How many of the steps ``pairs`` start where ``how`` guides."""
    inside = guided_times(schedule, how.guidance_interval)
    return sum(bool(inside[t]) for t, _ in pairs)


def evaluations(how: SamplerSettings, schedule: Schedule, pairs: Pairs) -> int:
    """Network evaluations of a sprite over the steps ``pairs``: a guided one takes two."""
    return len(pairs) + (0 if how.guidance_weight in (0, 1) else guided_steps(how, schedule, pairs))
