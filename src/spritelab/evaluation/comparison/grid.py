"""Which settings are compared."""

from __future__ import annotations

from collections.abc import Sequence

from spritelab.diffusion import Variance
from spritelab.errors import SettingsError
from spritelab.generate.setting import Setting

STEPS = (5, 10, 20, 50, 100, 250, 1000)
ETAS = (0.0, 0.5, 1.0)
VARIANCES: tuple[Variance, ...] = ("posterior", "beta")


def make_grid(
    timesteps: int,
    steps: Sequence[int] | None = None,
    etas: Sequence[float] = ETAS,
    variances: Sequence[Variance] = VARIANCES,
    guidance: float = 1.0,
    also: Sequence[Setting] = (),
) -> tuple[Setting, ...]:
    """Every sampler at every number of steps, and the settings in ``also``, cheapest first.

    ``steps`` of None are those of ``STEPS`` below T, and T itself.

    Raises:
        SettingsError: for steps beyond T, and if nothing is left to compare.
    """
    if steps is None:
        steps = sorted({*(s for s in STEPS if s < timesteps), timesteps})
    if any(not 1 <= s <= timesteps for s in steps):
        raise SettingsError(f"this model has {timesteps} steps; --steps takes 1 … {timesteps}")
    grid = [
        setting
        for count in sorted(set(steps))
        for setting in (
            *(Setting.ddpm(count, variance, guidance) for variance in dict.fromkeys(variances)),
            *(Setting.ddim(count, eta, guidance) for eta in dict.fromkeys(etas)),
        )
    ]
    grid = sorted(dict.fromkeys([*grid, *also]), key=lambda setting: setting.steps)
    if len(distinct_settings(grid)) < 2:
        raise SettingsError("a comparison needs at least two settings; give more --steps or --eta")
    return tuple(grid)


def quick_grid(timesteps: int, guidance: float = 1.0) -> tuple[Setting, ...]:
    """A small grid for a first look on a CPU: few steps for all, all T for DDPM alone."""
    few = [s for s in (10, 50) if s < timesteps] or [max(1, timesteps // 2)]
    small = make_grid(timesteps, few, guidance=guidance)
    return (*small, Setting.ddpm(timesteps, "posterior", guidance))


def distinct_settings(grid: Sequence[Setting]) -> list[Setting]:
    """The settings that are to be drawn: those that are one chain (η = 1 and DDPM) once."""
    return list(dict.fromkeys(setting.same_chain for setting in grid))
