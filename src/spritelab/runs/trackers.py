"""Other places that a run tells of itself: Weights & Biases, MLflow, trackio; through Accelerate.

TensorBoard's files are written by every run (see ``log``); these are told besides, by who trains it
and not by its settings: they change nothing that is learnt. A tracker that fails on the way is let
go with a warning: a run is never lost for the sake of its log.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
from accelerate import Accelerator
from accelerate.tracking import GeneralTracker, filter_trackers
from PIL import Image

from spritelab.config import flatten
from spritelab.errors import MissingExtraError, SettingsError
from spritelab.pixels import Images
from spritelab.training import Update

LOGGERS = ("tensorboard", "wandb", "mlflow", "trackio")
"""Who can be told how a run goes; TensorBoard is in any case."""

Loggers = Sequence[str | GeneralTracker]
"""Some of ``LOGGERS``, or trackers of Accelerate's that are made already."""

PROJECT = "spritelab"
"""The project, or experiment, that runs are filed under."""

EVERY = 10
"""Updates between two points of the loss curve: their mean. Some trackers write to a network."""


def check_loggers(loggers: Loggers) -> list[str | GeneralTracker]:
    """The loggers that are told besides TensorBoard, each once.

    Raises:
        SettingsError: for an unknown one.
        MissingExtraError: naming a package that is missing and the command that installs it.
    """
    found: list[str | GeneralTracker] = []
    for one in loggers:
        if not isinstance(one, GeneralTracker):
            if one not in LOGGERS:
                known = ", ".join(LOGGERS)
                raise SettingsError(f"there is no `logger` {one!r}; choose among {known}")
            if one == "tensorboard" or one in found:
                continue
            if find_spec(one) is None:
                raise MissingExtraError(
                    f"the `logger` {one} needs the package {one}, not installed here: "
                    f"pip install {one}"
                )
        found.append(one)
    return found


class Trackers:
    """The trackers of one session of training, on the process that writes."""

    def __init__(self, trackers: Sequence[GeneralTracker]) -> None:
        self._open = list(trackers)
        self._losses: list[float] = []

    def add(self, trackers: Sequence[GeneralTracker]) -> None:
        """Tell these, too."""
        self._open += trackers

    def update(self, update: Update) -> None:
        """Tell of one update, every ``EVERY`` of them, and of its validation if it has one."""
        if not self._open:
            return
        self._losses.append(update.loss)
        found = update.validation
        if found is None and len(self._losses) < EVERY:
            return
        values = {"loss/batch": float(np.mean(self._losses)), "learning_rate": update.learning_rate}
        self._losses.clear()
        if found is not None:
            values |= {
                "loss/train": found.train_loss,
                "loss/held_out": found.val_loss,
                "objective/train": found.train_objective,
                "objective/held_out": found.val_objective,
            }
        self._tell("log", values, update.step)

    def picture(self, picture: Images, step: int) -> None:
        """Show a grid of samples, uint8 ``[h,w,3]``, to those that take pictures."""
        self._tell("log_images", {"samples": [Image.fromarray(picture)]}, step)

    def close(self) -> None:
        """End the session at every tracker."""
        self._tell("finish")
        self._open.clear()

    def _tell(self, what: str, *told: Any) -> None:
        for tracker in list(self._open):
            try:
                # Not all of them take pictures.
                if (method := getattr(tracker, what, None)) is not None:
                    method(*told)
            except Exception as error:  # whatever a tracker's package raises
                self._open.remove(tracker)
                said = " ".join(str(error).split())[:200]
                warnings.warn(
                    f"the logger {tracker.name} is told no more ({said}); the run goes on",
                    stacklevel=2,
                )


@contextmanager
def open_trackers(
    accelerator: Accelerator,
    loggers: Loggers,
    name: str,
    config: Mapping[str, Any],
    key: str,
) -> Iterator[Trackers]:
    """Open the trackers of a run for one session, and end it there afterwards.

    Args:
        accelerator: of the training; call it on the process that writes alone.
        loggers: see ``check_loggers``.
        name: of the run.
        config: its settings.
        key: by which a tracker that can resume a run knows it again.

    Raises:
        SettingsError: if one cannot begin, such as one that nobody is logged in to.
        SettingsError, MissingExtraError: as ``check_loggers``.
    """
    how = {
        "wandb": {"name": name, "id": key, "resume": "allow"},
        "mlflow": {"run_name": name},
        "trackio": {"name": name, "resume": "allow"},
    }
    told = {key: value for key, value in flatten(config).items() if value is not None}
    told = {k: v if isinstance(v, int | float | str | bool) else str(v) for k, v in told.items()}
    trackers = Trackers(())
    try:
        for one in check_loggers(loggers):
            accelerator.log_with, accelerator.trackers = filter_trackers([one], None), []
            try:
                accelerator.init_trackers(PROJECT, told, how)
            except Exception as error:  # whatever a tracker's package raises
                said = " ".join(str(error).split())[:300]
                known = one.name if isinstance(one, GeneralTracker) else one
                raise SettingsError(f"the `logger` {known} cannot begin: {said}") from None
            trackers.add(accelerator.trackers)
        yield trackers
    finally:
        trackers.close()
