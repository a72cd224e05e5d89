"""The sprites of a model's training, found again and split as they were."""

import json
from pathlib import Path
from typing import Any

import pytest

import evaluation_runs
import tiny
from spritelab.data import SpriteSet
from spritelab.errors import DataError, ModelError, SettingsError
from spritelab.evaluation import Split, find_split
from spritelab.generate import load_model


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluation_runs.make_run(tmp_path_factory.mktemp("split"))


@pytest.fixture(scope="module")
def split(run: Path) -> Split:
    return find_split(run, load_model(run, "cpu").config)


def test_a_run_says_which_sprites_it_learnt(run: Path, split: Split) -> None:
    training, held_out = evaluation_runs.sprites().split(evaluation_runs.HELD_OUT, 0)
    assert split.verified
    assert not split.mirror
    assert split.training.content_hash == training.content_hash
    assert split.held_out.content_hash == held_out.content_hash
    inside = find_split(run / "model", load_model(run, "cpu").config)
    assert inside.held_out.content_hash == held_out.content_hash


def test_a_model_folder_must_be_told(run: Path, tmp_path: Path) -> None:
    config = load_model(run, "cpu").config
    (run / "model").rename(tmp_path / "alone")
    try:
        with pytest.raises(SettingsError, match="name them with `source`"):
            find_split(tmp_path / "alone", config)
        source = str(run.parent / "sprites.npz")
        told = find_split(tmp_path / "alone", config, source, held_out=evaluation_runs.HELD_OUT)
        assert told.verified
        with pytest.warns(UserWarning, match="not those the model was trained on"):
            assert not find_split(tmp_path / "alone", config, source, split_seed=1).verified
    finally:
        (tmp_path / "alone").rename(run / "model")


def test_a_broken_run_is_named(run: Path, tmp_path: Path) -> None:
    config = load_model(run, "cpu").config
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "config.json").write_text('{"settings": {')
    with pytest.raises(ModelError, match="is broken"):
        find_split(tmp_path, config)


def test_sprites_of_another_size_do_not_fit(run: Path, tmp_path: Path) -> None:
    small = SpriteSet.from_arrays(evaluation_runs.sprites().images[:, 4:12, 4:12])
    source = tiny.save_npz(small, tmp_path / "small.npz")
    config = load_model(run, "cpu").config.model_copy(update={"size": 12})
    with pytest.raises(DataError, match="8×8"):
        find_split(run, config, str(source))


def test_the_model_says_how_its_sprites_were_split(run: Path) -> None:
    """Its share and its seed, each heeded, and each to be replaced by any value: 0 is one too."""
    config = load_model(run, "cpu").config
    trained_on = config.trained_on.model_copy(update={"split_seed": 5, "held_out": 0.3})
    config = config.model_copy(update={"trained_on": trained_on})
    source = str(run.parent / "sprites.npz")

    def hashes(**given: Any) -> tuple[str, str]:
        with pytest.warns(UserWarning, match="not those the model was trained on"):
            found = find_split(None, config, source, **given)
        return found.training.content_hash, found.held_out.content_hash

    def expected(share: float, seed: int) -> tuple[str, str]:
        training, held_out = evaluation_runs.sprites().split(share, seed)
        return training.content_hash, held_out.content_hash

    assert hashes() == expected(0.3, 5) != expected(0.3, 0)
    assert hashes(split_seed=0) == expected(0.3, 0)
    assert hashes(held_out=0.1) == expected(0.1, 5)
    with pytest.raises(SettingsError, match="must lie between 0 and 1"):
        find_split(None, config, source, held_out=0)


def test_how_a_sheet_is_read_can_be_replaced_by_0(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_model(run, "cpu").config
    read: dict[str, Any] = {}

    def load(source: str, **given: Any) -> SpriteSet:
        read.update(given, source=source)
        return evaluation_runs.sprites()

    monkeypatch.setattr("spritelab.data.load", load)
    record = tiny.unsealed(run / "run.json")
    record["settings"]["data"] |= {"tile": 16, "margin": 2, "spacing": 1}
    folder = tmp_path / "run"
    (folder / "model").mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "model" / "config.json").write_text("{}")
    for source in (None, "elsewhere.png"):
        find_split(folder, config, source)
        assert (read["tile"], read["margin"], read["spacing"]) == (16, 2, 1)
        find_split(folder, config, source, margin=0, spacing=0)
        assert (read["tile"], read["margin"], read["spacing"]) == (16, 0, 0)
    assert read["source"] == "elsewhere.png"
