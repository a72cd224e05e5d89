"""Steps chosen by dynamic programming: against all choices, and against the samplers themselves."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch
from torch import Tensor

from spritelab.diffusion import Schedule, Trajectories, best_times, dpm_steps, trajectories
from spritelab.diffusion.calibration import END, LEG, POWER, VISIBLE
from spritelab.diffusion.times import pairs_of

SCHEDULE = Schedule.cosine()
BARS = oracle.alpha_bars_of(oracle.cosine_betas())
SHAPE = (3, 2, 4)
TIMES = tuple(t for t, _ in SCHEDULE.pairs(9, "logsnr"))


def points() -> oracle.Array:
    return np.random.default_rng(1).uniform(-1, 1, (20, math.prod(SHAPE)))


@pytest.fixture(scope="module")
def walks() -> list[tuple[Tensor, Tensor, Tensor]]:
    """To sprites of a finite set, by its ideal ε̂, in two batches; the leg is no leg."""
    predict = oracle.as_torch(oracle.ideal_eps(BARS, points()))
    found = []
    for seed in (1, 2):
        x_T = oracle.draw((5, *SHAPE), 1, seed, torch.float64)[0]
        steps = list(dpm_steps(predict, SCHEDULE, x_T, pairs=pairs_of(TIMES), clip=False))
        x = torch.stack([x_T, *(step.x for step in steps)])
        found.append((x, torch.stack([step.x0_hat for step in steps]), x_T.expand_as(x[:-1])))
    return found


@pytest.fixture(scope="module")
def known(walks: list[tuple[Tensor, Tensor, Tensor]]) -> Trajectories:
    return trajectories(walks, TIMES, [SCHEDULE.alpha_bar(t) for t in TIMES])


def ddim(x: oracle.Array, x0: oracle.Array, t: int, t_prev: int) -> oracle.Array:
    bar, bar_prev = (oracle.alpha_bar_at(BARS, one) for one in (t, t_prev))
    eps = (x - np.sqrt(bar) * x0) / np.sqrt(1 - bar)
    moved: oracle.Array = np.sqrt(bar_prev) * x0 + np.sqrt(1 - bar_prev) * eps
    return moved


def test_costs_are_the_errors_of_single_steps(
    known: Trajectories, walks: list[tuple[Tensor, Tensor, Tensor]]
) -> None:
    """Each compared with the step itself, taken from the teacher's x with the teacher's x̂_0."""
    x = np.concatenate([one.numpy() for one, _, _ in walks], axis=1)
    x0 = np.concatenate([one.numpy() for _, one, _ in walks], axis=1)
    ends, costs = (*TIMES, -1), known.step_costs()
    for j, k in combinations(range(10), 2):
        noise = 1 - oracle.alpha_bar_at(BARS, ends[k]) + VISIBLE**2
        weight = (END**2 if k == 9 else 1) / noise**POWER
        error = ddim(x[j], x0[j], ends[j], ends[k]) - x[k]
        assert costs[j, k] == pytest.approx(weight * (error**2).mean(), abs=1e-10)
    assert np.isinf(costs[4, :5]).all()


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 9])
def test_no_other_choice_costs_less(known: Trajectories, steps: int) -> None:
    costs = known.step_costs()
    begin = LEG**2 * known.first * known.weights[:-1]

    def total(chosen: tuple[int, ...]) -> float:
        return float(begin[chosen[0]] + sum(costs[one] for one in pairwise((*chosen, 9))))

    least = min(combinations(range(9), steps), key=total)
    found = best_times(known, steps)
    assert total(tuple(TIMES.index(t) for t in found)) == pytest.approx(total(least))
    assert len(found) == steps
    assert all(a > b for a, b in pairwise(found))


def test_a_perfect_first_leg_is_made_use_of(known: Trajectories) -> None:
    perfect = Trajectories(known.times, known.alpha_bars, known.products, np.zeros(9))
    assert best_times(perfect, 3)[0] < best_times(known, 3)[0]
