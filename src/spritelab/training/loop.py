"""The training loop: a generator that yields a record after every update, and draws nothing.

Draw a batch; take a gradient step on the objective; update the average of the weights; yield the
record.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor, nn

from spritelab.config import TrainingSettings
from spritelab.devices import any_process
from spritelab.errors import SettingsError, TrainingError
from spritelab.networks import hidden_weights
from spritelab.training.average import PowerAverage
from spritelab.training.batches import Batches, DeviceSprites, stream_seed
from spritelab.training.checkpoint import CheckpointState
from spritelab.training.early_stopping import LeastLoss
from spritelab.training.muon import Muon
from spritelab.training.objectives import Objective
from spritelab.training.sharing import add_gradients, check_shares
from spritelab.training.validation import validation_losses

Clock = Callable[[], float]
"""Gives seconds, from any start."""


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


@dataclass
class TrainingState:
    """What changes while a network learns: all that a checkpoint must hold.

    ``least`` is kept by runs that stop when they memorise, from their first validation on.
    """

    network: nn.Module
    average: PowerAverage
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    progress: float = 0.0
    least: LeastLoss | None = None

    @classmethod
    def start(
        cls, network: nn.Module, settings: TrainingSettings, device: torch.device
    ) -> TrainingState:
        """Begin with ``network`` as it is."""
        network = network.to(device).train()
        optimiser = make_optimiser(network, settings, fused=device.type in ("cpu", "cuda"))
        return cls(network, PowerAverage(network, settings.ema_width), optimiser)

    def averaged(self) -> nn.Module:
        """A copy of the network with the averaged weights, in evaluation mode."""
        network = deepcopy(self.network)
        network.load_state_dict(self.average.weights)
        return network.eval()

    def tensors(self) -> dict[str, Tensor]:
        """All tensors of the state, by name."""
        named = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        named |= {f"average.{name}": value for name, value in self.average.weights.items()}
        for index, entries in self.optimiser.state_dict()["state"].items():
            named |= {f"optimiser.{index}.{name}": value for name, value in entries.items()}
        if self.least is not None:
            named |= {f"least.{name}": value for name, value in self.least.weights.items()}
        return named

    def load(self, tensors: dict[str, Tensor], record: CheckpointState) -> None:
        """Take over a saved state."""
        parts: dict[str, dict[str, Tensor]] = {
            part: {} for part in ("network", "average", "optimiser", "least")
        }
        for name, value in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = value
        self.network.load_state_dict(parts["network"])
        self.average.load(parts["average"])
        saved = self.optimiser.state_dict()
        saved["state"] = {}
        for name, value in parts["optimiser"].items():
            index, _, key = name.partition(".")
            saved["state"].setdefault(int(index), {})[key] = value
        self.optimiser.load_state_dict(saved)
        self.step, self.seconds, self.progress = record.step, record.seconds, record.progress
        if record.least is not None:
            # On the device, like all that training compares them with.
            weights = {n: parts["least"][n].to(v.device) for n, v in self.average.weights.items()}
            self.least = LeastLoss.restore(record.least, weights)

    def kept(self) -> tuple[int, Mapping[str, Tensor]]:
        """The weights that the run's model has, and after how many updates they were reached.

        Those of the least held-out loss, if the run keeps it; else the average as it is.
        """
        if self.least is not None:
            return self.least.step, self.least.weights
        return self.step, self.average.weights


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
    model, optimiser = accelerator.prepare(state.network, state.optimiser)
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
        rate = settings.learning_rate * rate_factor(state.step, state.progress, settings)
        for group in optimiser.param_groups:
            group["lr"] = rate
        if has_dropout:
            # Dropout knows only torch's global generator.
            torch.manual_seed(stream_seed(settings.seed, 2, state.step, accelerator.process_index))

        optimiser.zero_grad()
        batch, parts = batches.draw(state.step), settings.gradient_accumulation
        value = float(add_gradients(model, objective, batch, parts, accelerator))
        if settings.clip_gradient:
            accelerator.clip_grad_norm_(model.parameters(), settings.clip_gradient)
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss is {value} at update {state.step + 1}; the last good checkpoint is "
                "kept; start again with a lower `learning_rate` or without mixed precision"
            )
        optimiser.step()

        state.step += 1
        state.average.update(state.network, state.step)
        state.seconds = clock() - start
        state.progress = _progress(state, settings, len(train_sprites), accelerator)

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


def make_optimiser(
    network: nn.Module, settings: TrainingSettings, fused: bool
) -> torch.optim.Optimizer:
    """The optimiser that ``settings`` name, for all parameters of ``network``."""
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimiser == "muon":
        hidden, others = hidden_weights(network)
        return Muon(hidden, others, lr=rate, weight_decay=decay, fused=fused)
    make = torch.optim.Adam if settings.optimiser == "adam" else torch.optim.AdamW
    return make(network.parameters(), lr=rate, weight_decay=decay, fused=fused)


def total_steps(settings: TrainingSettings, sprites: int) -> int | None:
    """Updates of the whole run over ``sprites`` training sprites; None if minutes decide."""
    if settings.steps is not None:
        return settings.steps
    if settings.epochs is not None:
        return math.ceil(settings.epochs * sprites / settings.batch_size)
    return None


def rate_factor(step: int, progress: float, settings: TrainingSettings) -> float:
    """Learning rate of update ``step`` (from 0) as a share of the peak.

    Rises linearly over the warm-up; falls linearly to zero from ``decay_from`` to the run's end.
    """
    rise = min(1.0, (step + 1) / settings.warmup) if settings.warmup else 1.0
    if settings.decay_from == 1:
        return rise
    return rise * min(1.0, (1 - progress) / (1 - settings.decay_from))


def _progress(
    state: TrainingState, settings: TrainingSettings, sprites: int, accelerator: Accelerator
) -> float:
    steps = total_steps(settings, sprites)
    if steps is not None:
        return min(1.0, state.step / steps)
    assert settings.max_minutes is not None
    share = min(1.0, state.seconds / (60 * settings.max_minutes))
    if accelerator.num_processes > 1:
        # Clocks differ; all processes follow the first, or they would stop at different updates.
        share = float(broadcast(torch.tensor([share], device=accelerator.device))[0])
    return share
