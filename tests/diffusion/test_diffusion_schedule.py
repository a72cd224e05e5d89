"""``Schedule`` against closed forms, published values and bad settings."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch

from spritelab.diffusion import Schedule
from spritelab.errors import SettingsError

SCHEDULES: dict[str, Callable[[], Schedule]] = {
    "linear": Schedule.linear,
    "cosine": Schedule.cosine,
    "sigmoid": Schedule.sigmoid,
    "linear-100": lambda: Schedule.linear(timesteps=100),
    "cosine-50": lambda: Schedule.cosine(timesteps=50),
}


@pytest.fixture(params=SCHEDULES)
def schedule(request: pytest.FixtureRequest) -> Schedule:
    return SCHEDULES[request.param]()


def test_the_three_vectors_agree(schedule: Schedule) -> None:
    T = schedule.timesteps
    for vector in (schedule.betas, schedule.alphas, schedule.alpha_bars):
        assert vector.dtype == torch.float64
        assert vector.shape == (T,)
    np.testing.assert_array_equal(schedule.alphas.numpy(), 1 - schedule.betas.numpy())
    # Extended precision, so that the reference product is the more exact of the two.
    product = np.cumprod(schedule.alphas.numpy().astype(np.longdouble))
    np.testing.assert_allclose(schedule.alpha_bars.numpy(), product.astype(float), rtol=1e-12)
    assert bool((schedule.alpha_bars.diff() < 0).all())


def test_one_step_at_a_time_gives_the_marginal(schedule: Schedule) -> None:
    """Equation 4 of Ho et al.: T draws from q(x_t | x_{t-1}) leave variance 1 - ᾱ_t."""
    variance = 0.0
    for beta, alpha_bar in zip(schedule.betas.tolist(), schedule.alpha_bars.tolist(), strict=True):
        variance = (1 - beta) * variance + beta
        assert variance == pytest.approx(1 - alpha_bar, rel=1e-10)


def test_linear_is_ho_et_al() -> None:
    schedule = Schedule.linear()
    assert schedule.timesteps == 1000
    np.testing.assert_allclose(schedule.betas.numpy(), oracle.linear_betas(), rtol=1e-13)
    assert schedule.betas[0].item() == pytest.approx(1e-4, rel=1e-13)
    assert schedule.betas[-1].item() == pytest.approx(0.02, rel=1e-13)


def test_cosine_is_nichol_and_dhariwal() -> None:
    schedule = Schedule.cosine()
    np.testing.assert_allclose(schedule.betas.numpy(), oracle.cosine_betas(), rtol=1e-9)
    assert schedule.betas.max().item() == 0.999
    # Where no β is clipped, ᾱ is the closed form itself.
    grid = np.arange(1, 1000) / 1000
    cosine = np.cos((grid + 0.008) / 1.008 * np.pi / 2) ** 2
    start = math.cos(0.008 / 1.008 * math.pi / 2) ** 2
    np.testing.assert_allclose(schedule.alpha_bars[:-1].numpy(), cosine / start, rtol=1e-9)


@pytest.mark.parametrize(("start", "end", "tau"), [(-3.0, 3.0, 1.0), (0.0, 3.0, 0.7)])
def test_sigmoid_is_jabri_et_al(start: float, end: float, tau: float) -> None:
    schedule = Schedule.sigmoid(start=start, end=end, tau=tau)
    expected = oracle.sigmoid_alpha_bars(1000, start, end, tau)
    np.testing.assert_allclose(schedule.alpha_bars[:-1].numpy(), expected[:-1], rtol=1e-9)
    assert schedule.betas[-1].item() == 0.999  # γ(1) = 0 would need β = 1


@pytest.mark.parametrize(
    ("betas", "snr", "signal"),
    [
        pytest.param(Schedule.linear().betas, 4.035993e-05, 0.006353, id="linear"),
        pytest.param(Schedule.cosine().betas, 2.428735e-09, 4.928220e-05, id="cosine"),
        pytest.param(
            torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2,
            0.004682,
            0.068265,
            id="stable-diffusion",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:the schedule leaves signal")
def test_published_terminal_noise(betas: torch.Tensor, snr: float, signal: float) -> None:
    """Lin et al. 2023 (arXiv 2305.08891), table 1: SNR(T) and √ᾱ_T, printed from float32."""
    last = Schedule.from_betas(betas).alpha_bars[-1].item()
    assert last / (1 - last) == pytest.approx(snr, rel=1e-4)
    assert math.sqrt(last) == pytest.approx(signal, rel=1e-4)


def test_from_betas_takes_them_as_they_are() -> None:
    betas = torch.tensor([0.1, 0.5, 0.998], dtype=torch.float64)
    schedule = Schedule.from_betas(betas)
    assert schedule.betas.tolist() == betas.tolist()
    np.testing.assert_allclose(schedule.alpha_bars.numpy(), [0.9, 0.45, 0.0009], rtol=1e-12)


def test_a_schedule_does_not_change_with_the_tensor_it_came_from() -> None:
    betas = torch.tensor([0.5, 0.9999], dtype=torch.float64)
    schedule = Schedule.from_betas(betas)
    betas.zero_()
    assert schedule.betas.tolist() == [0.5, 0.9999]


def test_a_schedule_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Schedule.linear().betas = torch.zeros(3)  # type: ignore[misc]


@pytest.mark.parametrize("timesteps", [25, 50, 100, 250, 500, 2000, 4000])
def test_other_timesteps_keep_the_terminal_noise(timesteps: int) -> None:
    """Σβ stays 10.05, so that ᾱ_T ≤ exp(-10.05) for any T: log(1-β) ≤ -β."""
    schedule = Schedule.linear(timesteps=timesteps)
    assert schedule.timesteps == timesteps
    assert schedule.betas.sum().item() == pytest.approx(10.05, rel=1e-12)
    assert schedule.alpha_bars[-1].item() <= math.exp(-10.05)
    # The noise in x_T keeps its standard deviation to 4 digits.
    noise = math.sqrt(1 - schedule.alpha_bars[-1].item())
    reference = math.sqrt(1 - Schedule.linear().alpha_bars[-1].item())
    assert noise == pytest.approx(reference, abs=5e-5)


def test_many_timesteps_approach_the_continuous_process() -> None:
    """ᾱ(u) = exp(-½u²(β_max - β_min) - uβ_min) with β from 0.1 to 20: Song et al. 2021, eq. 29."""
    schedule = Schedule.linear(timesteps=20_000)
    u = np.arange(1, 20_001) / 20_000
    log_alpha_bar = -0.5 * u**2 * (20 - 0.1) - u * 0.1
    np.testing.assert_allclose(schedule.alpha_bars.log().numpy(), log_alpha_bar, atol=5e-3)


def test_left_over_signal_warns() -> None:
    """The known slip: T = 500 with the β meant for T = 1000 leaves 8 % of the signal's variance."""
    with pytest.warns(UserWarning, match="signal"):
        schedule = Schedule.from_betas(torch.linspace(1e-4, 0.02, 500, dtype=torch.float64))
    assert schedule.alpha_bars[-1].item() == pytest.approx(0.0064, abs=2e-3)


