"""Both samplers with the ideal denoiser of a finite set: x̂_0 is a softmax over its points.

No training is needed to know what must come out: the points themselves, each as often as it should.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch
from torch import Tensor

from spritelab.diffusion import (
    Schedule,
    Step,
    Variance,
    ddim_steps,
    ddpm_steps,
    ideal_denoiser,
    with_mirrored,
)

SCHEDULES = {"linear": Schedule.linear(), "cosine": Schedule.cosine()}
ALPHA_BARS = {
    "linear": oracle.alpha_bars_of(oracle.linear_betas()),
    "cosine": oracle.alpha_bars_of(oracle.cosine_betas()),
}
schedules = pytest.mark.parametrize("name", ["linear", "cosine"])


def sprites(count: int, seed: int = 0) -> oracle.Array:
    """``count`` sprites of 3×4×4 flat values in {-1, 1}, as hard-edged as pixel art gets."""
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(count, 48))


def final(run: Iterator[Step]) -> Tensor:
    *_, last = run
    return last.x


def nearest(x: Tensor, points: oracle.Array) -> tuple[oracle.Array, oracle.Array]:
    """Index of the nearest point, and the largest difference of a value to it, for every row."""
    flat = x.double().numpy().reshape(len(x), 1, -1)
    index = ((flat - points) ** 2).sum(-1).argmin(axis=1)
    return index, np.abs(flat[:, 0] - points[index]).max(axis=1)


@schedules
@pytest.mark.parametrize("steps", [10, 50, 250])
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("clip", [True, False])
def test_ddim_ends_on_the_training_points(name: str, steps: int, eta: float, clip: bool) -> None:
    points = sprites(6)
    predict = oracle.as_torch(oracle.ideal_eps(ALPHA_BARS[name], points))
    (x_T,) = oracle.draw((64, 3, 4, 4), 1, seed=1, dtype=torch.float32)
    generator = torch.Generator().manual_seed(2)
    x = final(ddim_steps(predict, SCHEDULES[name], x_T, steps, eta, clip=clip, generator=generator))
    index, distance = nearest(x, points)
    assert distance.max() < 1e-4
    assert len(set(index.tolist())) == 6, "every point is reached"


@schedules
@pytest.mark.parametrize("variance", ["posterior", "beta"])
@pytest.mark.parametrize("steps", [50, 250])
def test_ddpm_ends_on_the_training_points_evenly(name: str, variance: Variance, steps: int) -> None:
    """Two points at the same distance: the counts are binomial, to five standard deviations."""
    points = sprites(1)
    points = np.concatenate([points, -points])
    predict = oracle.as_torch(oracle.ideal_eps(ALPHA_BARS[name], points))
    n = 400
    (x_T,) = oracle.draw((n, 3, 4, 4), 1, seed=3, dtype=torch.float32)
    generator = torch.Generator().manual_seed(4)
    run = ddpm_steps(predict, SCHEDULES[name], x_T, steps, variance=variance, generator=generator)
    index, distance = nearest(final(run), points)
    assert distance.max() < 1e-4
    assert abs(index.sum() - n / 2) < 5 * (n / 4) ** 0.5


@pytest.mark.parametrize("steps", [5, 50, 1000])
def test_ddim_keeps_the_side_that_the_noise_lies_on(steps: int) -> None:
    """Two values ±0.8 in one dimension: the map is odd and rising, so sign(x_T) decides."""
    points = np.array([[-0.8], [0.8]])
    predict = oracle.as_torch(oracle.ideal_eps(ALPHA_BARS["linear"], points))
    (x_T,) = oracle.draw((500, 1, 1, 1), 1, seed=5, dtype=torch.float32)
    x_T = x_T[x_T.abs().flatten() > 0.01]  # at 0 the two are equally likely
    x = final(ddim_steps(predict, SCHEDULES["linear"], x_T, steps))
    assert torch.equal(x.sign(), x_T.sign())
    # One denoising from σ = 0.01 leaves only the point itself.
    torch.testing.assert_close(x, 0.8 * x_T.sign(), rtol=0, atol=2e-2 if steps == 5 else 1e-5)


@pytest.mark.parametrize("steps", [1, 2, 17])
@pytest.mark.parametrize("sampler", [ddpm_steps, ddim_steps])
def test_one_sprite_is_found_in_any_number_of_steps(
    sampler: Callable[..., Iterator[Step]], steps: int
) -> None:
    point = sprites(1)
    predict = oracle.as_torch(oracle.ideal_eps(ALPHA_BARS["linear"], point))
    (x_T,) = oracle.draw((5, 3, 4, 4), 1, seed=6, dtype=torch.float32)
    x = final(sampler(predict, SCHEDULES["linear"], x_T, steps))
    _, distance = nearest(x, point)
    assert distance.max() < 1e-4


def test_x0_hat_sharpens_from_the_mean_to_a_point() -> None:
    """At T-1 the best guess is the mean of the set; the error to the end then never returns."""
    points = sprites(6)
    predict = oracle.as_torch(oracle.ideal_eps(ALPHA_BARS["linear"], points))
    (x_T,) = oracle.draw((32, 3, 4, 4), 1, seed=7, dtype=torch.float32)
    steps = list(ddim_steps(predict, SCHEDULES["linear"], x_T, 50))
    mean = points.mean(axis=0).reshape(3, 4, 4)
    assert np.abs(steps[0].x0_hat.numpy() - mean).max() < 0.2
    error = [float((step.x0_hat - steps[-1].x).square().mean()) for step in steps]
    assert error[0] > 0.3
    assert error[-10] < 1e-3


@schedules
def test_the_ideal_denoiser_is_the_oracle(name: str) -> None:
    points = sprites(6)
    denoise = ideal_denoiser(torch.tensor(points).reshape(-1, 3, 4, 4), SCHEDULES[name])
    (x,) = oracle.draw((5, 3, 4, 4), 1, seed=8, dtype=torch.float32)
    expected = oracle.ideal_eps(ALPHA_BARS[name], points)
    for t in (0, 10, 400, 999):
        at = torch.full((5,), t)
        eps = denoise(x, at).eps_hat
        torch.testing.assert_close(
            eps, torch.tensor(expected(x.double().numpy(), t)), rtol=0, atol=1e-4
        )
    ends, distance = nearest(final(ddim_steps(denoise, SCHEDULES[name], x, 50)), points)
    assert distance.max() < 1e-4
    assert len(ends) == 5


def test_mirrored_points_come_after_the_others() -> None:
    points = torch.arange(8.0).reshape(2, 1, 2, 2)
    both = with_mirrored(points, torch.tensor([False, True]))
    assert both.flatten(1).tolist()[2] == [5, 4, 7, 6]
    assert torch.equal(both[:2], points)
