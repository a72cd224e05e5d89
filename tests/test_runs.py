"""Runs on disk: resumed runs end in the same bytes, and nothing that was there is lost."""

from __future__ import annotations

import errno
import importlib.metadata
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import spritelab
from spritelab import generate, runs
from spritelab.config import RunSettings
from spritelab.errors import DataError, ModelError, SettingsError, StorageError, TrainingError
from spritelab.progress import Progress
from spritelab.runs import Run, log
from spritelab.training import Denoising, Update, checkpoints, loop
from tiny import STEPS, outcome, save_npz, short_eps_loss, snapshot, tiny_set, tiny_settings

pytestmark = pytest.mark.usefixtures("short_validation")

RECIPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "AdamW": {"training__optimiser": "adamw"},
    "dropout, mirror, min-SNR": {
        "network__dropout": 0.3,
        "data__mirror": True,
        "training__min_snr_gamma": 5.0,
    },
    "seed's network": {
        "network": {"kind": "context-unet", "features": 8},
        "training__prediction": "eps",
        "training__optimiser": "adam",
        "training__stratified_t": False,
        "training__ema_width": 0.0,
    },
}


def settings_of(recipe: str) -> RunSettings:
    overrides = dict(RECIPES[recipe])
    network = overrides.pop("network", None)
    settings = tiny_settings(**overrides)
    if network is None:
        return settings
    return RunSettings.parse({**settings.model_dump(), "network": network})


def start(folder: Path, recipe: str = "plain", **overrides: Any) -> Run:
    settings = settings_of(recipe).override(
        {key.replace("__", "."): value for key, value in overrides.items()}
    )
    return runs.start_run(settings, folder, sprites=tiny_set())


def resume(folder: Path, overrides: dict[str, Any] | None = None) -> Run:
    return runs.resume_run(folder, overrides, sprites=tiny_set())


def finish(run: Run, **how: Any) -> list[Update]:
    return list(run.train(cpu=True, **how))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, tiny_run: Path) -> dict[str, dict[str, Any]]:
    """What each recipe leaves when nothing stops it."""
    found = {"plain": outcome(tiny_run)}
    for recipe in list(RECIPES)[1:]:
        folder = tmp_path_factory.mktemp("alone") / "run"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "eps_loss", short_eps_loss)
            finish(start(folder, recipe))
        found[recipe] = outcome(folder)
    return found


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_run_repeats_to_the_byte(
    tmp_path: Path, alone: dict[str, dict[str, Any]], recipe: str
) -> None:
    """Stopped twice, where no checkpoint and no validation would have been, and resumed."""
    run = start(tmp_path / "run", recipe)
    assert [update.step for update in finish(run, stop_after=3)] == [1, 2, 3]
    assert (run.stopped, run.interrupted, run.finished, run.step) == (True, False, False, 3)
    run = resume(tmp_path / "run")
    assert run.step == 3
    assert [update.step for update in finish(run, stop_after=7)] == [4, 5, 6, 7]
    run = resume(tmp_path / "run")
    assert [update.step for update in finish(run)] == list(range(8, STEPS + 1))
    assert (run.stopped, run.finished, run.step) == (False, True, STEPS)
    repeated = outcome(run)
    expected = alone[recipe]
    name = f"checkpoints/step-{STEPS:08d}/state.safetensors"
    assert repeated[name] == expected[name]
    assert repeated["model/model.safetensors"] == expected["model/model.safetensors"]
    assert repeated["model"] == expected["model"]
    assert repeated["metrics"] == expected["metrics"]
    assert [record["step"] for record in repeated["metrics"]] == [5, 10, 12]


def test_another_seed_is_another_run(tmp_path: Path, tiny_run: Path) -> None:
    """So that equal bytes above mean something."""
    run = start(tmp_path / "run", training__seed=1)
    finish(run)
    name = "model/model.safetensors"
    assert outcome(run)[name] != outcome(tiny_run)[name]


