"""The guide of autoguidance: kept by a training, saved with its model, and drawn with."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spritelab import runs
from spritelab.cli import main
from spritelab.config import DistillSettings, SamplerSettings
from spritelab.convert.push import write_pushed
from spritelab.errors import SettingsError
from spritelab.generate import Distilled, Model, load_model, save_model
from spritelab.generate.folder import GUIDE
from spritelab.generate.identity import guide_identity, model_identity
from spritelab.storage.tensors import read_tensors, write_tensors
from spritelab.training import TrainingState, loop
from spritelab.training.early_stopping import LeastLoss
from spritelab.web.metadata import describe
from spritelab.web.onnx_model import to_onnx
from tiny import STEPS, Refused, refused_model, save_npz, short_validation_losses, tiny_set
from tiny import tiny_settings as settings

AT = 3
"""Updates after which a quarter of the run is done."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Tensor]]:
    """A run that has kept a guide, stopped on its way, and the average that the guide should be."""
    folder, early = tmp_path_factory.mktemp("runs") / "guided", {}
    sampling = {"sampling.autoguidance": 2.0}
    told = settings(training__guide=AT / STEPS).override(sampling)
    run = runs.start_run(told, folder, sprites=tiny_set())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "validation_losses", short_validation_losses)
        for update in run.train(cpu=True, stop_after=AT + 2):
            assert run.state is not None
            if update.step == AT:
                early = {name: one.clone() for name, one in run.state.average.weights.items()}
        for _ in runs.resume_run(folder).train(cpu=True):
            pass
    return folder, early


@pytest.fixture(scope="module")
def model(trained: tuple[Path, dict[str, Tensor]]) -> Model:
    return load_model(trained[0], "cpu")


def test_it_is_the_average_as_it_was_early(
    trained: tuple[Path, dict[str, Tensor]], model: Model
) -> None:
    """And goes through a checkpoint unchanged."""
    folder, early = trained
    kept = read_tensors(folder / "model" / GUIDE)
    assert kept.keys() == early.keys()
    assert all(torch.equal(kept[name], early[name]) for name in early)
    assert model.guide is not None
    assert all(torch.equal(model.guide.state_dict()[name], early[name]) for name in early)
    assert (model.config.guide_step, model.config.step) == (AT, STEPS)
    assert ("guide", f"its own average after {AT} updates") in model.config.in_words()
    assert not model.guide.training


def test_it_draws_as_the_formula_says(model: Model) -> None:
    """f = f_guide + w·(f - f_guide), with the same class, and twice the evaluations."""
    request = model.request(3, seed=1)
    how = model.sampler_settings()
    assert how.autoguidance == 2.0
    x, t = model.first_noise(request), torch.full((3,), 20)
    assert model.guide is not None
    with torch.no_grad():
        ours, weak = (net(x, t, request.context) for net in (model.network, model.guide))
        found = model.denoiser(how, request, x).output(x, t)
    assert torch.equal(found, weak + 2 * (ours - weak))
    batch = model.sample(3, steps=4)
    assert batch.nfe == 8
    within = model.sample(3, steps=4, guidance_interval=(-1.0, 9.0))
    assert 4 < within.nfe < 8
    assert within.how.guided_steps == within.nfe - 4
    plain = model.sample(3, steps=4, autoguidance=1.0)
    outside = model.sample(3, steps=4, guidance_interval=(20.0, 30.0))
    np.testing.assert_array_equal(plain.images, outside.images)
    assert plain.nfe == outside.nfe == 4
    assert (batch.images != plain.images).any()
    assert (batch.images != within.images).any()


def test_no_guide_no_autoguidance(tiny_model: Model, refused: Refused, tiny_run: Path) -> None:
    with pytest.raises(SettingsError, match="has no guide for `autoguidance`"):
        tiny_model.sample(1, autoguidance=2.0)
    assert "`spritelab train`" in refused("sample", str(tiny_run), "--autoguidance", "2")
    with pytest.raises(SettingsError, match="autoguidance needs a guide"):
        settings().override({"sampling.autoguidance": 2.0})


def test_a_student_takes_none(model: Model) -> None:
    config = model.config.without_guide()
    student = dataclasses.replace(
        model, config=config.model_copy(update={"distilled": Distilled(guidance=1.0)})
    )
    with pytest.raises(SettingsError, match="distilled to draw by"):
        student.sample(1, autoguidance=2.0)


