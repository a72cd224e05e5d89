"""Which settings are compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spritelab.config import Calibrated, Sampler, SamplerSettings, Variance
from spritelab.config.sampler import GUIDANCE, distinct_settings
from spritelab.errors import SettingsError

STEPS = (5, 10, 20, 50, 100, 250, 1000)
ETAS = (0.0, 0.5, 1.0)
VARIANCES: tuple[Variance, ...] = ("posterior", "beta")

PLAIN = SamplerSettings()
"""Without guidance."""

Grid = tuple[SamplerSettings, ...]
"""Complete settings, cheapest first."""


def make_grid(
    timesteps: int,
    steps: Sequence[int] | None = None,
    etas: Sequence[float] = ETAS,
    variances: Sequence[Variance] = VARIANCES,
    guided: SamplerSettings = PLAIN,
    also: Sequence[SamplerSettings] = (),
    calibrated: Sequence[Calibrated] = (),
) -> Grid:
    """DDPM of every variance and DDIM of every η at every number of steps, and ``also``.

    The former visit the usual steps, the same for both.

    Args:
        timesteps: T of the model.
        steps: numbers of steps; None for those of ``STEPS`` below T, and T itself.
        etas: η of DDIM.
        variances: of DDPM.
        guided: settings whose guidance all of these have.
        also: single settings beside these.
        calibrated: of the model; ``also`` takes them where ``Model.sample`` would.

    Raises:
        SettingsError: for steps beyond T, a value out of range, and if nothing is left to compare.
    """
    if steps is None:
        steps = sorted({*(s for s in STEPS if s < timesteps), timesteps})
    if any(not 1 <= s <= timesteps for s in steps):
        raise SettingsError(f"this model has {timesteps} steps; `steps` takes 1 … {timesteps}")
    ddpm, ddim = alike(guided, "ddpm"), alike(guided, "ddim")
    grid = [
        setting
        for count in sorted(set(steps))
        for setting in (
            *(ddpm.changed(steps=count, variance=one) for one in variances),
            *(ddim.changed(steps=count, eta=eta) for eta in etas),
        )
    ]
    grid = [setting.complete(timesteps) for setting in grid]
    grid += [setting.complete(timesteps, calibrated) for setting in also]
    grid = sorted(dict.fromkeys(grid), key=step_count)
    if len(distinct_settings(grid)) < 2:
        raise SettingsError("a comparison needs at least two settings; give more `steps` or `eta`")
    return tuple(grid)


def read_single(text: str, guided: SamplerSettings = PLAIN) -> SamplerSettings:
    """A single setting in short: ``ddpm-1000``, ``dpm-5``, or ``dpm-5-logsnr`` with its spacing.

    Args:
        text: the setting.
        guided: settings whose guidance it has.

    Raises:
        SettingsError: for anything else.
    """
    sampler, _, rest = text.strip().partition("-")
    steps, _, spacing = rest.partition("-")
    if not (steps.isascii() and steps.isdecimal()) or rest.endswith("-"):
        raise SettingsError(f"`also` takes settings such as ddpm-1000,dpm-20, not {text!r}")
    given = {"sampler": sampler, "steps": int(steps), **_guidance(guided)}
    return SamplerSettings.parse({**given, "spacing": spacing} if spacing else given, "`also`")


def quick_grid(
    timesteps: int, guided: SamplerSettings = PLAIN, also: Sequence[SamplerSettings] = ()
) -> Grid:
    """A small grid for a first look on a CPU: few steps for all, all T for DDPM alone."""
    few = [s for s in (10, 50) if s < timesteps] or [max(1, timesteps // 2)]
    return make_grid(timesteps, few, guided=guided, also=(*also, alike(guided, "ddpm")))


def alike(guided: SamplerSettings, sampler: Sampler) -> SamplerSettings:
    """A sampler's defaults, but with the guidance of ``guided``."""
    return SamplerSettings(sampler=sampler, **_guidance(guided))


def _guidance(guided: SamplerSettings) -> dict[str, Any]:
    return {name: getattr(guided, name) for name in GUIDANCE}


def check_grid(grid: Sequence[SamplerSettings]) -> None:
    """Check that the two settings that a report sets against each other are in the grid.

    Raises:
        SettingsError: if one is not.
    """
    if not any(is_slow(setting) for setting in grid) or not any(map(is_fast, grid)):
        raise SettingsError(
            "the report sets DDIM with η = 0 against DDPM with the posterior variance; keep 0 in "
            "`eta` and posterior in `variance`"
        )


def is_slow(setting: SamplerSettings) -> bool:
    """Whether this is DDPM with the posterior variance, the yardstick of a report."""
    return setting.canonical.variance == "posterior"


def is_fast(setting: SamplerSettings) -> bool:
    """Whether this is DDIM with η = 0, which a report holds against the yardstick."""
    return setting.eta == 0


def step_count(setting: SamplerSettings) -> int:
    """The number of steps of ``complete`` settings."""
    assert setting.steps is not None, "complete the settings first"
    return setting.steps
