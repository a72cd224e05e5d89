"""The Gaussian first leg against the flow of normal data, known on paper; and its moments."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import diffusion_oracles as oracle
import numpy as np
import pytest
import torch
from torch import Tensor

from spritelab.diffusion import Moments, Palettes, Schedule, ddim_steps, gaussian_leg
from spritelab.errors import ModelError

SCHEDULES = {"linear": Schedule.linear(), "cosine": Schedule.cosine()}
BARS = {
    "linear": oracle.alpha_bars_of(oracle.linear_betas()),
    "cosine": oracle.alpha_bars_of(oracle.cosine_betas()),
}
SHAPE = (3, 2, 2)
schedules = pytest.mark.parametrize("name", ["linear", "cosine"])
ends = pytest.mark.parametrize("t", [998, 900, 500, 0])


def noise(n: int = 3) -> Tensor:
    return oracle.draw((n, *SHAPE), 1, 7, torch.float64)[0]


def normal_moments(rank: int, seed: int = 0) -> Moments:
    """Of normal data in 12 dimensions, two classes."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.standard_normal((12, rank)))[0].T.reshape(rank, *SHAPE)
    mean, shifts = rng.uniform(-0.5, 0.5, SHAPE), rng.uniform(-0.3, 0.3, (2, *SHAPE))
    return Moments(
        torch.from_numpy(mean),
        torch.from_numpy(shifts),
        torch.zeros(3, 3, dtype=torch.float64),
        torch.from_numpy(directions),
        torch.from_numpy(np.sort(rng.uniform(0.1, 2, rank))[::-1].copy()),
        torch.tensor(0.05, dtype=torch.float64),
    )


def covariance(moments: Moments) -> oracle.Array:
    vectors = moments.vectors.flatten(1).numpy()
    apart = np.diag(moments.variances.numpy() - float(moments.rest))
    full: oracle.Array = float(moments.rest) * np.eye(12) + vectors.T @ apart @ vectors
    return full


def root(matrix: oracle.Array, power: float) -> oracle.Array:
    values, vectors = np.linalg.eigh(matrix)
    powered: oracle.Array = (vectors * values**power) @ vectors.T
    return powered


@schedules
@ends
def test_one_variance_in_all_directions(name: str, t: int) -> None:
    """The flow that the samplers are tested against."""
    x_T, std = noise(), 0.4
    none = torch.zeros(0, dtype=torch.float64)
    rest = torch.tensor(std**2, dtype=torch.float64)
    mean = torch.full(SHAPE, 0.3, dtype=torch.float64)
    shape = (0, *SHAPE)
    moments = Moments(mean, none.reshape(shape), torch.zeros(1, 3), none.reshape(shape), none, rest)
    found = gaussian_leg(moments, SCHEDULES[name], x_T, mean.expand_as(x_T), t)
    exact = oracle.gaussian_flow(BARS[name], x_T.numpy(), 999, t, 0.3, std)
    assert np.abs(found.numpy() - exact).max() < 1e-12


