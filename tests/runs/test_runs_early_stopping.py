"""Early stopping of a run: what is on disk, and that an interruption changes none of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor
from training_runs import finish, resume, start

from spritelab import generate, runs
from spritelab.storage.tensors import read_tensors
from spritelab.training import Losses, checkpoints, loop
from spritelab.training.early_stopping import RISE
from tiny import outcome, short_validation_losses

EARLY: dict[str, Any] = {
    "training__stop_when_memorising": True,
    "training__validate_every": 2,
    "training__checkpoint_every": 5,
    "training__learning_rate": 0.02,
}
LEAST, END = 4, 10
"""The second validation has the least loss, and the third after it is the last."""


@pytest.fixture(autouse=True)
def rising(monkeypatch: pytest.MonkeyPatch) -> None:
    """A held-out loss that rises as the network learns, and depends on its weights alone."""

    def losses(*args: object) -> Losses:
        found = short_validation_losses(*args)  # type: ignore[arg-type]
        return Losses(found.eps, 2 - found.eps)

    monkeypatch.setattr(loop, "validation_losses", losses)


def average(folder: Path, step: int) -> dict[str, Tensor]:
    """The averaged weights in a checkpoint."""
    found = read_tensors(folder / "checkpoints" / f"step-{step:08d}" / "state.safetensors")
    return {
        name.removeprefix("average."): value
        for name, value in found.items()
        if name.startswith("average.")
    }


def test_a_run_ends_early_and_keeps_its_best(tmp_path: Path) -> None:
    run = start(tmp_path / "run", **EARLY)
    finish(run, stop_after=LEAST)
    at_least = average(run.folder, LEAST)
    run = resume(run.folder)
    assert [update.step for update in finish(run)] == list(range(LEAST + 1, END + 1))
    assert (run.step, run.finished, run.stopped) == (END, True, False)
    model = generate.load_model(run.folder, "cpu")
    assert model.config.step == LEAST
    weights = model.network.state_dict()
    assert all((weights[name] == value).all() for name, value in at_least.items())
    records = runs.read_metrics(run.folder)
    assert [record["step"] for record in records] == [2, 4, 6, 8, 10]
    assert [record["kept_step"] for record in records] == [2, *[LEAST] * 4]
    losses = [record["val_objective"] for record in records]
    assert min(losses) == losses[1]
    assert min(losses[2:]) > (1 + RISE) * losses[1]
    assert run.state is not None
    assert run.state.least is not None
    assert (run.state.least.loss, run.state.least.last) == (losses[1], losses[-1])

    # It is over: no update is made any more, and a model that was lost is that one again.
    shutil.rmtree(run.folder / "model")
    again = resume(run.folder)
    assert finish(again) == []
    assert again.finished
    assert generate.load_model(run.folder, "cpu").config.step == LEAST


@pytest.mark.parametrize("stopped_at", [1, 3, 7])
def test_stopped_and_resumed_it_ends_in_the_same_bytes(tmp_path: Path, stopped_at: int) -> None:
    alone = start(tmp_path / "alone", **EARLY)
    finish(alone)
    run = start(tmp_path / "run", **EARLY)
    finish(run, stop_after=stopped_at)
    assert run.stopped
    finish(resume(run.folder))
    mine, expected = outcome(run), outcome(alone)
    for key in ("model", "metrics", "model/model.safetensors"):
        assert mine[key] == expected[key]
    last = f"checkpoints/step-{END:08d}/state"
    assert mine[f"{last}.safetensors"] == expected[f"{last}.safetensors"]
    least = [json.loads((one.folder / f"{last}.json").read_text())["least"] for one in (run, alone)]
    assert least[0] == least[1]
    assert least[0]["risen"] == 3


def test_killed_and_resumed_it_ends_in_the_same_bytes(tmp_path: Path) -> None:
    """What a kill leaves: the checkpoint before, and a model and a log of later updates."""
    run = start(tmp_path / "run", **EARLY)
    finish(run)
    expected = outcome(run)
    for _, later in checkpoints(run.folder / "checkpoints")[1:]:
        shutil.rmtree(later)
    assert [update.step for update in finish(resume(run.folder))] == list(range(6, END + 1))
    assert outcome(run) == expected


def test_a_small_set_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spritelab.training.views.MOST_VIEWS", 1)
    run = start(tmp_path / "run")
    with pytest.warns(UserWarning, match="this run") as caught:
        finish(run, stop_after=6)
    lines = [str(one.message) for one in caught]
    assert [line[:13] for line in lines] == ["this run will", "this run has "]
    assert [one.filename for one in caught] == [finish.__code__.co_filename] * 2
