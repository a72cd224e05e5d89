"""A model folder with moments and calibrated steps: written, read, drawn by."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from spritelab import pixels
from spritelab.config import SamplerSettings
from spritelab.data import SpriteSet
from spritelab.diffusion import gaussian_leg
from spritelab.errors import ModelError, SettingsError
from spritelab.generate import load_model, training_moments
from spritelab.generate.folder import MOMENTS
from spritelab.generate.steering.inpainting import Known, draw_around
from spritelab.progress import SILENT
from spritelab.storage.tensors import read_tensors, write_tensors
from tiny import tiny_set, unsealed

STEPS = (40, 25, 9)


@pytest.fixture
def folder(tmp_path: Path, tiny_run: Path) -> Path:
    """A model folder with calibrated steps."""
    copied = Path(shutil.copytree(tiny_run / "model", tmp_path / "model"))
    path = copied / "config.json"
    values = unsealed(path)
    own = {"sampler": "dpm", "times": STEPS, "first_leg": "gaussian"}
    values |= {"calibrated": [own], "sampling": {"sampler": "dpm", "steps": 3}}
    path.write_text(json.dumps(values))
    return copied


def test_training_leaves_the_moments_of_its_sprites(tiny_run: Path) -> None:
    model = load_model(tiny_run, "cpu")
    assert model.moments is not None
    split = tiny_set().split(0.1, 0)[0]
    images = pixels.encode(torch.from_numpy(split.images)).double()
    assert torch.allclose(model.moments.mean, images.mean(dim=0), atol=1e-3)
    assert model.moments.shifts.shape == (3, 4, 16, 16)


def test_mirrored_sprites_count_where_their_class_allows_it() -> None:
    images = np.zeros((2, 4, 4, 4), dtype=np.uint8)
    images[:, :, 0] = 255
    sprites = SpriteSet.from_arrays(
        images, np.array([0, 1]), ("any", "left"), mirrorable=(True, False)
    )
    mean = training_moments(sprites, mirror=True).mean
    views = pixels.encode(torch.from_numpy(np.concatenate([images, images[:1, :, ::-1]])))
    assert torch.allclose(mean, views.double().mean(dim=0))
    assert float(mean[0, 0, 3]) > -1
    assert float(training_moments(sprites).mean[0, 0, 3]) == -1


def test_the_steps_of_a_folder_are_taken(folder: Path) -> None:
    model = load_model(folder, "cpu")
    how = model.sampler_settings()
    assert (how.times, how.first_leg, how.steps) == (STEPS, "gaussian", 3)
    assert model.sampler_settings(sampler="dpm", steps=3) == how
    assert model.sampler_settings(steps=3, spacing="logsnr").first_leg == "none"
    assert model.config.in_words()[0][1].endswith("own times, Gaussian first leg, 3 steps")
    again = model.sample(4, SamplerSettings(sampler="dpm", times=STEPS, first_leg="gaussian"))
    assert np.array_equal(again.images, model.sample(4).images)
    assert not np.array_equal(again.images, model.sample(4, times=STEPS).images)


def test_the_chain_begins_where_the_first_leg_ends(folder: Path) -> None:
    model = load_model(folder, "cpu")
    request, how = model.request(2), model.sampler_settings()
    x_T = model.first_noise(request)
    assert model.moments is not None
    mean = model.moments.mean_of(request.context)
    x = gaussian_leg(model.moments, model.schedule, x_T, mean, STEPS[0])
    assert torch.equal(model.begin(how, request, x_T), x)
    trace = model.trace(2)
    assert [frame.t for frame in trace] == [*STEPS, -1]
    assert np.array_equal(trace[0].x_t, pixels.decode(x))
    assert np.array_equal(trace[-1].x_t, model.sample(2).images)
    plain = model.sampler_settings(steps=3, spacing="logsnr")
    assert model.begin(plain, request, x_T) is x_T


def test_folders_without_moments_are_as_before(
    tiny_run: Path, tmp_path: Path, folder: Path
) -> None:
    copied = Path(shutil.copytree(tiny_run / "model", tmp_path / "old"))
    (copied / MOMENTS).unlink()
    model = load_model(copied, "cpu")
    assert model.moments is None
    assert np.array_equal(model.sample(3).images, load_model(tiny_run, "cpu").sample(3).images)
    with pytest.raises(SettingsError, match="no moments of its sprites, by which `first_leg`"):
        model.sample(1, first_leg="gaussian")
    (folder / MOMENTS).unlink()
    with pytest.raises(ModelError, match=r"moments\.safetensors is missing"):
        load_model(folder, "cpu")


def test_moments_of_another_model_are_refused(folder: Path) -> None:
    stored = read_tensors(folder / MOMENTS)
    write_tensors(folder / MOMENTS, stored | {"mean": stored["mean"][:3]})
    with pytest.raises(ModelError, match="moments do not fit"):
        load_model(folder, "cpu")


def test_calibrated_steps_beyond_the_schedule_are_refused(folder: Path) -> None:
    path = folder / "config.json"
    values = unsealed(path)
    values["calibrated"][0]["times"][0] = 50
    path.write_text(json.dumps(values))
    with pytest.raises(ModelError, match="calibrated times must lie below 50"):
        load_model(folder, "cpu")


def test_drawing_around_what_is_known_begins_where_the_first_leg_ends(folder: Path) -> None:
    """Where nothing is known, and no step is walked twice, it is sampling."""
    model = load_model(folder, "cpu")
    request = model.request(2)
    how = model.sampler_settings(sampler="ddim", times=STEPS, first_leg="gaussian")
    x_T = model.first_noise(request)
    nothing = Known(torch.zeros_like(x_T), torch.zeros_like(x_T, dtype=torch.bool))
    drawn = draw_around(model, how, request, nothing, 1, 1, SILENT)
    assert torch.equal(drawn, model.walk(how, request, x_T, SILENT))
