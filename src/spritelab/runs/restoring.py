"""Bringing a run's state to its last checkpoint, or to the one before where that is broken."""

from __future__ import annotations

import warnings
from pathlib import Path

from accelerate import Accelerator
from torch import Tensor

from spritelab.errors import ModelError
from spritelab.runs.saving import CHECKPOINTS
from spritelab.storage.records import NewerFormatError
from spritelab.training import (
    CheckpointState,
    TrainingState,
    checkpoints,
    load_checkpoint,
    read_state,
)


def restore(folder: Path, state: TrainingState, accelerator: Accelerator) -> CheckpointState | None:
    """Bring the state of update 0 to the last checkpoint that is whole; None if there is none.

    Args:
        folder: the run's.
        state: is changed.
        accelerator: whose scaler of gradients, if it has one, belongs to the state.

    Warns:
        UserWarning: for each checkpoint that is broken, where one before it is not.

    Raises:
        ModelError: if all are broken, or one is not of this run.
        NewerFormatError: if one is of a later format: a later spritelab goes on from it.
    """
    found = checkpoints(folder / CHECKPOINTS)
    broken: list[ModelError] = []
    for _, path in reversed(found):
        try:
            tensors, record = load_checkpoint(path)
            _take(state, tensors, record, accelerator, path)
        except NewerFormatError:
            raise
        except ModelError as error:
            broken.append(error)
            continue
        for one in broken:
            warnings.warn(f"{one}; going on from the one before, {path.name}", stacklevel=2)
        return record
    if broken:
        raise broken[0]
    return None


def last_state(folder: str | Path) -> CheckpointState | None:
    """How far the run in ``folder`` is: what its last checkpoint says; None if there is none.

    Raises:
        ModelError: if every checkpoint is broken, or the last is of a later format.
    """
    broken: list[ModelError] = []
    for _, path in reversed(checkpoints(Path(folder) / CHECKPOINTS)):
        try:
            return read_state(path)
        except NewerFormatError:
            raise
        except ModelError as error:
            broken.append(error)
    if broken:
        raise broken[0]
    return None


def _take(
    state: TrainingState,
    tensors: dict[str, Tensor],
    record: CheckpointState,
    accelerator: Accelerator,
    path: Path,
) -> None:
    try:
        state.load(tensors, record)
        if accelerator.scaler is not None and record.scaler:
            accelerator.scaler.load_state_dict(record.scaler)
    except (KeyError, RuntimeError, ValueError, TypeError, IndexError):
        raise ModelError(
            f"the checkpoint {path} is not one of this run; remove it to go on from the one before"
        ) from None
