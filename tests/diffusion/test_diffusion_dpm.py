"""DPM-Solver++(2M) against the paper and diffusers, and what it promises its consumers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch
from torch import Tensor

from spritelab.diffusion import Schedule, Spacing, Step, ddim_steps, dpm_steps
from spritelab.errors import SettingsError

SHAPE = (2, 3, 4, 4)
SCHEDULES = {"linear": Schedule.linear(), "cosine": Schedule.cosine()}
BETAS = {"linear": oracle.linear_betas(), "cosine": oracle.cosine_betas()}
ALPHA_BARS = {name: oracle.alpha_bars_of(betas) for name, betas in BETAS.items()}
NETWORKS = {name: oracle.network_eps(bars, dimensions=48) for name, bars in ALPHA_BARS.items()}
PREDICT = oracle.as_torch(NETWORKS["linear"])

schedules = pytest.mark.parametrize("name", ["linear", "cosine"])
spacings = pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])
clips = pytest.mark.parametrize("clip", [True, False], ids=["clip", "no-clip"])


def noise(shape: tuple[int, ...] = SHAPE, dtype: torch.dtype = torch.float64) -> Tensor:
    return oracle.draw(shape, 1, 51, dtype)[0]


def final(run: Iterator[Step]) -> Tensor:
    *_, last = run
    return last.x


def is_first_order(bars: oracle.Array, pairs: oracle.Pairs, i: int) -> bool:
    """Whether step i is the first, the last or more than twice as long as the one before."""
    if i in (0, len(pairs) - 1):
        return True
    before, now, after = (oracle.log_snr_at(bars, t) for t in (pairs[i - 1][0], *pairs[i]))
    return after - now > 2 * (now - before)


@schedules
@spacings
@clips
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 20, 50])
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-9), (torch.float32, 2e-5)])
def test_every_step_is_the_paper_s(
    name: str, spacing: Spacing, clip: bool, steps: int, dtype: torch.dtype, bound: float
) -> None:
    x_T, pairs = noise(dtype=dtype), oracle.reference_pairs(1000, steps, spacing, ALPHA_BARS[name])
    expected = oracle.reference_dpm(
        NETWORKS[name], ALPHA_BARS[name], x_T.double().numpy(), pairs, clip
    )
    predict = oracle.as_torch(NETWORKS[name])
    run = dpm_steps(predict, SCHEDULES[name], x_T, steps, spacing, clip)
    for step, x, pair in zip(run, expected, pairs, strict=True):
        assert (step.t, step.t_prev) == pair
        assert (step.x.dtype, step.x.shape) == (dtype, SHAPE)
        assert oracle.relative_error(step.x, x) <= bound, f"step {pair}"


def three_steps(alpha_bars: list[float]) -> list[Step]:
    """A run from x_T = 2 over three steps of these ᾱ, in which x̂_0 is 0.4, then -0.2, then 0.7."""
    bars, guesses = torch.tensor(alpha_bars, dtype=torch.float64), [0.7, -0.2, 0.4]
    with pytest.warns(UserWarning, match="leaves signal"):
        schedule = Schedule.from_betas(1 - bars / torch.cat([torch.ones(1), bars[:-1]]))

    def predict(x: Tensor, t: Tensor) -> Tensor:
        signal, noise = bars[t].sqrt(), (1 - bars[t]).sqrt()
        return (x - signal * guesses[int(t)]) / noise

    return list(dpm_steps(predict, schedule, torch.full((1, 1, 1, 1), 2.0).double(), 3))


def test_three_steps_written_out() -> None:
    """Numbers to check by hand: ᾱ = 0.9, 0.5, 0.1 give λ = log 3, 0, -log 3, and so r = 1."""
    first, second, third = (step.x.item() for step in three_steps([0.9, 0.5, 0.1]))
    # √(0.5/0.9)·2 - √0.5·(1/3 - 1)·0.4: first order
    assert first == pytest.approx(math.sqrt(5) / 3 * 2 + math.sqrt(0.5) * 2 / 3 * 0.4, rel=1e-12)
    # √(0.1/0.5)·x - √0.9·(1/3 - 1)·(3/2·(-0.2) - 1/2·0.4)
    assert second == pytest.approx(first / math.sqrt(5) + math.sqrt(0.9) * 2 / 3 * -0.5, rel=1e-12)
    assert third == pytest.approx(0.7, rel=1e-12)


@pytest.mark.parametrize(("r", "line"), [(0.49, 0.0), (0.51, 1.0), (2.0, 1.0)])
def test_a_step_more_than_twice_as_long_is_of_first_order(r: float, line: float) -> None:
    """λ = -r·h, 0, h, with ᾱ = 1/(1 + e^(-2λ))."""
    h = 1.5
    first, second, _ = three_steps([1 / (1 + math.exp(-2 * lam)) for lam in (h, 0.0, -r * h)])
    signal, noise = (1 + math.exp(-2 * h)) ** -0.5, (1 + math.exp(2 * h)) ** -0.5
    ahead = -0.2 + line * (-0.2 - 0.4) / (2 * r)
    expected = noise / math.sqrt(0.5) * first.x.item() + signal * (1 - math.exp(-h)) * ahead
    assert second.x.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@schedules
@spacings
@clips
@pytest.mark.parametrize("steps", [1, 2, 10, 20, 50])
def test_diffusers(name: str, spacing: Spacing, clip: bool, steps: int) -> None:
    """Its σ are float32, so float64 ones are put in; x still passes through float32 in a step.

    It leaves out only the last correction; ours are left out of longer steps too, which its count
    of the steps it may look back to does here. It has no clipping, so it is given x̂_0.
    """
    kind: Any = pytest.importorskip(
        "diffusers.schedulers.scheduling_dpmsolver_multistep"
    ).DPMSolverMultistepScheduler
    bars = ALPHA_BARS[name]
    pairs = oracle.reference_pairs(1000, steps, spacing, ALPHA_BARS[name])
    theirs = kind(
        trained_betas=BETAS[name],
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        lower_order_final=False,
        final_sigmas_type="zero",
        prediction_type="sample" if clip else "epsilon",
    )
    theirs.set_timesteps(timesteps=[t for t, _ in pairs])
    visited = bars[[t for t, _ in pairs]]
    theirs.sigmas = torch.from_numpy(np.append(np.sqrt((1 - visited) / visited), 0))
    x, predict = noise(), oracle.as_torch(NETWORKS[name])
    run = dpm_steps(predict, SCHEDULES[name], x, steps, spacing, clip)
    for i, step in enumerate(run):
        if is_first_order(bars, pairs, i):
            theirs.lower_order_nums = 0
        output = predict(x, torch.full((SHAPE[0],), step.t))
        if clip:
            bar = bars[step.t]
            output = ((x - math.sqrt(1 - bar) * output) / math.sqrt(bar)).clamp(-1, 1)
        expected = theirs.step(output, step.t, x).prev_sample
        assert oracle.relative_error(step.x, expected.numpy()) < 1e-6
        x = step.x


@schedules
@spacings
@clips
@pytest.mark.parametrize("steps", [1, 2, 3, 20])
def test_a_first_order_step_is_ddim_s(name: str, spacing: Spacing, clip: bool, steps: int) -> None:
    """From the same x_t, equal where the order is first, and different where it is second."""
    pairs = oracle.reference_pairs(1000, steps, spacing, ALPHA_BARS[name])
    predict, x = oracle.as_torch(NETWORKS[name]), noise()
    x0_before = x
    for i, step in enumerate(dpm_steps(predict, SCHEDULES[name], x, steps, spacing, clip)):
        bar, bar_prev = (oracle.alpha_bar_at(ALPHA_BARS[name], t) for t in pairs[i])
        ddim = math.sqrt(bar_prev) * step.x0_hat + math.sqrt(1 - bar_prev) * step.eps_hat
        assert bar < bar_prev
        difference = oracle.relative_error(step.x, ddim.numpy())
        # The line through x̂_0 and the one before is flat where both were clipped to one corner.
        flat = clip and spacing == "logsnr" and torch.equal(step.x0_hat, x0_before)
        if flat or is_first_order(ALPHA_BARS[name], pairs, i):
            assert difference < 1e-12
        else:
            assert difference > 1e-7
        x, x0_before = step.x, step.x0_hat


@clips
def test_one_and_two_steps_are_ddim(clip: bool) -> None:
    for steps in (1, 2):
        dpm = final(dpm_steps(PREDICT, SCHEDULES["linear"], noise(), steps, "logsnr", clip))
        ddim = final(
            ddim_steps(PREDICT, SCHEDULES["linear"], noise(), steps, spacing="logsnr", clip=clip)
        )
        torch.testing.assert_close(dpm, ddim, rtol=1e-12, atol=1e-12)


@schedules
@spacings
def test_the_step_to_t_0_is_the_only_long_one(name: str, spacing: Spacing) -> None:
    """So ``trailing`` and ``logsnr``, which do not visit t = 0, are algorithm 2 as printed.

    ``logsnr`` up to 26 steps: from there on the noisiest t lie farther apart in λ than is wanted.
    """
    bars = ALPHA_BARS[name]
    for steps in range(4, 27 if spacing == "logsnr" else 51):
        pairs = oracle.reference_pairs(1000, steps, spacing, ALPHA_BARS[name])
        long = [pairs[i] for i in range(1, steps - 1) if is_first_order(bars, pairs, i)]
        assert [t_prev for _, t_prev in long] == ([0] if spacing in ("linspace", "leading") else [])


@spacings
def test_every_number_of_steps_ends_clean(spacing: Spacing) -> None:
    for steps in range(1, 26):
        short = Schedule.linear(timesteps=25)
        taken = list(dpm_steps(PREDICT, short, noise(), steps, spacing))
        assert [(step.t, step.t_prev) for step in taken] == short.pairs(steps, spacing)
        assert all(bool(step.x.isfinite().all()) for step in taken)
        assert torch.equal(taken[-1].x, taken[-1].x0_hat)


@clips
def test_x_and_the_two_predictions_agree(clip: bool) -> None:
    """The predictions are the network's own: the line through two of them stays inside."""
    x, largest = 3 * noise(), []
    for step in dpm_steps(PREDICT, SCHEDULES["linear"], x, 20, clip=clip):
        bar = ALPHA_BARS["linear"][step.t]
        again = math.sqrt(bar) * step.x0_hat + math.sqrt(1 - bar) * step.eps_hat
        torch.testing.assert_close(again, x, rtol=1e-9, atol=1e-9)
        largest.append(step.x0_hat.abs().max().item())
        x = step.x
    assert max(largest) == 1 if clip else max(largest) > 1


