"""``denoiser``: a network becomes x̂_0 and ε̂, with guidance of both kinds."""

from __future__ import annotations

import diffusion_oracles as oracle
import pytest
import torch
from diffusion_predictors import eps_of
from torch import Tensor

from spritelab.config import SamplerSettings
from spritelab.diffusion import (
    Denoiser,
    Network,
    Palettes,
    Prediction,
    Schedule,
    build_head,
    ddim_steps,
    denoiser,
    evaluations,
    evidence,
    guided_steps,
    guided_times,
    sampler_steps,
    visited_pairs,
)

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


def within(interval: tuple[float, float] | None, guidance: float = 3.0) -> Denoiser:
    network, _, _, context = setting("v")
    return denoiser(network, build_head("v", LINEAR), context, guidance, interval=interval)


@pytest.mark.parametrize("guidance", [0.0, 3.0, -1.0])
def test_it_is_guided_within_the_interval_alone(guidance: float) -> None:
    """To the bit, whether the sprites of a batch are at one t or at several."""
    _, x_t, t, _ = setting("v")
    low, high = -1.5, 1.0
    inside = guided_times(LINEAR, (low, high))
    assert inside.tolist() == [low <= value <= high for value in LINEAR.lambdas]
    guided, plain = within(None, guidance), within(None, 1.0)
    for at in (t, *(torch.full_like(t, one) for one in (0, 20, 400, 999))):
        found, wanted = within((low, high), guidance).output(x_t, at), plain.output(x_t, at)
        rows = inside[at]
        wanted[rows] = guided.output(x_t, at)[rows]
        assert torch.equal(found, wanted)
    assert 0 < inside.sum() < LINEAR.timesteps


def test_an_interval_of_everything_is_none() -> None:
    _, x_t, t, _ = setting("v")
    everything = within((-float("inf"), float("inf"))).output(x_t, t)
    assert torch.equal(everything, within(None).output(x_t, t))


@pytest.mark.parametrize("weight", [0.0, 1.0, 2.0, -1.0])
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_guide_moves_x0_along_the_line_from_its_own(
    prediction: Prediction, weight: float
) -> None:
    """D = D_guide + w·(D - D_guide), and every prediction is linear in D."""
    network, x_t, t, context = setting(prediction)
    guide = GaussianClasses(prediction, torch.tensor([0.1, 0.3], dtype=torch.float64))
    head = build_head(prediction, LINEAR)
    found = denoiser(network, head, context, weight, clip=False, guide=guide)(x_t, t).x0_hat
    ours, theirs = (context @ one.levels for one in (network, guide))
    expected = (theirs + weight * (ours - theirs)).view(-1, 1, 1, 1).expand_as(found)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)
    assert network.evaluations + guide.evaluations == len(x_t) * (1 if weight in (0, 1) else 2)


@pytest.mark.parametrize(("interval", "guided"), [(None, 10), ((-2.0, 1.0), 3), ((20.0, 30.0), 0)])
def test_evaluations_are_counted_as_they_are_made(
    interval: tuple[float, float] | None, guided: int
) -> None:
    network, x_T, _, context = setting("v")
    how = SamplerSettings(
        sampler="dpm", steps=10, spacing="logsnr", guidance=2.0, guidance_interval=interval
    )
    denoise = denoiser(network, build_head("v", LINEAR), context, 2.0, interval=interval)
    pairs = visited_pairs(how, LINEAR)
    for _ in sampler_steps(how, denoise, LINEAR, x_T):
        pass
    assert guided_steps(how, LINEAR, pairs) == guided
    assert evaluations(how, LINEAR, pairs) == 10 + guided == network.evaluations / len(x_T)


def test_of_a_palette_head_the_odds_are_extrapolated() -> None:
    """p_j ∝ p_j^w / p_j,guide^(w-1) of every pixel: what both know of it counts once."""
    colours = torch.tensor([[[-1.0, -1, -1, 1], [1, 0, 0, 1], [0, 1, 0.5, 1]]]).double()
    palettes = Palettes(colours, torch.ones(1, 3, dtype=torch.bool))
    head = build_head("palette", LINEAR).of(palettes)
    (scores,) = oracle.draw((2, 3, 4, 4), 1, seed=2, dtype=torch.float64)
    (x_t,) = oracle.draw((1, 4, 4, 4), 1, seed=3, dtype=torch.float64)
    t, w = torch.tensor([300]), 2.5

    def net(k: int) -> Network:
        return lambda *_args, **_rest: scores[k : k + 1]

    found = denoiser(net(0), head, None, w, clip=False, guide=net(1))(x_t, t).x0_hat
    known = evidence(LINEAR, palettes, x_t, t)
    main, guide = ((scores[k : k + 1] + known).softmax(dim=1) for k in (0, 1))
    p = main**w / guide ** (w - 1)
    p = p / p.sum(dim=1, keepdim=True)
    expected = torch.einsum("bjhw,bjc->bchw", p, colours)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)
