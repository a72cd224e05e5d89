"""One run is trained by one process at a time, or by one group of processes that train together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from spritelab.devices import any_process, this_process
from spritelab.errors import TrainingError
from spritelab.storage.locks import TakenError, alone

LOCK = "run.lock"
"""The file that is locked; it stays in the run's folder, and means nothing by being there."""


@contextmanager
def lock_run(folder: Path) -> Iterator[None]:
    """Keep all others from training the run in ``folder`` during the block.

    The lock is the operating system's, so that it goes with the process that holds it, however that
    ends. Of processes that train together the first holds it for all.

    Raises:
        TrainingError: at once, in all processes that train together, if others hold the lock.
        StorageError: if the file cannot be made.
    """
    said = f"the run in {folder} is being trained"
    with ExitStack() as held:
        taken = False
        if this_process().is_main_process:
            try:
                held.enter_context(alone(folder / LOCK, said))
            except TakenError:
                taken = True
        if any_process(taken):
            raise TrainingError(str(TakenError(said)))
        yield
