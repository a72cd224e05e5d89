"""A run's model shipped, and a shipped one measured again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import tiny
from spritelab import convert, pictures, runs
from spritelab.config import DistillSettings, SamplerSettings
from spritelab.convert.card import load_facts
from spritelab.convert.ship import precision_cost
from spritelab.errors import ModelError
from spritelab.evaluation import Extractor, evaluate, find_split
from spritelab.generate import Model, load_model

HOW = SamplerSettings(sampler="dpm", steps=3)
PIXELS = Extractor("pixels")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sprites of ``tiny_run`` as a file."""
    return str(tiny.save_npz(tiny.tiny_set(), tmp_path_factory.mktemp("data") / "sprites.npz"))


@pytest.fixture(scope="module")
def shipped(tiny_run: Path, source: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipped") / "tiny-16"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spritelab.convert.ship.COMPARED", 4)
        convert.ship_run(
            tiny_run,
            folder,
            circumstances="a machine; a commit.",
            sampling=HOW,
            n=24,
            hardware="a desk",
            gallery="`pictures/`",
            source=source,
            extractor=PIXELS,
            device="cpu",
        )
    return folder


def test_a_shipped_model_is_the_runs_in_float16(shipped: Path, tiny_run: Path) -> None:
    weights = load_file(shipped / "model.safetensors")
    theirs = load_file(tiny_run / "model" / "model.safetensors")
    for name, tensor in theirs.items():
        if tensor.is_floating_point():
            assert weights[name].dtype == torch.float16
            assert torch.equal(weights[name], tensor.half())
    model, full = load_model(shipped, "cpu"), load_model(tiny_run, "cpu")
    how = full.sampler_settings(HOW)
    assert (how.steps, how.spacing) == (3, "logsnr")
    assert model.config == full.config.model_copy(
        update={"sampling": how, "version": model.config.version}
    )


def test_the_card_tells_of_the_run(shipped: Path, tiny_run: Path) -> None:
    facts, record, last = (
        load_facts(shipped),
        runs.read_record(tiny_run),
        runs.read_metrics(tiny_run)[-1],
    )
    assert facts.name == "tiny-16"
    assert (facts.training.sprites, facts.training.held_out) == (
        record.data.train,
        record.data.held_out,
    )
    assert facts.training.sprites_seen == tiny.STEPS * record.settings.training.batch_size
    assert facts.training.val_loss == last["val_loss"]
    assert facts.training.minutes == last["seconds"] / 60
    card = (shipped / "README.md").read_text("utf-8")
    assert "spritelab sample tiny-16 --label side-facing -n 20" in card
    assert "minutes on a desk;" in card
    assert "a machine; a commit." in card
    assert "Sprites of every class, unpicked: `pictures/`." in card


def test_the_figures_are_those_of_evaluate(shipped: Path, source: str) -> None:
    model = load_model(shipped, "cpu")
    split = find_split(shipped, model.config, source)
    found = evaluate(model, split=split, n=24, extractor=PIXELS).as_dict()
    figures = load_facts(shipped).figures
    assert figures.n == 24
    assert figures.sampling == model.sampler_settings(HOW)
    assert figures.measures["frechet"] == pytest.approx(found["frechet"])
    assert figures.measures["copying_score"] == found["copying_score"]
    assert figures.measures.keys() >= {"kid", "recall", "copies", "colours"}