@pytest.mark.parametrize("timesteps", [10, 50, 100, 500, 1000, 4000])
@pytest.mark.parametrize("make", [Schedule.linear, Schedule.cosine, Schedule.sigmoid])
def test_the_usual_schedules_do_not_warn(make: Callable[..., Schedule], timesteps: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert make(timesteps=timesteps).alpha_bars[-1] < 1e-3


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Schedule.linear(timesteps=0), id="linear T=0"),
        pytest.param(lambda: Schedule.linear(timesteps=-5), id="linear T<0"),
        pytest.param(lambda: Schedule.cosine(timesteps=0), id="cosine T=0"),
        pytest.param(lambda: Schedule.sigmoid(timesteps=0), id="sigmoid T=0"),
        pytest.param(lambda: Schedule.linear(beta_start=0.0), id="beta_start=0"),
        pytest.param(lambda: Schedule.linear(beta_end=1.0), id="beta_end=1"),
        pytest.param(lambda: Schedule.linear(beta_start=-0.1), id="beta_start<0"),
        pytest.param(lambda: Schedule.linear(beta_end=math.nan), id="beta_end=nan"),
        pytest.param(lambda: Schedule.sigmoid(tau=0.0), id="tau=0"),
        pytest.param(lambda: Schedule.sigmoid(start=3.0, end=-3.0), id="sigmoid upside down"),
        pytest.param(lambda: Schedule.from_betas(torch.tensor([])), id="no beta"),
        pytest.param(lambda: Schedule.from_betas(torch.tensor([0.5, 0.0])), id="beta 0"),
        pytest.param(lambda: Schedule.from_betas(torch.tensor([0.5, 1.0])), id="beta 1"),
        pytest.param(lambda: Schedule.from_betas(torch.tensor([0.5, math.nan])), id="beta nan"),
        pytest.param(lambda: Schedule.from_betas(torch.full((2, 2), 0.5)), id="a matrix"),
    ],
)
def test_bad_settings_are_refused_in_one_line(make: Callable[[], Schedule]) -> None:
    with pytest.raises(SettingsError) as caught:
        make()
    message = str(caught.value)
    assert message
    assert "\n" not in message
    assert isinstance(caught.value, ValueError)
