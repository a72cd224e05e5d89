"""A run's folder: what is there is never lost, and resumed with the same settings only."""

from __future__ import annotations

import errno
import importlib.metadata
import itertools
import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training_runs import finish, resume, start

import spritelab
from spritelab import generate, runs
from spritelab.config import RunSettings
from spritelab.errors import DataError, ModelError, SettingsError, StorageError, TrainingError
from spritelab.runs import log
from spritelab.training import Denoising, checkpoints
from tiny import STEPS, outcome, save_npz, snapshot, tiny_set, tiny_settings, unsealed

pytestmark = pytest.mark.usefixtures("short_validation")


def test_a_torn_line_of_the_log_is_dropped(tmp_path: Path, tiny_run: Path) -> None:
    """And so are validations beyond the checkpoint: they will happen again."""
    run = start(tmp_path / "run")
    finish(run, stop_after=6)
    log = tmp_path / "run" / "metrics.jsonl"
    kept = log.read_text()
    log.write_text(kept + '{"step": 10, "val_loss": 9}\n{"step": 12, "val')
    assert [record["step"] for record in runs.read_metrics(tmp_path / "run")] == [5, 10]
    finish(resume(tmp_path / "run"))
    assert outcome(tmp_path / "run")["metrics"] == outcome(tiny_run)["metrics"]


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path, tiny_run: Path) -> None:
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    before = snapshot(folder)
    run = resume(folder)
    assert finish(run) == []
    assert (run.finished, run.stopped, run.step) == (True, False, STEPS)
    assert snapshot(folder) == before


def test_a_run_already_past_stop_after_stays_as_it_is(tmp_path: Path) -> None:
    run = start(tmp_path / "run")
    finish(run, stop_after=6)
    before = snapshot(run.folder)
    again = resume(run.folder)
    assert finish(again, stop_after=5) == []
    assert (again.finished, again.stopped, again.step) == (False, True, 6)
    assert snapshot(run.folder) == before


@pytest.mark.parametrize("loss", ["older", "gone", "broken"])
def test_a_kill_between_checkpoint_and_model_is_mended(
    tmp_path: Path, tiny_run: Path, loss: str
) -> None:
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    config = folder / "model" / "config.json"
    if loss == "older":
        config.write_text(json.dumps(unsealed(config) | {"step": 8}))
        assert generate.load_model_files(folder / "model").config.step == 8
    elif loss == "gone":
        shutil.rmtree(folder / "model")
    else:
        (folder / "model" / "model.safetensors").write_bytes(b"")
    finish(resume(folder))
    assert snapshot(folder) == snapshot(tiny_run)


def test_the_folder_is_as_the_design_says(tiny_run: Path) -> None:
    assert sorted(p.name for p in tiny_run.iterdir()) == [
        "checkpoints",
        "metrics.jsonl",
        "model",
        "run.json",
        "run.lock",
        "sprites.npz",
        "tensorboard",
    ]
    names = [path.name for _, path in checkpoints(tiny_run / "checkpoints")]
    assert names == ["step-00000008", "step-00000012"]
    assert sorted(p.name for p in (tiny_run / "model").iterdir()) == [
        "config.json",
        "model.safetensors",
        "moments.safetensors",
    ]
    record = json.loads((tiny_run / "run.json").read_text())
    assert RunSettings.parse(record["settings"]) == tiny_settings(data__source="sprites.npz")
    train, held_out = tiny_set().split(0.1, 0)
    assert record["data"]["train_hash"] == train.content_hash
    assert record["data"]["held_out_hash"] == held_out.content_hash
    assert (record["data"]["train"], record["data"]["held_out"]) == (36, 4)
    assert record["versions"]["torch"] == importlib.metadata.version("torch")
    assert record["versions"]["spritelab"] == spritelab.__version__
    assert list(tiny_run.rglob("*.part")) == []


