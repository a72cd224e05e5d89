"""Which steps to visit, chosen for one model by dynamic programming over its own trajectories.

Source: Chen et al. 2024 (GITS, "On the trajectory regularity of ODE-based diffusion sampling"). A
teacher walks the flow in many steps t_0 > … > t_{N-1}. Whether few steps follow it is known without
a further evaluation: the step from x at t_j to t_k, made with the teacher's own x̂_0, ends so far
from the teacher's x at t_k, and the chain of n steps whose costs add up to least is found by
dynamic programming.

Three things are done otherwise than there. The step may be that of DPM-Solver++, whose cost depends
on the step before, too. Errors of x_t are squared and count the more, the less noise there is
(``POWER``). And two of them weigh more yet: that of the first leg (``LEG``), and that of the last
step, which ends clean (``END``). What goes wrong between leads to another sprite, which is as good;
what is too near to the mean at the start, or not sharp at the end, is worse. With all errors alike, chains end nearer to their teacher, and their sprites are
worse (``docs/log.md``).

All that is needed of the trajectories are the inner products of their x and x̂_0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spritelab.diffusion.times import half_log_snr

LEG, END = 4.0, 3.0
"""What an error of the first leg, and of the last step, weighs more than any other."""

POWER, VISIBLE = 0.5, 0.125
"""An error of x_t counts in units of (1-ᾱ_t + VISIBLE²)^(POWER/2)."""

Costs = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """What is kept of a teacher's walks along one chain.

    Attributes:
        times: t_0 > … > t_{N-1}, the steps that were visited.
        alpha_bars: ᾱ of them and, last, 1: float64 ``[N+1]``.
        products: mean inner products of x at each of them, of the clean end, and of x̂_0 at each of
            them, over the number of values: float64 ``[2N+1, 2N+1]``.
        first: mean squared difference from x at each of them of what a first leg leads to,
            float64 ``[N]``.
    """

    times: tuple[int, ...]
    alpha_bars: NDArray[np.float64]
    products: NDArray[np.float64]
    first: NDArray[np.float64]

    def step_costs(self, second_order: bool) -> Costs:
        """What each step costs, float64 ``[N, N, N+1]``: from j to k > j, the step before from i.

        The weighted mean squared error of where it ends, times ``END``² where that is clean.
        i = j says that there was none before; ∞ where there is no such step. A step of
        DPM-Solver++ where ``second_order``, else one of DDIM with η = 0.
        """
        n = len(self.times)
        costs = np.full((n, n, n + 1), np.inf)
        for j in range(n):
            before, after = np.arange(j + 1)[:, None], np.arange(j + 1, n + 1)[None]
            costs[: j + 1, j, j + 1 :] = self._costs_from(j, before, after, second_order)
        return costs

    def _costs_from(
        self, j: int, i: NDArray[np.int64], k: NDArray[np.int64], second_order: bool
    ) -> Costs:
        """Of the steps from j: mean square of x_k - (ρ·x_j + b·((1+c)·x̂_0,j - c·x̂_0,i))."""
        n = len(self.times)
        lambdas = np.array([half_log_snr(ab) for ab in self.alpha_bars])
        signal, noise = np.sqrt(self.alpha_bars), np.sqrt(1 - self.alpha_bars)
        kept = noise[k] / noise[j]
        gained = signal[k] - kept * signal[j]
        ahead = np.zeros(np.broadcast_shapes(i.shape, k.shape))
        if second_order:
            with np.errstate(invalid="ignore", divide="ignore"):
                r = (lambdas[j] - lambdas[i]) / (lambdas[k] - lambdas[j])
                ahead = np.where((r >= 0.5) & np.isfinite(lambdas[k]), 1 / (2 * r), 0.0)
        shape = ahead.shape
        weights = [np.ones(shape), -kept, -gained * (1 + ahead), gained * ahead]
        places = [k, np.array(j), np.array(n + 1 + j), n + 1 + i]
        w = np.stack([np.broadcast_to(one, shape) for one in weights], axis=-1)
        at = np.stack([np.broadcast_to(one, shape) for one in places], axis=-1)
        squares = np.einsum(
            "...p,...pq,...q", w, self.products[at[..., :, None], at[..., None, :]], w
        )
        found: Costs = squares.clip(min=0) * np.where(k == n, END**2, 1.0) * self.weights[k]
        return found

    @property
    def weights(self) -> NDArray[np.float64]:
        """What a squared error counts at each step, and at the clean end: float64 ``[N+1]``."""
        found: NDArray[np.float64] = (1 - self.alpha_bars + VISIBLE**2) ** -POWER
        return found


def trajectories(
    walks: list[tuple[Tensor, Tensor, Tensor]], times: tuple[int, ...], alpha_bars: list[float]
) -> Trajectories:
    """What is kept of walks along ``times``.

    Args:
        walks: for each batch, x at every step and, last, x̂_0 of the last one, float
            ``[N+1,B,C,H,W]``; x̂_0 at every step, ``[N,B,C,H,W]``; and what a first leg makes of
            x_T at every step, ``[N,B,C,H,W]``.
        times: t_0 > … > t_{N-1}.
        alpha_bars: ᾱ of them.
    """
    n = len(times)
    products, first, values = np.zeros((2 * n + 1, 2 * n + 1)), np.zeros(n), 0
    for x, x0_hat, led in walks:
        flat = torch.cat([x, x0_hat]).flatten(1)
        products += (flat @ flat.T).double().cpu().numpy()
        first += (led - x[:-1]).square().flatten(1).sum(dim=1).double().cpu().numpy()
        values += flat.shape[1]
    bars = np.array([*alpha_bars, 1.0])
    return Trajectories(times, bars, products / values, first / values)


def best_times(known: Trajectories, steps: int, costs: Costs) -> tuple[int, ...]:
    """The ``steps`` of the trajectories' times whose chain costs least, descending.

    A chain begins anywhere: what leads there costs ``LEG``² times ``known.first``, and no
    evaluation.

    Args:
        known: the trajectories.
        steps: n, at most as many as there are times.
        costs: of each step, ``known.step_costs``.
    """
    n = len(known.times)
    least = np.full((n, n), np.inf)  # of chains that have come to j, by way of i
    least[np.arange(n), np.arange(n)] = LEG**2 * known.first * known.weights[:-1]
    came_from = []
    for _ in range(steps - 1):
        longer = least[:, :, None] + costs[:, :, :n]
        came_from.append(longer.argmin(axis=0))
        least = longer.min(axis=0)
    i, j = np.unravel_index((least + costs[:, :, n]).argmin(), least.shape)
    path = [int(j)]
    for before in reversed(came_from):
        path.append(int(i))
        i, j = before[i, j], i
    return tuple(known.times[at] for at in reversed(path))
