"""Model folders and checkpoints: what is broken is one line, what was there is never lost."""

from __future__ import annotations

import ast
import errno
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

import spritelab
from spritelab import checkpoint
from spritelab.checkpoint import (
    checkpoints,
    load_checkpoint,
    load_model_files,
    make_network,
    save_checkpoint,
    save_model,
)
from spritelab.errors import ModelError, StorageError
from tiny import STEPS

TENSORS = {"a.b": torch.arange(6.0).view(2, 3), "c": torch.tensor(7), "d": torch.tensor([True])}


@pytest.fixture
def model(tmp_path: Path, tiny_run: Path) -> Path:
    return shutil.copytree(tiny_run / "model", tmp_path / "model")


def change(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def refused(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load_model_files(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_a_model_comes_back_as_it_was(tmp_path: Path, model: Path) -> None:
    files = load_model_files(model)
    assert not files.network.training
    assert files.schedule.timesteps == 50
    save_model(tmp_path / "again", files.network.state_dict(), files.config)
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (model / name).read_bytes()


def test_a_network_is_rebuilt_from_its_own_config(model: Path) -> None:
    files = load_model_files(model)
    fresh = make_network(files.config)
    assert fresh.state_dict().keys() == files.network.state_dict().keys()
    saved = safetensors.torch.load_file(model / "model.safetensors")
    for name, value in files.network.state_dict().items():
        assert torch.equal(value, saved[name])


def test_a_later_format(model: Path) -> None:
    change(model, format=checkpoint.FORMAT + 1)
    said = f"has format {checkpoint.FORMAT + 1}, this spritelab reads up to {checkpoint.FORMAT}"
    assert f"{said}; upgrade it" in refused(model)


@pytest.mark.parametrize("form", [None, "1", [1]])
def test_no_format(model: Path, form: object) -> None:
    change(model, format=form)
    assert "it names no format" in refused(model)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file(model: Path, name: str) -> None:
    (model / name).unlink()
    assert refused(model).endswith(f"{name} is missing; the folder is not complete")


@pytest.mark.parametrize("content", [b"", b'{"format": 1', b"\xff\xfe\x00", b"[]", b"3"])
def test_a_broken_config(model: Path, content: bytes) -> None:
    (model / "config.json").write_bytes(content)
    message = refused(model)
    assert "is broken" in message or "names no format" in message


@pytest.mark.parametrize("keep", [0, 7, 100, -4])
def test_truncated_weights(model: Path, keep: int) -> None:
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    assert "is broken" in refused(model)


def test_text_in_place_of_weights(model: Path) -> None:
    (model / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n" * 3)
    assert "is broken" in refused(model)


@pytest.mark.parametrize(
    "network",
    [
        {"kind": "unet", "widths": [32], "blocks": 1, "attention": [8]},
        {"kind": "unet", "widths": [32, 64], "blocks": 1, "attention": [8]},
        {"kind": "context-unet", "features": 8},
    ],
)
def test_the_weights_of_another_network(model: Path, network: dict[str, Any]) -> None:
    change(model, network=network)
    assert "are not those of the network in its config.json" in refused(model)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"prediction": "noise"}, "prediction"),
        ({"size": 17}, "2 levels need a size that is a multiple of 2, not 17"),
        ({"channels": 2}, "channels"),
        ({"later": 1}, "later: there is no such setting"),
        ({"network": {"kind": "unet", "widths": [33]}}, "every width must be a multiple"),
    ],
)
def test_a_config_that_cannot_be(model: Path, values: dict[str, Any], named: str) -> None:
    change(model, **values)
    with pytest.raises(ModelError, match=named) as caught:
        load_model_files(model)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_comes_back_bit_by_bit(tmp_path: Path) -> None:
    state = {"seconds": 0.1, "none": None, "list": [1e-300, 2.5]}
    path = save_checkpoint(tmp_path, 12, TENSORS, state)
    assert path == tmp_path / "step-00000012"
    tensors, record = load_checkpoint(path)
    assert record == {"format": checkpoint.FORMAT, "step": 12, **state}
    assert tensors.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert tensors[name].dtype == value.dtype
        assert torch.equal(tensors[name], value)


def test_tensors_that_are_views(tmp_path: Path) -> None:
    def whole() -> torch.Tensor:
        return torch.arange(12.0).view(3, 4)

    views = {"rows": whole()[1:], "crosswise": whole().t(), "every other": whole()[:, ::2]}
    tensors, _ = load_checkpoint(save_checkpoint(tmp_path, 1, views, {}))
    assert all(torch.equal(tensors[name], value) for name, value in views.items())


