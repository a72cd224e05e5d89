"""The noise schedule: how much signal is left at every step t, and which steps a sampler visits.

| paper | code       | meaning                                                       |
|-------|------------|---------------------------------------------------------------|
| T     | timesteps  | number of steps                                               |
| β_t   | betas      | variance of the noise added by step t                         |
| α_t   | alphas     | 1 - β_t                                                       |
| ᾱ_t   | alpha_bars | Π α_s for s ≤ t: the share of the signal's variance left at t |

t runs from 0 (almost clean) to T-1 (noise); t = -1 means clean, where ᾱ is 1.
All three are float64 tensors of shape ``[T]``: products of a thousand factors lose digits in
float32. Values are cast to float32 only where they meet an image.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spritelab.config import ScheduleSettings, Spacing
from spritelab.diffusion.times import half_log_snr, pairs_of, visited_steps
from spritelab.errors import SettingsError

_REFERENCE_TIMESTEPS = 1000
"""Published values of β are for this T; other T scale them."""

_MAX_BETA = 0.999
"""Nichol and Dhariwal 2021, section 3.2: larger values make the last steps singular."""

_MAX_TERMINAL_SIGNAL = 1e-3
"""Above this ᾱ_T, x_T still shows x_0, and sampling from pure noise starts from the wrong place."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """β_t, α_t and ᾱ_t for t = 0 … T-1, each float64 ``[T]`` on the CPU.

    Raises:
        SettingsError: if ``betas`` is not a vector of at least one value inside (0, 1).

    Warns:
        UserWarning: if ᾱ at the last step is above 1e-3, so that signal is left in x_T.
    """

    betas: Tensor
    alphas: Tensor = field(init=False)
    alpha_bars: Tensor = field(init=False)
    _coefficients: dict[tuple[torch.device, torch.dtype], tuple[Tensor, Tensor]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        betas = torch.as_tensor(self.betas).to(torch.float64, copy=True).cpu()
        if betas.ndim != 1 or len(betas) == 0:
            raise SettingsError("a schedule needs a vector of at least one β")
        if not bool(((betas > 0) & (betas < 1)).all()):
            raise SettingsError("every β of a schedule must lie strictly between 0 and 1")
        object.__setattr__(self, "betas", betas)
        object.__setattr__(self, "alphas", 1.0 - betas)
        object.__setattr__(self, "alpha_bars", torch.cumprod(1.0 - betas, dim=0))
        if float(self.alpha_bars[-1]) > _MAX_TERMINAL_SIGNAL:
            warnings.warn(
                f"the schedule leaves signal at its last step (ᾱ_T = {self.alpha_bars[-1]:.3g}, "
                f"more than {_MAX_TERMINAL_SIGNAL:g}): samples that start from pure noise will "
                "be off; use more steps or larger β",
                stacklevel=3,
            )

    @classmethod
    def linear(
        cls, timesteps: int = 1000, beta_start: float = 1e-4, beta_end: float = 0.02
    ) -> Schedule:
        """β rises linearly. Source: Ho et al. 2020, section 4.

        ``beta_start`` and ``beta_end`` are meant for T = 1000. For another T they are multiplied
        by 1000/T (and held at 0.999 at most), so that x_T stays as noisy as it was.
        """
        _check_timesteps(timesteps)
        if not 0 < beta_start <= beta_end < 1:
            raise SettingsError(
                f"β must rise inside (0, 1), not from {beta_start} to {beta_end}; "
                "the usual values are 1e-4 and 0.02"
            )
        scale = _REFERENCE_TIMESTEPS / timesteps
        betas = torch.linspace(scale * beta_start, scale * beta_end, timesteps, dtype=torch.float64)
        return cls(betas.clamp(max=_MAX_BETA))

    @classmethod
    def cosine(cls, timesteps: int = 1000, s: float = 0.008) -> Schedule:
        """ᾱ follows a squared cosine. Source: Nichol and Dhariwal 2021, equation 17."""

        def alpha_bar(u: Tensor) -> Tensor:
            return torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2

        return cls._from_alpha_bar(alpha_bar(_unit_times(timesteps)))

    @classmethod
    def sigmoid(
        cls, timesteps: int = 1000, start: float = -3.0, end: float = 3.0, tau: float = 1.0
    ) -> Schedule:
        """ᾱ follows a sigmoid. Source: Jabri et al. 2022 (RIN), algorithm in the appendix."""
        if not (start < end and tau > 0):
            raise SettingsError(
                f"a sigmoid needs start < end and tau > 0, not {start}, {end}, {tau}"
            )
        u = _unit_times(timesteps)
        first, last = 1 / (1 + math.exp(-start / tau)), 1 / (1 + math.exp(-end / tau))
        value = torch.sigmoid((u * (end - start) + start) / tau)
        return cls._from_alpha_bar((last - value) / (last - first))

    @classmethod
    def from_betas(cls, betas: Tensor) -> Schedule:
        """Use ``betas`` ``[T]`` as they are, unscaled."""
        return cls(betas)

    @classmethod
    def _from_alpha_bar(cls, alpha_bars: Tensor) -> Schedule:
        """Turn ᾱ at the T + 1 times 0, 1/T, …, 1 into β_t = 1 - ᾱ_t / ᾱ_{t-1}, at most 0.999."""
        return cls((1 - alpha_bars[1:] / alpha_bars[:-1]).clamp(max=_MAX_BETA))

    @property
    def timesteps(self) -> int:
        """T."""
        return len(self.betas)

    def alpha_bar(self, t: int) -> float:
        """ᾱ_t for t = 0 … T-1, and 1 for t = -1 (clean)."""
        if not -1 <= t < self.timesteps:
            raise SettingsError(f"t must lie in -1 … {self.timesteps - 1}, not {t}")
        return 1.0 if t == -1 else float(self.alpha_bars[t])

    def signal_and_noise(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """√ᾱ_t and √(1-ᾱ_t) for a batch: the factors of x_0 and of ε in x_t.

        Args:
            t: int64 ``[B]``, each in -1 … T-1; -1 gives (1, 0).
            like: a tensor ``[B, …]`` whose dtype, device and rank the result takes.

        Returns:
            Two tensors of shape ``[B, 1, …, 1]``.
        """
        key = (like.device, like.dtype)
        if key not in self._coefficients:
            # The clean end, t = -1, sits first: t + 1 finds it, and t = T finds nothing.
            alpha_bars = torch.cat([torch.ones(1, dtype=torch.float64), self.alpha_bars])
            self._coefficients[key] = (
                alpha_bars.sqrt().to(like.dtype).to(like.device),
                (1 - alpha_bars).sqrt().to(like.dtype).to(like.device),
            )
        signal, noise = self._coefficients[key]
        shape = (-1,) + (1,) * (like.ndim - 1)
        return signal[t + 1].view(shape), noise[t + 1].view(shape)

    @cached_property
    def lambdas(self) -> NDArray[np.float64]:
        """λ_t = ½·log(ᾱ_t / (1-ᾱ_t)) for t = 0 … T-1, float64 ``[T]``: falling."""
        return np.array([half_log_snr(alpha_bar) for alpha_bar in self.alpha_bars.tolist()])

    def pairs(
        self, steps: int, spacing: Spacing = "linspace", start: float | None = None
    ) -> list[tuple[int, int]]:
        """The steps that a sampler visits, as (t, t_prev), descending; the last t_prev is -1.

        Args:
            steps: n in 1 … T.
            spacing: for i = 0 … n-1, ``linspace`` visits round(i·(T-1)/(n-1)) (T-1 for n = 1),
                ``leading`` i·T // n, ``trailing`` (i+1)·T // n - 1. The names are those of
                Lin et al. 2023, table 2. ``logsnr`` makes steps of equal length in
                λ = ½·log(ᾱ/(1-ᾱ)), from the noisy end to t = 0, as Lu et al. 2022 (DPM-Solver,
                section 3.4) do; the last step, from just before t = 0, goes on to clean. Of a
                schedule that goes beyond λ = -6.5 it takes what lies above.
            start: the least λ that is visited, so that T above is the number of steps with
                λ_t ≥ start; None goes all the way to the noise. Below λ = -3 there is less than
                5 % of signal in x_t, and pure noise can stand for it.

        Raises:
            SettingsError: if ``steps`` is outside 1 … T or ``spacing`` is unknown.
        """
        return pairs_of(visited_steps(self.lambdas, steps, spacing, start))


def build_schedule(settings: ScheduleSettings) -> Schedule:
    """Build the schedule that ``settings`` describe.

    Warns:
        UserWarning: if the schedule leaves signal at its last step.
    """
    if settings.name == "linear":
        return Schedule.linear(settings.timesteps)
    if settings.name == "cosine":
        return Schedule.cosine(settings.timesteps)
    return Schedule.sigmoid(settings.timesteps)


def _check_timesteps(timesteps: int) -> None:
    if timesteps < 1:
        raise SettingsError(f"a schedule needs at least 1 timestep, not {timesteps}")


def _unit_times(timesteps: int) -> Tensor:
    _check_timesteps(timesteps)
    return torch.linspace(0, 1, timesteps + 1, dtype=torch.float64)
