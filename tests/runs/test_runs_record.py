"""A run's record and its log: read whole, from older runs too, or refused in one line."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spritelab import generate, runs
from spritelab.config import DataSettings
from spritelab.data import Provenance
from spritelab.errors import ModelError, SettingsError
from spritelab.runs.record import FORMAT, RunRecord, read_record, record_file, write_record
from spritelab.training import checkpoints
from tiny import STEPS, outcome, save_npz, tiny_set, tiny_settings, unsealed

pytestmark = pytest.mark.usefixtures("short_validation")


@pytest.fixture
def run(tmp_path: Path, tiny_run: Path) -> Path:
    return shutil.copytree(tiny_run, tmp_path / "run")


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**unsealed(path), **values}))


def refused(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        runs.resume_run(folder, sprites=tiny_set())
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_a_record_comes_back_as_it_was(tmp_path: Path, run: Path) -> None:
    record = read_record(run)
    assert record.settings == tiny_settings(data__source="sprites.npz")
    assert (record.data.train, record.data.held_out, record.parent) == (36, 4, None)
    assert read_record(write_record(tmp_path / "again", record).parent) == record


def test_a_run_of_an_older_spritelab_goes_on(tmp_path: Path, tiny_run: Path) -> None:
    """Its record is ``config.json``, of format 1, and says nothing of a parent."""
    begun = runs.start_run(tiny_settings(), tmp_path / "run", sprites=tiny_set())
    list(begun.train(stop_after=6, cpu=True))
    record = unsealed(begun.folder / "run.json")
    del record["parent"]
    (begun.folder / "run.json").unlink()
    (begun.folder / "config.json").write_text(json.dumps({**record, "format": 1}))
    again = runs.resume_run(begun.folder, sprites=tiny_set())
    list(again.train(cpu=True))
    assert outcome(again) == outcome(tiny_run)


def test_a_model_folder_is_no_run(tiny_run: Path) -> None:
    assert record_file(tiny_run) == tiny_run / "run.json"
    assert record_file(tiny_run / "model") is None
    assert "there is no run at" in refused(tiny_run / "model")


def test_no_run(tmp_path: Path) -> None:
    assert "(no run.json); start one without `resume`" in refused(tmp_path)


@pytest.mark.parametrize("name", ["run.json", "config.json"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is broken"),
        (b"\xff\xfe\x00", "is broken"),
        (b"[]", "names no format"),
        (b"{}", "names no format"),
        (b'{"format": "1"}', "names no format"),
        (b'{"format": 99}', f"has format 99, this spritelab reads up to {FORMAT}"),
        (b'{"format": 1, "settings": {}}', "versions: it is missing"),
    ],
)
def test_a_broken_record(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert message in refused(tmp_path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"settings": {}}, "settings.network: it is missing"),
        ({"settings": 1}, "settings: must be"),
        ({"data": {}}, "data.source: it is missing"),
        ({"parent": "crawl-16"}, "parent: must be"),
        ({"later": 1}, "later: there is no such setting"),
    ],
)
def test_a_record_that_cannot_be(run: Path, values: dict[str, Any], message: str) -> None:
    change(run / "run.json", **values)
    assert message in refused(run)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"1",
        b"null",
        b"[1, 2]",
        b"\xff\xfe",
        b'{"step": 1e400, "val_loss": 1}',
        b'{"step": "5", "val_loss": 1}',
        b'{"step": 5, "val_loss": "low"}',
        b'{"step": 5, "val_lo',
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_no_validation_is_skipped(run: Path, tiny_run: Path, line: bytes) -> None:
    log = run / "metrics.jsonl"
    first, *rest = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(first + line + b"\n" + b"".join(rest))
    assert runs.read_metrics(run) == runs.read_metrics(tiny_run)
    for _, folder in checkpoints(run / "checkpoints")[1:]:
        shutil.rmtree(folder)
    list(runs.resume_run(run, sprites=tiny_set()).train(cpu=True))
    assert [record["step"] for record in runs.read_metrics(run)] == [5, 10, STEPS]


def test_a_model_says_how_its_sprites_are_read_but_not_where_they_lie(tmp_path: Path) -> None:
    source = save_npz(tiny_set(), tmp_path / "sprites.npz")
    settings = tiny_settings(data__source=str(source), data__mirror=True, data__held_out=0.2)
    run = runs.start_run(settings, tmp_path / "run")
    list(run.train(stop_after=1, cpu=True))
    read = generate.load_model(run.folder, "cpu").config.trained_on.data
    assert read == DataSettings(source="sprites.npz", size=16, mirror=True, held_out=0.2)
    assert str(tmp_path) not in (run.folder / "model" / "config.json").read_text()
    # The run itself stays on this disk, and must find them again.
    assert read_record(run.folder).settings.data.source == str(source)


def test_a_path_with_the_name_of_a_source_stays_a_path(tmp_path: Path) -> None:
    settings = tiny_settings(data__source=str(tmp_path / "sprites"))
    sprites = tiny_set()
    config = runs.describe_model(settings, sprites)
    assert config.trained_on.data is None  # given as arrays: the settings do not tell
    config = runs.describe_model(settings, replace(sprites, provenance=Provenance("sprites")))
    assert config.trained_on.data is not None
    assert config.trained_on.data.source == "./sprites"


def test_a_model_draws_as_its_run_was_told(tmp_path: Path) -> None:
    settings = tiny_settings(sampling={"sampler": "dpm", "steps": 7})
    run = runs.start_run(settings, tmp_path / "run", sprites=tiny_set())
    list(run.train(stop_after=1, cpu=True))
    how = generate.load_model(run.folder, "cpu").sample(1).how
    assert (how.sampler, how.steps) == ("dpm", 7)


def test_more_steps_of_sampling_than_there_are() -> None:
    with pytest.raises(SettingsError, match=r"^settings: sampling\.steps must lie in 1 … 50"):
        tiny_settings(sampling={"sampler": "ddim", "steps": 51})


def test_the_record_names_what_a_run_is_made_with() -> None:
    sprites = tiny_set()
    record = RunRecord.of_today(tiny_settings(), *sprites.split(0.1, 0), parent=None)
    assert record.versions.keys() >= {"spritelab", "python", "torch", "accelerate"}
    assert record.data.class_names == sprites.class_names
