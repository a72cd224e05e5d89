"""Steps chosen for a model and written into its folder."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spritelab.cli import main
from spritelab.config import Calibrated, SamplerSettings
from spritelab.errors import SettingsError
from spritelab.generate import Model, calibrate, load_model, save_calibrated
from spritelab.generate.calibration import walk_teacher
from spritelab.generate.folder import MOMENTS
from tiny import Refused, snapshot, unsealed


@pytest.fixture
def folder(tmp_path: Path, tiny_run: Path) -> Path:
    return Path(shutil.copytree(tiny_run / "model", tmp_path / "model"))


def test_a_choice_is_a_function_of_the_model(tiny_model: Model) -> None:
    found = calibrate(tiny_model, (3, 5), sprites=4)
    assert [(one.sampler, len(one.times)) for one in found] == [
        *(("dpm", 3), ("dpm", 5), ("ddim", 3), ("ddim", 5))
    ]
    assert {one.first_leg for one in found} == {"gaussian"}
    assert calibrate(tiny_model, (5, 3), sprites=4) == found


def test_the_teacher_s_walk_is_its_chain(tiny_model: Model) -> None:
    """Its last mean square is that of the sprites themselves, and its first that of noise."""
    known = walk_teacher(tiny_model, 8)
    assert len(known.times) == 40
    assert known.products[0, 0] == pytest.approx(1, abs=0.05)
    assert known.products[40, 40] == pytest.approx(known.products[80, 80])
    assert known.first[0] < known.first[20]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"steps": ()}, "`steps` are calibrated for numbers in 1 … 20"),
        ({"steps": (21,)}, "`steps` are calibrated for numbers in 1 … 20"),
        ({"samplers": ("ddpm",)}, "`samplers` that follow a flow are dpm and ddim, not ddpm"),
        ({"sprites": 0}, "`sprites` must be at least 1"),
    ],
)
def test_what_cannot_be_chosen(tiny_model: Model, given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        calibrate(tiny_model, **{"sprites": 1, **given})


def test_the_command_writes_what_sampling_takes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["calibrate", str(folder), "--steps", "3", "--sampler", "dpm", "--sprites", "2"]
    assert main([*words, "--device", "cpu"]) == 0
    assert "dpm" in capsys.readouterr().out
    model = load_model(folder, "cpu")
    (own,) = model.config.calibrated
    how = model.sampler_settings(sampler="dpm", steps=3)
    assert (how.times, how.first_leg) == (own.times, "gaussian")
    assert model.sample(2, sampler="dpm", steps=3).how == how
    # Again, for others: what was there stays.
    assert main([*words[:2], "--steps", "4", "--sprites", "2", "--device", "cpu"]) == 0
    after = load_model(folder, "cpu").config.calibrated
    assert own in after
    assert [(one.sampler, len(one.times)) for one in after] == [
        *(("ddim", 4), ("dpm", 3), ("dpm", 4))
    ]


@pytest.mark.parametrize(
    ("own", "changes", "drawn"),
    [
        ("ddpm", {}, ("ddpm", 20)),
        ("ddpm", {"steps": 3}, ("dpm", 3)),
        ("ddpm", {"steps": 3, "guidance": 2.0}, ("dpm", 3)),
        ("ddpm", {"steps": 4}, ("ddpm", 4)),  # calibrated for ddim alone
        ("ddpm", {"steps": 7}, ("ddpm", 7)),
        ("ddpm", {"steps": 3, "sampler": "ddpm"}, ("ddpm", 3)),
        ("ddpm", {"steps": 3, "variance": "beta"}, ("ddpm", 3)),
        ("ddim", {"steps": 3}, ("ddim", 3)),
    ],
)
def test_so_few_steps_alone_are_those_that_were_calibrated(
    tiny_model: Model, own: Any, changes: Any, drawn: tuple[str, int]
) -> None:
    config = tiny_model.config.model_copy(
        update={
            "sampling": SamplerSettings(sampler=own, steps=20),
            "calibrated": (
                Calibrated(sampler="dpm", times=(30, 20, 8), first_leg="none"),
                Calibrated(sampler="ddim", times=(40, 30, 20, 8), first_leg="none"),
            ),
        }
    )
    model = dataclasses.replace(tiny_model, config=config)
    how = model.sampler_settings(**changes)
    assert (how.sampler, how.steps) == drawn
    assert how.guidance == changes.get("guidance", 1)
    assert how.times == ((30, 20, 8) if drawn == ("dpm", 3) else None)


def test_a_copy_elsewhere(
    folder: Path, tmp_path: Path, refused: Refused, capsys: pytest.CaptureFixture[str]
) -> None:
    before, out = snapshot(folder), tmp_path / "copy"
    words = ["calibrate", str(folder), "--steps", "3", "--sprites", "1", "--out", str(out)]
    assert main([*words, "--device", "cpu"]) == 0
    capsys.readouterr()
    assert snapshot(folder) == before
    assert len(load_model(out, "cpu").config.calibrated) == 2
    assert refused(*words).endswith("is there already; name a new folder with --out")
    assert "comes with spritelab and stays as it is; give" in refused("calibrate", "crawl-16")


def test_a_folder_that_said_its_usual_spacing_draws_by_the_chosen_steps(folder: Path) -> None:
    """Folders written before say so always; another spacing was meant."""
    path = folder / "config.json"
    values = unsealed(path)
    for spacing, chosen in (("logsnr", True), ("linspace", False)):
        values["sampling"] = {"sampler": "dpm", "steps": 3, "spacing": spacing}
        path.write_text(json.dumps(values))
        model = load_model(folder, "cpu")
        save_calibrated(model, calibrate(model, (3,), ("dpm",), sprites=1), folder)
        assert (load_model(folder, "cpu").sampler_settings().times is not None) == chosen


def test_a_model_without_moments_gets_them(
    folder: Path, tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(tiny_run, tmp_path / "run"))
    (run / "model" / MOMENTS).unlink()
    assert main(["calibrate", str(run), "--steps", "3", "--sprites", "1", "--device", "cpu"]) == 0
    capsys.readouterr()
    found, own = load_model(run, "cpu").moments, load_model(folder, "cpu").moments
    assert found is not None
    assert own is not None
    assert np.allclose(found.mean, own.mean)
    assert load_model(run, "cpu").sampler_settings(SamplerSettings(sampler="dpm", steps=3)).times
