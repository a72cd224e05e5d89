"""A distillation on disk: what it leaves, that it can be stopped and repeated, what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import spritelab
from spritelab import generate, runs
from spritelab.config import DistillSettings, SamplerSettings, ScheduleSettings
from spritelab.diffusion import build_schedule
from spritelab.errors import ModelError, SettingsError, TrainingError
from spritelab.generate import load_model, weights_hash
from spritelab.generate.folder import save_config
from spritelab.runs import Distillation, distillation
from spritelab.runs.lock import lock_run
from spritelab.training import checkpoints, stream_seed
from tiny import outcome, snapshot

TIMES = (49, 20, 8)
UPDATES = 15

SETTINGS: dict[str, Any] = {
    "times": TIMES,
    "teacher_steps": 2,
    "training.steps": UPDATES,
    "training.batch_size": 4,
    "training.validate_every": 5,
    "training.checkpoint_every": 7,
}


@pytest.fixture(autouse=True)
def few_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distillation, "COMPARED", 4)


def begin(folder: Path, teacher: Path, **named: Any) -> Distillation:
    settings = DistillSettings().override(SETTINGS | named)
    return runs.start_distillation(settings, teacher, folder)


def ending(folder: Path) -> dict[str, Any]:
    """All that is left but the checkpoint before the last, which is from where it was stopped."""
    found = outcome(folder)
    return {name: value for name, value in found.items() if "step-" not in name or "15" in name}


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory, tiny_run: Path) -> Distillation:
    """One that is finished; nothing is to change in it."""
    begun = begin(tmp_path_factory.mktemp("students") / "student", tiny_run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distillation, "COMPARED", 4)
        assert [update.step for update in begun.train(cpu=True)] == list(range(1, UPDATES + 1))
    assert begun.finished
    assert begun.step == UPDATES
    return begun


def test_the_student_is_its_teacher_but_for_how_it_draws(
    student: Distillation, tiny_run: Path
) -> None:
    teacher, model = load_model(tiny_run, "cpu"), load_model(student.folder, "cpu")
    how = model.sampler_settings()
    assert (how.sampler, how.times, how.steps, how.eta, how.nfe) == ("dpm", TIMES, 3, None, 3)
    assert how.first_leg == "gaussian"
    assert model.moments is not None
    same = ("network", "schedule", "prediction", "size", "channels", "class_names", "hard_alpha")
    for name in same:
        assert getattr(model.config, name) == getattr(teacher.config, name)
    learnt = model.config.trained_on
    assert learnt.model_copy(update={"parent": None}) == teacher.config.trained_on
    assert learnt.parent is not None
    assert (learnt.parent.name, learnt.parent.weights_hash) == ("tiny", weights_hash(tiny_run))
    assert model.config.step == UPDATES
    drawn, others = (one.sample(4).images for one in (model, teacher))
    distilled = model.config.distilled
    assert distilled is not None
    assert distilled.sprites == 4
    assert distilled.guidance == 1
    assert distilled.equal == (drawn == others).all(axis=-1).mean()
    assert distilled.difference == np.abs(drawn.astype(int) - others.astype(int)).mean()
    assert dict(model.config.in_words())["a student"] == distilled.in_words()


def test_a_teacher_that_adds_noise_is_followed_along_its_flow(
    tmp_path: Path, tiny_run: Path
) -> None:
    folder = Path(shutil.copytree(tiny_run / "model", tmp_path / "tiny"))
    config = load_model(folder, "cpu").config
    own = SamplerSettings(sampler="ddpm", steps=3, guidance=2.0)
    save_config(folder, config.model_copy(update={"sampling": own}))
    begun = begin(tmp_path / "student", folder)
    assert begun.of_teacher == begun.teacher.sampler_settings(sampler="dpm", guidance=2.0)


def test_what_is_left_on_disk(student: Distillation) -> None:
    record = runs.read_distillation(student.folder)
    assert record.settings == student.settings
    assert record.teacher == student.parent
    kept = [step for step, _ in checkpoints(student.folder / "checkpoints")]
    assert kept == [14, 15]
    metrics = runs.read_metrics(student.folder)
    assert [line["step"] for line in metrics] == [5, 10, 15]
    assert set(metrics[0]) == {
        *("step", "seconds", "batch_loss", "learning_rate", "equal", "difference")
    }
    with Image.open(runs.draw_same_noise(student)) as picture:
        assert picture.size[0] > 10 * 16 * 5


def test_it_ends_alike_however_often_it_is_stopped(
    student: Distillation, tmp_path: Path, tiny_run: Path
) -> None:
    stopped = begin(tmp_path / "stopped", tiny_run)
    teacher = shutil.copytree(tiny_run / "model", tmp_path / "elsewhere" / "tiny")
    list(stopped.train(stop_after=2, cpu=True))
    assert (stopped.step, stopped.stopped, stopped.finished) == (2, True, False)
    again = runs.resume_distillation(teacher, stopped.folder, {"training.steps": UPDATES})
    assert again.step == 2
    for _ in again.train(cpu=True):
        again.stop()
    assert (again.step, again.interrupted) == (4, True)
    again = runs.resume_distillation(teacher, stopped.folder)
    updates = again.train(cpu=True)
    next(updates)
    updates.close()  # as leaving a loop does
    assert (again.step, again.stopped) == (5, True)
    assert load_model(again.folder, "cpu").config.step == 5
    again = runs.resume_distillation(teacher, stopped.folder)
    assert [update.step for update in again.train(cpu=True)] == list(range(6, UPDATES + 1))
    assert ending(stopped.folder) == ending(student.folder)
    assert list(again.train(cpu=True)) == []


def test_classes_are_dropped_as_in_training_and_noise_is_no_users(
    tmp_path: Path, tiny_run: Path
) -> None:
    named = {"training.batch_size": 200, "training.drop_context": 0.25}
    begun = begin(tmp_path / "student", tiny_run, **named)
    chains, again, other = begun.draw(0), begun.draw(0), begun.draw(1)
    assert torch.equal(chains.x, again.x)
    assert torch.equal(chains.context, again.context)
    assert not torch.equal(chains.x, other.x)
    dropped = (chains.context.sum(dim=1) == 0).float().mean()
    assert 0.15 < float(dropped) < 0.35
    teacher = begun.teacher
    request = teacher.request(200)
    led = teacher.first_leg(request, teacher.first_noise(request), TIMES[0])
    assert float(led.std()) == pytest.approx(float(chains.x.std()), rel=0.05)
    assert not torch.equal(led, chains.x)


def test_a_student_learns_from_where_it_draws(tmp_path: Path, tiny_run: Path) -> None:
    """A first leg leads to its first step; without moments it takes the noise."""
    own_times, whole = (40, 20, 8), {"training.drop_context": 0.0}
    begun = begin(tmp_path / "led", tiny_run, guidance=2.0, times=own_times, **whole)
    teacher, seed = begun.teacher, stream_seed(begun.settings.training.seed, 4)
    request = teacher.request(4, seed)
    x_T = teacher.first_noise(request)
    own = SamplerSettings(sampler="dpm", times=own_times, first_leg="gaussian").complete(50)
    chains = begun.draw(0)
    assert torch.equal(chains.x, teacher.begin(own, request, x_T))
    start = begun.distilling.walked_from
    assert chains.walked is not None
    assert torch.equal(chains.walked, teacher.first_leg(request, x_T, start, 2.0))
    assert teacher.schedule.lambdas[start] == pytest.approx(-3, abs=0.4)

    begun.teacher = replace(teacher, moments=None)
    del begun.distilling
    chains = begun.draw(0)
    assert torch.equal(chains.x, x_T)
    assert chains.walked is None
    assert begun.model_config(3).sampling.first_leg == "none"


def test_a_guided_teacher_gives_its_guidance(tmp_path: Path, tiny_run: Path) -> None:
    begun = begin(tmp_path / "student", tiny_run, guidance=2.0)
    assert begun.distilling.guidance == 2
    list(begun.train(cpu=True, stop_after=3))
    model = load_model(begun.folder, "cpu")
    assert model.sampler_settings().guidance == 1
    assert model.sampler_settings().nfe == 3
    assert model.config.distilled is not None
    assert model.config.distilled.guidance == 2


def test_steps_are_spread_where_sprites_are_decided() -> None:
    led = load_model("crawl-16", "cpu")
    teacher, lambdas = replace(led, moments=None), led.schedule.lambdas
    for model, first in ((led, -1.2), (teacher, -3.0)):
        for steps in (1, 2, 4, 8):
            times = distillation.student_times(DistillSettings(steps=steps), model)
            wanted = [first + (2.6 - first) * k / steps for k in range(steps)]
            assert [lambdas[t] for t in times] == pytest.approx(wanted, abs=0.05)
    few = replace(teacher, schedule=build_schedule(ScheduleSettings(timesteps=8)))
    with pytest.raises(SettingsError, match=r"no 12 `steps` between λ = -3 and 2.6; choose fewer"):
        distillation.student_times(DistillSettings(steps=12), few)


def test_what_is_refused(student: Distillation, tmp_path: Path, tiny_run: Path) -> None:
    before = snapshot(student.folder)
    cases: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: begin(student.folder, tiny_run), SettingsError, "exists already"),
        (lambda: begin(tmp_path / "x", student.folder), SettingsError, "is a student itself"),
        (lambda: begin(tmp_path / "x", tmp_path), ModelError, "holds no model"),
        (
            lambda: begin(tmp_path / "x", tiny_run, times=(50, 3)),
            SettingsError,
            r"`times` must lie in 0 … 49",
        ),
        (lambda: runs.resume_distillation(tiny_run, tmp_path), ModelError, "no distillation"),
        (
            lambda: runs.resume_distillation("crawl-16", student.folder),
            ModelError,
            "crawl-16 is not the model that .* was begun with, tiny",
        ),
        (
            lambda: runs.resume_distillation(tiny_run, student.folder, {"training.seed": 3}),
            SettingsError,
            "training.seed is 0 in .* cannot become 3",
        ),
        (
            lambda: DistillSettings().override({"training.recolour": 0.5}),
            SettingsError,
            "recolour",
        ),
        (
            lambda: DistillSettings().override({"training.epochs": 3}),
            SettingsError,
            "training.epochs is for sprites",
        ),
        (
            lambda: DistillSettings().override({"steps": 3, "times": (5, 2)}),
            SettingsError,
            "times name 2 steps, not 3",
        ),
    ]
    for call, kind, words in cases:
        with pytest.raises(kind, match=words):
            call()
    assert not (tmp_path / "x").exists()
    with lock_run(student.folder), pytest.raises(TrainingError, match="another process"):
        list(student.train(cpu=True))
    assert snapshot(student.folder) == before


def test_a_palette_heads_student_draws_its_palettes_colours(tmp_path: Path) -> None:
    settings = DistillSettings().override(SETTINGS | {"times": (967, 400, 150)})
    begun = runs.start_distillation(settings, "builtin-16", tmp_path / "student")
    list(begun.train(stop_after=3, cpu=True))
    model = load_model(begun.folder, "cpu")
    batch = model.sample(3)
    assert batch.palettes is not None
    for image, palette in zip(batch.images, batch.palettes, strict=True):
        colours = {tuple(colour) for colour in palette.colours.tolist()}
        assert {tuple(pixel) for pixel in image.reshape(-1, 4).tolist()} <= colours


def test_in_one_call(tmp_path: Path, tiny_run: Path) -> None:
    how: dict[str, Any] = {"updates": 6, "batch_size": 4, "cpu": True, "progress": spritelab.SILENT}
    model = spritelab.distill(tiny_run, tmp_path / "student", steps=2, stop_after=2, **how)
    assert model.config.step == 2
    assert model.sampler_settings().steps == 2
    model = spritelab.distill(tiny_run, tmp_path / "student", resume=True, cpu=True)
    assert model.config.step == 6
    assert (tmp_path / "student" / "same-noise.png").exists()
    record = json.loads((tmp_path / "student" / "distillation.json").read_text())
    assert record["settings"]["training"]["steps"] == 6
    with pytest.raises(SettingsError, match="give only one of `updates` and `max_minutes`"):
        spritelab.distill(tiny_run, tmp_path / "other", updates=3, max_minutes=1)
    with pytest.raises(SettingsError, match="there is no such setting"):
        spritelab.distill(tiny_run, tmp_path / "other", widths=3)
    assert generate.find_model(tmp_path / "student") == tmp_path / "student" / "model"
