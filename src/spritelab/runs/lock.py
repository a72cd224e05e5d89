"""One run is trained by one process at a time, or by one group of processes that train together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from spritelab.devices import any_process, this_process
from spritelab.errors import TrainingError
from spritelab.storage import storing

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
    with ExitStack() as held:
        taken = False
        if this_process().is_main_process:
            with storing(folder):
                folder.mkdir(parents=True, exist_ok=True)
                try:
                    # Not bound to a thread: a generator may be closed in another one than began it.
                    held.enter_context(FileLock(folder / LOCK, timeout=0, thread_local=False))
                except Timeout:
                    taken = True
        if any_process(taken):
            raise TrainingError(
                f"the run in {folder} is being trained by another process; wait for it, or stop it"
            )
        yield