@schedules
@ends
@pytest.mark.parametrize("rank", [1, 4, 11])
def test_any_covariance(name: str, t: int, rank: int) -> None:
    """(ᾱ_t·Σ + 1-ᾱ_t)^½ (ᾱ_T·Σ + 1-ᾱ_T)^-½, by the whole matrix Σ."""
    moments, x_T, bars = normal_moments(rank), noise(), BARS[name]
    mean = moments.mean_of(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    full, eye = covariance(moments), np.eye(12)
    flat, centre = x_T.flatten(1).numpy(), mean.flatten(1).numpy()
    around = flat - np.sqrt(bars[999]) * centre
    before, after = (bars[at] * full + (1 - bars[at]) * eye for at in (999, t))
    exact = np.sqrt(bars[t]) * centre + around @ root(before, -0.5) @ root(after, 0.5)
    found = gaussian_leg(moments, SCHEDULES[name], x_T, mean, t)
    assert np.abs(found.flatten(1).numpy() - exact).max() < 1e-10
    assert gaussian_leg(moments, SCHEDULES[name], x_T.float(), mean, t).dtype == torch.float32


def test_ddim_leads_there_in_many_steps() -> None:
    """And nowhere else: the ideal ε̂ of these data, 250 steps and 1,000."""
    moments, schedule, x_T = normal_moments(4), SCHEDULES["cosine"], noise()
    mean, full = moments.mean_of(torch.zeros(3, 2)), torch.from_numpy(covariance(moments))

    def predict(x: Tensor, t: Tensor) -> Tensor:
        ab = schedule.alpha_bar(int(t[0]))
        inverse = torch.linalg.inv(ab * full + (1 - ab) * torch.eye(12, dtype=torch.float64))
        around = (x - ab**0.5 * mean).flatten(1)
        found: Tensor = ((1 - ab) ** 0.5 * around @ inverse).reshape(x.shape)
        return found

    end = 600
    exact = gaussian_leg(moments, schedule, x_T, mean, end)
    errors = []
    for steps in (100, 399):
        times = np.rint(np.linspace(999, end, steps + 1)).astype(int).tolist()
        run = ddim_steps(predict, schedule, x_T, pairs=list(pairwise(times)), clip=False)
        *_, last = run
        errors.append(float((last.x - exact).abs().max()))
    assert errors[1] < 0.3 * errors[0]
    assert errors[1] < 2e-3


def data(n: int = 300) -> tuple[Tensor, Tensor]:
    """Sprites of two classes that vary in three directions, and a little in all."""
    rng = np.random.default_rng(3)
    labels = np.arange(n) % 2
    spread = rng.standard_normal((n, 3)) * [1.0, 0.6, 0.3] @ rng.standard_normal((3, 12)) / 4
    x0 = spread + 0.02 * rng.standard_normal((n, 12)) + labels[:, None] * 0.5
    return torch.from_numpy(x0.reshape(n, *SHAPE)), torch.from_numpy(labels)


def test_moments_are_those_of_the_sprites() -> None:
    x0, labels = data()
    found = Moments.of(x0, labels, 2, rank=3)
    flat, of = x0.flatten(1).numpy(), labels.numpy()
    assert np.allclose(found.mean.flatten().numpy(), flat.mean(axis=0))
    # So many of each class are not drawn to the others' mean by more than a hundredth.
    means = np.stack([flat[of == k].mean(axis=0) for k in range(2)])
    assert np.allclose(found.mean_of(torch.eye(2)).flatten(1).numpy(), means, atol=5e-3)
    around = flat - found.mean_of(torch.eye(2)).flatten(1).numpy()[of]
    _, singular, right = np.linalg.svd(around, full_matrices=False)
    variances = singular**2 / len(flat)
    assert np.allclose(found.variances.numpy(), variances[:3], rtol=1e-9)
    assert float(found.rest) == pytest.approx(variances[3:].sum() / 9)
    overlap = np.abs(found.vectors.flatten(1).numpy() @ right[:3].T)
    assert np.allclose(overlap, np.eye(3), atol=1e-6)
    again = Moments.of(x0, labels, 2, rank=3)
    assert torch.equal(found.vectors, again.vectors)


def test_a_class_of_one_does_not_give_its_sprite_away() -> None:
    x0, labels = data()
    labels = labels.clone()
    labels[0] = 2
    found = Moments.of(x0, labels, 4, rank=3)
    own = (x0[0] - found.mean).flatten()
    share = float((found.shifts[2].flatten() @ own) / (own @ own))
    assert 0 < share < 0.6
    assert float(found.shifts[3].abs().max()) == 0, "a class without sprites"


def test_mixes_and_guidance_move_the_mean_in_a_line() -> None:
    moments = normal_moments(2)
    one, other = moments.mean_of(torch.eye(2))
    (mixed,) = moments.mean_of(torch.tensor([[0.25, 0.75]]))
    assert torch.allclose(mixed, 0.25 * one + 0.75 * other)
    (guided,) = moments.mean_of(torch.tensor([[1.0, 0.0]]), guidance=3.0)
    assert torch.allclose(guided, moments.mean + 3 * (one - moments.mean))


def test_a_palette_moves_the_mean_where_it_is_opaque() -> None:
    """By how far its colours are from what is usual; not its alpha."""
    colours = torch.tensor(
        [[[-1.0, -1, -1, -1], [0.5, 0, -0.5, 1]], [[-1, -1, -1, -1], [0, 0.2, 0.4, 1]]]
    )
    palettes = Palettes(colours, torch.ones(2, 2, dtype=torch.bool))
    half = torch.tensor([[[0, 1], [0, 1]], [[0, 0], [1, 1]]])
    x0 = palettes.draw(half).double()
    found = Moments.of(x0, torch.zeros(2, dtype=torch.int64), 1, palettes)
    usual = (colours[0, 1, :3] + colours[1, 1, :3]) / 2
    assert torch.allclose(found.colours.float(), usual.expand(2, 3))
    context = torch.ones(2, 1)
    plain, moved = found.mean_of(context), found.mean_of(context, palettes.to(x0))
    opacity = (plain[:, 3:] + 1) / 2
    by = (colours[:, 1, :3] - usual)[:, :, None, None]
    assert torch.allclose((moved - plain)[:, :3], opacity * by, atol=1e-6)
    assert torch.equal(moved[:, 3], plain[:, 3])


CHANGES: list[Callable[[dict[str, Tensor]], object]] = [
    lambda stored: stored.pop("rest"),
    lambda stored: stored.update(mean=stored["mean"][:2]),
    lambda stored: stored.update(shifts=stored["shifts"][:1]),
    lambda stored: stored.update(vectors=stored["vectors"][:1]),
    lambda stored: stored.update(variances=-stored["variances"]),
    lambda stored: stored.update(variances=stored["variances"][:, None]),
    lambda stored: stored.update(mean=stored["mean"] * float("nan")),
    lambda stored: stored.update(mean=stored["mean"] * 100),
    lambda stored: stored.update(rest=-torch.ones(())),
]


@pytest.mark.parametrize("change", CHANGES)
def test_stored_moments_are_checked(change: Callable[[dict[str, Tensor]], object]) -> None:
    moments = normal_moments(3)
    stored = moments.tensors()
    back = Moments.from_tensors(stored, SHAPE, 2)
    assert torch.allclose(back.mean, moments.mean, atol=1e-3)
    assert torch.allclose(back.variances, moments.variances)
    change(stored)
    with pytest.raises(ModelError, match="moments"):
        Moments.from_tensors(stored, SHAPE, 2)
