"""The heads: what a network's output means, and the loss that teaches it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusion_predictors import eps_of
from torch import Tensor

from spritelab.config import Regression
from spritelab.diffusion import (
    Schedule,
    VHead,
    X0Head,
    build_head,
    q_sample,
)
from spritelab.errors import SettingsError

LINEAR = Schedule.linear()
COSINE = Schedule.cosine()
PREDICTIONS: tuple[Regression, ...] = ("eps", "x0", "v")


def batch(t: list[int], seed: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """x_0 in [-1, 1], t and ε for one small sprite per t."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(t), 3, 4, 4)
    x0 = torch.rand(shape, generator=generator, dtype=dtype) * 2 - 1
    return x0, torch.tensor(t), torch.randn(shape, generator=generator, dtype=dtype)


def test_training_targets() -> None:
    x0, t, eps = batch([5, 500, 995], seed=5, dtype=torch.float32)
    assert torch.equal(build_head("eps", LINEAR).target(x0, eps, t), eps)
    assert torch.equal(build_head("x0", LINEAR).target(x0, eps, t), x0)
    bars = LINEAR.alpha_bars[t].view(-1, 1, 1, 1)
    v = bars.sqrt() * eps.double() - (1 - bars).sqrt() * x0.double()
    torch.testing.assert_close(
        build_head("v", LINEAR).target(x0, eps, t).double(), v, rtol=0, atol=5e-7
    )


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_perfect_network_gives_back_eps(prediction: Regression) -> None:
    x0, t, eps = batch([0, 20, 500, 999], seed=6, dtype=torch.float64)
    x_t = q_sample(LINEAR, x0, t, eps)
    output = build_head(prediction, LINEAR).target(x0, eps, t)
    got = eps_of(lambda *_: output, LINEAR, prediction)(x_t, t)
    torch.testing.assert_close(got, eps, rtol=0, atol=1e-12)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_perfect_network_gives_back_x0(prediction: Regression) -> None:
    x0, t, eps = batch([0, 20, 500, 999], seed=6, dtype=torch.float64)
    head = build_head(prediction, LINEAR)
    x_t = q_sample(LINEAR, x0, t, eps)
    got = head.x0_hat(head.target(x0, eps, t), x_t, t)
    torch.testing.assert_close(got, x0, rtol=0, atol=1e-12)


def test_x0_and_v_reach_x0_without_a_division() -> None:
    """At the last step of the cosine schedule, √ᾱ is 5e-5 and float32's rounding 1e-7."""
    x0, t, eps = batch([999, 999], seed=9, dtype=torch.float32)
    x_t = q_sample(COSINE, x0, t, eps)
    for head in (X0Head(COSINE), VHead(COSINE)):
        got = head.x0_hat(head.target(x0, eps, t), x_t, t)
        torch.testing.assert_close(got, x0, rtol=0, atol=1e-6)


@pytest.mark.parametrize("prediction", ["epsilon", "", "X0", None])
def test_an_unknown_prediction_is_refused(prediction: Any) -> None:
    with pytest.raises(SettingsError, match=r"eps.*x0.*v"):
        build_head(prediction, LINEAR)


def test_loss_is_the_mean_square_over_everything() -> None:
    output = torch.tensor([[1.0, 2.0], [3.0, 5.0]]).view(2, 1, 1, 2)
    target = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).view(2, 1, 1, 2)
    head = X0Head(LINEAR)
    t = torch.tensor([5, 500])
    each = head.loss(output, output, target, output, t)
    assert each.tolist() == [(0 + 4) / 2, (9 + 16) / 2]
    assert each.mean().item() == (0 + 4 + 9 + 16) / 4
    assert head.loss(target, output, target, output, t).tolist() == [0, 0]


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_loss_gradient(prediction: Regression) -> None:
    """∂/∂output of the mean square is 2·(output - target) / size."""
    x0, t, eps = batch([0, 700], seed=7, dtype=torch.float64)
    head = build_head(prediction, LINEAR)
    output = x0.flip(0).clone().requires_grad_()
    (gradient,) = torch.autograd.grad(head.loss(output, x0, x0, eps, t).mean(), output)
    target = head.target(x0, eps, t)
    torch.testing.assert_close(gradient, 2 * (output.detach() - target) / x0.numel())


def test_min_snr_weights_balance_the_same_error_in_x0() -> None:
    """Hang et al. 2023: whatever is predicted, an error in x̂_0 weighs min(SNR, γ)."""
    x0, t, eps = batch([1, 200, 450, 800, 999], seed=8, dtype=torch.float64)
    x_t = q_sample(LINEAR, x0, t, eps)
    bars = LINEAR.alpha_bars[t].view(-1, 1, 1, 1)
    wrong_x0 = x0 + 0.1
    wrong_eps = (x_t - bars.sqrt() * wrong_x0) / (1 - bars).sqrt()
    wrong_v = bars.sqrt() * wrong_eps - (1 - bars).sqrt() * wrong_x0
    outputs: dict[Regression, Tensor] = {"eps": wrong_eps, "x0": wrong_x0, "v": wrong_v}
    snr = (bars / (1 - bars)).flatten()
    expected = torch.minimum(snr, torch.full_like(snr, 5.0)) * 0.01
    for prediction, output in outputs.items():
        head = build_head(prediction, LINEAR)
        weight = head.snr_weight(t, 5.0, like=x0)
        got = weight * head.loss(output, x_t, x0, eps, t)
        torch.testing.assert_close(got, expected, rtol=1e-8, atol=0)
