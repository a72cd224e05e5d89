"""A model evaluated from its folder, and one set of images against another."""

import json
from pathlib import Path

import numpy as np
import pytest

import evaluation_runs
import tiny
from spritelab.data import SpriteSet
from spritelab.errors import DataError, ModelError, SettingsError
from spritelab.evaluation.evaluator import evaluate, evaluate_images
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.split import Split, find_split
from spritelab.generate import load_model
from spritelab.generate.setting import Setting
from spritelab.progress import Progress

PIXELS = Extractor("pixels")

# Documented keys, see docs/evaluation.md; a missing one breaks whoever reads the file.
MEASURES = {
    *("n", "distinct", "frechet", "kid", "kid_std", "precision", "recall", "density"),
    *("coverage", "copies", "authentic", "colours", "partly_transparent", "stray_pixels"),
}
KEYS = MEASURES | {
    *("format", "features", "frechet_name", "protocol", "reference", "floor", "matched", "ratio"),
    *("halves", "classes", "spread", "by_seed", "copying_score", "seeds", "nfe", "seconds"),
    *("sampler", "steps", "eta", "variance", "guidance"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluation_runs.make_run(tmp_path_factory.mktemp("evaluate"))


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
        with pytest.raises(SettingsError, match="name them with --data"):
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


def test_evaluate(run: Path, split: Split) -> None:
    model = load_model(run, "cpu")
    told: list[str] = []

    def show(done: int, total: int | None, note: str) -> None:
        if done == total:
            told.append(note)

    found = evaluate(
        model,
        split,
        Setting.ddim(4),
        n=60,
        seeds=(0, 5),
        extractor=PIXELS,
        progress=Progress(show),
    )
    facts = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert facts.keys() >= KEYS
    assert facts["floor"].keys() >= MEASURES | {"halves"}
    assert facts["n"] == 60
    assert facts["nfe"] == 4
    assert facts["seconds"] > 0
    assert facts["seeds"] == [0, 5]
    assert facts["features"] == "pixels"
    assert len(facts["by_seed"]) == 2
    assert facts["frechet"] == pytest.approx(np.mean([s["frechet"] for s in facts["by_seed"]]))
    assert facts["spread"]["frechet"] == pytest.approx(
        abs(facts["by_seed"][0]["frechet"] - facts["by_seed"][1]["frechet"]) / np.sqrt(2)
    )
    assert facts["floor"]["n"] == facts["matched"]["n"] == len(split.held_out)
    assert facts["ratio"]["frechet"] == pytest.approx(
        facts["matched"]["frechet"] / facts["floor"]["frechet"]
    )
    # A model of four updates draws noise, and every measure must say so.
    assert facts["ratio"]["frechet"] > 2
    assert facts["coverage"] < 0.5 * facts["floor"]["coverage"]
    assert told[-1] == "features, seed 5"
    # What was measured is what ``sample`` gives for this seed.
    batch = model.sample(60, sampler="ddim", steps=4, seed=5)
    np.testing.assert_array_equal(found.drawn[1].images, batch.images)
    np.testing.assert_array_equal(found.drawn[1].labels, batch.labels)


def test_evaluate_asks_for_enough(run: Path, split: Split) -> None:
    model = load_model(run, "cpu")
    with pytest.raises(DataError, match="at least 20 sprites are needed to measure, not 7"):
        evaluate(model, split, n=7)
    with pytest.raises(SettingsError, match="none twice"):
        evaluate(model, split, n=30, seeds=(1, 1))


def test_images_against_images() -> None:
    a, b = tiny.tiny_set(60, seed=1), tiny.tiny_set(80, seed=2)
    found = evaluate_images(a, b, extractor=PIXELS).as_dict()
    assert found["n"] == 60
    assert found["reference"]["n"] == 80
    assert found["floor"].keys() == {"halves"}
    assert found["ratio"] is None
    assert "sampler" not in found
    assert 0.7 < found["halves"]["ratio"]["frechet"] < 1.3  # both sets come from one source
    same = evaluate_images(b, b, extractor=PIXELS).as_dict()
    assert same["frechet"] == pytest.approx(0, abs=1e-6)
    assert same["copies"] == 1
    other = evaluate_images(SpriteSet.from_arrays(255 - a.images), b, extractor=PIXELS).as_dict()
    assert other["frechet"] > 3 * found["frechet"]


def test_images_that_cannot_be_compared() -> None:
    a = tiny.tiny_set(60)
    with pytest.raises(DataError, match="bring both to one size with --size"):
        evaluate_images(a, a.resized(32), extractor=PIXELS)
    plain = SpriteSet.from_arrays(np.full((40, 16, 16, 3), 200, dtype=np.uint8))
    for pair in ((plain, a.with_channels(3)), (a.with_channels(3), plain)):
        with pytest.raises(DataError, match="one plain colour"):
            evaluate_images(*pair, extractor=PIXELS)
    with pytest.raises(DataError, match="a measure needs at least 20 images"):
        evaluate_images(tiny.tiny_set(12), a, extractor=PIXELS)
