"""Checkpoints: what training goes on from, in ``checkpoints/step-00012000/`` of a run's folder.

Each holds ``state.json`` (a ``CheckpointState``) beside ``state.safetensors``. It is written aside
and renamed, so that one that is there is complete.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from torch import Tensor

from spritelab.config import Settings
from spritelab.errors import ModelError, SettingsError
from spritelab.storage import (
    flush_folder,
    read_record,
    storing,
    write_record,
)
from spritelab.storage.tensors import read_tensors, write_tensors

FORMAT = 5
"""Version of a checkpoint; raised whenever old code could no longer read it.

3: the least held-out loss, for runs that stop when they memorise.
4: a digest of the state; that of the tensors is in their own file.
5: the guide of autoguidance, for runs that keep one.
"""


class LeastRecord(Settings):
    """What a checkpoint holds of a ``LeastLoss`` beside its weights."""

    loss: float = Field(description="the least held-out loss")
    step: Annotated[int, Field(ge=1)] = Field(description="updates of the weights that had it")
    last: float = Field(description="the held-out loss of the last validation")
    risen: Annotated[int, Field(ge=0)] = Field(description="validations in a row that had risen")


class CheckpointState(Settings):
    """What a checkpoint holds beside its tensors."""

    format: int = FORMAT
    step: Annotated[int, Field(ge=0)] = Field(description="updates of the weights so far")
    seconds: Annotated[float, Field(ge=0)] = Field(description="of training so far")
    progress: Annotated[float, Field(ge=0, le=1)] = Field(description="share of the run done")
    batch_losses: tuple[float, ...] = Field(description="of the updates since the last validation")
    scaler: dict[str, Any] | None = Field(
        default=None, description="state of the scaler of gradients, in half precision"
    )
    least: LeastRecord | None = Field(
        default=None, description="the least held-out loss, where a run stops when it memorises"
    )
    guide_step: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="updates of the guide's weights, where a run has kept one"
    )


def save_checkpoint(
    folder: Path, tensors: Mapping[str, Tensor], state: CheckpointState, keep: int = 2
) -> Path:
    """Write ``folder/step-00012000`` aside, rename it, and remove all but the last ``keep``.

    Args:
        folder: the run's ``checkpoints``.
        tensors: any named tensors.
        state: all else; its ``step`` names the new folder.
        keep: how many checkpoints stay, the new one included.

    Returns:
        The new checkpoint's folder.

    Raises:
        StorageError: if it cannot be written; older checkpoints are untouched then.
    """
    final = folder / f"step-{state.step:08d}"
    aside = folder / f".{final.name}.part"
    with storing(final):
        folder.mkdir(parents=True, exist_ok=True)
        for left_by_a_crash in folder.glob(".step-*.part"):
            shutil.rmtree(left_by_a_crash, ignore_errors=True)
        aside.mkdir()
        try:
            write_tensors(aside / "state.safetensors", tensors)
            values = {**state.model_dump(mode="json"), "format": FORMAT}
            write_record(aside / "state.json", values)
            if final.exists():
                shutil.rmtree(final)
            aside.rename(final)
            flush_folder(folder)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    for _, old in checkpoints(folder)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return final


def checkpoints(folder: Path) -> list[tuple[int, Path]]:
    """The complete checkpoints in ``folder`` as (step, folder), oldest first."""
    found = []
    for path in folder.glob("step-*"):
        if (match := re.fullmatch(r"step-(\d+)", path.name)) and (path / "state.json").is_file():
            found.append((int(match[1]), path))
    return sorted(found)


def load_checkpoint(folder: Path) -> tuple[dict[str, Tensor], CheckpointState]:
    """Read one checkpoint: its named tensors, on the CPU, and its state.

    Raises:
        ModelError: if it is incomplete, broken or of a later format.
    """
    return read_tensors(folder / "state.safetensors"), read_state(folder)


def read_state(folder: Path) -> CheckpointState:
    """Read one checkpoint's state without its tensors.

    Raises:
        ModelError: if it is missing, broken or of a later format.
    """
    path = folder / "state.json"
    try:
        return CheckpointState.parse(read_record(path, FORMAT, sealed_since=4), str(path))
    except SettingsError as error:
        raise ModelError(f"{error}; remove {folder} to go on from the one before") from None
