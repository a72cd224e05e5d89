"""The loop: what an update does, the rate, the records, and that it learns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from spritelab.config import TrainingSettings
from spritelab.diffusion import EpsHead, Head, Schedule, VHead, X0Head, eps_from_v, q_sample, v_from
from spritelab.errors import SettingsError, TrainingError
from spritelab.networks import UNet
from spritelab.training import (
    CheckpointState,
    Denoising,
    DeviceSprites,
    PowerAverage,
    TrainingState,
    Update,
    build_objective,
    rate_factor,
    total_steps,
    train,
    validation_losses,
)
from spritelab.training.batches import Batches
from tiny import tiny_set

CPU = torch.device("cpu")
SCHEDULE = Schedule.cosine(100)
EPS, X0, V = EpsHead(SCHEDULE), X0Head(SCHEDULE), VHead(SCHEDULE)
WHOLE = tiny_set()
TRAIN, HELD_OUT = (DeviceSprites.from_set(part, CPU) for part in WHOLE.split(0.1, 0))

pytestmark = pytest.mark.usefixtures("short_validation")


def recipe(**how: Any) -> TrainingSettings:
    return TrainingSettings.parse({"steps": 6, "batch_size": 8, "warmup": 0, **how})


def small_unet(dropout: float = 0.0) -> UNet:
    torch.manual_seed(0)
    return UNet(4, 16, (32,), 1, (), 3, dropout=dropout)


def accelerator() -> Accelerator:
    return Accelerator(cpu=True)


def eps_loss(
    network: nn.Module, head: Head, sprites: DeviceSprites, evaluations: int, batch_size: int = 128
) -> float:
    return validation_losses(network, head, sprites, evaluations, batch_size).eps


def begin(settings: TrainingSettings, net: nn.Module | None = None) -> TrainingState:
    return TrainingState.start(net or small_unet(), settings, CPU)


def run(state: TrainingState, settings: TrainingSettings, **how: Any) -> Iterator[Update]:
    objective = build_objective(settings, SCHEDULE)
    return train(state, objective, TRAIN, HELD_OUT, settings, accelerator(), **how)


def test_updates_are_those_of_a_loop_written_out() -> None:
    """Algorithm 1 of Ho et al. 2020 with v-prediction, clipped gradients, AdamW and the average."""
    settings = recipe(
        steps=3, learning_rate=2e-3, weight_decay=0.01, clip_gradient=0.05, ema_width=0.1, warmup=2
    )
    state = begin(settings)
    records = list(run(state, settings))

    net = small_unet().train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=1.0, weight_decay=0.01)
    average = PowerAverage(net, 0.1)
    batches = Batches(TRAIN, 8, 100, 0, mirror=False, stratified_t=True, drop_context=0.1)
    rates = [2e-3 * f for f in (0.5, 1.0, 1.0 * (1 - 2 / 3) / 0.5)]
    for step, (record, rate) in enumerate(zip(records, rates, strict=True)):
        optimiser.param_groups[0]["lr"] = rate
        batch = batches.draw(step)
        x_t = q_sample(SCHEDULE, batch.x0, batch.t, batch.eps)
        v = v_from(SCHEDULE, batch.x0, batch.t, batch.eps)
        loss = (net(x_t, batch.t, batch.context) - v).square().mean()
        optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(net.parameters(), 0.05)
        assert norm > 0.05
        optimiser.step()
        average.update(net, step + 1)
        assert record.loss == pytest.approx(loss.item(), rel=1e-5)
        assert record.learning_rate == pytest.approx(rate)
    for name, value in state.network.state_dict().items():
        torch.testing.assert_close(value, net.state_dict()[name], rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(
            state.average.weights[name], average.weights[name], rtol=1e-4, atol=1e-6
        )


def test_records() -> None:
    settings = recipe(steps=5, validate_every=2)
    records = list(run(begin(settings), settings))
    assert [record.step for record in records] == [1, 2, 3, 4, 5]
    assert [record.validation is not None for record in records] == [False, True, False, True, True]
    assert [record.epoch for record in records] == [n * 8 / 36 for n in range(1, 6)]
    assert [record.progress for record in records] == [0.2, 0.4, 0.6, 0.8, 1.0]
    seconds = [record.seconds for record in records]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0


def test_validation_is_of_the_averaged_weights() -> None:
    settings = recipe(steps=4, learning_rate=0.01)
    state = begin(settings)
    *_, last = run(state, settings)
    assert last.validation is not None
    for loss, sprites in (
        (last.validation.train_loss, TRAIN),
        (last.validation.val_loss, HELD_OUT),
    ):
        averaged = eps_loss(state.averaged(), V, sprites, evaluations=16)
        latest = eps_loss(state.network, V, sprites, evaluations=16)
        assert loss == averaged
        assert loss != latest
    assert last.validation.train_loss != last.validation.val_loss
    assert state.network.training


def test_nothing_is_drawn_from_the_global_generator() -> None:
    """Without dropout training neither reads nor disturbs torch's global generator."""
    settings = recipe(steps=2, validate_every=1)
    torch.manual_seed(123)
    expected = torch.rand(3)
    state = begin(settings)
    torch.manual_seed(123)
    list(run(state, settings))
    assert torch.equal(torch.rand(3), expected)


