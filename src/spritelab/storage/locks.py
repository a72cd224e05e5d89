"""One process at a time in a place: a lock of the operating system, on a file.

It goes with the process that holds it, however that ends; the file stays, and means nothing by
being there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from spritelab.errors import StorageError
from spritelab.storage.files import storing


class TakenError(StorageError):
    """Another process is at work where one may be at a time."""

    def __init__(self, work: str) -> None:
        super().__init__(f"{work} by another process; wait for it, or stop it")


@contextmanager
def alone(path: Path, work: str, *, nested: bool = False) -> Iterator[None]:
    """Keep all others out during the block.

    Args:
        path: of the file that is locked; folders on the way are made.
        work: that is done, for the message: ``the run in …``.
        nested: blocks of one process may lie in each other.

    Raises:
        TakenError: at once, if others hold the lock.
        StorageError: if the file cannot be made.
    """
    # Not bound to a thread: a generator may be closed in another one than began it.
    lock = FileLock(path, timeout=0, thread_local=False, is_singleton=nested)
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout:
            raise TakenError(work) from None
    try:
        yield
    finally:
        lock.release()
