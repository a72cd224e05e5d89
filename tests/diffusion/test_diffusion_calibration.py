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


def step(
    x: oracle.Array, x0: oracle.Array, before: oracle.Array | None, at: tuple[int, ...]
) -> oracle.Array:
    """DDIM's, or where ``before`` is the x̂_0 of the step before that of DPM-Solver++(2M)."""
    *past, t, t_prev = at
    bar, bar_prev = (oracle.alpha_bar_at(BARS, one) for one in (t, t_prev))
    ahead = x0
    if before is not None and t_prev >= 0:
        lambdas = [oracle.log_snr_at(BARS, one) for one in (*past, t, t_prev)]
        r = (lambdas[1] - lambdas[0]) / (lambdas[2] - lambdas[1])
        ahead = x0 if r < 0.5 else x0 + (x0 - before) / (2 * r)
    eps = (x - np.sqrt(bar) * x0) / np.sqrt(1 - bar)
    moved: oracle.Array = np.sqrt((1 - bar_prev) / (1 - bar)) * x
    if before is None:
        moved = np.sqrt(bar_prev) * x0 + np.sqrt(1 - bar_prev) * eps
    else:
        kept = np.sqrt((1 - bar_prev) / (1 - bar))
        moved = kept * x + (np.sqrt(bar_prev) - kept * np.sqrt(bar)) * ahead
    return moved


def test_costs_are_the_errors_of_single_steps(
    known: Trajectories, walks: list[tuple[Tensor, Tensor, Tensor]]
) -> None:
    """Each compared with the step itself, taken from the teacher's x with the teacher's x̂_0."""
    x = np.concatenate([one.numpy() for one, _, _ in walks], axis=1)
    x0 = np.concatenate([one.numpy() for _, one, _ in walks], axis=1)
    ends = (*TIMES, -1)
    first, second = known.step_costs(False), known.step_costs(True)
    for j, k in combinations(range(10), 2):
        noise = 1 - oracle.alpha_bar_at(BARS, ends[k]) + VISIBLE**2
        weight = (END**2 if k == 9 else 1) / noise**POWER
        plain = step(x[j], x0[j], None, (ends[j], ends[k])) - x[k]
        for i in range(j + 1):
            assert first[i, j, k] == pytest.approx(weight * (plain**2).mean(), abs=1e-10)
            before = None if i == j else x0[i]
            past = () if i == j else (ends[i],)
            error = step(x[j], x0[j], before, (*past, ends[j], ends[k])) - x[k]
            assert second[i, j, k] == pytest.approx(weight * (error**2).mean(), abs=1e-10)
    assert np.isinf(first[3, 2]).all()
    assert np.isinf(first[:, 4, :5]).all()


@pytest.mark.parametrize("second_order", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 9])
def test_no_other_choice_costs_less(known: Trajectories, steps: int, second_order: bool) -> None:
    costs = known.step_costs(second_order)
    begin = LEG**2 * known.first * known.weights[:-1]

    def total(chosen: tuple[int, ...]) -> float:
        ends = (*chosen, 9)
        legs = [costs[ends[max(0, at - 1)], ends[at], ends[at + 1]] for at in range(steps)]
        return float(begin[chosen[0]] + sum(legs))

    least = min(combinations(range(9), steps), key=total)
    found = best_times(known, steps, costs)
    assert total(tuple(TIMES.index(t) for t in found)) == pytest.approx(total(least))
    assert len(found) == steps
    assert all(a > b for a, b in pairwise(found))


def test_a_perfect_first_leg_is_made_use_of(known: Trajectories) -> None:
    costs = known.step_costs(True)
    perfect = Trajectories(known.times, known.alpha_bars, known.products, np.zeros(9))
    assert best_times(perfect, 3, costs)[0] < best_times(known, 3, costs)[0]