def test_dropout_depends_on_seed_and_update_alone() -> None:
    settings = recipe(steps=3)
    weights = []
    for disturbance in (1, 2):
        state = begin(settings, small_unet(dropout=0.5))
        for _ in run(state, settings):
            torch.manual_seed(disturbance)
        weights.append(state.network.state_dict()["stem.weight"])
    assert torch.equal(*weights)
    state = begin(settings, small_unet(dropout=0.5))
    list(run(state, recipe(steps=3, seed=1)))
    assert not torch.equal(state.network.state_dict()["stem.weight"], weights[0])


@pytest.mark.parametrize("prediction", ["eps", "x0", "v"])
def test_it_learns(prediction: str) -> None:
    settings = recipe(steps=40, prediction=prediction, learning_rate=3e-3, validate_every=40)
    losses = [record.loss for record in run(begin(settings), settings)]
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])


def test_eps_loss_falls_and_compares_sprites_of_training() -> None:
    settings = recipe(steps=60, learning_rate=3e-3, validate_every=10)
    records = [r.validation for r in run(begin(settings), settings) if r.validation is not None]
    assert len(records) == 6
    assert records[-1].train_loss < 0.5 * records[0].train_loss
    assert records[-1].val_loss < 0.5 * records[0].val_loss


class AsV(nn.Module):
    """Predict v from a network that predicts ε."""

    def __init__(self, eps_network: nn.Module) -> None:
        super().__init__()
        self.inner = eps_network

    def forward(self, x_t: Tensor, t: Tensor, context: Tensor) -> Tensor:
        a, s = SCHEDULE.signal_and_noise(t, x_t)
        eps: Tensor = self.inner(x_t, t, context)
        # From ε = s·x_t + a·v.
        return (eps - s * x_t) / a


class AsX0(AsV):
    """Predict x_0 from a network that predicts ε."""

    def forward(self, x_t: Tensor, t: Tensor, context: Tensor) -> Tensor:
        a, s = SCHEDULE.signal_and_noise(t, x_t)
        eps: Tensor = self.inner(x_t, t, context)
        return (x_t - s * eps) / a


def drawn_unet() -> nn.Module:
    net = small_unet()
    nn.init.normal_(net.head.weight, std=0.05)
    return net


def test_eps_loss_is_comparable_between_predictions() -> None:
    """One model said in three ways has one loss; the same numbers meant otherwise have another."""
    net = drawn_unet().double()

    class Exact(nn.Module):
        def forward(self, x_t: Tensor, t: Tensor, context: Tensor) -> Tensor:
            out: Tensor = net(x_t.double(), t, context)
            return out

    plain = eps_loss(Exact(), EPS, TRAIN, evaluations=64)
    assert eps_loss(AsV(Exact()), V, TRAIN, 64) == pytest.approx(plain, rel=1e-5)
    assert eps_loss(AsX0(Exact()), X0, TRAIN, 64) == pytest.approx(plain, rel=1e-4)
    assert eps_loss(Exact(), V, TRAIN, 64) != pytest.approx(plain, rel=1e-2)


