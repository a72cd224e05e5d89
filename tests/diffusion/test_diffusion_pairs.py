"""``Schedule.pairs``: which steps a sampler visits, for every number of steps."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spritelab.diffusion import Schedule, Spacing
from spritelab.errors import SettingsError

SPACINGS: tuple[Spacing, ...] = ("linspace", "leading", "trailing", "logsnr")


@cache
def even(timesteps: int) -> Schedule:
    """A schedule of any length with one β for all, ᾱ_T = 1e-4."""
    return Schedule.from_betas(torch.full((timesteps,), 1 - 1e-4 ** (1 / timesteps)))


def check(pairs: list[tuple[int, int]], timesteps: int, steps: int) -> None:
    """Hold what every list of pairs must be, whatever its spacing."""
    visited = [t for t, _ in pairs]
    assert len(pairs) == steps
    assert all(type(t) is int for pair in pairs for t in pair)
    assert timesteps > visited[0]
    assert visited[-1] >= 0
    assert all(later < earlier for earlier, later in pairwise(visited))
    assert [t_prev for _, t_prev in pairs] == [*visited[1:], -1]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("timesteps", [1, 2, 3, 10, 97, 100, 1000])
def test_every_number_of_steps_ends_clean(timesteps: int, spacing: Spacing) -> None:
    for steps in range(1, timesteps + 1):
        schedule = even(timesteps)
        pairs = schedule.pairs(steps, spacing)
        check(pairs, timesteps, steps)
        if spacing == "logsnr" and timesteps > 100 and steps % 37:
            continue  # the reference is slow
        bars = schedule.alpha_bars.numpy()
        assert pairs == oracle.reference_pairs(timesteps, steps, spacing, bars)


@given(st.data())
def test_any_schedule_and_any_number_of_steps(data: st.DataObject) -> None:
    timesteps = data.draw(st.integers(1, 3000))
    steps = data.draw(st.integers(1, timesteps))
    spacing = data.draw(st.sampled_from(SPACINGS))
    pairs = even(timesteps).pairs(steps, spacing)
    check(pairs, timesteps, steps)
    if spacing == "logsnr":
        return
    gaps = [t - t_prev for t, t_prev in pairs[:-1]]
    assert max(gaps, default=0) - min(gaps, default=0) <= 1, "the steps are spread evenly"
    if spacing == "linspace" and steps > 1:
        for i, (t, _) in enumerate(reversed(pairs)):
            assert abs(t - Fraction(i * (timesteps - 1), steps - 1)) <= Fraction(1, 2)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_all_steps_are_all_steps(spacing: Spacing) -> None:
    assert Schedule.linear().pairs(1000, spacing) == [(t, t - 1) for t in range(999, -1, -1)]


@pytest.mark.parametrize("steps", [1, 2, 7, 50, 999])
def test_where_each_spacing_starts_and_ends(steps: int) -> None:
    """linspace has both ends; trailing starts at pure noise; leading ends at the cleanest step."""
    schedule = Schedule.linear()
    assert schedule.pairs(steps)[0][0] == 999
    assert schedule.pairs(steps)[-1][0] == (0 if steps > 1 else 999)
    assert schedule.pairs(steps, "trailing")[0][0] == 999
    assert schedule.pairs(steps, "leading")[-1][0] == 0


@pytest.mark.parametrize("steps", [1, 2, 5, 10, 20])
@pytest.mark.parametrize("schedule", [Schedule.linear(), Schedule.cosine()])
def test_logsnr_makes_steps_of_equal_length_in_lambda(schedule: Schedule, steps: int) -> None:
    """As exactly as whole t can: λ moves by up to 0.7 from one t to the next at either end."""
    bars = schedule.alpha_bars.numpy()
    known = [oracle.log_snr_at(bars, t) for t in range(1000)]
    lambdas = [known[t] for t, _ in schedule.pairs(steps, "logsnr")]
    wanted = np.linspace(max(known[-1], -6.5), known[0], steps + 1)
    np.testing.assert_allclose(lambdas, wanted[:-1], atol=0.35)


def test_logsnr_bears_a_schedule_whose_ends_are_lost_to_rounding() -> None:
    """ᾱ of 1 and of 0 have an infinite λ."""
    schedule = Schedule.from_betas(
        torch.tensor([1e-18, 0.5, *[1 - 1e-12] * 40], dtype=torch.float64)
    )
    assert schedule.alpha_bar(0) == 1
    assert schedule.alpha_bar(41) == 0
    for steps in range(1, 43):
        check(schedule.pairs(steps, "logsnr"), 42, steps)


def test_worked_examples() -> None:
    """T = 10 in three steps, by hand."""
    schedule = even(10)
    assert schedule.pairs(3) == [(9, 4), (4, 0), (0, -1)]  # 4.5 rounds to the even 4
    assert schedule.pairs(3, "leading") == [(6, 3), (3, 0), (0, -1)]
    assert schedule.pairs(3, "trailing") == [(9, 5), (5, 2), (2, -1)]
    # ᾱ_t = 10^(-0.4 (t+1)): λ falls from -0.21 to -4.61. Wanted are -1.67, -3.14 and -4.61, and
    # t = 3 has -1.83, t = 6 has -3.22.
    assert schedule.pairs(3, "logsnr") == [(9, 6), (6, 3), (3, -1)]


def test_the_default_spacing_is_linspace() -> None:
    assert Schedule.linear().pairs(50) == Schedule.linear().pairs(50, "linspace")


def test_the_previous_step_cannot_be_guessed() -> None:
    """``t - T // n`` is the common guess; with 50 even steps from 999 to 0 it is mostly wrong."""
    pairs = Schedule.linear().pairs(50)
    wrong = sum(t_prev != t - 1000 // 50 for t, t_prev in pairs[:-1])
    assert wrong > 10


@pytest.mark.parametrize("steps", [0, -1, 1001])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_steps_out_of_range_are_refused(steps: int, spacing: Spacing) -> None:
    with pytest.raises(SettingsError, match=f"1 .* 1000.* {steps}"):
        Schedule.linear().pairs(steps, spacing)


@pytest.mark.parametrize("spacing", ["", "even", "Linspace", None])
def test_an_unknown_spacing_is_refused(spacing: Any) -> None:
    with pytest.raises(SettingsError, match=r"linspace.*leading.*trailing.*logsnr"):
        Schedule.linear().pairs(10, spacing)
