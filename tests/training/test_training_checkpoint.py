"""Checkpoints: what is broken is one line, what was there is never lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from spritelab.errors import ModelError, StorageError
from spritelab.storage import sealed
from spritelab.training import CheckpointState, checkpoints, load_checkpoint, save_checkpoint
from spritelab.training.checkpoint import FORMAT
from tiny import STEPS, unsealed

TENSORS = {"a.b": torch.arange(6.0).view(2, 3), "c": torch.tensor(7), "d": torch.tensor([True])}


def state(step: int, seconds: float = 0.5) -> CheckpointState:
    return CheckpointState(step=step, seconds=seconds, progress=0.25, batch_losses=(1e-300, 2.5))


def test_a_checkpoint_comes_back_bit_by_bit(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, TENSORS, state(12, seconds=0.1))
    assert path == tmp_path / "step-00000012"
    tensors, record = load_checkpoint(path)
    assert record == state(12, seconds=0.1)
    assert record.format == FORMAT
    assert tensors.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert tensors[name].dtype == value.dtype
        assert torch.equal(tensors[name], value)


def test_tensors_that_are_views(tmp_path: Path) -> None:
    def whole() -> torch.Tensor:
        return torch.arange(12.0).view(3, 4)

    views = {"rows": whole()[1:], "crosswise": whole().t(), "every other": whole()[:, ::2]}
    tensors, _ = load_checkpoint(save_checkpoint(tmp_path, views, state(1)))
    assert all(torch.equal(tensors[name], value) for name, value in views.items())


def test_the_last_two_are_kept_in_the_order_of_steps(tmp_path: Path) -> None:
    for step in (5, 90, 1000, 123456789):
        save_checkpoint(tmp_path, TENSORS, state(step))
    assert [step for step, _ in checkpoints(tmp_path)] == [1000, 123456789]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00001000", "step-123456789"]


def test_what_is_not_a_checkpoint_is_left_out(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, TENSORS, state(5))
    (tmp_path / "step-00000006").mkdir()  # no state.json: not complete
    (tmp_path / "step-mine").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    aside = tmp_path / ".step-00000007.part"
    aside.mkdir()
    (aside / "state.json").write_text("{}")
    assert [step for step, _ in checkpoints(tmp_path)] == [5]
    assert checkpoints(tmp_path / "none") == []
    # What a killed process left aside is cleared by the next of that step.
    save_checkpoint(tmp_path, TENSORS, state(7))
    assert not aside.exists()
    assert (tmp_path / "notes.txt").exists()


def test_saving_a_step_again_replaces_it(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, TENSORS, state(5, seconds=1))
    _, record = load_checkpoint(save_checkpoint(tmp_path, TENSORS, state(5, seconds=2)))
    assert record.seconds == 2


@pytest.mark.parametrize("name", ["state.json", "state.safetensors"])
def test_a_broken_checkpoint(tmp_path: Path, name: str) -> None:
    folder = save_checkpoint(tmp_path, TENSORS, state(5))
    path = folder / name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ModelError, match=rf"{name} is broken"):
        load_checkpoint(folder)
    path.unlink()
    with pytest.raises(ModelError, match=rf"{name} is missing"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"progress": []}, "progress: must be a valid number"),
        ({"progress": 1.5}, "progress: must be less than or equal to 1, not 1.5"),
        ({"batch_losses": 1}, "batch_losses: must be a valid tuple"),
        ({"batch_losses": [float("nan")]}, "batch_losses.0: must be a finite number"),
        ({"step": float("inf")}, "step: must be a finite number"),
        ({"step": -1}, "step: must be greater than or equal to 0, not -1"),
        ({"scaler": 1}, "scaler: must be a valid dictionary"),
        ({"seconds": None}, "seconds: must be a valid number"),
        ({"format": "1"}, "it names no format"),
        ({"format": FORMAT + 1}, f"has format {FORMAT + 1}, this spritelab reads up to {FORMAT}"),
    ],
)
def test_a_state_that_cannot_be(tmp_path: Path, values: dict[str, Any], named: str) -> None:
    folder = save_checkpoint(tmp_path, TENSORS, state(5))
    path = folder / "state.json"
    path.write_text(json.dumps(sealed({**unsealed(path), **values})))
    with pytest.raises(ModelError) as caught:
        load_checkpoint(folder)
    message = str(caught.value)
    assert named in message
    assert str(path) in message
    assert "\n" not in message


@pytest.mark.parametrize("at", range(1, 4))
def test_a_full_disk_at_any_moment_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The tensors, the state, or the folder's own entry cannot be flushed."""
    save_checkpoint(tmp_path, TENSORS, state(5))
    fsync, calls = os.fsync, iter(range(1, 100))

    def full(handle: int) -> None:
        if next(calls) == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"step-00000006 \(No space left on device"):
        save_checkpoint(tmp_path, TENSORS, state(6))
    tensors, record = load_checkpoint(tmp_path / "step-00000005")
    assert record.step == 5
    assert torch.equal(tensors["c"], TENSORS["c"])
    assert list(tmp_path.rglob("*.part")) == []
    if at < 3:
        assert [step for step, _ in checkpoints(tmp_path)] == [5]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    save_checkpoint(small_disk, TENSORS, state(5))
    large = {"large": torch.zeros(2**19)}
    with pytest.raises(StorageError, match=r"cannot write .*/step-00000006 \(No space left"):
        save_checkpoint(small_disk, large, state(6))
    assert [step for step, _ in checkpoints(small_disk)] == [5]
    assert load_checkpoint(small_disk / "step-00000005")[1].step == 5
    assert list(small_disk.rglob("*.part")) == []


def test_a_run_is_read_by_its_last_step(tiny_run: Path) -> None:
    step, folder = checkpoints(tiny_run / "checkpoints")[-1]
    tensors, record = load_checkpoint(folder)
    assert (step, record.step, record.progress) == (STEPS, STEPS, 1.0)
    parts = {name.partition(".")[0] for name in tensors}
    assert parts == {"network", "average", "optimiser"}