class Known(nn.Module):
    """Knows the sprite (all are one) and so the noise, but for an error of ``off``."""

    def __init__(self, x0: Tensor, off: float) -> None:
        super().__init__()
        self.x0, self.off = x0, off

    def forward(self, x_t: Tensor, t: Tensor, _context: Tensor) -> Tensor:
        a, s = SCHEDULE.signal_and_noise(t, x_t)
        return (x_t - a * self.x0) / s + self.off


def test_eps_loss_in_closed_form() -> None:
    one = DeviceSprites(TRAIN.images[:1], TRAIN.context[:1], TRAIN.mirrorable[:1])
    x0 = one.images.permute(0, 3, 1, 2) / 127.5 - 1
    for off in (0.0, 0.5, 2.0):
        got = eps_loss(Known(x0, off), EPS, one, evaluations=40, batch_size=16)
        assert got == pytest.approx(off**2, abs=1e-6, rel=1e-4)


def test_the_objective_is_the_loss_of_what_is_predicted() -> None:
    found = validation_losses(drawn_unet(), EPS, TRAIN, evaluations=64)
    assert found.objective == pytest.approx(found.eps, rel=1e-5)
    # A network that says 0 errs by the target itself, here of every sprite once.
    found = validation_losses(Watched(), X0, TRAIN, evaluations=len(TRAIN))
    x0, _ = TRAIN.select(torch.arange(len(TRAIN)))
    assert found.objective == pytest.approx(float(x0.square().mean()), rel=1e-5)
    assert found.eps != pytest.approx(found.objective, rel=1e-2)


def test_eps_loss_does_not_depend_on_the_batch_and_repeats() -> None:
    net = drawn_unet()
    losses = [eps_loss(net, V, TRAIN, evaluations=50, batch_size=size) for size in (50, 50, 7, 128)]
    assert losses[0] == losses[1]
    assert losses == pytest.approx([losses[0]] * 4, rel=1e-5)


