"""Chains that are entered: their own pairs, any start, and a constraint between the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import diffusion_oracles as oracle
import pytest
import torch
from torch import Tensor

from spritelab.config import SamplerSettings
from spritelab.diffusion import (
    Denoiser,
    Schedule,
    Spacing,
    Step,
    ddim_steps,
    ddpm_steps,
    dpm_steps,
    from_eps,
    q_sample,
    sampler_steps,
    visited_pairs,
)
from spritelab.errors import SettingsError

SCHEDULE = Schedule.cosine(100)
Sampler = Callable[..., Iterator[Step]]
ALL: list[Sampler] = [ddpm_steps, ddim_steps, dpm_steps]
samplers = pytest.mark.parametrize("sampler", ALL)


def predict(x: Tensor, t: Tensor) -> Tensor:
    """Any smooth function will do."""
    return torch.tanh(x) * (0.5 + t.view(-1, 1, 1, 1) / 200)


def gaussian(std: float) -> Denoiser:
    """The best denoiser of pixels that are normal with mean 0 and deviation ``std``."""

    def eps(x: Tensor, t: Tensor) -> Tensor:
        bars = SCHEDULE.alpha_bars[t].view(-1, 1, 1, 1)
        return (1 - bars).sqrt() * x / (bars * std**2 + 1 - bars)

    return from_eps(eps, SCHEDULE, clip=False)


def noise(seed: int = 0) -> Tensor:
    (x,) = oracle.draw((2, 3, 4, 4), 1, seed=seed, dtype=torch.float64)
    return x


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def drawn(sampler: Sampler, x: Tensor, **how: Any) -> list[Step]:
    if sampler is not dpm_steps:
        how = {"generator": generator(), **how}
    return list(sampler(predict, SCHEDULE, x, **how))


@samplers
def test_pairs_in_place_of_their_number(sampler: Sampler) -> None:
    spacing: Spacing = "linspace"
    whole = drawn(sampler, noise(), steps=7, spacing=spacing)
    same = drawn(sampler, noise(), pairs=SCHEDULE.pairs(7, spacing))
    assert [(step.t, step.t_prev) for step in same] == SCHEDULE.pairs(7, spacing)
    assert all(torch.equal(a.x, b.x) for a, b in zip(whole, same, strict=True))


@pytest.mark.parametrize("sampler", [ddpm_steps, ddim_steps])
def test_a_chain_goes_on_from_any_of_its_steps(sampler: Sampler) -> None:
    """What is left of a chain, entered with its x there, ends where the whole chain ends."""
    pairs = SCHEDULE.pairs(9)
    source = generator()
    whole = list(sampler(predict, SCHEDULE, noise(), pairs=pairs, generator=source))
    source = generator()
    first = list(sampler(predict, SCHEDULE, noise(), pairs=pairs[:4], generator=source))
    rest = list(sampler(predict, SCHEDULE, first[-1].x, pairs=pairs[4:], generator=source))
    assert all(torch.equal(a.x, b.x) for a, b in zip(whole, [*first, *rest], strict=True))


def test_dpm_enters_with_a_first_order_step() -> None:
    pairs = SCHEDULE.pairs(8, "logsnr")[3:]
    x = noise()
    (first, *_) = dpm_steps(predict, SCHEDULE, x, pairs=pairs)
    (same,) = ddim_steps(predict, SCHEDULE, x, pairs=pairs[:1])
    torch.testing.assert_close(first.x, same.x, rtol=0, atol=1e-12)


@samplers
def test_a_constraint_replaces_x_between_steps(sampler: Sampler) -> None:
    """Known pixels are put in after every step: the rest is drawn around them."""
    known, mask = noise(1), torch.zeros(2, 3, 4, 4, dtype=torch.bool)
    mask[:, :, :2] = True
    seen: list[int] = []

    def constrain(x: Tensor, t_prev: int) -> Tensor:
        seen.append(t_prev)
        at = torch.full((2,), t_prev, dtype=torch.int64)
        return torch.where(mask, q_sample(SCHEDULE, known, at, torch.zeros_like(x)), x)

    pairs = SCHEDULE.pairs(6)
    steps = drawn(sampler, noise(), pairs=pairs, constrain=constrain)
    assert seen == [t_prev for _, t_prev in pairs]
    assert seen[-1] == -1
    last = steps[-1].x
    assert torch.equal(last[mask], known[mask])
    free = drawn(sampler, noise(), pairs=pairs)[-1].x
    assert torch.equal(last[~mask], free[~mask])  # this ``predict`` looks at one pixel at a time
    # What was put in is what the next step starts from.
    scaled = drawn(sampler, noise(), pairs=pairs, constrain=lambda x, _: 0 * x)
    assert all(not step.x.any() for step in scaled)
    assert scaled[0].x0_hat.any()
    assert not scaled[1].x0_hat.any()


def test_ddim_walks_up_to_the_noise_that_draws_a_sprite() -> None:
    """On Gaussian data: up and down again comes back, the nearer the more steps."""
    x0 = 0.5 * noise(2)
    errors = []
    for n in (10, 20, 40):
        down = SCHEDULE.pairs(n)[:-1]  # from the last t to t = 0
        up = [(t_prev, t) for t, t_prev in reversed(down)]
        *_, top = ddim_steps(gaussian(0.5), SCHEDULE, x0, pairs=up)
        *_, back = ddim_steps(gaussian(0.5), SCHEDULE, top.x, pairs=down)
        assert top.x.std() == pytest.approx(1, abs=0.25)
        errors.append(float((back.x - x0).abs().max()))
    assert errors[0] > 1.5 * errors[1] > 2.25 * errors[2]


WRONG: list[tuple[list[tuple[int, int]], str]] = [
    ([], "at least one pair"),
    ([(100, 50)], r"not \(100, 50\)"),
    ([(50, -2)], r"not \(50, -2\)"),
    ([(-1, 3)], r"not \(-1, 3\)"),
    ([(50, 20), (30, -1)], "begin at the step where the one before it ended"),
    ([(50, 50)], "goes one way"),
    ([(50, 20), (20, 30)], "goes one way"),
]


@samplers
@pytest.mark.parametrize(("pairs", "says"), WRONG)
def test_pairs_that_are_no_chain(sampler: Sampler, pairs: list[tuple[int, int]], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        sampler(predict, SCHEDULE, noise(), pairs=pairs)


@pytest.mark.parametrize(
    ("sampler", "how"), [(ddpm_steps, {}), (ddim_steps, {"eta": 0.5}), (dpm_steps, {})]
)
def test_only_ddim_without_noise_walks_up(sampler: Sampler, how: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="this sampler removes noise"):
        sampler(predict, SCHEDULE, noise(), pairs=[(20, 50), (50, 70)], **how)


@pytest.mark.parametrize(
    ("how", "sampler", "keywords"),
    [
        ({"sampler": "ddpm", "steps": 6, "variance": "beta"}, ddpm_steps, {"variance": "beta"}),
        ({"sampler": "ddim", "steps": 6, "eta": 0.5}, ddim_steps, {"eta": 0.5}),
        ({"sampler": "dpm", "steps": 6, "spacing": "trailing"}, dpm_steps, {}),
    ],
)
def test_settings_at_work(how: dict[str, Any], sampler: Sampler, keywords: dict[str, Any]) -> None:
    settings = SamplerSettings(**how)
    denoise = from_eps(predict, SCHEDULE, clip=False)
    if sampler is not dpm_steps:
        keywords = {**keywords, "generator": generator()}
    spacing = settings.spacing or "linspace"
    theirs = list(sampler(denoise, SCHEDULE, noise(), steps=6, spacing=spacing, **keywords))
    ours = list(sampler_steps(settings, denoise, SCHEDULE, noise(), generator()))
    assert all(torch.equal(a.x, b.x) for a, b in zip(ours, theirs, strict=True))
    entered = list(
        sampler_steps(settings, denoise, SCHEDULE, noise(), generator(), pairs=[(40, 10)])
    )
    assert [(step.t, step.t_prev) for step in entered] == [(40, 10)]


def test_a_denoiser_clips_as_it_says_itself() -> None:
    x = 3 * noise()
    free = from_eps(predict, SCHEDULE, clip=False)
    (step,) = ddim_steps(free, SCHEDULE, x, steps=1, clip=True)
    (plain,) = ddim_steps(predict, SCHEDULE, x, steps=1, clip=False)
    assert torch.equal(step.x, plain.x)
    assert step.x0_hat.abs().max() > 1


def test_times_of_ones_own() -> None:
    how = SamplerSettings(sampler="dpm", times=(90, 40, 3))
    assert visited_pairs(how, SCHEDULE) == [(90, 40), (40, 3), (3, -1)]
    assert how.nfe == 3
    with pytest.raises(SettingsError, match="`times` must lie in 0 … 49"):
        visited_pairs(how, Schedule.cosine(50))


@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])
def test_a_start_leaves_out_the_noisiest_steps(spacing: Any) -> None:
    how = SamplerSettings(sampler="dpm", steps=5, spacing=spacing, start=-2.0)
    above = int((SCHEDULE.lambdas >= -2).sum())
    visited = [t for t, _ in visited_pairs(how, SCHEDULE)]
    assert len(visited) == 5
    assert max(visited) < above
    if spacing in ("linspace", "trailing"):
        assert visited[0] == above - 1
    if spacing != "logsnr":
        # The same steps as on a schedule that ends there.
        with pytest.warns(UserWarning, match="leaves signal"):
            ends_there = Schedule(SCHEDULE.betas[:above])
        assert visited == [t for t, _ in ends_there.pairs(5, spacing)]
    with pytest.raises(SettingsError, match=rf"1 … {above} \(the steps with λ ≥ -2\)"):
        visited_pairs(how.changed(steps=above + 1), SCHEDULE)