def test_the_last_two_are_kept_in_the_order_of_steps(tmp_path: Path) -> None:
    for step in (5, 90, 1000, 123456789):
        save_checkpoint(tmp_path, step, TENSORS, {})
    assert [step for step, _ in checkpoints(tmp_path)] == [1000, 123456789]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00001000", "step-123456789"]


def test_what_is_not_a_checkpoint_is_left_out(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 5, TENSORS, {})
    (tmp_path / "step-00000006").mkdir()  # no state.json: not complete
    (tmp_path / "step-mine").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    aside = tmp_path / ".step-00000007.part"
    aside.mkdir()
    (aside / "state.json").write_text("{}")
    assert [step for step, _ in checkpoints(tmp_path)] == [5]
    assert checkpoints(tmp_path / "none") == []
    # What a killed process left aside is cleared by the next of that step.
    save_checkpoint(tmp_path, 7, TENSORS, {})
    assert not aside.exists()
    assert (tmp_path / "notes.txt").exists()


def test_saving_a_step_again_replaces_it(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 5, TENSORS, {"n": 1})
    _, record = load_checkpoint(save_checkpoint(tmp_path, 5, TENSORS, {"n": 2}))
    assert record["n"] == 2


@pytest.mark.parametrize("name", ["state.json", "state.safetensors"])
def test_a_broken_checkpoint(tmp_path: Path, name: str) -> None:
    folder = save_checkpoint(tmp_path, 5, TENSORS, {})
    path = folder / name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ModelError, match=rf"{name} is broken"):
        load_checkpoint(folder)
    path.unlink()
    with pytest.raises(ModelError, match=rf"{name} is missing"):
        load_checkpoint(folder)


@pytest.mark.parametrize("at", range(1, 4))
def test_a_full_disk_at_any_moment_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The tensors, the state, or the folder's own entry cannot be flushed."""
    save_checkpoint(tmp_path, 5, TENSORS, {})
    fsync, calls = os.fsync, iter(range(1, 100))

    def full(handle: int) -> None:
        if next(calls) == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"step-00000006 \(No space left on device"):
        save_checkpoint(tmp_path, 6, TENSORS, {})
    tensors, record = load_checkpoint(tmp_path / "step-00000005")
    assert record["step"] == 5
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
    save_checkpoint(small_disk, 5, TENSORS, {})
    large = {"large": torch.zeros(2**19)}
    with pytest.raises(StorageError, match=r"cannot write .*/step-00000006 \(No space left"):
        save_checkpoint(small_disk, 6, large, {})
    assert [step for step, _ in checkpoints(small_disk)] == [5]
    assert load_checkpoint(small_disk / "step-00000005")[1]["step"] == 5
    assert list(small_disk.rglob("*.part")) == []


def test_a_full_disk_keeps_the_old_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = load_model_files(model)
    before = {path.name: path.read_bytes() for path in model.iterdir()}

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    weights = {name: value + 1 for name, value in files.network.state_dict().items()}
    with pytest.raises(StorageError):
        save_model(model, weights, files.config)
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def unpickling(source: str) -> list[str]:
    """The expressions of a module that may run code from a file."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in UNSAFE:
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            # The exception that torch raises for a file it refuses is no harm.
            if name.partition(".")[0] in UNSAFE and name != "pickle.UnpicklingError":
                found.append(name)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if (name == "torch.load" and words.get("weights_only") != "True") or (
                name in ("np.load", "numpy.load") and words.get("allow_pickle") != "False"
            ):
                found.append(ast.unparse(node))
    return found


UNSAFE = {"pickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}


def test_nothing_is_ever_unpickled() -> None:
    root = Path(spritelab.__file__).parent
    found = {str(path): unpickling(path.read_text("utf-8")) for path in root.rglob("*.py")}
    assert {path: expressions for path, expressions in found.items() if expressions} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.load(f)",
        "from pickle import loads",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_unpickling_is_found(source: str) -> None:
    assert len(unpickling(source)) == 1


def test_a_run_is_read_by_its_last_step(tiny_run: Path) -> None:
    step, folder = checkpoints(tiny_run / "checkpoints")[-1]
    tensors, record = load_checkpoint(folder)
    assert (step, record["step"], record["progress"]) == (STEPS, STEPS, 1.0)
    parts = {name.partition(".")[0] for name in tensors}
    assert parts == {"network", "average", "optimiser"}