class Watched(nn.Module):
    """Remembers what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[Tensor, Tensor, Tensor, bool]] = []

    def forward(self, x_t: Tensor, t: Tensor, context: Tensor) -> Tensor:
        self.seen.append((x_t, t, context, self.training))
        return torch.zeros_like(x_t)


@pytest.mark.parametrize(("n", "evaluations"), [(36, 20), (36, 72), (5, 16)])
def test_eps_loss_spreads_t_and_sprites(n: int, evaluations: int) -> None:
    sprites = DeviceSprites(TRAIN.images[:n], TRAIN.context[:n], TRAIN.mirrorable[:n])
    watched = Watched().train()
    eps_loss(watched, EPS, sprites, evaluations=evaluations)
    t = torch.cat([t for _, t, _, _ in watched.seen])
    expected = [int((i + 0.5) * 100 / evaluations) for i in range(evaluations)]
    assert sorted(t.tolist()) == expected
    context = torch.cat([context for _, _, context, _ in watched.seen])
    assert bool((context.sum(dim=1) == 1).all())
    assert not any(training for *_, training in watched.seen)
    assert watched.training


@pytest.mark.parametrize(
    ("how", "steps"),
    [
        ({"steps": 7, "epochs": None}, 7),
        ({"steps": None, "epochs": 2}, 9),
        ({"steps": None, "epochs": 1.5}, 7),  # ⌈1.5 · 36 / 8⌉: the last batch counts
        ({"steps": None, "epochs": 0.01}, 1),
        ({"steps": None, "max_minutes": 1}, None),
    ],
)
def test_total_steps(how: dict[str, Any], steps: int | None) -> None:
    assert total_steps(recipe(**how), 36) == steps


def test_the_rate_rises_stays_and_falls() -> None:
    settings = recipe(warmup=4, decay_from=0.5)
    factors = [rate_factor(step, step / 20, settings) for step in range(20)]
    assert factors[:4] == [0.25, 0.5, 0.75, 1.0]
    assert factors[4:11] == [1.0] * 7
    assert factors[11:] == pytest.approx([2 * (1 - step / 20) for step in range(11, 20)])
    assert rate_factor(20, 1.0, settings) == 0


def test_the_rate_may_stay() -> None:
    settings = recipe(warmup=0, decay_from=1)
    assert {rate_factor(step, step / 20, settings) for step in range(21)} == {1.0}
    falls = recipe(warmup=0, decay_from=0)
    assert [rate_factor(0, share, falls) for share in (0, 0.25, 1)] == [1, 0.75, 0]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite(monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    numbers = itertools.count(1)
    loss = Denoising.loss

    def spoiled(*args: Any) -> Tensor:
        return loss(*args) * (value if next(numbers) == 3 else 1.0)

    monkeypatch.setattr(Denoising, "loss", spoiled)
    settings = recipe()
    state = begin(settings)
    updates = run(state, settings)
    next(updates), next(updates)
    before = {name: tensor.clone() for name, tensor in state.tensors().items()}
    with pytest.raises(TrainingError, match=f"the loss is {value} at update 3; .* is kept"):
        next(updates)
    assert all(torch.equal(before[name], tensor) for name, tensor in state.tensors().items())


def test_a_state_survives_its_tensors() -> None:
    settings = recipe(steps=6)
    state, other = begin(settings), begin(settings, small_unet())
    for update in run(state, settings):
        if update.step == 3:
            break
    tensors = {name: tensor.clone() for name, tensor in state.tensors().items()}
    record = CheckpointState(
        step=state.step, seconds=state.seconds, progress=state.progress, batch_losses=()
    )
    other.load(tensors, record)
    assert (other.step, other.progress) == (3, 0.5)
    assert other.tensors().keys() == tensors.keys()
    assert all(torch.equal(tensors[name], tensor) for name, tensor in other.tensors().items())
    rest = list(run(state, settings)), list(run(other, settings))
    assert [r.loss for r in rest[0]] == [r.loss for r in rest[1]]
    assert all(torch.equal(a, other.tensors()[name]) for name, a in state.tensors().items())


def test_min_snr_weighs_the_loss() -> None:
    losses = {}
    for gamma in (0.0, 5.0, 1e9):
        settings = recipe(steps=1, min_snr_gamma=gamma, prediction="x0")
        (record,) = run(begin(settings), settings)
        losses[gamma] = record.loss
    assert losses[5.0] != losses[0.0]
    batch = Batches(TRAIN, 8, 100, 0, mirror=False, stratified_t=True, drop_context=0.1).draw(0)
    ratio = SCHEDULE.alpha_bars[batch.t] / (1 - SCHEDULE.alpha_bars[batch.t])
    # A fresh network returns zeros, so the error of x_0 is x_0 itself.
    error = batch.x0.double().square().mean(dim=(1, 2, 3))
    for gamma in (5.0, 1e9):
        expected = float((ratio.clamp(max=gamma) * error).mean())
        assert losses[gamma] == pytest.approx(expected, rel=1e-4)


def test_a_batch_that_processes_cannot_share(monkeypatch: pytest.MonkeyPatch) -> None:
    several = accelerator()
    monkeypatch.setattr(type(several), "num_processes", property(lambda _: 3))
    settings = recipe()
    objective = build_objective(settings, SCHEDULE)
    with pytest.raises(SettingsError, match="a batch of 8 cannot be shared evenly by 3 processes"):
        next(train(begin(settings), objective, TRAIN, HELD_OUT, settings, several))


def test_v_and_eps_are_one_thing() -> None:
    """The oracle above: v from ε, turned back, is ε."""
    generator = torch.Generator().manual_seed(0)
    x0, eps = torch.randn(2, 4, 3, 8, 8, generator=generator, dtype=torch.float64)
    t = torch.tensor([0, 10, 50, 99])
    x_t = q_sample(SCHEDULE, x0, t, eps)
    v = AsV(lambda *_: eps)(x_t, t, torch.zeros(4, 1))  # type: ignore[arg-type]
    torch.testing.assert_close(eps_from_v(SCHEDULE, x_t, t, v), eps, rtol=1e-9, atol=1e-9)
