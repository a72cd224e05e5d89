"""An update shared out: among the processes that train together, and among parts in turn.

Every process draws the same whole batch, a function of (seed, update), and takes its rows of it;
their gradients are averaged. So a run is the same run, up to rounding, whatever the number of
processes and parts, and may be resumed with others. Two things know of their part alone: batch
normalisation (the network of the notebook), which takes its statistics from it, and dropout.
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from spritelab.config import TrainingSettings
from spritelab.errors import SettingsError
from spritelab.training.batches import Batch
from spritelab.training.objectives import Objective


def check_shares(settings: TrainingSettings, processes: int) -> None:
    """Check that a batch can be shared evenly by processes and by the parts of each.

    Raises:
        SettingsError: if it cannot.
    """
    size, parts = settings.batch_size, settings.gradient_accumulation
    if size % processes:
        raise SettingsError(
            f"a batch of {size} cannot be shared evenly by {processes} processes; choose a "
            "multiple as `batch_size`"
        )
    if size // processes % parts:
        share = f" of {processes} processes" if processes > 1 else ""
        raise SettingsError(
            f"the {size // processes} sprites{share} an update cannot be taken in {parts} equal "
            "parts; choose another `gradient_accumulation`"
        )


def add_gradients(
    model: nn.Module, objective: Objective, batch: Batch, parts: int, accelerator: Accelerator
) -> Tensor:
    """Add the gradients of a batch to those of ``model``, averaged over all processes.

    Args:
        model: as ``accelerator`` has prepared it.
        objective: gives the mean loss of sprites.
        batch: all sprites of the update, the same in every process.
        parts: this process takes its own sprites in so many equal parts, one after the other, which
            needs the memory of one part.
        accelerator: of this process.

    Returns:
        The mean loss of the whole batch: a scalar, the same in every process.
    """
    own = _own_rows(batch, accelerator)
    total: Tensor | None = None
    for part in range(parts):
        # Processes speak to each other once an update, when the last part is done.
        waits = part + 1 < parts
        with accelerator.no_sync(model) if waits else nullcontext():
            loss = objective.loss(model, own if parts == 1 else own[part::parts])
            accelerator.backward(loss / parts)
        found = loss.detach()
        total = found if total is None else total + found
    assert total is not None
    mean = accelerator.reduce(total / parts, "mean")
    assert isinstance(mean, torch.Tensor)
    return mean


def _own_rows(batch: Batch, accelerator: Accelerator) -> Batch:
    """This process's rows of a batch that every process drew alike."""
    rank, world = accelerator.process_index, accelerator.num_processes
    return batch if world == 1 else batch[rank::world]
