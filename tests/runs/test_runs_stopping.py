"""A run that is stopped, by whatever, is saved; and only one process at a time trains it."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spritelab import runs
from spritelab.cli import main
from spritelab.errors import SettingsError, TrainingError
from spritelab.runs import Run
from spritelab.runs.lock import LOCK, lock_run
from spritelab.training import checkpoints
from tiny import STEPS, outcome, save_npz, snapshot, tiny_set, tiny_settings

pytestmark = pytest.mark.usefixtures("short_validation")

AT = 6
"""The update at which training is stopped: no checkpoint and no validation would fall on it."""


CHILD = """
import functools, signal, sys
import torch
from spritelab import runs
from spritelab.training import loop

if hasattr(signal, "SIGHUP"):  # which a test runner started by nohup hands on as ignored
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
torch.set_num_threads(1)
loop.validation_losses = functools.partial(loop.validation_losses, evaluations=16)
folder, at, then = sys.argv[1:]
run = runs.resume_run(folder)
updates = run.train(cpu=True)
for update in updates:
    if update.step == int(at):
        print("there", flush=True)
        if then == "waits":
            sys.stdin.readline()
        elif then == "suspended":
            break
        else:
            sys.exit()
if then == "waits":
    print(run.step, run.stopped, run.interrupted)
"""


def start(folder: Path) -> Run:
    return runs.start_run(tiny_settings(), folder, sprites=tiny_set())


def ends_as_if_left_alone(run: Run, alone: Path, saved: int) -> None:
    """The run was saved at update ``saved``; trained on, it ends in the bytes of ``alone``."""
    assert (run.step, run.stopped, run.finished) == (saved, True, False)
    assert checkpoints(run.folder / "checkpoints")[-1][0] == saved
    again = runs.resume_run(run.folder, sprites=tiny_set())
    assert again.step == saved
    assert [update.step for update in again.train(cpu=True)] == list(range(saved + 1, STEPS + 1))
    assert outcome(run) == outcome(alone)


def by_close(run: Run) -> None:
    updates = run.train(cpu=True)
    while next(updates).step < AT:
        pass
    updates.close()


def by_break(run: Run) -> None:
    for update in run.train(cpu=True):
        if update.step == AT:
            break
    gc.collect()


def by_exception(run: Run) -> None:
    def loop() -> None:
        for update in run.train(cpu=True):
            1 / (AT - update.step)

    with pytest.raises(ZeroDivisionError):
        loop()
    gc.collect()


def by_throw(run: Run) -> None:
    updates = run.train(cpu=True)
    while next(updates).step < AT:
        pass
    with pytest.raises(ZeroDivisionError):
        updates.throw(ZeroDivisionError())


@pytest.mark.parametrize("leave", [by_close, by_break, by_exception, by_throw])
def test_leaving_the_loop_saves(
    tmp_path: Path, tiny_run: Path, leave: Callable[[Run], None]
) -> None:
    run = start(tmp_path / "run")
    leave(run)
    assert not run.interrupted
    ends_as_if_left_alone(run, tiny_run, AT)


def test_leaving_the_loop_after_the_last_update_is_no_stop(tmp_path: Path, tiny_run: Path) -> None:
    run = start(tmp_path / "run")
    updates = run.train(cpu=True)
    while next(updates).step < STEPS:
        pass
    updates.close()
    assert (run.step, run.stopped, run.finished) == (STEPS, False, True)
    assert outcome(run) == outcome(tiny_run)


@pytest.mark.parametrize("loop", ["left", "suspended"])
def test_a_program_that_ends_saves(tmp_path: Path, loop: str) -> None:
    """Whether or not it still holds the generator when it ends."""
    source = save_npz(tiny_set(), tmp_path / "sprites.npz")
    folder = runs.start_run(tiny_settings(data__source=str(source)), tmp_path / "run").folder
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(AT), loop],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (child.returncode, child.stdout) == (0, "there\n"), child.stderr
    assert "Traceback" not in child.stderr
    assert runs.resume_run(folder).step == AT


@pytest.mark.parametrize("trains_in", ["this thread", "another thread"])
def test_a_run_is_stopped_from_any_thread(tmp_path: Path, tiny_run: Path, trains_in: str) -> None:
    """The update in progress is finished and saved; ``train`` again goes on from it."""
    run = start(tmp_path / "run")
    reached, asked = threading.Event(), threading.Event()

    def train() -> None:
        for update in run.train(cpu=True):
            if update.step == AT:
                reached.set()
                assert asked.wait(60)

    def ask() -> None:
        assert reached.wait(60)
        run.stop()
        asked.set()

    here, there = (train, ask) if trains_in == "this thread" else (ask, train)
    thread = threading.Thread(target=there)
    thread.start()
    here()
    thread.join()
    assert (run.step, run.stopped, run.interrupted, run.finished) == (AT + 1, True, True, False)
    assert [update.step for update in run.train(cpu=True)] == list(range(AT + 2, STEPS + 1))
    assert (run.stopped, run.interrupted, run.finished) == (False, False, True)
    assert outcome(run) == outcome(tiny_run)


def training_elsewhere(folder: Path) -> subprocess.Popen[str]:
    """A process that has made ``AT`` updates of the run and waits for a line to go on."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(AT), "waits"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "there\n"
    return child


