"""``tools.demo``: its commands, and the picture that it ends with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import evaluation_runs
from spritelab import cli
from spritelab.evaluation import Evaluator, Extractor, find_split
from spritelab.generate import find_model, load_model, read_config
from tools import demo


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run called demo, with enough sprites held out to be measured."""
    folder = evaluation_runs.make_run(tmp_path_factory.mktemp("runs"))
    return folder.rename(folder.with_name("demo"))


def test_the_commands_draw_with_every_shipped_model_but_students_and_train(tmp_path: Path) -> None:
    *draw, train = demo.commands(tmp_path, 7)
    assert [words[:2] for words in draw] == [["sample", "builtin-16"], ["sample", "crawl-16"]]
    for words in draw:
        assert str(tmp_path / f"{words[1]}-samples") in words
        assert "--overwrite" in words, "it can be run again"
    assert train[0] == "train"
    assert "--resume" not in train
    assert train[train.index("--preset") + 1] == "small"
    assert train[train.index("--max-minutes") + 1] == "7"
    assert train[train.index("--out") + 1] == str(tmp_path / "demo")


def test_what_the_training_begins_from_has_never_seen_what_it_learns(tmp_path: Path) -> None:
    *_, train = demo.commands(tmp_path, 7)
    parent = read_config(find_model(train[train.index("--init") + 1]))
    assert parent.trained_on.source != train[train.index("--data") + 1]


def test_a_training_that_was_begun_goes_on(run: Path) -> None:
    *_, train = demo.commands(run.parent, 7)
    assert train == ["train", "--resume", "--out", str(run)]


def test_a_command_that_fails_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def command(words: list[str]) -> int:
        called.append(words[0])
        return 130 if words[0] == "train" else 0

    monkeypatch.setattr(cli, "main", command)
    monkeypatch.setattr(demo, "draw_side_by_side", lambda _: pytest.fail("nothing to show"))
    assert demo.main(["--runs", str(tmp_path)]) == 130
    assert called == ["sample", "sample", "train"]


@pytest.mark.parametrize("comes_along", [False, True])
def test_the_sides_are_what_their_titles_say(
    run: Path, monkeypatch: pytest.MonkeyPatch, comes_along: bool
) -> None:
    """The first sprites of each model, and real ones that it never saw, measured at one n."""
    monkeypatch.setattr(demo, "DRAWN", 24)
    monkeypatch.setattr(demo, "shipped_like", lambda _: str(run) if comes_along else None)
    model = load_model(run)
    split = find_split(run, model.config)
    evaluator = Evaluator(model, split, Extractor("pixels"))
    real, *drawn = demo.measured_sides(evaluator)
    assert len(drawn) == 1 + comes_along
    batch = model.sample(24)
    for side in drawn:
        assert np.array_equal(side.images, batch.images)
        assert np.array_equal(side.labels, batch.labels)
    assert f"{model.config.step:,} updates" in drawn[0].title
    theirs = {sprite.tobytes() for sprite in split.held_out.images}
    assert {sprite.tobytes() for sprite in real.images} <= theirs
    for side in (real, *drawn):
        assert side.figures.keys() == real.figures.keys()
        assert side.figures["sprites measured"] == "24"
    found = evaluator.evaluate(n=24)
    assert found.floor.held_out is not None
    expected = demo.figures_of(found.measures, evaluator.extractor.frechet_name)
    assert drawn[0].figures == expected


@pytest.mark.slow
def test_the_picture_is_in_the_folder_of_the_run(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "DRAWN", 20)
    monkeypatch.setattr(demo, "REFERENCE", 20)
    path = demo.draw_side_by_side(run)
    assert path == run / "demo.png"
    with Image.open(path) as picture:
        assert min(picture.size) > 400


def test_which_shipped_model_is_like_another() -> None:
    for name in ("builtin-16", "crawl-16"):
        assert demo.shipped_like(load_model(name)) == name


def test_no_shipped_model_is_like_one_of_other_classes(run: Path) -> None:
    assert demo.shipped_like(load_model(run)) is None
