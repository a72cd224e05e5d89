"""One way of drawing: the sampler, its steps and its noise."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self, get_args

from spritelab.config import Spacing, Variance
from spritelab.errors import SettingsError

Sampler = Literal["ddpm", "ddim", "dpm"]
"""DDPM, DDIM, or DPM-Solver++(2M)."""

DEFAULT_STEPS: dict[Sampler, int | None] = {"ddpm": None, "ddim": 50, "dpm": 10}
"""Steps where none are asked for; None is all T."""

DEFAULT_SPACING: dict[Sampler, Spacing] = {"ddpm": "linspace", "ddim": "linspace", "dpm": "logsnr"}
"""Which steps are visited where no spacing is asked for."""


@dataclass(frozen=True)
class Setting:
    """How sprites are drawn; make one with ``Setting.of``, ``.ddpm``, ``.ddim`` or ``.dpm``.

    Attributes:
        sampler: ``ddpm``, ``ddim`` or ``dpm``.
        steps: how many of the T steps are visited.
        eta: η of DDIM, in [0, 1]; ``None`` for the others.
        variance: σ² of DDPM, ``posterior`` or ``beta``; ``None`` for the others.
        guidance: w of classifier-free guidance; 1 is without.
        spacing: which steps are visited, see ``Schedule.pairs``.
        clip: hold x̂_0 in [-1, 1] at every step.

    Raises ``SettingsError`` for a value out of range.
    """

    sampler: Sampler
    steps: int
    eta: float | None = None
    variance: Variance | None = None
    guidance: float = 1.0
    spacing: Spacing = "linspace"
    clip: bool = True

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise SettingsError(f"the number of steps must be at least 1, not {self.steps}")
        if not math.isfinite(self.guidance):
            raise SettingsError(f"guidance must be a finite number, not {self.guidance}")

    @classmethod
    def of(
        cls,
        sampler: str,
        timesteps: int,
        steps: int | None = None,
        eta: float = 0.0,
        variance: str = "posterior",
        guidance: float = 1.0,
        spacing: str | None = None,
        clip: bool = True,
    ) -> Self:
        """The setting for a model of T = ``timesteps``, all values checked.

        ``steps`` of None are those of ``DEFAULT_STEPS``, or all T if these are fewer; ``spacing``
        of None is that of ``DEFAULT_SPACING``.

        Raises:
            SettingsError: for a value out of range, whether or not this sampler reads it, and for
                an η that it would not heed.
        """
        if sampler not in get_args(Sampler):
            raise SettingsError(
                f"unknown sampler {sampler!r}; choose one of {', '.join(get_args(Sampler))}"
            )
        _check_eta(eta)
        if spacing is None:
            spacing = DEFAULT_SPACING[sampler]  # type: ignore[index]
        for value, allowed, what in (
            (variance, Variance, "variance"),
            (spacing, Spacing, "spacing"),
        ):
            if value not in get_args(allowed):
                raise SettingsError(
                    f"unknown {what} {value!r}; choose one of {', '.join(get_args(allowed))}"
                )
        if eta and sampler != "ddim":
            raise SettingsError(f"eta belongs to the sampler ddim; {sampler} takes none")
        if steps is None:
            steps = min(DEFAULT_STEPS[sampler] or timesteps, timesteps)  # type: ignore[index]
        if not 1 <= steps <= timesteps:
            raise SettingsError(
                f"steps must lie in 1 … {timesteps} (the schedule's T), not {steps}"
            )
        return cls(
            sampler,  # type: ignore[arg-type]
            steps,
            float(eta) if sampler == "ddim" else None,
            variance if sampler == "ddpm" else None,  # type: ignore[arg-type]
            guidance,
            spacing,  # type: ignore[arg-type]
            clip,
        )

    @classmethod
    def ddpm(cls, steps: int, variance: Variance = "posterior", guidance: float = 1.0) -> Self:
        """DDPM over ``steps`` steps."""
        return cls("ddpm", steps, None, variance, guidance)

    @classmethod
    def ddim(cls, steps: int = 50, eta: float = 0.0, guidance: float = 1.0) -> Self:
        """DDIM over ``steps`` steps."""
        _check_eta(eta)
        return cls("ddim", steps, float(eta), None, guidance)

    @classmethod
    def dpm(cls, steps: int = 10, guidance: float = 1.0) -> Self:
        """DPM-Solver++(2M) over ``steps`` steps."""
        return cls("dpm", steps, None, None, guidance, DEFAULT_SPACING["dpm"])

    @property
    def nfe(self) -> int:
        """Network evaluations a sprite; guidance counts twice."""
        return self.steps * (1 if self.guidance in (0, 1) else 2)

    @property
    def request(self) -> dict[str, Any]:
        """The arguments for ``Model.sample``."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @property
    def family(self) -> str:
        """The sampler in words, without its steps: ``DDIM, η = 0.5``."""
        if self.sampler == "dpm":
            return "DPM-Solver++"
        if self.sampler == "ddim":
            return f"DDIM, η = {self.eta:g}"
        return "DDPM, β variance" if self.variance == "beta" else "DDPM"

    @property
    def name(self) -> str:
        """The setting in words: ``DDIM, η = 0.5, 50 steps``."""
        return f"{self.family}, {self.steps:,} {'step' if self.steps == 1 else 'steps'}"

    @property
    def same_chain(self) -> Self:
        """The DDPM that this setting is, if it is one in disguise; else the setting itself.

        DDIM with η = 1 over any steps is DDPM with the posterior variance over the same steps:
        mean and variance of every step are equal (Song et al. 2020, section 4.1), and each sprite
        draws its noise from its own generator in the same order. Both are drawn once.
        """
        if self.sampler == "ddim" and self.eta == 1:
            return replace(self, sampler="ddpm", eta=None, variance="posterior")
        return self


def _check_eta(eta: float) -> None:
    if not 0 <= eta <= 1:
        raise SettingsError(f"eta must lie in [0, 1] (0: no noise, 1: as DDPM), not {eta}")