def untimed(folder: Path) -> dict[str, bytes]:
    """Every file of a run; of TensorBoard's, which a thread writes when it likes, the name only."""
    return {
        name: b"" if name.startswith("tensorboard") else content
        for name, content in snapshot(folder).items()
    }


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")
@pytest.mark.parametrize("ended_by", ["SIGHUP", "SIGKILL"])
def test_one_process_at_a_time(
    tmp_path: Path, tiny_run: Path, capsys: pytest.CaptureFixture[str], ended_by: str
) -> None:
    """The second one waits for nothing and changes nothing; the lock ends with its process."""
    source = save_npz(tiny_set(), tmp_path / "sprites.npz")
    settings = tiny_settings(data__source=str(source))
    folder = runs.start_run(settings, tmp_path / "run").folder
    child = training_elsewhere(folder)
    try:
        before = untimed(folder)
        said = f"the run in {folder} is being trained by another process; wait for it, or stop it"
        with pytest.raises(TrainingError) as caught:
            next(runs.resume_run(folder).train(cpu=True))
        assert str(caught.value) == said
        assert main(["train", "--resume", "--cpu", "--out", str(folder)]) == 2
        assert capsys.readouterr().err.splitlines()[1:] == [f"error: {said}"]
        assert untimed(folder) == before
        child.send_signal(getattr(signal, ended_by))
        out, _ = child.communicate("go on\n", timeout=60)
    finally:
        child.kill()
        child.wait()
    saved = {"SIGHUP": AT + 1, "SIGKILL": 4}[ended_by]
    if ended_by == "SIGHUP":
        assert (child.returncode, out) == (0, f"{saved} True True\n")
    run = runs.resume_run(folder)
    assert run.step == saved
    assert [update.step for update in run.train(cpu=True)] == list(range(saved + 1, STEPS + 1))
    mine, expected = outcome(run), outcome(tiny_run)
    for key in ("model/model.safetensors", f"checkpoints/step-{STEPS:08d}/state.safetensors"):
        assert mine[key] == expected[key]
    assert mine["metrics"] == expected["metrics"]


def test_one_training_at_a_time_in_one_process(tmp_path: Path, tiny_run: Path) -> None:
    first = start(tmp_path / "run")
    updates = first.train(cpu=True)
    next(updates)
    caught: list[Exception] = []

    def train_too() -> None:
        try:
            next(runs.resume_run(first.folder, sprites=tiny_set()).train(cpu=True))
        except Exception as error:
            caught.append(error)

    thread = threading.Thread(target=train_too)
    thread.start()
    thread.join()
    (error,) = caught
    assert isinstance(error, TrainingError)
    with pytest.raises(TrainingError, match="is being trained by another process"):
        next(first.train(cpu=True))
    # The one that trains was not disturbed.
    assert [update.step for update in updates] == list(range(2, STEPS + 1))
    assert outcome(first) == outcome(tiny_run)


def test_one_run_begins_in_a_folder(tmp_path: Path) -> None:
    with lock_run(tmp_path / "run"), pytest.raises(TrainingError, match="by another process"):
        start(tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == [LOCK]
    start(tmp_path / "run")
    with pytest.raises(SettingsError, match="exists already"):
        start(tmp_path / "run")


def test_a_run_begun_while_the_sprites_are_read_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    sprites = tiny_set()
    split = type(sprites).split

    def slow_split(self: Any, *args: Any) -> Any:
        monkeypatch.setattr(type(sprites), "split", split)
        runs.start_run(tiny_settings(training__seed=5), folder, sprites=tiny_set())
        return split(self, *args)

    monkeypatch.setattr(type(sprites), "split", slow_split)
    with pytest.raises(SettingsError, match="exists already"):
        runs.start_run(tiny_settings(), folder, sprites=sprites)
    assert runs.resume_run(folder, sprites=tiny_set()).settings.training.seed == 5


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_locked(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(Exception, match="cannot write"), lock_run(tmp_path / "closed"):
        pass
