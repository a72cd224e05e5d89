"""Which of the T steps a sampler visits, as pairs (t, t_prev).

A sampler never works out the previous step by itself: for most numbers of steps the gaps differ by
one, and a guess is silently wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from spritelab.config import Spacing
from spritelab.errors import SettingsError

Pairs = Sequence[tuple[int, int]]
"""The steps of a chain in their order: from x at t to x at t_prev, where -1 is clean."""

LEAST_LAMBDA = -6.5
"""Where ``logsnr`` starts: with 0.15 % of signal. Beyond lies only what the largest β leaves."""

LAMBDA_LIMIT = 14.0
"""Beyond lies what rounding makes of ᾱ near 0 and 1; λ can be infinite there."""


def half_log_snr(alpha_bar: float) -> float:
    """λ = ½·log(ᾱ / (1-ᾱ)), half the logarithm of the signal-to-noise ratio.

    ∞ for ᾱ = 1 (clean), -∞ for ᾱ = 0. Source: Lu et al. 2022 (DPM-Solver), section 2.
    """
    if alpha_bar in (0, 1):
        return math.inf if alpha_bar else -math.inf
    return 0.5 * math.log(alpha_bar / (1 - alpha_bar))


def visited_steps(
    lambdas: NDArray[np.float64], steps: int, spacing: Spacing, start: float | None = None
) -> list[int]:
    """The steps t that are visited, descending; see ``Schedule.pairs``.

    Args:
        lambdas: λ_t for t = 0 … T-1, float64 ``[T]``, falling.
        steps: how many.
        spacing: how they are spread.
        start: the least λ that is visited; None visits all the way to T-1.

    Raises:
        SettingsError: if fewer than ``steps`` steps lie above ``start`` or the spacing is unknown.
    """
    T = len(lambdas) if start is None else int((lambdas >= start).sum())
    where = "the schedule's T" if start is None else f"the steps with λ ≥ {start:g}"
    if not 1 <= steps <= T:
        raise SettingsError(f"`steps` must lie in 1 … {T} ({where}), not {steps}")
    if spacing == "linspace":
        visited = np.linspace(0, T - 1, steps).round().astype(int) if steps > 1 else [T - 1]
    elif spacing == "leading":
        visited = [i * T // steps for i in range(steps)]
    elif spacing == "trailing":
        visited = [(i + 1) * T // steps - 1 for i in range(steps)]
    elif spacing == "logsnr":
        visited = _even_in_lambda(lambdas[:T], steps)
    else:
        raise SettingsError(
            f"unknown spacing {spacing!r}; choose one of {', '.join(get_args(Spacing))}"
        )
    return [int(t) for t in reversed(visited)]


def _even_in_lambda(lambdas: NDArray[np.float64], steps: int) -> list[int]:
    """The steps of ``logsnr``, ascending: those nearest to even values of λ, all different."""
    rising = -lambdas.clip(-LAMBDA_LIMIT, LAMBDA_LIMIT)
    wanted = np.linspace(rising[0], min(rising[-1], -LEAST_LAMBDA), steps + 1)[1:]
    nearest = np.searchsorted((rising[:-1] + rising[1:]) / 2, wanted)
    # Values of λ can lie closer than the steps do: there neighbours are taken, upwards first.
    order = np.arange(steps)
    apart = np.maximum.accumulate(nearest - order) + order
    return [int(t) for t in np.minimum(apart, len(lambdas) - steps + order)]


def nearest_steps(lambdas: NDArray[np.float64], wanted: Iterable[float]) -> list[int]:
    """The steps whose λ_t are nearest to ``wanted``, descending, each once.

    Args:
        lambdas: λ_t for t = 0 … T-1, float64 ``[T]``.
        wanted: values of λ, two of which may have one step.
    """
    return sorted({int(np.abs(lambdas - value).argmin()) for value in wanted}, reverse=True)


def pairs_of(times: Sequence[int]) -> list[tuple[int, int]]:
    """The chain that visits ``times`` (descending) and ends clean: [(t, t_prev), …, (t, -1)]."""
    return list(zip(times, [*times[1:], -1], strict=True))


def check_pairs(pairs: Pairs, timesteps: int, ascending: bool = False) -> list[tuple[int, int]]:
    """Return ``pairs`` as a list if a chain can walk along them.

    Args:
        pairs: (t, t_prev), each beginning where the one before ended.
        timesteps: T.
        ascending: allow chains that add noise; all steps of a chain go one way.

    Raises:
        SettingsError: if there are none, if one is out of range, and if they are no such chain.
    """
    pairs = [(int(t), int(t_prev)) for t, t_prev in pairs]
    if not pairs:
        raise SettingsError("a chain needs at least one pair (t, t_prev)")
    for t, t_prev in pairs:
        if not (0 <= t < timesteps and -1 <= t_prev < timesteps):
            raise SettingsError(
                f"pairs hold t in 0 … {timesteps - 1} and t_prev in -1 … {timesteps - 1}, "
                f"not ({t}, {t_prev})"
            )
    if any(one[1] != other[0] for one, other in pairwise(pairs)):
        raise SettingsError("each pair must begin at the step where the one before it ended")
    rising = [t < t_prev for t, t_prev in pairs]
    if any(t == t_prev for t, t_prev in pairs) or (any(rising) and not all(rising)):
        raise SettingsError("a chain goes one way: every pair must descend, or every one ascend")
    if any(rising) and not ascending:
        raise SettingsError("this sampler removes noise: t_prev must be less than t in every pair")
    return pairs
