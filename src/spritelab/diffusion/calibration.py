"""Which steps to visit, chosen for one model by dynamic programming over its own trajectories.

Source: Chen et al. 2024 (GITS, "On the trajectory regularity of ODE-based diffusion sampling"). A
teacher walks the flow in many steps t_0 > … > t_{N-1}. Whether few steps follow it is known without
a further evaluation: the step from x at t_j to t_k, made with the teacher's own x̂_0, ends so far
from the teacher's x at t_k, and the chain of n steps whose costs add up to least is found by
dynamic programming.

Two things are done otherwise than there. Errors of x_t are squared and count the more, the less
noise there is (``POWER``). And two of them weigh more yet: that of the first leg (``LEG``), and
that of the last step, which ends clean (``END``). What goes wrong between leads to another sprite,
which is as good; what is too near to the mean at the start, or not sharp at the end, is worse. With
all errors alike, or with the cost of DPM-Solver++'s own step for it, chains end nearer to their
teacher, and their sprites are worse (``docs/log.md``). The step is that of DDIM.

All that is needed of the trajectories are the inner products of their x and x̂_0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

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

    def step_costs(self) -> Costs:
        """What each step of DDIM with η = 0 costs, float64 ``[N, N+1]``: from j to k > j, else ∞.

        It is the weighted mean squared error of where it ends, x_k - (ρ·x_j + b·x̂_0,j), times
        ``END``² where that is clean.
        """
        n = len(self.times)
        signal, noise = np.sqrt(self.alpha_bars), np.sqrt(1 - self.alpha_bars)
        costs = np.full((n, n + 1), np.inf)
        for j in range(n):
            k = np.arange(j + 1, n + 1)
            kept = noise[k] / noise[j]
            w = np.stack([np.ones(len(k)), -kept, -(signal[k] - kept * signal[j])], axis=-1)
            at = np.stack([k, np.full(len(k), j), np.full(len(k), n + 1 + j)], axis=-1)
            between = self.products[at[:, :, None], at[:, None, :]]
            squares = np.einsum("kp,kpq,kq->k", w, between, w).clip(min=0)
            costs[j, k] = squares * np.where(k == n, END**2, 1.0) * self.weights[k]
        return costs

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


def best_times(known: Trajectories, steps: int) -> tuple[int, ...]:
    """The ``steps`` of the trajectories' times whose chain costs least, descending.

    A chain begins anywhere: what leads there costs ``LEG``² times ``known.first``, and no
    evaluation.

    Args:
        known: the trajectories.
        steps: n, at most as many as there are times.
    """
    n, costs = len(known.times), known.step_costs()
    least = LEG**2 * known.first * known.weights[:-1]  # of chains that have come to each step
    came_from = []
    for _ in range(steps - 1):
        longer = least[:, None] + costs[:, :n]
        came_from.append(longer.argmin(axis=0))
        least = longer.min(axis=0)
    path = [int((least + costs[:, n]).argmin())]
    for before in reversed(came_from):
        path.append(int(before[path[-1]]))
    return tuple(known.times[at] for at in reversed(path))
