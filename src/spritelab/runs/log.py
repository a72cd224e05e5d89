"""What a run writes down as it goes: ``metrics.jsonl`` and TensorBoard's files."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spritelab.pixels import Images
from spritelab.runs.trackers import Trackers
from spritelab.storage import parse_json, storing, write_file
from spritelab.training import Update

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

METRICS = "metrics.jsonl"


class Log:
    """The open log of one session of training.

    Attributes:
        batch_losses: of the updates since the last validation; part of a checkpoint, so that a
            resumed run writes the same lines.
    """

    def __init__(
        self,
        folder: Path,
        board: SummaryWriter,
        batch_losses: Sequence[float],
        trackers: Trackers | None = None,
    ) -> None:
        self.path = folder / METRICS
        self.board = board
        self.trackers = trackers or Trackers(())
        self.batch_losses = list(batch_losses)

    def update(self, update: Update, batch_size: int, kept_step: int | None = None) -> None:
        """Write down one update, and its validation if it has one.

        Args:
            update: what the loop yielded.
            batch_size: sprites an update.
            kept_step: updates of the weights of the least held-out loss, where a run keeps them.
        """
        self.batch_losses.append(update.loss)
        self.trackers.update(update)
        self.board.add_scalar("loss/batch", update.loss, update.step)
        self.board.add_scalar("learning_rate", update.learning_rate, update.step)
        if update.validation is None:
            return
        record = {
            "step": update.step,
            "epoch": round(update.epoch, 4),
            "seconds": round(update.seconds, 3),
            "train_loss": update.validation.train_loss,
            "val_loss": update.validation.val_loss,
            "train_objective": update.validation.train_objective,
            "val_objective": update.validation.val_objective,
            "batch_loss": float(np.mean(self.batch_losses)),
            "learning_rate": update.learning_rate,
            "sprites_per_second": round(update.step * batch_size / update.seconds, 1),
        }
        if kept_step is not None:
            record["kept_step"] = kept_step
        self.record(record)
        self.board.add_scalar("loss/train", update.validation.train_loss, update.step)
        self.board.add_scalar("loss/held_out", update.validation.val_loss, update.step)
        self.board.add_scalar("objective/train", update.validation.train_objective, update.step)
        self.board.add_scalar("objective/held_out", update.validation.val_objective, update.step)

    def record(self, record: Mapping[str, float]) -> None:
        """Add a line to ``metrics.jsonl``, and begin a new mean of losses."""
        self.batch_losses.clear()
        with storing(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def picture(self, picture: Images, step: int) -> None:
        """Show a grid of samples, uint8 ``[h,w,3]``, in TensorBoard and where else it is told."""
        self.trackers.picture(picture, step)
        self.board.add_image("samples", picture, step, dataformats="HWC")


@contextmanager
def open_log(
    folder: Path, step: int, batch_losses: Sequence[float], trackers: Trackers | None = None
) -> Iterator[Log]:
    """Open the log of a run that goes on from update ``step``; what lies beyond is dropped."""
    from torch.utils.tensorboard import SummaryWriter

    if (folder / METRICS).exists():
        kept = [record for record in read_metrics(folder) if record["step"] <= step]
        write_file(folder / METRICS, "".join(json.dumps(record) + "\n" for record in kept))
    with storing(folder / "tensorboard"), _quiet_writer_thread():
        # What an earlier session logged beyond its last checkpoint happens again.
        board = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)
        try:
            yield Log(folder, board, batch_losses, trackers)
        finally:
            board.close()


@contextmanager
def _quiet_writer_thread() -> Iterator[None]:
    """Keep the thread that TensorBoard writes in from printing what it hands to its caller.

    On a full disk that thread ends with an ``OSError``, which the next call of the writer raises
    again where it can be dealt with; Python would print a traceback of the thread besides.
    """
    before = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if not isinstance(args.exc_value, OSError):
            before(args)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


def read_metrics(folder: str | Path) -> list[dict[str, Any]]:
    """The run's validations so far, one mapping a line of ``metrics.jsonl``; none if none yet.

    A line that is no record of numbers with a whole ``step``, such as the one that a killed run was
    writing, is skipped.
    """
    path = Path(folder) / METRICS
    if not path.exists():
        return []
    records = []
    for line in path.read_bytes().splitlines():
        try:
            record = parse_json(line.decode("utf-8"))
        except ValueError:
            continue
        if (
            isinstance(record, dict)
            and type(record.get("step")) is int
            and all(type(value) in (int, float) for value in record.values())
        ):
            records.append(record)
    return records
