"""The average of the weights against its closed form."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from spritelab.errors import SettingsError
from spritelab.training import PowerAverage, gamma_from_width

WIDTHS = [0.02, 0.05, 0.1, 0.2, 0.28]


def line(value: float) -> nn.Linear:
    net = nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(value)
    return net


def profile(width: float, n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Weight of each of n updates in the average, found by feeding unit impulses."""
    net = nn.Linear(n, 1, bias=False).double()
    net.weight.data.zero_()
    average = PowerAverage(net, width)
    for i in range(n):
        net.weight.data.zero_()
        net.weight.data[0, i] = 1
        average.update(net, i + 1)
    return average.weights["weight"][0].numpy()


@pytest.mark.parametrize("width", WIDTHS)
def test_update_i_of_n_weighs_as_its_power(width: float) -> None:
    """Karras et al. 2024, equation 121: p(i) ∝ i^γ. The recursion with β_n = (1 - 1/n)^(γ+1)
    gives i^(γ+1) - (i-1)^(γ+1), which is its integral over the update; the sum is exactly 1."""
    n, gamma = 400, gamma_from_width(width)
    got = profile(width, n)
    i = np.arange(1, n + 1) / n
    exact = i ** (gamma + 1) - (i - 1 / n) ** (gamma + 1)
    np.testing.assert_allclose(got, exact, rtol=1e-9, atol=1e-15)
    assert got.sum() == pytest.approx(1, abs=1e-12)
    power = (i - 0.5 / n) ** gamma
    recent = i > 0.5
    np.testing.assert_allclose(
        got[recent], (power / power.sum())[recent], rtol=2e-3 * (1 + gamma / 10)
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_profile_has_the_width_that_was_asked_for(width: float) -> None:
    n = 2000
    p = profile(width, n)
    i = (np.arange(n) + 0.5) / n
    mean = (p * i).sum()
    assert np.sqrt((p * (i - mean) ** 2).sum()) == pytest.approx(width, rel=1e-3)


@pytest.mark.parametrize("width", WIDTHS)
def test_gamma_solves_equation_126(width: float) -> None:
    gamma = gamma_from_width(width)
    assert gamma > 0
    assert (gamma + 1) / ((gamma + 2) ** 2 * (gamma + 3)) == pytest.approx(width**2, rel=1e-9)


def test_published_gammas() -> None:
    """Karras et al. 2024, section 3.1: widths 5 % and 10 % are γ ≈ 16.97 and 6.94."""
    assert gamma_from_width(0.05) == pytest.approx(16.97, abs=0.005)
    assert gamma_from_width(0.10) == pytest.approx(6.94, abs=0.005)


def test_width_zero_keeps_the_last_weights() -> None:
    average = PowerAverage(line(1), 0)
    for step, value in enumerate((2.0, 5.0, 3.0), start=1):
        average.update(line(value), step)
        assert average.weights["weight"].item() == value


def test_the_first_update_replaces_the_start() -> None:
    """Random weights from before training never count."""
    average = PowerAverage(line(1e9), 0.1)
    average.update(line(2), 1)
    assert average.weights["weight"].item() == 2


def test_the_average_is_a_copy() -> None:
    net = line(1)
    average = PowerAverage(net, 0.1)
    average.update(net, 1)
    net.weight.data.fill_(7)
    assert average.weights["weight"].item() == 1


def test_statistics_are_averaged_and_counters_copied() -> None:
    net = nn.BatchNorm1d(1)
    average = PowerAverage(net, 0.1)
    for step in (1, 2):
        assert net.running_mean is not None
        assert net.num_batches_tracked is not None
        net.running_mean.fill_(float(step))
        net.num_batches_tracked.fill_(10 * step)
        average.update(net, step)
    beta = 0.5 ** (gamma_from_width(0.1) + 1)
    assert average.weights["running_mean"].item() == pytest.approx(beta * 1 + (1 - beta) * 2)
    assert average.weights["num_batches_tracked"].item() == 20


def test_load_takes_over_every_weight() -> None:
    net = nn.BatchNorm1d(2)
    average, other = PowerAverage(net, 0.1), PowerAverage(nn.BatchNorm1d(2), 0.1)
    for value in other.weights.values():
        value.fill_(3)
    average.load(other.weights)
    assert all(bool((value == 3).all()) for value in average.weights.values())
    with pytest.raises(KeyError):
        average.load({})


@pytest.mark.parametrize("width", [-0.1, 0.0, 0.281, float("nan")])
def test_widths_that_no_power_has(width: float) -> None:
    with pytest.raises(SettingsError, match=r"must lie in \(0, 0.28\]"):
        gamma_from_width(width)