def test_a_student_may_be_of_a_guided_teacher(
    trained: tuple[Path, dict[str, Tensor]], tmp_path: Path
) -> None:
    how = DistillSettings().override({"steps": 2})
    begun = runs.start_distillation(how, trained[0], tmp_path / "student")
    assert begun.distilling.guide is begun.teacher.guide is not None
    assert begun.distilling.guidance == 2.0
    config = begun.model_config(0)
    assert config.guide_step is None
    assert config.distilled is not None
    assert config.distilled.in_words().endswith("as with autoguidance 2")


def test_half_precision_halves_it_too(model: Model, tmp_path: Path) -> None:
    assert model.guide is not None
    weights, guide = model.network.state_dict(), model.guide.state_dict()
    save_model(tmp_path / "half", weights, model.config, precision="float16", guide=guide)
    stored = read_tensors(tmp_path / "half" / GUIDE)
    assert {value.dtype for value in stored.values()} == {torch.float16}
    loaded = load_model(tmp_path / "half", "cpu")
    assert loaded.guide is not None
    assert {value.dtype for value in loaded.guide.state_dict().values()} == {torch.float32}
    # A model without one, written to the same folder, leaves none behind.
    save_model(tmp_path / "half", weights, model.config.without_guide())
    assert not (tmp_path / "half" / GUIDE).exists()
    assert load_model(tmp_path / "half", "cpu").guide is None


def test_a_broken_guide_is_refused(trained: tuple[Path, dict[str, Tensor]], tmp_path: Path) -> None:
    folder = shutil.copytree(trained[0] / "model", tmp_path / "model")
    kept = read_tensors(folder / GUIDE)
    name = next(iter(kept))
    for wrong in (kept[name][:1].repeat(2, *[1] * (kept[name].ndim - 1)), kept[name] * torch.nan):
        write_tensors(folder / GUIDE, {**kept, name: wrong})
        refused_model(folder)
    write_tensors(folder / GUIDE, {key: kept[key] for key in kept if key != name})
    refused_model(folder)
    (folder / GUIDE).unlink()
    refused_model(folder)


def test_it_does_not_change_what_the_model_is(model: Model) -> None:
    plain = dataclasses.replace(model, guide=None, config=model.config.without_guide())
    assert model_identity(model) == model_identity(plain)
    assert guide_identity(model) != guide_identity(plain) == ""


def test_early_stopping_may_keep_weights_from_before_it() -> None:
    state = TrainingState.start(torch.nn.Linear(2, 2), settings().training, torch.device("cpu"))
    weights = state.average.weights
    state.step, state.least = 5, LeastLoss.of(1.0, 4, weights)
    state.keep_guide()
    assert state.kept_guide() is None
    state.least = LeastLoss.of(0.5, 9, weights)
    assert state.kept_guide() is state.guide


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_one_network_is_exported_and_says_so(model: Model, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="the guide stays behind"):
        content = to_onnx(model)
    assert b'"autoguidance":1.0' in content
    assert "guided_steps" not in describe(model)["sampling"]
    pushed = write_pushed(model, tmp_path / "pushed", "me/guided")
    assert (pushed / GUIDE).read_bytes() == (model.folder / "model" / GUIDE).read_bytes()  # type: ignore[operator]
    assert load_model(pushed, "cpu").config.guide_step == AT


def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loop, "validation_losses", short_validation_losses)
    save_npz(tiny_set(), tmp_path / "set.npz")
    few: dict[str, Any] = {"network.widths": [32], "network.attention": [], "schedule.timesteps": 9}
    sets = [word for key, value in few.items() for word in ("--set", f"{key}={value}")]
    train = ["train", "--data", "set.npz", "--preset", "rgba", "--steps", "4", "--batch-size", "4"]
    assert main([*train, *sets, "--guide", "0.5", "--cpu", "--out", "run"]) == 0
    words = ["sample", "run", "--device", "cpu", "-n", "2", "--steps", "3", "--out", "drawn"]
    capsys.readouterr()
    assert main([*words, "--autoguidance", "2", "--guidance-interval=-9,0"]) == 0
    assert "network evaluations each" in capsys.readouterr().err
    batch = load_model("run", "cpu").sample(
        2, SamplerSettings(sampler="dpm", steps=3, autoguidance=2.0, guidance_interval=(-9, 0))
    )
    assert '"autoguidance": 2.0' in (tmp_path / "drawn" / "samples.json").read_text()
    assert f'"nfe": {batch.nfe}' in (tmp_path / "drawn" / "samples.json").read_text()
