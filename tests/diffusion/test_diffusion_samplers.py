"""What both samplers promise their consumers: steps, noise, errors, and DDPM = DDIM at η = 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import diffusion_oracles as oracle
import pytest
import torch
from torch import Tensor

from spritelab.diffusion import Schedule, Spacing, Step, Variance, ddim_steps, ddpm_steps
from spritelab.errors import SettingsError

LINEAR = Schedule.linear()
SHORT = Schedule.linear(timesteps=25)
SHAPE = (3, 3, 4, 4)
NETWORK = oracle.as_torch(
    oracle.network_eps(oracle.alpha_bars_of(oracle.linear_betas()), dimensions=48)
)

Run = Callable[..., Iterator[Step]]
samplers = pytest.mark.parametrize("run", [ddpm_steps, ddim_steps], ids=["ddpm", "ddim"])


ddim_noisy: Run = partial(ddim_steps, eta=0.7)
noisy_samplers = pytest.mark.parametrize("run", [ddpm_steps, ddim_noisy], ids=["ddpm", "ddim"])


def noise(shape: tuple[int, ...] = SHAPE, seed: int = 0) -> Tensor:
    return oracle.draw(shape, 1, seed, torch.float32)[0]


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def final(run: Iterator[Step]) -> Tensor:
    *_, last = run
    return last.x


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])
@pytest.mark.parametrize("steps", [1, 10, 50, 1000])
def test_ddim_with_eta_1_is_ddpm(steps: int, spacing: Spacing, clip: bool) -> None:
    """Song et al. 2020, section 4.1: with the same noise, step for step, to 1e-5."""
    settings: dict[str, Any] = {"steps": steps, "spacing": spacing, "clip": clip}
    ddpm = ddpm_steps(
        NETWORK, LINEAR, noise(), variance="posterior", generator=seeded(), **settings
    )
    ddim = ddim_steps(NETWORK, LINEAR, noise(), eta=1.0, generator=seeded(), **settings)
    for a, b in zip(ddpm, ddim, strict=True):
        assert (a.t, a.t_prev) == (b.t, b.t_prev)
        scale = max(1.0, a.x.abs().max().item())
        torch.testing.assert_close(a.x, b.x, rtol=0, atol=1e-5 * scale)


@samplers
@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])
def test_every_number_of_steps_ends_clean(run: Run, spacing: Spacing) -> None:
    for steps in range(1, SHORT.timesteps + 1):
        taken = list(run(NETWORK, SHORT, noise(), steps=steps, spacing=spacing))
        assert [(step.t, step.t_prev) for step in taken] == SHORT.pairs(steps, spacing)
        assert taken[-1].t_prev == -1
        assert bool(taken[-1].x.isfinite().all())


def test_default_numbers_of_steps() -> None:
    """DDPM visits all of them, as its paper does; DDIM 50, without noise."""
    assert sum(1 for _ in ddpm_steps(NETWORK, LINEAR, noise())) == 1000
    default = list(ddim_steps(NETWORK, LINEAR, noise()))
    assert len(default) == 50
    assert torch.equal(default[-1].x, final(ddim_steps(NETWORK, LINEAR, noise(), 50, 0.0)))


@samplers
@pytest.mark.parametrize("clip", [True, False])
def test_x_and_the_two_predictions_agree(run: Run, clip: bool) -> None:
    """x_t = √ᾱ_t·x̂_0 + √(1-ᾱ_t)·ε̂ at every step, also after clipping."""
    x, largest = 3 * noise(), []
    for step in run(NETWORK, LINEAR, x, steps=20, clip=clip, generator=seeded()):
        bar = LINEAR.alpha_bars[step.t].item()
        again = math.sqrt(bar) * step.x0_hat + math.sqrt(1 - bar) * step.eps_hat
        torch.testing.assert_close(again, x, rtol=1e-5, atol=1e-5)
        largest.append(step.x0_hat.abs().max().item())
        x = step.x
    assert max(largest) == 1 if clip else max(largest) > 1


@pytest.mark.parametrize("variance", ["posterior", "beta"])
@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing", "logsnr"])
@pytest.mark.parametrize("steps", [1, 2, 30])
def test_the_last_step_returns_x0_hat_without_noise(
    variance: Variance, spacing: Spacing, steps: int
) -> None:
    def runs() -> Iterator[Iterator[Step]]:
        settings: dict[str, Any] = {"steps": steps, "spacing": spacing, "generator": seeded()}
        yield ddpm_steps(NETWORK, LINEAR, noise(), variance=variance, **settings)
        yield ddim_steps(NETWORK, LINEAR, noise(), eta=1.0, **settings)

    for run in runs():
        *_, last = run
        assert last.t_prev == -1
        torch.testing.assert_close(last.x, last.x0_hat, rtol=0, atol=1e-6)


@samplers
def test_nothing_is_computed_before_it_is_asked_for(run: Run) -> None:
    calls: list[int] = []

    def counting(x_t: Tensor, t: Tensor) -> Tensor:
        calls.append(int(t[0]))
        return NETWORK(x_t, t)

    steps = run(counting, LINEAR, noise(), steps=10, generator=seeded())
    assert calls == []
    first = next(steps)
    assert calls == [999] == [first.t]
    next(steps)
    assert len(calls) == 2
    taken = [*steps]
    assert len(taken) == 8
    assert calls == [t for t, _ in LINEAR.pairs(10)], "one evaluation a step"


@samplers
def test_steps_already_yielded_stay_as_they_were(run: Run) -> None:
    x_T = noise()
    before = x_T.clone()
    kept, copies = [], []
    for step in run(NETWORK, LINEAR, x_T, steps=6, generator=seeded()):
        kept.append(step)
        copies.append((step.x.clone(), step.x0_hat.clone(), step.eps_hat.clone()))
    assert torch.equal(x_T, before)
    for step, copy in zip(kept, copies, strict=True):
        for now, then in zip((step.x, step.x0_hat, step.eps_hat), copy, strict=True):
            assert now.dtype == torch.float32
            assert now.shape == SHAPE
            assert torch.equal(now, then)


@samplers
def test_no_graph_is_kept_and_the_consumer_keeps_its_gradients(run: Run) -> None:
    weight = torch.ones(1, requires_grad=True)
    for step in run(lambda x, t: weight * NETWORK(x, t), LINEAR, noise(), steps=3):
        assert not step.x.requires_grad
        assert not step.x0_hat.requires_grad
        assert torch.is_grad_enabled()
    assert torch.is_grad_enabled()


@noisy_samplers
def test_the_generator_decides(run: Run) -> None:
    def sprite(seed: int) -> Tensor:
        return final(run(NETWORK, LINEAR, noise(), steps=10, generator=seeded(seed)))

    assert torch.equal(sprite(1), sprite(1))
    assert (sprite(1) - sprite(2)).abs().max() > 0.01


@noisy_samplers
def test_without_a_generator_torch_s_own_is_used(run: Run) -> None:
    torch.manual_seed(5)
    first = final(run(NETWORK, LINEAR, noise(), steps=5))
    second = final(run(NETWORK, LINEAR, noise(), steps=5))
    torch.manual_seed(5)
    assert torch.equal(first, final(run(NETWORK, LINEAR, noise(), steps=5)))
    assert not torch.equal(first, second)


@noisy_samplers
@pytest.mark.parametrize("steps", [1, 2, 10])
def test_one_draw_a_step_but_the_last(run: Run, steps: int) -> None:
    """So that others can tell, and repeat, what noise a run consumed."""
    used, counted, untouched = seeded(), seeded(), torch.get_rng_state()
    final(run(NETWORK, LINEAR, noise(), steps=steps, generator=used))
    for _ in range(steps - 1):
        torch.randn(SHAPE, generator=counted)
    assert torch.equal(used.get_state(), counted.get_state())
    assert torch.equal(torch.get_rng_state(), untouched)


def test_ddim_without_eta_draws_nothing() -> None:
    generator = seeded()
    a = final(ddim_steps(NETWORK, LINEAR, noise(), steps=10, eta=0.0, generator=generator))
    b = final(ddim_steps(NETWORK, LINEAR, noise(), steps=10, eta=0.0, generator=seeded(2)))
    assert torch.equal(a, b)
    assert torch.equal(generator.get_state(), seeded().get_state())


@noisy_samplers
@pytest.mark.parametrize("shape", [(4, 16, 16), (3, 2, 2), (1, 1, 1)])
def test_a_sprite_with_its_own_generator_is_the_same_in_any_batch(
    run: Run, shape: tuple[int, ...]
) -> None:
    """Bit for bit, where the network treats sprites apart."""
    bars = oracle.alpha_bars_of(oracle.linear_betas())
    predict = oracle.as_torch(oracle.gaussian_eps(bars, 0.1, 0.5))

    def sprites(seeds: list[int]) -> Tensor:
        x_T = torch.cat([noise((1, *shape), 100 + seed) for seed in seeds])
        generators = [seeded(seed) for seed in seeds]
        return final(run(predict, LINEAR, x_T, steps=12, generator=generators))

    together = sprites([7, 8, 9, 10, 11])
    assert torch.equal(torch.cat([sprites([7]), sprites([8, 9]), sprites([10, 11])]), together)
    assert torch.equal(sprites([11, 7]), together[[4, 0]])


@noisy_samplers
def test_a_lone_generator_in_a_list_is_that_generator(run: Run) -> None:
    x_T = noise((1, 3, 4, 4))
    alone = final(run(NETWORK, LINEAR, x_T, steps=5, generator=seeded()))
    assert torch.equal(final(run(NETWORK, LINEAR, x_T, steps=5, generator=[seeded()])), alone)


@noisy_samplers
@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_the_number_of_generators_must_fit(run: Run, count: int) -> None:
    with pytest.raises(SettingsError, match=f"3 .*{count}"):
        list(run(NETWORK, LINEAR, noise(), steps=5, generator=[seeded(k) for k in range(count)]))


@pytest.mark.parametrize(
    ("run", "settings", "message"),
    [
        (ddpm_steps, {"steps": 0}, "1 .* 1000"),
        (ddim_steps, {"steps": 0}, "1 .* 1000"),
        (ddpm_steps, {"steps": 1001}, "1 .* 1000"),
        (ddim_steps, {"steps": -3}, "1 .* 1000"),
        (ddpm_steps, {"spacing": "even"}, "linspace.*leading.*trailing"),
        (ddim_steps, {"spacing": "even"}, "linspace.*leading.*trailing"),
        (ddim_steps, {"eta": -0.1}, r"\[0, 1\]"),
        (ddim_steps, {"eta": 2.0}, r"\[0, 1\]"),
        (ddim_steps, {"eta": math.nan}, r"\[0, 1\]"),
        (ddpm_steps, {"variance": "learned"}, "posterior.*beta"),
        (ddpm_steps, {"variance": None}, "posterior.*beta"),
    ],
)
def test_bad_settings_are_refused_by_the_call_itself(
    run: Run, settings: dict[str, Any], message: str
) -> None:
    """Before a single step: a mistake must not wait for whoever consumes the run."""
    with pytest.raises(SettingsError, match=message) as caught:
        run(NETWORK, LINEAR, noise(), **settings)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)
