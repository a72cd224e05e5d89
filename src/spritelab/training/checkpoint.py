"""Checkpoints: what training goes on from, in ``checkpoints/step-00012000/`` of a run's folder.

Each holds ``state.json`` beside ``state.safetensors``. It is written aside and renamed, so that one
that is there is complete.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from spritelab.storage import flush_folder, read_record, storing, write_json
from spritelab.storage.tensors import read_tensors, write_tensors

FORMAT = 2
"""Version of a checkpoint; raised whenever old code could no longer read it."""


def save_checkpoint(
    folder: Path, step: int, tensors: Mapping[str, Tensor], state: Mapping[str, Any], keep: int = 2
) -> Path:
    """Write ``folder/step-00012000`` aside, rename it, and remove all but the last ``keep``.

    Args:
        folder: the run's ``checkpoints``.
        step: updates of the weights so far.
        tensors: any named tensors.
        state: anything that JSON can hold.

    Returns:
        The new checkpoint's folder.

    Raises:
        StorageError: if it cannot be written; older checkpoints are untouched then.
    """
    final = folder / f"step-{step:08d}"
    aside = folder / f".{final.name}.part"
    with storing(final):
        folder.mkdir(parents=True, exist_ok=True)
        for left_by_a_crash in folder.glob(".step-*.part"):
            shutil.rmtree(left_by_a_crash, ignore_errors=True)
        aside.mkdir()
        try:
            write_tensors(aside / "state.safetensors", tensors)
            write_json(aside / "state.json", {"format": FORMAT, "step": step, **state})
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


def load_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read one checkpoint: its named tensors, on the CPU, and its state.

    Raises:
        ModelError: if it is incomplete, broken or of a later format.
    """
    return read_tensors(folder / "state.safetensors"), read_record(folder / "state.json", FORMAT)