def test_one_evaluation_a_step_when_it_is_asked_for_and_no_noise() -> None:
    calls: list[int] = []

    def counting(x_t: Tensor, t: Tensor) -> Tensor:
        calls.append(int(t[0]))
        return PREDICT(x_t, t)

    untouched, x_T = torch.get_rng_state(), noise(dtype=torch.float32)
    before = x_T.clone()
    run = dpm_steps(counting, SCHEDULES["linear"], x_T)
    assert calls == []
    first = next(run)
    assert calls == [999] == [first.t]
    kept = [first, *run]
    visited = SCHEDULES["linear"].pairs(10, "logsnr")
    assert calls == [t for t, _ in visited], "10 steps, even in λ, unless told"
    assert torch.equal(torch.get_rng_state(), untouched)
    assert torch.equal(x_T, before)
    again = list(dpm_steps(PREDICT, SCHEDULES["linear"], x_T))
    for one, other in zip(kept, again, strict=True):
        assert torch.equal(one.x, other.x), "a yielded step stays as it was"


def test_no_graph_is_kept_and_the_consumer_keeps_its_gradients() -> None:
    weight = torch.ones(1, requires_grad=True)
    for step in dpm_steps(lambda x, t: weight * PREDICT(x, t), SCHEDULES["linear"], noise(), 4):
        assert not step.x.requires_grad
        assert torch.is_grad_enabled()


def test_a_sprite_is_the_same_in_any_batch() -> None:
    """Bit for bit, where the network treats sprites apart."""
    predict = oracle.as_torch(oracle.gaussian_eps(ALPHA_BARS["linear"], 0.1, 0.5))
    x_T = noise((5, 3, 4, 4), torch.float32)
    together = final(dpm_steps(predict, SCHEDULES["linear"], x_T, 12))
    cuts = (x_T[:1], x_T[1:3], x_T[3:])
    parts = [final(dpm_steps(predict, SCHEDULES["linear"], x, 12)) for x in cuts]
    assert torch.equal(torch.cat(parts), together)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "1 .* 1000"),
        ({"steps": 1001}, "1 .* 1000"),
        ({"spacing": "even"}, "linspace.*leading.*trailing"),
    ],
)
def test_bad_settings_are_refused_by_the_call_itself(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        dpm_steps(PREDICT, SCHEDULES["linear"], noise(), **settings)
    assert "\n" not in str(caught.value)
