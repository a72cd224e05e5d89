"""One update of the weights: its rate, the gradient step, and how far the run is then."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor, nn

from spritelab.config import TrainingSettings
from spritelab.errors import TrainingError
from spritelab.training.state import TrainingState

Clock = Callable[[], float]
"""Gives seconds, from any start."""


class Learner:
    """A network and its optimiser as several processes share them, and the update they make.

    Args:
        state: is kept whole: after every update it can be saved.
        settings: the rate, and the largest norm of a gradient.
        accelerator: device, precision and processes.
    """

    def __init__(
        self, state: TrainingState, settings: TrainingSettings, accelerator: Accelerator
    ) -> None:
        self.state, self.settings, self.accelerator = state, settings, accelerator
        self.model: nn.Module
        self.model, self.optimiser = accelerator.prepare(state.network, state.optimiser)

    def rate(self) -> float:
        """Set the learning rate of the next update, and return it."""
        state = self.state
        rate = self.settings.learning_rate * rate_factor(state.step, state.progress, self.settings)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def update(self, add: Callable[[], Tensor]) -> float:
        """Make one step down a gradient; the average takes it in.

        Args:
            add: adds the gradient to that of ``model`` and gives the mean loss, a scalar, over all
                processes.

        Returns:
            the loss.

        Raises:
            TrainingError: if it is not finite; the state is then of no use any more.
        """
        state = self.state
        self.optimiser.zero_grad()
        value = float(add())
        if self.settings.clip_gradient:
            parameters = self.model.parameters()
            self.accelerator.clip_grad_norm_(parameters, self.settings.clip_gradient)
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss is {value} at update {state.step + 1}; the last good checkpoint is "
                "kept; start again with a lower `learning_rate` or without mixed precision"
            )
        self.optimiser.step()
        state.step += 1
        state.average.update(state.network, state.step)
        return value


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


def share_done(
    state: TrainingState, settings: TrainingSettings, sprites: int, accelerator: Accelerator
) -> float:
    """Share of the run that is done, in [0, 1]; ``sprites`` as in ``total_steps``."""
    steps = total_steps(settings, sprites)
    if steps is not None:
        return min(1.0, state.step / steps)
    assert settings.max_minutes is not None
    share = min(1.0, state.seconds / (60 * settings.max_minutes))
    if accelerator.num_processes > 1:
        # Clocks differ; all processes follow the first, or they would stop at different updates.
        share = float(broadcast(torch.tensor([share], device=accelerator.device))[0])
    return share
