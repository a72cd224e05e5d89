"""``train`` in one call: the same run as the command, from sprites in memory as from files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

import spritelab
import tiny
from spritelab.cli import main
from spritelab.config import full_names, preset
from spritelab.errors import DataError, SettingsError
from spritelab.evaluation import find_split
from spritelab.progress import Progress
from spritelab.runs import Run, calls

pytestmark = pytest.mark.usefixtures("short_validation")

CHANGES: dict[str, Any] = {
    "preset": "rgba",
    "steps": 4,
    "batch_size": 8,
    "network": {"widths": [32], "attention": []},
    "schedule": {"timesteps": 10},
    "cpu": True,
}


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "draw_pictures", lambda *_: [])


def test_it_is_what_the_command_does(tmp_path: Path) -> None:
    source = tiny.tiny_set().save(tmp_path / "set.npz")
    told: list[tuple[int, int | None]] = []
    progress = Progress(lambda done, total, _: told.append((done, total)))
    model = spritelab.train(source, tmp_path / "call", progress=progress, **CHANGES)
    assert (model.name, model.config.step) == ("call", 4)
    assert told[-1] == (4, 4)
    words = ["train", "--data", str(source), "--preset", "rgba", "--steps", "4", "--cpu"]
    words += ["--batch-size", "8", "--set", "network.widths=[32]", "--set", "network.attention=[]"]
    words += ["--set", "schedule.timesteps=10", "--out", str(tmp_path / "command")]
    assert main(words) == 0
    assert tiny.outcome(tmp_path / "call") == tiny.outcome(tmp_path / "command")


def test_sprites_in_memory_stay_with_the_run(tmp_path: Path) -> None:
    sprites = tiny.tiny_set()
    spritelab.train(sprites, tmp_path / "run", stop_after=2, progress=spritelab.SILENT, **CHANGES)
    moved = (tmp_path / "run").rename(tmp_path / "moved")
    model = spritelab.train(None, moved, resume=True, cpu=True, progress=spritelab.SILENT)
    assert model.config.step == 4
    whole = tmp_path / "whole"
    spritelab.train(sprites, whole, progress=spritelab.SILENT, **CHANGES)
    resumed = tiny.outcome(moved)
    del resumed["checkpoints/step-00000002/state.safetensors"]  # of the stop
    assert resumed == tiny.outcome(whole)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_split(moved, model.config).verified
        assert find_split(None, model.config, sprites).verified


def test_resuming_heeds_what_is_named(tmp_path: Path) -> None:
    quiet: dict[str, Any] = {"progress": spritelab.SILENT}
    spritelab.train(tiny.tiny_set(), tmp_path, stop_after=1, **quiet, **CHANGES)
    with pytest.raises(SettingsError, match="learning_rate is"):
        spritelab.train(None, tmp_path, resume=True, learning_rate=0.5, **quiet)
    with pytest.raises(DataError, match="are not those that"):
        spritelab.train(tiny.tiny_set(seed=1), tmp_path, resume=True, **quiet)


def test_a_set_keeps_its_size_and_a_parent_its_own(tmp_path: Path) -> None:
    large = tiny.tiny_set().resized(32)
    run = calls.open_run(tmp_path / "own", {}, sprites=large)
    assert (run.settings.data.size, run.train_sprites.size) == (32, 32)
    run = calls.open_run(tmp_path / "asked", {"data.size": 16}, sprites=large)
    assert run.train_sprites.size == 16
    run = calls.open_run(tmp_path / "parent", {}, sprites=large, init="crawl-16")
    assert run.train_sprites.size == 16


def test_an_interrupt_saves_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = calls.follow

    def interrupted(run: Run, _: Progress, **how: Any) -> None:
        follow(run, Progress(lambda *_: run.stop()), **how)

    monkeypatch.setattr(calls, "follow", interrupted)
    with pytest.raises(KeyboardInterrupt, match="resume=True goes on"):
        spritelab.train(tiny.tiny_set(), tmp_path, progress=spritelab.SILENT, **CHANGES)
    assert spritelab.load_model(tmp_path).config.step < 4


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"max_minute": 3}, "call it `max_minutes`"),
    ({"lr": 0.1}, "call it `learning_rate`"),
    ({"num_train_timesteps": 10}, "schedule="),
    ({"steps": 3, "epochs": 2}, "only one of"),
    ({"data": None}, "`data`"),
    ({"tile": 16}, "`tile` says how files are read"),
    ({"preset": "huge"}, "there is no `preset` 'huge'"),
]


@pytest.mark.parametrize(("given", "said"), MISTAKES, ids=[str(given) for given, _ in MISTAKES])
def test_a_mistake_is_told_before_anything_is_written(
    given: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as told:
        spritelab.train(**{"data": tiny.tiny_set(), "out": tmp_path / "run", **given})
    assert said in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_short_names_are_settings() -> None:
    named = full_names({"mirror": True, "steps": 3, "network": {"widths": [8]}, "data.count": 2})
    assert named == {
        "data.mirror": True,
        "training.steps": 3,
        "network.widths": [8],
        "data.count": 2,
    }
    assert preset("rgba").override(named).data.mirror
