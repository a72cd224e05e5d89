"""``denoiser``: a network becomes x̂_0 and ε̂, with classifier-free guidance."""

from __future__ import annotations

import diffusion_oracles as oracle
import pytest
import torch
from diffusion_predictors import eps_of
from torch import Tensor

from spritelab.diffusion import Prediction, Schedule, build_head, ddim_steps, denoiser

LINEAR = Schedule.linear()
PREDICTIONS: tuple[Prediction, ...] = ("eps", "x0", "v")


class GaussianClasses:
    """The best network for classes of one point each: class k is the plain colour ``levels[k]``.

    For mixed and empty contexts x̂_0 is the mix of the levels. It counts the sprites it sees.
    """

    def __init__(self, prediction: Prediction, levels: Tensor, schedule: Schedule = LINEAR) -> None:
        self.prediction, self.levels, self.schedule = prediction, levels, schedule
        self.evaluations = 0

    def __call__(self, x_t: Tensor, t: Tensor, context: Tensor | None) -> Tensor:
        self.evaluations += len(x_t)
        assert t.shape == (len(x_t),)
        assert t.dtype == torch.int64
        bars = self.schedule.alpha_bars[t].view(-1, 1, 1, 1)
        if context is None:
            context = torch.zeros(len(x_t), len(self.levels), dtype=x_t.dtype)
        assert len(context) == len(x_t)
        x0 = (context @ self.levels).view(-1, 1, 1, 1).expand_as(x_t)
        eps = (x_t - bars.sqrt() * x0) / (1 - bars).sqrt()
        v = bars.sqrt() * eps - (1 - bars).sqrt() * x0
        return {"eps": eps, "x0": x0, "v": v}[self.prediction].to(x_t)


def setting(prediction: Prediction) -> tuple[GaussianClasses, Tensor, Tensor, Tensor]:
    network = GaussianClasses(prediction, torch.tensor([0.2, -0.4], dtype=torch.float64))
    (x_t,) = oracle.draw((3, 1, 4, 4), 1, seed=0, dtype=torch.float64)
    t = torch.tensor([10, 500, 999])
    context = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], dtype=torch.float64)
    return network, x_t, t, context


def implied_x0(x_t: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """x̂_0 of every sprite, as the mean over its pixels."""
    bars = LINEAR.alpha_bars[t].view(-1, 1, 1, 1)
    return ((x_t - (1 - bars).sqrt() * eps) / bars.sqrt()).mean(dim=(1, 2, 3))


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("guidance", [0.0, 0.5, 1.0, 2.0, 7.5, -1.0])
def test_guidance_moves_along_the_line_from_no_class_to_the_class(
    prediction: Prediction, guidance: float
) -> None:
    """The empty context gives x̂_0 = 0 here, so guidance w gives w times the class's level."""
    network, x_t, t, context = setting(prediction)
    predict = eps_of(network, LINEAR, prediction, context, guidance)
    eps = predict(x_t, t)
    assert eps.shape == x_t.shape
    expected = guidance * torch.tensor([0.2, -0.4, -0.1], dtype=torch.float64)
    torch.testing.assert_close(implied_x0(x_t, t, eps), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("guidance", "evaluations"), [(1.0, 1), (0.0, 1), (2.0, 2), (0.5, 2)])
def test_evaluations_per_sprite(guidance: float, evaluations: int) -> None:
    network, x_t, t, context = setting("eps")
    eps_of(network, LINEAR, "eps", context, guidance)(x_t, t)
    assert network.evaluations == evaluations * len(x_t)


@pytest.mark.parametrize("guidance", [0.0, 1.0, 3.0])
def test_without_a_class_there_is_nothing_to_guide(guidance: float) -> None:
    network, x_t, t, _ = setting("eps")
    eps = eps_of(network, LINEAR, guidance=guidance)(x_t, t)
    assert network.evaluations == len(x_t)
    assert implied_x0(x_t, t, eps).abs().max() < 1e-10


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_run_ends_on_the_class_that_was_asked_for(prediction: Prediction) -> None:
    network, x_T, _, context = setting(prediction)
    denoise = denoiser(network, build_head(prediction, LINEAR), context)
    *_, last = ddim_steps(denoise, LINEAR, x_T, steps=10)
    expected = (context @ network.levels).view(-1, 1, 1, 1).expand_as(x_T)
    torch.testing.assert_close(last.x, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 10])
@pytest.mark.parametrize("name", ["linear", "cosine"])
@pytest.mark.parametrize("prediction", ["x0", "v"])
def test_x0_and_v_keep_their_digits_in_float32(
    prediction: Prediction, name: str, steps: int
) -> None:
    """Both stay well-posed at T-1, where √ᾱ is 0.006 (linear) or 5e-5 (cosine).

    The way through ε̂ to x̂_0 divides by it, which in float32 would leave errors of 1e-5 and 1e-3.
    """
    schedule = LINEAR if name == "linear" else Schedule.cosine()
    network = GaussianClasses(prediction, torch.tensor([0.2, -0.4]), schedule)
    (x_T,) = oracle.draw((2, 1, 4, 4), 1, seed=1, dtype=torch.float32)
    denoise = denoiser(network, build_head(prediction, schedule), torch.eye(2))
    expected = network.levels.view(-1, 1, 1, 1).expand_as(x_T)
    for step in ddim_steps(denoise, schedule, x_T, steps=steps):
        torch.testing.assert_close(step.x0_hat, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(step.x, expected, rtol=0, atol=1e-6)
