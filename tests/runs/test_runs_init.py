"""A run that begins from another model's weights: they are its own, and what it owes is told."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from spritelab import generate, runs
from spritelab.config import RunSettings
from spritelab.data import SpriteSet
from spritelab.errors import ModelError, SettingsError
from spritelab.generate import Parent
from spritelab.runs import Run, fine_tuning_settings
from spritelab.training import checkpoints, load_checkpoint
from tiny import STEPS, outcome, snapshot, tiny_set, tiny_settings

pytestmark = pytest.mark.usefixtures("short_validation")

SETTINGS: dict[str, Any] = {"training__seed": 3, "training__learning_rate": 1e-4}


def tune(folder: Path, init: Path, sprites: SpriteSet | None = None, **overrides: Any) -> Run:
    settings = tiny_settings(**{**SETTINGS, **overrides})
    return runs.start_run(settings, folder, sprites=sprites or tiny_set(seed=1), init=init)


def test_the_weights_at_update_0_are_the_parents(tmp_path: Path, tiny_run: Path) -> None:
    run = tune(tmp_path / "run", tiny_run)
    ((step, folder),) = checkpoints(run.folder / "checkpoints")
    assert step == 0
    tensors, state = load_checkpoint(folder)
    assert (state.step, state.seconds, state.progress, state.batch_losses) == (0, 0, 0, ())
    weights = safetensors.torch.load_file(tiny_run / "model" / "model.safetensors")
    for part in ("network", "average"):
        for name, value in weights.items():
            assert torch.equal(tensors[f"{part}.{name}"], value)
    assert len(tensors) == 2 * len(weights)
    drawn, expected = (
        generate.load_model(folder, "cpu").sample(2, steps=3, seed=1, label="disc").images
        for folder in (run.folder, tiny_run)
    )
    assert (drawn == expected).all()


def test_the_parent_is_told_of_for_ever(tmp_path: Path, tiny_run: Path) -> None:
    init = shutil.copytree(tiny_run / "model", tmp_path / "its name")
    content = (init / "model.safetensors").read_bytes()
    parent = Parent(
        name="its name",
        weights_hash=hashlib.sha256(content).hexdigest(),
        licence="unknown",
        source="memory",
    )
    run = tune(tmp_path / "run", init)
    assert run.parent == runs.read_record(run.folder).parent == parent
    list(run.train(stop_after=1, cpu=True))
    again = runs.resume_run(run.folder, sprites=tiny_set(seed=1))
    assert again.parent == parent
    list(again.train(cpu=True))
    assert generate.load_model(run.folder, "cpu").config.trained_on.parent == parent


def test_a_run_from_a_parent_repeats_to_the_byte_and_needs_it_no_more(
    tmp_path: Path, tiny_run: Path
) -> None:
    parent = shutil.copytree(tiny_run / "model", tmp_path / "parent")
    alone = tune(tmp_path / "alone", parent)
    assert [update.step for update in alone.train(cpu=True)] == list(range(1, STEPS + 1))
    stopped = tune(tmp_path / "stopped", parent)
    shutil.rmtree(parent)
    for stop_after in (1, 7, None):
        again = runs.resume_run(stopped.folder, sprites=tiny_set(seed=1))
        list(again.train(stop_after, cpu=True))
    assert outcome(stopped) == outcome(alone)
    fresh = runs.start_run(tiny_settings(**SETTINGS), tmp_path / "fresh", sprites=tiny_set(seed=1))
    list(fresh.train(cpu=True))
    name = "model/model.safetensors"
    assert outcome(fresh)[name] != outcome(alone)[name]


def test_weights_that_are_gone_are_not_drawn_anew(tmp_path: Path, tiny_run: Path) -> None:
    run = tune(tmp_path / "run", tiny_run)
    shutil.rmtree(run.folder / "checkpoints")
    with pytest.raises(ModelError, match="has no checkpoint left, and so none of the weights of"):
        list(runs.resume_run(run.folder, sprites=tiny_set(seed=1)).train(cpu=True))


def other_classes(*names: str) -> SpriteSet:
    sprites = tiny_set(seed=1)
    return SpriteSet.from_arrays(sprites.images, sprites.labels % len(names), names)


def test_other_classes(tmp_path: Path, tiny_run: Path) -> None:
    """Before any training a class that both have is drawn as the parent draws it, to the byte."""
    sprites = other_classes("disc", "robot")
    run = tune(tmp_path / "run", tiny_run, sprites)
    parent, child = (generate.load_model(folder, "cpu") for folder in (tiny_run, run.folder))
    assert child.class_names == ("disc", "robot")

    def drawn(model: generate.Model, label: str | None) -> Any:
        return model.sample(3, steps=3, seed=1, label=generate.NO_CLASS if label is None else label)

    assert (drawn(child, "disc").images == drawn(parent, "disc").images).all()
    assert (drawn(child, "robot").images == drawn(parent, None).images).all()
    assert (drawn(parent, "disc").images != drawn(parent, None).images).any()

    list(run.train(stop_after=2, cpu=True))
    again = runs.resume_run(run.folder, sprites=sprites)
    list(again.train(cpu=True))
    alone = tune(tmp_path / "alone", tiny_run, sprites)
    list(alone.train(cpu=True))
    assert outcome(again) == outcome(alone)


def test_another_size(tmp_path: Path, tiny_run: Path) -> None:
    """At twice the size the weights are the parent's, to the last, and draw what they can there."""
    images = tiny_set(seed=1).images.repeat(2, axis=1).repeat(2, axis=2)
    changes = {"data.size": 32, "training.steps": 2}
    settings = fine_tuning_settings(tiny_settings(), tiny_run, changes)
    run = runs.start_run(
        settings, tmp_path / "run", sprites=SpriteSet.from_arrays(images), init=tiny_run
    )
    tensors, _ = load_checkpoint(checkpoints(run.folder / "checkpoints")[0][1])
    weights = safetensors.torch.load_file(tiny_run / "model" / "model.safetensors")
    same = [name for name in weights if torch.equal(tensors[f"network.{name}"], weights[name])]
    assert set(weights) - set(same) == {"context.weight"}  # its classes are others
    list(run.train(cpu=True))
    assert generate.load_model(run.folder, "cpu").sample(2, steps=2).images.shape[1:3] == (32, 32)


