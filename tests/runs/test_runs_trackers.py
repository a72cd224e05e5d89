"""Trackers of other makers: told what TensorBoard is told, and never in the way of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from accelerate.tracking import GeneralTracker

from spritelab import runs
from spritelab.errors import MissingExtraError, SettingsError
from spritelab.runs import trackers
from tiny import STEPS, Refused, outcome, tiny_set, tiny_settings

pytestmark = pytest.mark.usefixtures("short_validation")


class Told(GeneralTracker):  # type: ignore[misc]
    """Keeps what it is told; fails at an update, if it is to."""

    name = "told"
    requires_logging_directory = False

    def __init__(self, fails_at: int = 0, begins: bool = True) -> None:
        super().__init__()
        self.fails_at, self.begins = fails_at, begins
        self.config: dict[str, Any] = {}
        self.points: list[tuple[int, dict[str, float]]] = []
        self.pictures: list[tuple[int, Any]] = []
        self.finished = 0

    @property
    def tracker(self) -> list[Any]:
        return self.points

    def start(self) -> None:
        if not self.begins:
            raise RuntimeError("api_key not configured\n(no-tty)")

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        self.config = values

    def log(self, values: dict[str, Any], step: int | None = None, **_: Any) -> None:
        assert step is not None
        if self.fails_at and step >= self.fails_at:
            raise ConnectionError("the server has gone")
        self.points.append((step, values))

    def log_images(self, values: dict[str, Any], step: int | None = None, **_: Any) -> None:
        assert step is not None
        self.pictures.append((step, values["samples"][0]))

    def finish(self) -> None:
        self.finished += 1


def begun(folder: Path, **overrides: Any) -> runs.Run:
    return runs.start_run(tiny_settings(**overrides), folder, sprites=tiny_set())


def train(run: runs.Run, *told: Any, **how: Any) -> list[float]:
    return [update.loss for update in run.train(cpu=True, loggers=told, **how)]


def test_what_a_tracker_is_told(tmp_path: Path) -> None:
    told = Told()
    losses = train(begun(tmp_path / "run", training__sample_every=6), told)
    steps = [step for step, _ in told.points]
    assert steps == [5, 10, STEPS]  # where there are validations
    assert told.points[0][1]["loss/batch"] == pytest.approx(sum(losses[:5]) / 5)
    assert told.points[1][1]["loss/batch"] == pytest.approx(sum(losses[5:10]) / 5)
    validation = runs.read_metrics(tmp_path / "run")[0]
    assert told.points[0][1]["loss/held_out"] == validation["val_loss"]
    assert told.points[0][1]["learning_rate"] == validation["learning_rate"]
    assert told.config["training.batch_size"] == 8
    assert told.config["network.widths"] == "[32, 32]"
    assert [step for step, _ in told.pictures] == [6]
    assert told.finished == 1


def test_between_validations_it_is_told_a_mean_now_and_then(tmp_path: Path) -> None:
    told = Told()
    run = begun(tmp_path / "run", training__validate_every=100, training__steps=12)
    losses = train(run, told)
    assert [step for step, _ in told.points] == [trackers.EVERY, 12]
    assert told.points[0][1]["loss/batch"] == pytest.approx(sum(losses[:10]) / 10)
    assert set(told.points[0][1]) == {"loss/batch", "learning_rate"}


def test_one_that_fails_is_let_go_and_nothing_changes(tmp_path: Path) -> None:
    failing, told = Told(fails_at=10), Told()
    run = begun(tmp_path / "run")
    with pytest.warns(UserWarning, match=r"told is told no more \(the server has gone\)"):
        train(run, failing, told)
    assert run.finished
    assert [step for step, _ in failing.points] == [5]
    assert (failing.finished, told.finished) == (0, 1)
    alone = begun(tmp_path / "alone")
    train(alone)
    assert outcome(run) == outcome(alone)


def test_one_that_cannot_begin_is_told_before_any_update(tmp_path: Path) -> None:
    run, other = begun(tmp_path / "run"), Told()
    with pytest.raises(SettingsError, match=r"told cannot begin: api_key not configured \(no-tty"):
        train(run, other, Told(begins=False))
    assert other.finished == 1
    assert not (tmp_path / "run" / "metrics.jsonl").exists()
    train(run)
    assert run.finished


def test_a_run_that_goes_on_has_the_same_name_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how: list[dict[str, Any]] = []

    def init(_: Any, project: str, config: dict[str, Any], told: dict[str, Any]) -> None:
        how.append(told)
        assert project == "spritelab"
        assert config

    monkeypatch.setattr("accelerate.Accelerator.init_trackers", init)
    run = begun(tmp_path / "run")
    train(run, Told(), stop_after=4)
    train(runs.resume_run(tmp_path / "run"), Told())
    one, other = (told["wandb"] for told in how)
    assert one == other
    assert one["name"] == "run"
    assert one["resume"] == "allow"


def test_loggers() -> None:
    told = Told()
    assert runs.check_loggers(["tensorboard"]) == []
    assert runs.check_loggers([told, "tensorboard"]) == [told]
    with pytest.raises(SettingsError, match="choose among tensorboard, wandb, mlflow, trackio"):
        runs.check_loggers(["tensorbord"])


def test_a_package_that_is_missing(
    tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="pip install wandb"):
        runs.check_loggers(["wandb"])
    out = tmp_path / "run"
    line = refused("train", "--data", "builtin", "--out", str(out), "--logger", "mlflow")
    assert line.startswith("the --logger mlflow needs the package mlflow, not installed here: ")
    assert line.endswith("pip install mlflow")
    assert not out.exists()