def test_the_model_knows_what_it_was_trained_on(tiny_run: Path) -> None:
    config = generate.load_model(tiny_run, "cpu").config
    train, _ = tiny_set().split(0.1, 0)
    assert config.trained_on.class_counts == tuple(np.bincount(train.labels).tolist())
    assert config.trained_on.content_hash == train.content_hash
    assert (config.size, config.channels, config.hard_alpha) == (16, 4, True)
    assert (config.step, config.prediction) == (STEPS, "v")


def test_soft_edges_are_noticed(tmp_path: Path) -> None:
    sprites = tiny_set()
    sprites.images[sprites.images[..., 3] == 255] = (10, 20, 30, 200)
    rng = np.random.default_rng(0)
    sprites.images[:, 0, :, :] = rng.integers(1, 255, (40, 16, 4))
    run = runs.start_run(tiny_settings(), tmp_path / "run", sprites=sprites)
    finish(run, stop_after=1)
    assert not generate.load_model(run.folder, "cpu").config.hard_alpha


def test_a_folder_that_exists_is_refused_and_kept(tmp_path: Path, tiny_run: Path) -> None:
    before = snapshot(tiny_run)
    with pytest.raises(SettingsError, match="exists already; choose another `folder`, or go on"):
        start(tiny_run)
    assert snapshot(tiny_run) == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SettingsError, match="exists already"):
        start(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_start_that_was_killed_before_it_was_a_run_is_begun_again(
    tmp_path: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise RuntimeError("killed")

    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("spritelab.runs.folder.write_record", killed)
        with pytest.raises(RuntimeError, match="killed"):
            runs.start_run(tiny_settings(), folder, sprites=tiny_set(), init=tiny_run)
    assert {"run.lock", "sprites.npz", "checkpoints"} <= {path.name for path in folder.iterdir()}
    (folder / ".0123456789abcdef.part").write_bytes(b"half a record")
    start(folder)
    names = {path.name for path in folder.iterdir()}
    assert names <= {"run.lock", "run.json", "sprites.npz"}  # and not the other's first weights


@pytest.mark.parametrize("name", ["checkpoints/step-00000012", "mine.txt", "sprites.npz"])
def test_what_no_start_has_left_is_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    if name.startswith("checkpoints"):
        (tmp_path / "run.lock").touch()
    with pytest.raises(SettingsError, match="exists already"):
        start(tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert start(tmp_path).folder == tmp_path


def test_a_network_that_cannot_be_built_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="6 levels need a size that is a multiple of 32"):
        start(tmp_path / "run", network__widths=[32] * 6)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "overrides",
    [
        {"training.steps": STEPS},
        {"training.batch_size": 8, "training.seed": 0},
        {"preset": "rgba"},
        {},
    ],
)
def test_resuming_with_the_same_settings(
    tmp_path: Path, tiny_run: Path, overrides: dict[str, Any]
) -> None:
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    assert resume(folder, overrides).settings == tiny_settings(data__source="sprites.npz")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"training.steps": 13}, "training.steps is 12 in .* and cannot become 13 on the way"),
        ({"training.epochs": 2}, "training.epochs is None in .* and cannot become 2.0"),
        ({"training.seed": 1}, "training.seed is 0 in .* and cannot become 1"),
        ({"preset": "base"}, "preset is rgba in .* and cannot become base"),
        ({"network.widths": [64]}, r"network.widths is \(32, 32\) in .* become \(64,\)"),
        ({"data.size": 32}, "data.size is 16 in .* and cannot become 32"),
        ({"training.stepz": 13}, "training.stepz: there is no such setting"),
    ],
)
def test_resuming_with_other_settings_is_refused(
    tmp_path: Path, tiny_run: Path, overrides: dict[str, Any], message: str
) -> None:
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    before = snapshot(folder)
    with pytest.raises(SettingsError, match=message):
        resume(folder, overrides)
    assert snapshot(folder) == before


