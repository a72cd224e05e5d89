"""One way of drawing: the sampler, its steps and its noise."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from spritelab.diffusion import Variance
from spritelab.errors import SettingsError
from spritelab.generate import Sampler


@dataclass(frozen=True)
class Setting:
    """How sprites are drawn; make one with ``Setting.ddpm`` or ``Setting.ddim``.

    Attributes:
        sampler: ``ddpm`` or ``ddim``.
        steps: how many of the T steps are visited (``linspace`` spacing).
        eta: η of DDIM, in [0, 1]; ``None`` for DDPM.
        variance: σ² of DDPM, ``posterior`` or ``beta``; ``None`` for DDIM.
        guidance: w of classifier-free guidance; 1 is without.
    """

    sampler: Sampler
    steps: int
    eta: float | None = None
    variance: Variance | None = None
    guidance: float = 1.0

    @classmethod
    def ddpm(cls, steps: int, variance: Variance = "posterior", guidance: float = 1.0) -> Setting:
        """DDPM over ``steps`` steps."""
        return cls("ddpm", _whole(steps), None, variance, guidance)

    @classmethod
    def ddim(cls, steps: int = 50, eta: float = 0.0, guidance: float = 1.0) -> Setting:
        """DDIM over ``steps`` steps."""
        if not 0 <= eta <= 1:
            raise SettingsError(f"eta must lie in [0, 1] (0: no noise, 1: as DDPM), not {eta}")
        return cls("ddim", _whole(steps), float(eta), None, guidance)

    @property
    def request(self) -> dict[str, Any]:
        """The arguments for ``Model.sample``."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @property
    def family(self) -> str:
        """The sampler in words, without its steps: ``DDIM, η = 0.5``."""
        if self.sampler == "ddim":
            return f"DDIM, η = {self.eta:g}"
        return "DDPM, β variance" if self.variance == "beta" else "DDPM"

    @property
    def name(self) -> str:
        """The setting in words: ``DDIM, η = 0.5, 50 steps``."""
        return f"{self.family}, {self.steps:,} {'step' if self.steps == 1 else 'steps'}"

    @property
    def same_chain(self) -> Setting:
        """The DDPM that this setting is, if it is one in disguise; else the setting itself.

        DDIM with η = 1 over any steps is DDPM with the posterior variance over the same steps:
        mean and variance of every step are equal (Song et al. 2020, section 4.1), and each sprite
        draws its noise from its own generator in the same order. Both are drawn once.
        """
        if self.sampler == "ddim" and self.eta == 1:
            return replace(self, sampler="ddpm", eta=None, variance="posterior")
        return self


def _whole(steps: int) -> int:
    if steps < 1:
        raise SettingsError(f"the number of steps must be at least 1, not {steps}")
    return steps
