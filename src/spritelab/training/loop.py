"""The training loop: a generator that yields a record after every update, and draws nothing.

Draw a batch; take a gradient step on the objective; update the average of the weights; yield the
record.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from accelerate import Accelerator
from torch import nn

from spritelab.config import TrainingSettings
from spritelab.devices import any_process
from spritelab.errors import SettingsError
from spritelab.training.batches import Batches, DeviceSprites, stream_seed
from spritelab.training.early_stopping import LeastLoss
from spritelab.training.objectives import Objective
from spritelab.training.sharing import add_gradients, check_shares
from spritelab.training.state import TrainingState
from spritelab.training.updating import Clock, Learner, share_done
from spritelab.training.validation import validation_losses


@dataclass(frozen=True, slots=True)
class Validation:
    """Losses of the averaged weights on fixed t and noise (see ``validation_losses``).

    Attributes:
        train_loss, val_loss: on ε, over training and held-out sprites.
        train_objective, val_objective: of what the network predicts, over the same.
    """

    train_loss: float
    val_loss: float
    train_objective: float
    val_objective: float


@dataclass(frozen=True, slots=True)
class Update:
    """One update of the weights.

    Attributes:
        step: updates made so far, this one included.
        epoch: passes over the training sprites so far.
        loss: of this update's batch, in the units of what the network predicts.
        learning_rate: that this update used.
        seconds: of training so far, over all sessions.
        progress: share of the run done, in (0, 1]; 1 as well where early stopping has ended it.
        validation: every ``validate_every`` updates and after the last one, else None.
    """

    step: int
    epoch: float
    loss: float
    learning_rate: float
    seconds: float
    progress: float
    validation: Validation | None


def train(
    state: TrainingState,
    objective: Objective,
    train_sprites: DeviceSprites,
    held_out: DeviceSprites,
    settings: TrainingSettings,
    accelerator: Accelerator,
    mirror: bool = False,
    clock: Clock = time.perf_counter,
) -> Iterator[Update]:
    """Train until the run's length is reached, yielding after every update.

    ``state`` is always whole when an update is yielded: it can be saved then, and a caller that
    stops consuming has stopped the training. With several processes each computes its share of
    every batch, and all yield the same records.

    With ``stop_when_memorising`` it ends as well when the held-out loss says so, see ``LeastLoss``.
    Seconds, and the minutes of a run that lasts so many, are those of ``clock``.

    Raises:
        SettingsError: if the batch cannot be shared evenly by the processes and their parts, or if
            nothing is held out that could tell when to stop.
        TrainingError: if a loss is not finite; the state is then of no use any more.
    """
    check_shares(settings, accelerator.num_processes)
    if settings.stop_when_memorising and not len(held_out):
        raise SettingsError(
            "no sprites are held out, so that nothing tells when a run memorises; raise "
            "`data.held_out`, or leave out `stop_when_memorising`"
        )
    learner = Learner(state, settings, accelerator)
    batches = Batches(
        train_sprites,
        settings.batch_size,
        objective.head.schedule.timesteps,
        settings.seed,
        mirror=mirror,
        stratified_t=settings.stratified_t,
        t_power=settings.t_power,
        drop_context=settings.drop_context,
        recolour=settings.recolour,
        swap=settings.swap,
        distract=settings.distract,
    )
    has_dropout = any(isinstance(m, nn.Dropout) and m.p > 0 for m in state.network.modules())
    start = clock() - state.seconds

    while state.progress < 1:
        rate = learner.rate()
        if has_dropout:
            # Dropout knows only torch's global generator.
            torch.manual_seed(stream_seed(settings.seed, 2, state.step, accelerator.process_index))

        batch, parts = batches.draw(state.step), settings.gradient_accumulation
        value = learner.update(
            partial(add_gradients, learner.model, objective, batch, parts, accelerator)
        )
        state.seconds = clock() - start
        state.progress = share_done(state, settings, len(train_sprites), accelerator)

        if settings.guide and state.guide is None and state.progress >= settings.guide:
            state.keep_guide()

        validation = None
        if state.step % settings.validate_every == 0 or state.progress >= 1:
            network = state.averaged()
            seen, unseen = (
                validation_losses(network, objective.head, sprites)
                for sprites in (train_sprites, held_out)
            )
            validation = Validation(seen.eps, unseen.eps, seen.objective, unseen.objective)
            if settings.stop_when_memorising:
                now = (unseen.objective, state.step, state.average.weights)
                state.least = LeastLoss.of(*now) if state.least is None else state.least.then(*now)
                # Devices may differ in a last digit; no process may go on alone.
                if any_process(state.least.memorising):
                    state.progress = 1.0
        yield Update(
            state.step,
            state.step * settings.batch_size / len(train_sprites),
            value,
            rate,
            state.seconds,
            state.progress,
            validation,
        )
