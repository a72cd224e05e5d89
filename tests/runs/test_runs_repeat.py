"""A run that was stopped or killed and resumed ends in the bytes of one left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from training_runs import RECIPES, finish, resume, settings_of, start

from spritelab import runs
from spritelab.training import loop
from tiny import STEPS, outcome, save_npz, short_validation_losses, tiny_set

pytestmark = pytest.mark.usefixtures("short_validation")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, tiny_run: Path) -> dict[str, dict[str, Any]]:
    """What each recipe leaves when nothing stops it."""
    found = {"plain": outcome(tiny_run)}
    for recipe in list(RECIPES)[1:]:
        folder = tmp_path_factory.mktemp("alone") / "run"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "validation_losses", short_validation_losses)
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
loop.validation_losses = functools.partial(loop.validation_losses, evaluations=16)
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
        pytest.param("notebook's network", "SIGTERM", 9, 10, marks=pytest.mark.slow),
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


def test_grids_do_not_disturb_the_training(tmp_path: Path, alone: dict[str, Any]) -> None:
    recipe = "dropout, mirror, min-SNR"
    run = start(tmp_path / "run", recipe, training__sample_every=6)
    finish(run)
    name = "model/model.safetensors"
    assert outcome(run)[name] == alone[recipe][name]


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


def ticking() -> Callable[[], float]:
    """A clock on which every look at it takes a second, and so does an update."""
    seconds = count(100)
    return lambda: float(next(seconds))


def test_a_run_of_minutes_ends_and_resumes(tmp_path: Path) -> None:
    """By a clock that runs one second an update, half a minute is thirty updates."""
    run = start(tmp_path / "run", training__max_minutes=0.5)
    first = finish(run, stop_after=2, clock=ticking())
    assert run.stopped
    assert [update.seconds for update in first] == [1, 2]
    assert 0 < first[-1].progress < 1
    again = resume(run.folder)
    second = finish(again, clock=ticking())
    assert again.finished
    assert [update.step for update in second] == list(range(3, again.step + 1))
    assert [update.seconds for update in second] == list(range(3, 31))
    assert second[0].progress > first[-1].progress
    last = second[-1]
    assert last.progress == 1
    assert last.validation is not None
    # The decay fits the minutes: the rate has come down from its peak at half-time.
    assert last.learning_rate < 0.5 * max(update.learning_rate for update in second)
    assert runs.read_metrics(run.folder)[-1]["step"] == again.step
    assert finish(resume(run.folder)) == []


def test_the_minutes_of_a_run_are_those_of_its_clock(tmp_path: Path) -> None:
    run = start(tmp_path / "run", training__max_minutes=0.25)
    updates = finish(run, clock=ticking())
    assert [update.seconds for update in updates] == list(range(1, 16))
    assert run.finished


def test_epochs_are_passes_over_the_training_sprites(tmp_path: Path) -> None:
    run = start(tmp_path / "run", training__epochs=1.5)
    updates = finish(run)
    assert len(updates) == 7  # ⌈1.5 · 36 / 8⌉
    assert updates[-1].epoch == pytest.approx(7 * 8 / 36)
    assert updates[-1].progress == 1
