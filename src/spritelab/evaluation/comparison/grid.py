"""Which settings are compared."""

from __future__ import annotations

from collections.abc import Sequence

from spritelab.config import Calibrated, SamplerSettings, Variance
from spritelab.config.sampler import distinct_settings
from spritelab.errors import SettingsError

STEPS = (5, 10, 20, 50, 100, 250, 1000)
ETAS = (0.0, 0.5, 1.0)
VARIANCES: tuple[Variance, ...] = ("posterior", "beta")

Grid = tuple[SamplerSettings, ...]
"""Complete settings, cheapest first."""


def make_grid(
    timesteps: int,
    steps: Sequence[int] | None = None,
    etas: Sequence[float] = ETAS,
    variances: Sequence[Variance] = VARIANCES,
    guidance: float = 1.0,
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
        guidance: weight of classifier-free guidance, in all of these.
        also: single settings beside these.
        calibrated: of the model; ``also`` takes them where ``Model.sample`` would.

    Raises:
        SettingsError: for steps beyond T, a value out of range, and if nothing is left to compare.
    """
    if steps is None:
        steps = sorted({*(s for s in STEPS if s < timesteps), timesteps})
    if any(not 1 <= s <= timesteps for s in steps):
        raise SettingsError(f"this model has {timesteps} steps; `steps` takes 1 … {timesteps}")
    grid = [
        setting
        for count in sorted(set(steps))
        for setting in (
            *(
                SamplerSettings(sampler="ddpm", steps=count, variance=variance, guidance=guidance)
                for variance in variances
            ),
            *(
                SamplerSettings(sampler="ddim", steps=count, eta=eta, guidance=guidance)
                for eta in etas
            ),
        )
    ]
    grid = [setting.complete(timesteps) for setting in grid]
    grid += [setting.complete(timesteps, calibrated) for setting in also]
    grid = sorted(dict.fromkeys(grid), key=step_count)
    if len(distinct_settings(grid)) < 2:
        raise SettingsError("a comparison needs at least two settings; give more `steps` or `eta`")
    return tuple(grid)


def read_single(text: str, guidance: float = 1.0) -> SamplerSettings:
    """A single setting in short: ``ddpm-1000``, ``dpm-5``, or ``dpm-5-logsnr`` with its spacing.

    Raises:
        SettingsError: for anything else.
    """
    sampler, _, rest = text.strip().partition("-")
    steps, _, spacing = rest.partition("-")
    if not (steps.isascii() and steps.isdecimal()) or rest.endswith("-"):
        raise SettingsError(f"`also` takes settings such as ddpm-1000,dpm-20, not {text!r}")
    given = {"sampler": sampler, "steps": int(steps), "guidance": guidance}
    return SamplerSettings.parse({**given, "spacing": spacing} if spacing else given, "`also`")


def quick_grid(timesteps: int, guidance: float = 1.0, also: Sequence[SamplerSettings] = ()) -> Grid:
    """A small grid for a first look on a CPU: few steps for all, all T for DDPM alone."""
    few = [s for s in (10, 50) if s < timesteps] or [max(1, timesteps // 2)]
    slow = SamplerSettings(sampler="ddpm", guidance=guidance)
    return make_grid(timesteps, few, guidance=guidance, also=(*also, slow))


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
