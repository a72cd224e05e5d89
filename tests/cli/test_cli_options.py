"""Options are made from settings: their help, their range and their choices stand there once."""

from typing import Any, get_args

import pytest
import typer
from typer.main import get_command

import tiny
from spritelab import cli
from spritelab.cli import options
from spritelab.cli.reading import OPTIONS
from spritelab.config import DataSettings, FeatureName, SamplerSettings, Settings, Variance
from spritelab.config.bounds import MAX_LENGTH
from spritelab.errors import SettingsError

FIELDS: dict[str, tuple[type[Settings], str]] = {
    "--sampler": (SamplerSettings, "sampler"),
    "--steps": (SamplerSettings, "steps"),
    "--eta": (SamplerSettings, "eta"),
    "--variance": (SamplerSettings, "variance"),
    "--guidance": (SamplerSettings, "guidance"),
    "--data": (DataSettings, "source"),
    "--held-out": (DataSettings, "held_out"),
    "--mirror": (DataSettings, "mirror"),
    "--tile": (DataSettings, "tile"),
    "--margin": (DataSettings, "margin"),
    "--spacing": (DataSettings, "spacing"),
    "--labels": (DataSettings, "labels"),
}


def test_an_option_says_what_its_setting_says() -> None:
    command = get_command(cli.commands).commands["evaluate"]  # type: ignore[attr-defined]
    by_name = {name: parameter for parameter in command.params for name in parameter.opts}
    assert {f"--{name.replace('_', '-')}" for name in OPTIONS} <= set(by_name)
    for name, (settings, field) in FIELDS.items():
        assert by_name[name].help == settings.model_fields[field].description
        assert by_name[name].default is None  # the model's own


@pytest.mark.parametrize(("name", "choices"), [("variance", Variance), ("features", FeatureName)])
def test_the_choices_are_the_library_s(refused: tiny.Refused, name: str, choices: Any) -> None:
    said = refused("evaluate", "crawl-16", f"--{name}", "eyes")
    assert all(f"'{choice}'" in said for choice in get_args(choices))


def test_the_range_is_the_setting_s() -> None:
    eta: typer.models.OptionInfo = options.setting(SamplerSettings, "eta")
    assert (eta.min, eta.max) == (0, 1)
    tile: typer.models.OptionInfo = options.setting(DataSettings, "tile")
    assert (tile.min, tile.max) == (1, MAX_LENGTH)


def test_lists_of_numbers() -> None:
    assert options.numbers("0,0.5", "`eta`") == [0, 0.5]
    assert options.whole_numbers("5,10", "`steps`") == [5, 10]
    with pytest.raises(SettingsError, match="`steps` takes whole numbers"):
        options.whole_numbers("2.5", "`steps`")
    assert options.given(a=0, b=None, c=False) == {"a": 0, "c": False}
