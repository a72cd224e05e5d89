"""q_sample, and the conversions between ε, x_0 and v."""

from __future__ import annotations

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from spritelab.diffusion import (
    Schedule,
    eps_from_v,
    eps_from_x0,
    q_sample,
    v_from,
    x0_from_eps,
    x0_from_v,
)
from spritelab.errors import SettingsError

LINEAR = Schedule.linear()
COSINE = Schedule.cosine()


def batch(t: list[int], seed: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """x_0 in [-1, 1], t and ε for one small sprite per t."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(t), 3, 4, 4)
    x0 = torch.rand(shape, generator=generator, dtype=dtype) * 2 - 1
    return x0, torch.tensor(t), torch.randn(shape, generator=generator, dtype=dtype)


def test_q_sample_is_equation_4_for_every_sprite_of_a_batch() -> None:
    x0, t, eps = batch([0, 1, 499, 998, 999], seed=0, dtype=torch.float32)
    x_t = q_sample(LINEAR, x0, t, eps)
    assert x_t.dtype == torch.float32
    assert x_t.shape == x0.shape
    bars = np.cumprod(1 - oracle.linear_betas())[t.numpy()].reshape(-1, 1, 1, 1)
    expected = np.sqrt(bars) * x0.double().numpy() + np.sqrt(1 - bars) * eps.double().numpy()
    np.testing.assert_allclose(x_t.numpy(), expected, rtol=0, atol=5e-7)


def test_q_sample_statistics() -> None:
    """Over many ε, x_t has mean √ᾱ·x_0 and variance 1-ᾱ, to five standard errors."""
    n, x0 = 200_000, 0.7
    generator = torch.Generator().manual_seed(1)
    eps = torch.randn((n, 1, 1, 1), generator=generator)
    for t in (0, 250, 600, 999):
        x_t = q_sample(LINEAR, torch.full((n, 1, 1, 1), x0), torch.full((n,), t), eps).double()
        bar = LINEAR.alpha_bars[t].item()
        assert x_t.mean().item() == pytest.approx(bar**0.5 * x0, abs=5 * ((1 - bar) / n) ** 0.5)
        assert x_t.var().item() == pytest.approx(1 - bar, rel=5 * (2 / n) ** 0.5)


def test_the_clean_end() -> None:
    x0, t, eps = batch([-1, -1], seed=2, dtype=torch.float32)
    assert torch.equal(q_sample(LINEAR, x0, t, eps), x0)
    assert torch.equal(x0_from_eps(LINEAR, x0, t, eps), x0)


def test_t_beyond_the_schedule_is_refused() -> None:
    """Papers count from 1 to T; their t = T must not pass for a step of its own."""
    x0, t, eps = batch([1000], seed=2, dtype=torch.float32)
    with pytest.raises((IndexError, SettingsError)):
        q_sample(LINEAR, x0, t, eps)


def test_inputs_are_left_alone() -> None:
    tensors = batch([3, 700], seed=3, dtype=torch.float32)
    before = [tensor.clone() for tensor in tensors]
    x0, t, eps = tensors
    q_sample(LINEAR, x0, t, eps)
    v_from(LINEAR, x0, t, eps)
    x0_from_eps(LINEAR, x0, t, eps)
    eps_from_x0(LINEAR, x0, t, eps)
    x0_from_v(LINEAR, x0, t, eps)
    eps_from_v(LINEAR, x0, t, eps)
    assert all(torch.equal(a, b) for a, b in zip(tensors, before, strict=True))


@pytest.mark.parametrize("schedule", [LINEAR, COSINE], ids=["linear", "cosine"])
@given(
    t=st.lists(st.integers(0, 999), min_size=1, max_size=4),
    seed=st.integers(0, 2**32),
    double=st.booleans(),
)
def test_conversions_are_inverses(
    schedule: Schedule, t: list[int], seed: int, double: bool
) -> None:
    """Every way around ends where it began, up to rounding divided by the factor it undoes."""
    dtype = torch.float64 if double else torch.float32
    x0, steps, eps = batch(t, seed, dtype)
    x_t = q_sample(schedule, x0, steps, eps)
    v = v_from(schedule, x0, steps, eps)
    bars = schedule.alpha_bars[steps].view(-1, 1, 1, 1)
    rounding = 16 * torch.finfo(dtype).eps

    def close(got: Tensor, expected: Tensor, factor: Tensor | float) -> None:
        assert got.dtype == dtype
        assert bool(((got - expected).abs().double() <= rounding / factor).all())

    close(x0_from_eps(schedule, x_t, steps, eps), x0, bars.sqrt())
    close(eps_from_x0(schedule, x_t, steps, x0), eps, (1 - bars).sqrt())
    # v undoes nothing: a rotation loses no digits at either end of the schedule.
    close(x0_from_v(schedule, x_t, steps, v), x0, 1.0)
    close(eps_from_v(schedule, x_t, steps, v), eps, 1.0)
    close(x_t.square() + v.square(), x0.square() + eps.square(), 1.0 / 16)


def test_v_at_both_ends() -> None:
    """Salimans and Ho 2022: v is almost ε where x_t is clean, and almost -x_0 where it is noise."""
    x0, _, eps = batch([0, 0], seed=4, dtype=torch.float64)
    first, last = torch.tensor([0, 0]), torch.tensor([999, 999])
    assert (v_from(COSINE, x0, first, eps) - eps).abs().max() < 0.05
    assert (v_from(COSINE, x0, last, eps) + x0).abs().max() < 1e-3