def test_other_sprites_are_refused_and_moved_ones_are_found(tmp_path: Path) -> None:
    here = save_npz(tiny_set(), tmp_path / "here.npz")
    settings = tiny_settings(data__source=str(here))
    folder = runs.start_run(settings, tmp_path / "run").folder
    moved = here.rename(tmp_path / "there.npz")
    with pytest.raises(DataError, match="there is nothing at"):
        runs.resume_run(folder)
    assert len(runs.resume_run(folder, {"data.source": str(moved)}).train_sprites) == 36
    other = save_npz(tiny_set(seed=1), tmp_path / "other.npz")
    with pytest.raises(DataError, match=r"the sprites in .*other\.npz are not those that .* began"):
        runs.resume_run(folder, {"data.source": str(other)})


def test_a_relative_source_is_found_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_npz(tiny_set(), tmp_path / "here.npz")
    monkeypatch.chdir(tmp_path)
    folder = runs.start_run(tiny_settings(data__source="here.npz"), tmp_path / "run").folder
    monkeypatch.chdir("/")
    assert len(runs.resume_run(folder).train_sprites) == 36


def test_the_checkpoint_of_another_run_is_refused(tmp_path: Path, tiny_run: Path) -> None:
    folder = start(tmp_path / "run", network__widths=[32]).folder
    shutil.copytree(tiny_run / "checkpoints", folder / "checkpoints")
    with pytest.raises(ModelError, match="is not one of this run; remove it"):
        finish(resume(folder))


def test_a_loss_that_is_not_finite_keeps_the_last_good_checkpoint(
    tmp_path: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, loss = itertools.count(1), Denoising.loss

    def spoiled(*args: Any) -> torch.Tensor:
        return loss(*args) * (float("nan") if next(number) == 7 else 1.0)

    run = start(tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(Denoising, "loss", spoiled)
        with pytest.raises(TrainingError, match=r"the loss is nan at update 7; .* `learning_rate`"):
            finish(run)
    found = checkpoints(run.folder / "checkpoints")
    assert [step for step, _ in found] == [4]
    finish(resume(run.folder))
    assert outcome(run.folder)["metrics"] == outcome(tiny_run)["metrics"]


def test_weights_that_are_not_finite_are_never_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss can be finite while the update that follows it is not."""
    step = torch.optim.AdamW.step

    def overflow(self: torch.optim.AdamW, *args: Any, **kwargs: Any) -> Any:
        result = step(self, *args, **kwargs)
        parameter = self.param_groups[0]["params"][0]
        if self.state[parameter]["step"] == 8:
            parameter.data[:] = float("inf")
        return result

    monkeypatch.setattr(torch.optim.AdamW, "step", overflow)
    run = start(tmp_path / "run")
    with pytest.raises(TrainingError, match="weights are no longer finite at update 8"):
        finish(run)
    assert [s for s, _ in checkpoints(run.folder / "checkpoints")] == [4]
    assert generate.load_model(run.folder, "cpu").config.step == 4


def test_a_full_disk_keeps_the_last_checkpoint(
    tmp_path: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(tmp_path / "run")
    finish(run, stop_after=5)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_disk)
        with pytest.raises(StorageError, match="No space left on device"):
            finish(resume(run.folder))
    assert list(run.folder.rglob("*.part")) == []
    again = resume(run.folder)
    assert again.step == 5
    assert generate.load_model(run.folder, "cpu").config.step == 5
    finish(again)
    for name in ("model/model.safetensors", "metrics"):
        assert outcome(run)[name] == outcome(tiny_run)[name]


def full_disk(_handle: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorBoard's thread hands its ``OSError`` on; Python is not to print it besides."""
    told: list[BaseException | None] = []

    def hook(args: threading.ExceptHookArgs) -> None:
        told.append(args.exc_value)

    def fail(error: Exception) -> None:
        raise error

    monkeypatch.setattr(threading, "excepthook", hook)
    full, ours = OSError(errno.ENOSPC, "No space left on device"), KeyError("ours")
    with log._quiet_writer_thread():
        for error in (full, ours):
            thread = threading.Thread(target=fail, args=(error,))
            thread.start()
            thread.join()
    assert told == [ours]
    assert threading.excepthook is hook
