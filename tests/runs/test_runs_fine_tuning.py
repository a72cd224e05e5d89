"""Settings of a run that begins from another model: what is the parent's, and what the user's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spritelab.config import RunSettings, preset
from spritelab.errors import ModelError, SettingsError
from spritelab.runs import fine_tuning, fine_tuning_settings
from tiny import TINY, unsealed


@pytest.fixture
def parent(tmp_path: Path, tiny_run: Path) -> Any:
    """Make the configuration of a parent; no weights are needed to find the settings."""

    def make(**changes: Any) -> Path:
        folder = tmp_path / "parent"
        folder.mkdir(exist_ok=True)
        config = unsealed(tiny_run / "model" / "config.json")
        (folder / "config.json").write_text(json.dumps({**config, **changes}))
        (folder / "model.safetensors").touch()
        return folder

    return make


def test_what_the_weights_belong_to_is_the_parents(parent: Any) -> None:
    network = {"kind": "context-unet", "features": 32}
    init = parent(network=network, prediction="eps", size=32, channels=3)
    rgba = preset("rgba")
    settings = fine_tuning_settings(rgba, init)
    assert settings.network.model_dump() == network
    assert settings.schedule.timesteps == TINY["schedule.timesteps"]
    assert settings.training.prediction == "eps"
    assert (settings.data.size, settings.data.channels) == (32, 3)
    same = {"training": {"prediction", "learning_rate", "warmup"}, "data": {"size", "channels"}}
    left: Any = {"network": True, "schedule": True, **same}
    assert settings.model_dump(exclude=left) == rgba.model_dump(exclude=left)


def test_the_rate_is_gentle_unless_it_is_given(parent: Any) -> None:
    rgba, init = preset("rgba"), parent()
    training = fine_tuning_settings(rgba, init).training
    assert training.learning_rate == pytest.approx(rgba.training.learning_rate / 3)
    assert training.warmup == 4 * rgba.training.warmup
    given = {"training.learning_rate": 0.5, "training.warmup": 0, "training.steps": 9}
    training = fine_tuning_settings(rgba, init, given).training
    assert (training.learning_rate, training.warmup, training.steps) == (0.5, 0, 9)
    assert fine_tuning.RATE < 1 < fine_tuning.WARMUP


def test_a_given_setting_that_the_parent_has_too(parent: Any) -> None:
    given = {"network.widths": (32, 32), "data.size": 16, "data.channels": None}
    settings = fine_tuning_settings(preset("rgba"), parent(), given)
    assert settings.data.channels == 4


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"network.widths": [32]}, "`network.widths` is [32, 32] in {} and cannot be [32]"),
        ({"network": {"widths": [32]}}, "`network.widths` is [32, 32] in {} and cannot be [32]"),
        ({"schedule.name": "linear"}, "`schedule.name` is cosine in {} and cannot be linear"),
        ({"training.prediction": "palette"}, "`training.prediction` is v in {} and cannot be pal"),
        ({"data.size": 24}, "data.size"),
        ({"data.channels": 3}, "`data.channels` is 4 in {} and cannot be 3"),
        ({"training.recolour": 0.5}, "a run that begins from {} (prediction v): "),
        ({"training.rate": 1}, "training.rate: there is no such setting"),
    ],
)
def test_a_given_setting_that_contradicts(parent: Any, given: dict[str, Any], says: str) -> None:
    init = parent()
    with pytest.raises(SettingsError, match=r"^[^\n]*$") as caught:
        fine_tuning_settings(preset("rgba"), init, given)
    assert says.format(init) in str(caught.value)


@pytest.mark.parametrize(("own", "other", "attention"), [(16, 32, [16]), (32, 16, [4])])
def test_another_size_of_sprites(parent: Any, own: int, other: int, attention: list[int]) -> None:
    """The blocks that attend stay the same, at whatever size they meet the sprite."""
    init = parent(size=own)
    network = json.loads((init / "config.json").read_text())["network"]
    assert network["attention"] == [8]
    settings = fine_tuning_settings(preset("rgba"), init, {"data": {"size": other}})
    assert settings.data.size == other
    assert settings.network.model_dump(mode="json") == {**network, "attention": attention}


def test_a_network_of_one_size_keeps_it(parent: Any) -> None:
    init = parent(network={"kind": "context-unet", "features": 32})
    with pytest.raises(SettingsError, match=r"`data\.size` is 16 in .* and cannot be 32"):
        fine_tuning_settings(preset("rgba"), init, {"data.size": 32})


def test_settings_of_another_prediction_are_left_out(parent: Any) -> None:
    with_palette = preset("rgba").override(
        {
            "training.prediction": "palette",
            "training.recolour": 0.8,
            "training.distract": 0.5,
        }
    )
    settings = fine_tuning_settings(with_palette, parent(prediction="v"))
    assert (settings.training.recolour, settings.training.distract) == (0, 0)
    off = preset("rgba").override(
        {"data.palette": "off", "training.min_snr_gamma": 5, "training.prediction": "v"}
        | {"training.recolour": 0, "training.distract": 0}
    )
    settings = fine_tuning_settings(off, parent(prediction="palette"))
    assert (settings.data.palette, settings.training.min_snr_gamma) == ("auto", 0)
    kept = fine_tuning_settings(with_palette, parent(prediction="palette"), {"data.palette": 12})
    assert (kept.training.recolour, kept.data.palette) == (0.8, 12)


def test_no_parent_and_a_broken_one(parent: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model at"):
        fine_tuning_settings(preset("rgba"), tmp_path / "none")
    folder = parent()
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json"):
        fine_tuning_settings(preset("rgba"), folder)


def test_a_student_is_no_parent() -> None:
    with pytest.raises(SettingsError, match="begin from its teacher, crawl-16"):
        fine_tuning_settings(preset("small"), "crawl-16-quick")


def test_all_that_a_file_names_is_given(parent: Any) -> None:
    values = {"network": preset("rgba").network.model_dump(), "training": {"steps": 9}}
    settings = RunSettings.parse(values)
    assert settings.named()["training.steps"] == 9
    assert "training.learning_rate" not in settings.named()
    with pytest.raises(SettingsError, match=r"network\.widths"):
        fine_tuning_settings(settings, parent(), settings.named())