CHILD = """
import functools, os, signal, sys
import torch
from spritelab import runs
from spritelab.training import loop

torch.set_num_threads(1)
loop.eps_loss = functools.partial(loop.eps_loss, evaluations=16)
folder, at, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
run = runs.resume_run(folder)
for update in run.train(cpu=True):
    if update.step == at:
        os.kill(os.getpid(), getattr(signal, name))
print(run.step, run.stopped, run.interrupted)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("recipe", "name", "at", "saved"),
    [
        ("plain", "SIGKILL", 3, 0),  # before the first checkpoint
        pytest.param("dropout, mirror, min-SNR", "SIGKILL", 7, 4, marks=pytest.mark.slow),
        ("plain", "SIGINT", 6, 7),  # the update in progress is finished and saved
        pytest.param("seed's network", "SIGTERM", 9, 10, marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_resumed_ends_in_the_same_bytes(
    tmp_path: Path,
    alone: dict[str, dict[str, Any]],
    recipe: str,
    name: str,
    at: int,
    saved: int,
) -> None:
    source = save_npz(tiny_set(), tmp_path / "sprites.npz")
    settings = settings_of(recipe).override({"data.source": str(source)})
    folder = runs.start_run(settings, tmp_path / "run").folder
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(at), name],
        capture_output=True,
        text=True,
        check=False,
    )
    if name == "SIGKILL":
        assert child.returncode == -signal.SIGKILL, child.stderr
    else:
        assert (child.returncode, child.stdout) == (0, f"{saved} True True\n"), child.stderr
    run = runs.resume_run(folder)
    assert run.step == saved
    assert [update.step for update in finish(run)] == list(range(saved + 1, STEPS + 1))
    repeated, expected = outcome(run), alone[recipe]
    trained_on = repeated["model"].pop("trained_on")
    assert trained_on["content_hash"] == expected["model"]["trained_on"]["content_hash"]
    for key in ("model/model.safetensors", f"checkpoints/step-{STEPS:08d}/state.safetensors"):
        assert repeated[key] == expected[key]
    assert repeated["metrics"] == expected["metrics"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_signals_are_given_back(tmp_path: Path) -> None:
    """Ctrl-C means a stop while training, and what it meant before afterwards."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run = start(tmp_path / "run")
    for update in run.train(cpu=True):
        if update.step == 2:
            os.kill(os.getpid(), signal.SIGINT)
    assert (run.step, run.stopped, run.interrupted) == (3, True, True)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_second_ctrl_c_interrupts_at_once(tmp_path: Path) -> None:
    run = start(tmp_path / "run")
    updates = run.train(cpu=True)
    next(updates)
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert isinstance(updates, Generator)
    updates.close()


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
        config.write_text(config.read_text().replace(f'"step": {STEPS}', '"step": 8'))
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
        "tensorboard",
    ]
    names = [path.name for _, path in checkpoints(tiny_run / "checkpoints")]
    assert names == ["step-00000008", "step-00000012"]
    assert sorted(p.name for p in (tiny_run / "model").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]
    record = json.loads((tiny_run / "run.json").read_text())
    assert RunSettings.parse(record["settings"]) == tiny_settings()
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
        {"preset": "small"},
        {},
    ],
)
def test_resuming_with_the_same_settings(
    tmp_path: Path, tiny_run: Path, overrides: dict[str, Any]
) -> None:
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    assert resume(folder, overrides).settings == tiny_settings()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"training.steps": 13}, "training.steps is 12 in .* and cannot become 13 on the way"),
        ({"training.epochs": 2}, "training.epochs is None in .* and cannot become 2.0"),
        ({"training.seed": 1}, "training.seed is 0 in .* and cannot become 1"),
        ({"preset": "base"}, "preset is small in .* and cannot become base"),
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


def test_a_run_of_minutes_ends_and_resumes(tmp_path: Path) -> None:
    run = start(tmp_path / "run", training__max_minutes=3 / 60)
    first = finish(run, stop_after=2)
    assert run.stopped
    assert 0 < first[-1].progress < 1
    again = resume(run.folder)
    second = finish(again)
    assert again.finished
    assert [update.step for update in second] == list(range(3, again.step + 1))
    assert second[0].seconds > first[-1].seconds
    assert second[0].progress > first[-1].progress
    last = second[-1]
    assert last.progress == 1
    assert last.validation is not None
    assert last.seconds >= 3
    # The decay fits the minutes: the rate has come down from its peak at half-time.
    assert last.learning_rate < 0.5 * max(update.learning_rate for update in second)
    assert runs.read_metrics(run.folder)[-1]["step"] == again.step
    assert finish(resume(run.folder)) == []


def test_epochs_are_passes_over_the_training_sprites(tmp_path: Path) -> None:
    run = start(tmp_path / "run", training__epochs=1.5)
    updates = finish(run)
    assert len(updates) == 7  # ⌈1.5 · 36 / 8⌉
    assert updates[-1].epoch == pytest.approx(7 * 8 / 36)
    assert updates[-1].progress == 1


def test_grids_along_the_way_need_no_checkpoint(tmp_path: Path) -> None:
    run = start(tmp_path / "run", training__sample_every=2)
    finish(run, stop_after=4)
    names = sorted(path.name for path in (run.folder / "samples").iterdir())
    assert names == ["step-00000002.png", "step-00000004.png"]
    with Image.open(run.folder / "samples" / names[0]) as picture:
        assert picture.format == "PNG"
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50


def test_grids_do_not_disturb_the_training(tmp_path: Path, alone: dict[str, Any]) -> None:
    recipe = "dropout, mirror, min-SNR"
    run = start(tmp_path / "run", recipe, training__sample_every=6)
    finish(run)
    name = "model/model.safetensors"
    assert outcome(run)[name] == alone[recipe][name]


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


def test_two_trainings_of_one_process_choose_their_own_precision(tmp_path: Path) -> None:
    for number, precision in enumerate(("no", "bf16", "no")):
        run = start(tmp_path / str(number), training__mixed_precision=precision)
        finish(run, stop_after=2)
        assert run.step == 2
    full, half, again = (
        outcome(tmp_path / str(number))["model/model.safetensors"] for number in range(3)
    )
    assert full == again
    assert full != half


def test_the_pictures_of_a_run(tmp_path: Path, tiny_run: Path) -> None:
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    told: list[tuple[int, int | None, str]] = []
    made = runs.draw_pictures(folder, Progress(lambda *now: told.append(now)))
    names = {
        *("loss_curves.png", "samples_ddpm.png", "samples_ddim.png"),
        *("denoising_ddpm.png", "denoising_ddim.png"),
    }
    assert {path.name for path in made} == names
    for name in names:
        with Image.open(folder / name) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 64
            assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 20
    assert told[-1][:2] == (21 * (50 + 50), 21 * (50 + 50))
    assert [done for done, *_ in told] == sorted(done for done, *_ in told)


def test_pictures_need_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        runs.draw_pictures(start(tmp_path / "run").folder)


def test_a_full_disk_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
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