@pytest.mark.usefixtures("short_validation")
def test_of_a_palette_head_the_card_has_palettes_never_seen(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spritelab.convert.ship.COMPARED", 4)
    settings = tiny.tiny_settings(training__prediction="palette", training__steps=1)
    run = runs.start_run(settings, tmp_path / "run", sprites=tiny.tiny_set())
    list(run.train(cpu=True))
    given: dict[str, Any] = {"source": source, "extractor": PIXELS, "device": "cpu"}
    facts = convert.ship_run(
        run.folder, tmp_path / "model", circumstances="", sampling=HOW, n=20, **given
    )
    model = load_model(tmp_path / "model", "cpu")
    split = find_split(tmp_path / "model", model.config, source)
    for palettes, measures in (
        ("training", facts.figures.measures),
        ("held-out", facts.figures.unseen_palettes),
    ):
        found = evaluate(
            model,
            split=split,
            n=20,
            extractor=PIXELS,
            palettes=palettes,  # type: ignore[arg-type]
        )
        assert measures is not None
        assert measures["frechet"] == pytest.approx(found.measures.frechet)
    assert facts.figures.unseen_palettes != facts.figures.measures
    assert "n = 20, unseen palettes" in (tmp_path / "model" / "README.md").read_text("utf-8")


def test_a_shipped_model_is_measured_again(shipped: Path, source: str, tmp_path: Path) -> None:
    folder = tmp_path / "tiny-16"
    shutil.copytree(shipped, folder)
    before = tiny.snapshot(folder)
    facts = load_facts(folder)
    again: dict[str, Any] = {"source": source, "extractor": PIXELS, "device": "cpu"}
    same = convert.measure_shipped(folder, circumstances="a machine; a commit.", n=24, **again)
    assert same == facts
    assert tiny.snapshot(folder) == before
    other = convert.measure_shipped(folder, circumstances="another machine.", n=30, **again)
    assert other.figures.n == 30
    assert other.figures.circumstances == "another machine."
    assert other.model_copy(update={"figures": facts.figures}) == facts
    after = tiny.snapshot(folder)
    assert {name for name in before if before[name] != after[name]} == {"README.md", "card.json"}
    assert "n = 30" in (folder / "README.md").read_text("utf-8")


def test_what_cannot_be_shipped(tmp_path: Path, tiny_run: Path, shipped: Path) -> None:
    with pytest.raises(ModelError, match="there is no run at"):
        convert.ship_run(shipped, tmp_path / "new", circumstances="")
    with pytest.raises(ModelError, match=r"card\.json is missing"):
        convert.measure_shipped(tiny_run / "model", circumstances="")
    unfinished = tmp_path / "run"
    shutil.copytree(tiny_run, unfinished)
    (unfinished / "metrics.jsonl").unlink()
    with pytest.raises(ModelError, match="no validation yet"):
        convert.ship_run(unfinished, tmp_path / "new", circumstances="")
    assert not (tmp_path / "new").exists()


def test_what_float16_costs(tiny_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spritelab.convert.ship.COMPARED", 3)
    cost = precision_cost(tiny_model, tiny_model, HOW)
    assert (cost.sprites, cost.mean_levels, cost.worst) == (3, 0, 0)


def test_the_gallery_holds_the_first_sprites_of_every_class(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spritelab.convert.ship.PER_CLASS", 4)
    model = load_model(shipped, "cpu")
    made = convert.draw_gallery(model, tmp_path)
    assert [path.name for path in made] == [f"{name}.png" for name in model.class_names]
    drawn = model.sample(4, label=model.class_names[1]).images
    wanted = pictures.grid(drawn, columns=20, scale=2, background="checker")
    np.testing.assert_array_equal(np.asarray(Image.open(made[1])), wanted)


def test_a_student_is_shipped_as_int8(
    shipped: Path, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spritelab.convert.ship.COMPARED", 4)
    values = {"times": (8, 2), "training.steps": 4}
    run = runs.start_distillation(DistillSettings().override(values), shipped, tmp_path / "quick")
    list(run.train(cpu=True))
    given: dict[str, Any] = {"n": 24, "source": source, "extractor": PIXELS, "device": "cpu"}
    how: dict[str, Any] = {"circumstances": "", "precision": "int8", "hardware": "a desk"}
    monkeypatch.chdir(shipped.parent)  # where its teacher is found by its name
    facts = convert.ship_run(run.folder, tmp_path / "tiny-quick", **how, **given)
    student, teacher = load_model(tmp_path / "tiny-quick", "cpu"), load_facts(shipped)
    assert student.config.distilled is not None
    assert student.config.own_sampling.times == (8, 2)
    assert facts.training == teacher.training
    assert facts.distilling is not None
    assert facts.distilling.batch_size == run.settings.training.batch_size
    assert facts.precision.kept == "int8"
    assert facts.precision.mean_levels > 0
    assert facts.file_bytes < teacher.file_bytes
    card = " ".join((tmp_path / "tiny-quick" / "README.md").read_text("utf-8").split())
    assert "**Distilled** from `tiny-16`, to draw in 2 steps: 4 updates of" in card
    assert "MiB as int8" in card
    assert "of pixels as its teacher draws them from the same noise" in card
    assert "**Training of the teacher**" in card

    (shipped.parent / "elsewhere").mkdir()
    monkeypatch.chdir(shipped.parent / "elsewhere")
    with pytest.raises(ModelError, match="there is no model at tiny-16"):
        convert.ship_run(run.folder, tmp_path / "again", **how, **given)
