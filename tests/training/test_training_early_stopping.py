"""Early stopping: what counts as risen, when a run ends, and which weights it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor

from spritelab.config import TrainingSettings
from spritelab.diffusion import Schedule
from spritelab.errors import SettingsError
from spritelab.networks import UNet
from spritelab.training import (
    DeviceSprites,
    LeastLoss,
    Losses,
    TrainingState,
    Update,
    build_objective,
    loop,
    train,
)
from spritelab.training.early_stopping import PATIENCE, RISE
from tiny import tiny_set

CPU = torch.device("cpu")
TRAIN, HELD_OUT = (DeviceSprites.from_set(part, CPU) for part in tiny_set().split(0.1, 0))
NONE = DeviceSprites(HELD_OUT.images[:0], HELD_OUT.context[:0], HELD_OUT.mirrorable[:0])


def weights(value: float) -> dict[str, Tensor]:
    return {"w": torch.full((2,), value)}


def follow(losses: list[float]) -> LeastLoss:
    """What is known after validations of these losses, of weights 1, 2, … after 1, 2, … updates."""
    least = LeastLoss.of(losses[0], 1, weights(1))
    for step, loss in enumerate(losses[1:], start=2):
        least = least.then(loss, step, weights(step))
    return least


UP = 1 + 1.01 * RISE
"""A factor that makes a loss count as risen."""


@pytest.mark.parametrize(
    ("losses", "step", "risen"),
    [
        ([1.0], 1, 0),
        ([1.0, 0.5], 2, 0),
        ([0.5, 0.5], 1, 0),  # no less: the earlier weights stay
        ([0.5, 0.5 * (1 + 0.9 * RISE)] * 9, 1, 0),  # never clearly above
        ([1.0, 0.5, 0.5 * UP, 0.5 * UP], 2, 2),
        ([0.5, 0.5 * UP, 0.5, 0.5 * UP], 1, 1),  # not in a row
        ([0.5, 0.5 * UP, 0.5 * UP, 0.4], 4, 0),  # the rate falls, and so does the loss again
        ([0.5] + [0.6] * PATIENCE, 1, PATIENCE),
    ],
)
def test_the_least_loss_and_how_long_it_has_risen(
    losses: list[float], step: int, risen: int
) -> None:
    least = follow(losses)
    assert (least.loss, least.step, least.risen) == (min(losses), step, risen)
    assert least.last == losses[-1]
    assert torch.equal(least.weights["w"], torch.full((2,), float(step)))
    assert least.memorising == (risen >= PATIENCE)


def test_the_weights_are_copied_and_come_back() -> None:
    mine = weights(1)
    least = LeastLoss.of(0.1 + 0.2, 7, mine).then(0.4, 8, mine)
    mine["w"].zero_()
    assert least.weights["w"].tolist() == [1, 1]
    again = LeastLoss.restore(least.record(), least.weights)
    assert (again.loss, again.step, again.last, again.risen) == (0.1 + 0.2, 7, 0.4, 1)


def recipe(**how: Any) -> TrainingSettings:
    given = {"steps": 20, "batch_size": 8, "warmup": 0, "validate_every": 2, **how}
    return TrainingSettings.parse({"stop_when_memorising": True, **given})


def begin(settings: TrainingSettings) -> TrainingState:
    torch.manual_seed(0)
    return TrainingState.start(UNet(4, 16, (32,), 1, (), 3), settings, CPU)


def run(
    state: TrainingState, settings: TrainingSettings, held_out: DeviceSprites = HELD_OUT
) -> Iterator[Update]:
    objective = build_objective(settings, Schedule.cosine(100))
    return train(state, objective, TRAIN, held_out, settings, Accelerator(cpu=True))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Held-out losses to come, one a validation."""
    losses: list[float] = []

    def told(_network: object, _head: object, sprites: DeviceSprites) -> Losses:
        # The error of ε̂ keeps falling: it is not what decides.
        return Losses(1 / len(losses), losses.pop(0) if sprites is HELD_OUT else 9.0)

    monkeypatch.setattr(loop, "validation_losses", told)
    return losses


def test_a_run_ends_and_keeps_the_weights_of_the_least_loss(scripted: list[float]) -> None:
    scripted += [0.9, 0.5, 0.6, 0.7, 0.8, 0.1]
    settings = recipe()
    state = begin(settings)
    averages = {}
    for update in run(state, settings):
        averages[update.step] = {n: v.clone() for n, v in state.average.weights.items()}
    assert (state.step, state.progress, update.progress) == (10, 1.0, 1.0)
    assert update.validation is not None
    assert update.validation.val_objective == 0.8
    step, kept = state.kept()
    assert step == 4
    assert all(torch.equal(kept[name], value) for name, value in averages[4].items())
    assert not all(torch.equal(kept[name], value) for name, value in averages[10].items())


def test_the_learning_rate_is_that_of_the_planned_length(scripted: list[float]) -> None:
    scripted += [0.5, 0.6, 0.7, 0.8]
    rates = [update.learning_rate for update in run(begin(recipe()), recipe(decay_from=0))]
    assert rates == pytest.approx([1e-3 * (1 - step / 20) for step in range(8)])


def test_without_it_a_run_goes_on_and_keeps_its_last_weights(scripted: list[float]) -> None:
    scripted += [0.5, 0.6, 0.7, 0.8, 0.9]
    settings = recipe(stop_when_memorising=False, steps=10)
    state = begin(settings)
    assert len(list(run(state, settings))) == 10
    assert state.least is None
    assert state.kept() == (10, state.average.weights)


def test_nothing_held_out() -> None:
    with pytest.raises(SettingsError, match=r"^no sprites are held out.*; raise `data\.held_out`"):
        next(run(begin(recipe()), recipe(), NONE))
