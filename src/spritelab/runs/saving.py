"""What is being learnt, saved and brought back: by a run on sprites and by a distillation."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path

from accelerate import Accelerator

from spritelab.errors import TrainingError
from spritelab.training import (
    CheckpointState,
    TrainingState,
    Update,
    save_checkpoint,
)

CHECKPOINTS = "checkpoints"


def save_training(
    folder: Path,
    state: TrainingState,
    batch_losses: Sequence[float] = (),
    accelerator: Accelerator | None = None,
) -> None:
    """Write a checkpoint into the run's ``folder``; the arguments are those of ``Run.save_state``.

    Raises:
        TrainingError: if the weights are not finite; nothing is written then.
        StorageError: if it cannot be written; the last checkpoint is kept.
    """
    tensors = state.tensors()
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        raise TrainingError(
            f"the weights are no longer finite at update {state.step}; the last good "
            "checkpoint is kept; start again with a lower `learning_rate`"
        )
    scaler = accelerator.scaler if accelerator is not None else None
    record = CheckpointState(
        step=state.step,
        seconds=state.seconds,
        progress=state.progress,
        batch_losses=tuple(batch_losses),
        scaler=scaler.state_dict() if scaler is not None else None,
        least=None if state.least is None else state.least.record(),
        guide_step=None if state.guide is None else state.guide.step,
    )
    save_checkpoint(folder / CHECKPOINTS, tensors, record)


def close_at_exit(updates: Generator[Update, None, None]) -> None:
    """Close a generator that still waits when the program ends, while Python can still save."""

    def close() -> None:
        if (waiting := reference()) is not None:
            with suppress(ValueError):  # it is not waiting: another thread trains
                waiting.close()

    reference = weakref.ref(updates, lambda _: atexit.unregister(close))
    atexit.register(close)