def test_the_parents_of_a_parent_are_told_of(tmp_path: Path, tiny_run: Path) -> None:
    first = tune(tmp_path / "first", tiny_run)
    second = tune(tmp_path / "second", first.folder)
    assert second.parent is not None
    assert second.parent.parent == first.parent
    assert second.parent.in_words() == (
        f"first (memory, unknown), begun from {tiny_run.name} (memory, unknown)"
    )


def test_weights_that_are_not_finite(tmp_path: Path, tiny_run: Path) -> None:
    broken = shutil.copytree(tiny_run / "model", tmp_path / "broken")
    weights = safetensors.torch.load_file(broken / "model.safetensors")
    weights["stem.bias"][0] = torch.nan
    safetensors.torch.save_file(weights, broken / "model.safetensors")
    with pytest.raises(ModelError, match="are not finite; take or train another model"):
        tune(tmp_path / "run", broken)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("overrides", "sprites", "named"),
    [
        ({"network__widths": [32]}, None, "its network (kind='unet' widths=(32, 32)"),
        ({"network__dropout": 0.5}, None, "would have to be (kind='unet'"),
        ({}, SpriteSet.from_arrays(tiny_set().images[..., :3]), "its channels 4 would have to be"),
    ],
)
def test_a_parent_that_does_not_fit(
    tmp_path: Path,
    tiny_run: Path,
    overrides: dict[str, Any],
    sprites: SpriteSet | None,
    named: str,
) -> None:
    before = snapshot(tiny_run)
    with pytest.raises(SettingsError) as caught:
        tune(tmp_path / "run", tiny_run, sprites, **overrides)
    message = str(caught.value)
    assert message.startswith(f"the run cannot begin from {tiny_run}: its ")
    assert named in message
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []
    assert snapshot(tiny_run) == before


def test_no_parent(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model at"):
        tune(tmp_path / "run", tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_a_shipped_model_with_half_its_digits(tmp_path: Path) -> None:
    """Found by its name; its float16 weights are learnt on as float32."""
    parent = generate.load_model("crawl-16", "cpu").config
    settings = RunSettings.parse(
        {
            **tiny_settings().model_dump(),
            "network": parent.network.model_dump(),
            "schedule": parent.schedule.model_dump(),
        }
    ).override({"training.prediction": parent.prediction})
    sprites = tiny_set()
    ten = SpriteSet.from_arrays(sprites.images, sprites.labels, parent.class_names)
    run = runs.start_run(settings, tmp_path / "run", sprites=ten, init="crawl-16")
    assert run.parent is not None
    assert (run.parent.name, run.parent.licence) == ("crawl-16", "CC0-1.0")
    tensors, _ = load_checkpoint(checkpoints(run.folder / "checkpoints")[0][1])
    assert {value.dtype for value in tensors.values() if value.is_floating_point()} == {
        torch.float32
    }
