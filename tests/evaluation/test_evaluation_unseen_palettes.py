"""Sprites drawn in palettes that the model has never seen: whose, kept apart, and told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tiny
from evaluation_runs import HELD_OUT, N, ddim, ddpm
from spritelab.cli import main
from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.evaluation import Evaluator, Extractor, Split, compare, find_split
from spritelab.evaluation.samples import SampleStore, borrow_from
from spritelab.generate import Model, load_model, model_identity
from spritelab.palette import index_sprites

PIXELS = Extractor("pixels")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few updates with a palette head."""
    folder = tmp_path_factory.mktemp("unseen")
    source = tiny.save_npz(tiny.tiny_set(N), folder / "sprites.npz")
    settings = tiny.tiny_settings(
        data__source=str(source),
        data__held_out=HELD_OUT,
        training__prediction="palette",
        training__steps=2,
    )
    return tiny.train_whole(settings, folder / "run")


@pytest.fixture(scope="module")
def model(run: Path) -> Model:
    return load_model(run, "cpu")


@pytest.fixture(scope="module")
def split(run: Path, model: Model) -> Split:
    return find_split(run, model.config)


def test_each_borrows_from_a_held_out_sprite_of_its_class(model: Model, split: Split) -> None:
    how = ddim(2)
    drawn = borrow_from(split.held_out, model).sample(24, how)
    seen = model.sample(24, how)
    np.testing.assert_array_equal(drawn.labels, seen.labels)
    indexed = index_sprites(split.held_out.images, 2)
    assert drawn.lenders is not None
    assert drawn.palettes is not None
    for k, lender in enumerate(drawn.lenders.tolist()):
        assert split.held_out.labels[lender] == drawn.labels[k]
        assert drawn.palettes[k] == indexed.palette(lender)
    assert len(set(drawn.lenders.tolist())) > 5
    # The seed decides, as it does among training sprites: the same share of the way along a class.
    label = int(drawn.labels[0])
    assert seen.lenders is not None
    ways = []
    for lender, labels in (
        (drawn.lenders[0], split.held_out.labels),
        (seen.lenders[0], split.training.labels),
    ):
        of_class = np.flatnonzero(labels == label)
        ways.append((int(np.flatnonzero(of_class == lender)[0]), len(of_class)))
    (one, n), (other, m) = ways
    assert one / n < (other + 1) / m
    assert other / m < (one + 1) / n


def test_who_has_nothing_to_borrow(model: Model, split: Split, tiny_model: Model) -> None:
    with pytest.raises(SettingsError, match="no palette head; leave `palettes` out"):
        borrow_from(split.held_out, tiny_model)
    none: SpriteSet = split.held_out.select(np.arange(0))
    with pytest.raises(DataError, match="nothing is held out"):
        borrow_from(none, model)


def test_a_palette_is_part_of_what_a_model_draws(model: Model, split: Split) -> None:
    other = borrow_from(split.held_out, model)
    assert model_identity(other) != model_identity(model)
    assert model_identity(borrow_from(split.training, model)) == model_identity(model)


def test_an_evaluator_keeps_both_apart(model: Model, split: Split, tmp_path: Path) -> None:
    evaluator = Evaluator(model, split, PIXELS, folder=tmp_path)
    seen = evaluator.evaluate(ddim(2), n=24)
    unseen = evaluator.evaluate(ddim(2), n=24, palettes="held-out")
    assert (seen.palettes, unseen.palettes) == ("training", "held-out")
    assert (seen.samples[0].images != unseen.samples[0].images).any()
    assert seen.measures.frechet != unseen.measures.frechet
    assert seen.floor == unseen.floor
    assert unseen.as_dict()["palettes"] == "held-out"
    how = model.sampler_settings(ddim(2))
    files = [store.file(how, 0) for store in (evaluator.store, evaluator.unseen_palettes)]
    assert len({file for file in files if file is not None and file.is_file()}) == 2
    # Again, from what is kept.
    again = Evaluator(model, split, PIXELS, folder=tmp_path)
    again.model.network.requires_grad_(False)
    assert again.evaluate(ddim(2), n=24, palettes="held-out").scores == unseen.scores


def test_a_model_without_palettes_says_so(tiny_model: Model, split: Split) -> None:
    assert SampleStore(tiny_model).palettes is None
    evaluator = Evaluator(tiny_model, split, PIXELS)
    with pytest.raises(SettingsError, match="no palette head; leave `palettes` out"):
        evaluator.evaluate(ddim(2), n=24, palettes="held-out")


def test_a_report_says_whose_palettes(model: Model, split: Split, tmp_path: Path) -> None:
    grid = (ddim(2), ddpm(2))
    out = tmp_path / "report"
    options = {"n": 20, "seeds": (0,), "extractor": PIXELS}
    compare(model, grid, out=out, split=split, palettes="held-out", **options)  # type: ignore[arg-type]
    facts = json.loads((out / "report.json").read_text("utf-8"))
    assert facts["model"]["palettes"] == "held-out"
    assert {cell["palettes"] for cell in facts["cells"]} == {"held-out"}
    for name in ("report.md", "index.html"):
        assert "the palette of a held-out sprite of its class" in (out / name).read_text("utf-8")


def test_the_command(
    run: Path, tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-n", "20", "--features", "pixels", "--steps", "2", "--palettes", "held-out"]
    out = tmp_path / "figures.json"
    assert main(["evaluate", str(run), *words, "--device", "cpu", "--json", str(out)]) == 0
    assert "drawn in the palettes of held-out sprites" in capsys.readouterr().out
    assert json.loads(out.read_text("utf-8"))["palettes"] == "held-out"
    source = str(tiny.save_npz(tiny.tiny_set(), tmp_path / "sprites.npz"))
    said = "this model has no palette head; leave --palettes out"
    words += ["--device", "cpu", "--data", source]
    assert main(["evaluate", str(tiny_run), *words]) == 2
    assert f"error: {said}" in capsys.readouterr().err
