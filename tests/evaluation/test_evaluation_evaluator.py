"""A model evaluated from its folder, and one set of images against another."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evaluation_runs
import tiny
from evaluation_runs import ddim, ddpm
from spritelab import evaluation
from spritelab.config import SamplerSettings
from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.evaluation import (
    Evaluator,
    Extractor,
    Split,
    compare,
    default_grid,
    evaluate,
    evaluate_images,
    evaluator,
    find_split,
)
from spritelab.generate import load_model
from spritelab.progress import Progress

PIXELS = Extractor("pixels")

# Documented keys, see docs/evaluation.md; a missing one breaks whoever reads the file.
MEASURES = {
    *("n", "distinct", "frechet", "kid", "kid_std", "precision", "recall", "density"),
    *("coverage", "told_apart", "told_apart_error", "copies", "near_copies", "pixel_distance"),
    *("recoloured_copies", "edge_distance", "authentic"),
    *("colours", "partly_transparent", "stray_pixels"),
}
KEYS = MEASURES | {
    *("format", "features", "frechet_name", "protocol", "reference", "floor", "matched", "ratio"),
    *("halves", "classes", "spread", "by_seed", "copying_score", "seeds", "nfe", "seconds"),
    *("sampler", "steps", "eta", "variance", "guidance", "spacing", "clip"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluation_runs.make_run(tmp_path_factory.mktemp("evaluate"))


@pytest.fixture(scope="module")
def split(run: Path) -> Split:
    return find_split(run, load_model(run, "cpu").config)


def test_evaluate(run: Path, split: Split) -> None:
    model = load_model(run, "cpu")
    told: list[str] = []

    def show(done: int, total: int | None, note: str) -> None:
        if done == total:
            told.append(note)

    found = evaluate(
        model,
        ddim(4),
        split=split,
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
    np.testing.assert_array_equal(found.samples[1].images, batch.images)
    np.testing.assert_array_equal(found.samples[1].labels, batch.labels)


def test_evaluate_asks_for_enough(run: Path, split: Split) -> None:
    model = load_model(run, "cpu")
    with pytest.raises(DataError, match="at least 20 sprites are needed to measure, not 7"):
        evaluate(model, split=split, n=7)
    with pytest.raises(SettingsError, match="none twice"):
        evaluate(model, split=split, n=30, seeds=(1, 1))


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
    with pytest.raises(DataError, match="bring both to one `size`"):
        evaluate_images(a, a.resized(32), extractor=PIXELS)
    plain = SpriteSet.from_arrays(np.full((40, 16, 16, 3), 200, dtype=np.uint8))
    for pair in ((plain, a.with_channels(3)), (a.with_channels(3), plain)):
        with pytest.raises(DataError, match="one plain colour"):
            evaluate_images(*pair, extractor=PIXELS)
    with pytest.raises(DataError, match="a measure needs at least 20 images"):
        evaluate_images(tiny.tiny_set(12), a, extractor=PIXELS)


def test_the_face_of_the_room() -> None:
    """What a user of the library finds in ``spritelab.evaluation``; functions, not modules."""
    assert evaluation.__all__ == [
        *("evaluate", "evaluate_images", "compare", "Evaluator", "Evaluation", "Comparison"),
        *("Extractor", "Split", "find_split", "make_grid", "default_grid"),
    ]
    assert all(callable(getattr(evaluation, name)) for name in evaluation.__all__)


def test_an_evaluator_computes_what_is_real_once(
    run: Path, split: Split, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = load_model(run, "cpu")
    calls: list[str] = []
    for name in ("build_reference", "make_floor", "embed_held_out"):
        original = getattr(evaluator, name)

        def counted(*args: Any, _name: str = name, _call: Any = original, **kwargs: Any) -> Any:
            calls.append(_name)
            return _call(*args, **kwargs)

        monkeypatch.setattr(evaluator, name, counted)
    one = Evaluator(model, split, PIXELS, folder=tmp_path)
    assert calls == []  # nothing before it is asked
    first = one.evaluate(ddim(2), n=30)
    again = one.evaluate(ddim(3), n=30, seeds=(1, 2))
    one.plan((ddim(2), ddpm(2)), n=30)
    assert calls == ["build_reference", "embed_held_out", "make_floor"]
    assert first.floor is again.floor
    one.evaluate(ddim(2), n=40)
    assert calls[3:] == ["make_floor"]


def test_an_evaluator_with_a_folder_draws_once(
    run: Path, split: Split, tmp_path: Path, drawn_counts: list[int]
) -> None:
    model = load_model(run, "cpu")
    kept = [
        Evaluator(model, split, PIXELS, folder=tmp_path).evaluate(ddim(2), n=30) for _ in range(2)
    ]
    assert drawn_counts == [30]
    assert kept[0].scores == kept[1].scores
    plan = Evaluator(model, split, PIXELS, folder=tmp_path).plan((ddim(2), ddpm(2)), n=30)
    assert [one.sprites for one in plan.missing if one.how == ddim(2).complete(50)] == [0, 30, 30]


def test_the_folder_s_own_sampler_is_measured_unless_told(run: Path, split: Split) -> None:
    model = load_model(run, "cpu")
    own = SamplerSettings(sampler="dpm", steps=3, guidance=2.0)
    model = replace(model, config=model.config.model_copy(update={"sampling": own}))
    assert evaluate(model, split=split, n=20, extractor=PIXELS).how == model.sampler_settings(own)
    grid = default_grid(model)
    assert model.sampler_settings(own) in grid
    assert {setting.guidance for setting in grid} == {2.0}


def test_one_line_evaluates_a_run(run: Path, split: Split) -> None:
    found = evaluate(run, ddim(2), n=20, extractor=PIXELS)
    same = evaluate(load_model(run, "cpu"), ddim(2), split=split, n=20, extractor=PIXELS)
    assert found.scores == same.scores


def test_one_line_compares_and_writes_a_report(run: Path, split: Split, tmp_path: Path) -> None:
    grid = (ddim(2), ddpm(2))
    out = tmp_path / "report"
    found = compare(run, grid, out=out, n=20, seeds=(0,), extractor=PIXELS)
    assert [cell.how for cell in found.cells] == [one.complete(50) for one in grid]
    facts = json.loads((out / "report.json").read_text("utf-8"))
    assert facts["model"]["name"] == "run"
    assert (out / "index.html").is_file()
    with pytest.raises(SettingsError, match="keep 0 in `eta`"):
        compare(run, (ddpm(2), ddpm(3)), out=out)
    with pytest.raises(SettingsError, match="give the evaluator a `folder`"):
        Evaluator(load_model(run, "cpu"), split, PIXELS).plan(grid, n=20)


def test_folders_of_images_are_read(tmp_path: Path) -> None:
    a, b = (tiny.save_npz(tiny.tiny_set(40, seed=k), tmp_path / f"{k}.npz") for k in (1, 2))
    by_path = evaluate_images(a, against=str(b), extractor=PIXELS)
    sets = evaluate_images(tiny.tiny_set(40, seed=1), tiny.tiny_set(40, seed=2), extractor=PIXELS)
    assert by_path.scores == sets.scores
