"""Settings: what is written reads back, what is wrong is one line that names the key."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from spritelab.config import (
    LENGTHS,
    PRESETS,
    ContextUNetSettings,
    DataSettings,
    NetworkSettings,
    RunSettings,
    SamplerSettings,
    ScheduleSettings,
    TrainingSettings,
    UNetSettings,
    parse_assignment,
    preset,
    read_settings,
)
from spritelab.errors import SettingsError

SMALL = preset("small")
KINDS = get_args(get_args(NetworkSettings)[0])
# Text that a terminal can carry: no surrogates, no control characters.
text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
positive = st.floats(min_value=1e-300, max_value=1e300)


@st.composite
def runs(draw: st.DrawFn) -> RunSettings:
    unet = st.builds(
        UNetSettings,
        widths=st.lists(st.integers(1, 512), min_size=1, max_size=5).map(tuple),
        attention=st.lists(st.integers(1, 64), max_size=3).map(tuple),
        dropout=st.floats(0, 0.999),
    )
    data = st.builds(
        DataSettings,
        source=text,
        size=st.sampled_from([16, 32]),
        channels=st.sampled_from([3, 4, None]),
        background=st.tuples(*[st.integers(0, 255)] * 3),
        count=st.none() | st.integers(1, 10**9),
        labels=st.none() | text,
        held_out=st.floats(1e-9, 0.999),
        mirror=st.booleans(),
    )
    length = draw(st.sampled_from(["epochs", "steps", "max_minutes"]))
    value = draw(st.integers(1, 10**9) if length == "steps" else positive)
    training: dict[str, Any] = {
        length: value,
        "learning_rate": draw(positive),
        "seed": draw(st.integers(0, 2**63 - 1)),
        "weight_decay": draw(st.floats(0, 1e300)),
    }
    return RunSettings(
        preset=draw(text),
        data=draw(data),
        schedule=ScheduleSettings(name=draw(st.sampled_from(["linear", "cosine", "sigmoid"]))),
        network=draw(unet | st.builds(ContextUNetSettings, features=st.sampled_from([8, 64]))),
        training=TrainingSettings(**training),
    )


@given(settings=runs())
def test_settings_survive_toml_and_json(
    tmp_path_factory: pytest.TempPathFactory, settings: RunSettings
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name, written in (("a.toml", settings.to_toml()), ("a.json", settings.to_json())):
        (folder / name).write_text(written, encoding="utf-8")
        assert read_settings(folder / name) == settings


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_complete_and_say_their_name(name: str) -> None:
    settings = preset(name)
    assert settings.preset == name
    assert RunSettings.parse(settings.model_dump()) == settings
    given_lengths = [getattr(settings.training, key.partition(".")[2]) for key in LENGTHS]
    assert sum(length is not None for length in given_lengths) == 1


def test_preset_notebook_is_the_recipe_of_the_notebook() -> None:
    settings = preset("notebook")
    training = settings.training
    assert settings.network == ContextUNetSettings(features=64)
    assert settings.schedule == ScheduleSettings(name="linear", timesteps=1000)
    assert (training.optimiser, training.learning_rate) == ("adam", 1e-3)
    assert (training.batch_size, training.epochs) == (100, 40)
    assert (training.warmup, training.decay_from, training.clip_gradient) == (0, 1, 0)
    assert (training.ema_width, training.min_snr_gamma, training.weight_decay) == (0, 0, 0)
    assert (training.prediction, training.stratified_t) == ("eps", False)
    assert training.t_power == 1


def test_preset_small_is_a_narrower_rgba_with_the_palette_head() -> None:
    changes = {"prediction": "palette", "recolour": 0.5, "distract": 0.5, "t_power": 1}
    changed = {f"training.{key}": value for key, value in changes.items()}
    assert preset("rgba").training.prediction == "v"
    changed |= {"network.widths": (32, 64, 64), "sampling.sampler": "ddpm", "sampling.steps": 20}
    assert preset("rgba").override({"preset": "small", **changed}) == preset("small")


def test_small_without_palettes_names_the_preset_that_is() -> None:
    with pytest.raises(SettingsError, match="or take preset rgba"):
        preset("small").override({"training.prediction": "v"})
    with pytest.raises(SettingsError, match="or take preset rgba"):
        preset("small").override({"data.palette": "off"})


def test_unknown_preset() -> None:
    with pytest.raises(
        SettingsError, match="no `preset` 'huge'; choose one of notebook, rgba, small"
    ):
        preset("huge")


@pytest.mark.parametrize(
    "model",
    [RunSettings, DataSettings, ScheduleSettings, TrainingSettings, SamplerSettings, *KINDS],
)
def test_every_setting_has_a_description(model: type[BaseModel]) -> None:
    silent = [name for name, field in model.model_fields.items() if not field.description]
    assert silent == []


WRONG: dict[str, Any] = {
    "data.size": 24,
    "data.channels": 1,
    "data.background": [0, 0, 256],
    "data.count": 0,
    "data.tile": 0,
    "data.margin": -1,
    "data.held_out": 1.0,
    "data.mirror": "perhaps",
    "schedule.name": "quadratic",
    "schedule.timesteps": 0,
    "network.kind": "transformer",
    "network.widths": [],
    "network.blocks": 0,
    "network.dropout": 1.0,
    "training.epochs": 0,
    "training.steps": 0,
    "training.max_minutes": -1,
    "training.batch_size": 0,
    "training.optimiser": "sgd",
    "training.learning_rate": 0,
    "training.warmup": -1,
    "training.decay_from": 1.1,
    "training.clip_gradient": math.nan,
    "training.prediction": "noise",
    "training.min_snr_gamma": math.inf,
    "training.t_power": 0.5,
    "training.drop_context": 1.0,
    "training.ema_width": 0.29,
    "training.mixed_precision": "fp8",
    "training.validate_every": 0,
    "training.checkpoint_every": 0,
    "training.sample_every": 0,
    "training.seed": 2**63,
}


@pytest.mark.parametrize(("key", "value"), WRONG.items())
def test_a_value_out_of_range_is_named(key: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        SMALL.override({key: value})
    message = str(caught.value)
    # pydantic speaks of a whole union by the name of the union.
    assert key.removesuffix(".kind") in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "key",
    [
        "stepz",
        "training.stepz",
        "trainnig.steps",
        "training.steps.more",
        "preset.name",
        "network.features",
        "data.source.path",
        "",
    ],
)
def test_a_misspelt_setting_is_refused(key: str) -> None:
    """In any part of its name: a section that does not exist must not swallow the value."""
    with pytest.raises(SettingsError) as caught:
        SMALL.override({key: 1})
    message = str(caught.value)
    assert "there is no such setting" in message
    assert key in message


def test_a_setting_of_the_other_network_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"network\.widths: there is no such setting"):
        SMALL.override({"network.kind": "context-unet"})


@pytest.mark.parametrize("key", LENGTHS)
def test_a_length_replaces_the_one_before(key: str) -> None:
    settings = SMALL.override({"training.steps": 7}).override({key: 3})
    lengths = {name: getattr(settings.training, name.partition(".")[2]) for name in LENGTHS}
    assert lengths == {**dict.fromkeys(LENGTHS), key: 3}


def test_override_changes_nothing_else_and_not_its_source() -> None:
    before = SMALL.model_dump()
    changed = SMALL.override({"data.size": 32, "network.widths": [32]})
    assert SMALL.model_dump() == before
    expected = json.loads(SMALL.to_json())
    expected["data"]["size"], expected["network"]["widths"] = 32, [32]
    assert json.loads(changed.to_json()) == expected


@pytest.mark.parametrize("lengths", [{}, {"steps": 1, "epochs": 1}])
def test_exactly_one_length(lengths: dict[str, int]) -> None:
    values = json.loads(SMALL.to_json())
    values["training"] = lengths
    with pytest.raises(SettingsError, match="give exactly one of epochs, steps and max_minutes"):
        RunSettings.parse(values)


def test_a_missing_part_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^settings: network: it is missing$"):
        RunSettings.parse({"training": {"steps": 1}})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", b"[training\n", r"a\.toml is not valid TOML"),
        ("a.json", b'{"training": ', r"a\.json is not valid JSON"),
        ("a.json", b'{"a":' * 100_000, r"a\.json is not valid JSON: it nests too deeply"),
        ("a.toml", b"a = " + b"[" * 100_000, r"a\.toml is not valid TOML"),
        ("a.toml", b"a = " + b"1" * 4301, r"a\.toml is not valid TOML"),
        ("settings", b"{}", "settings is not valid TOML"),
        ("a.json", b"[1, 2]", r"a\.json must hold a table of settings"),
        ("a.toml", b"\xff\xfe", r"cannot read the settings in .*a\.toml"),
        ("a.toml", b"training = 3\nnetwork = {kind = 'unet'}", r"a\.toml: training: "),
    ],
)
def test_files_that_are_not_settings(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError, match=message) as caught:
        read_settings(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read the settings in .*none\.toml"):
        read_settings(tmp_path / "none.toml")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        SMALL.data.size = 32


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("training.warmup=100", "training.warmup", 100),
        ("network.widths=[32, 64]", "network.widths", [32, 64]),
        ("training.optimiser=adamw", "training.optimiser", "adamw"),
        ("data.source=a=b", "data.source", "a=b"),
        ("data.labels=", "data.labels", ""),
        ("data.mirror=true", "data.mirror", True),
    ],
)
def test_an_assignment(text: str, key: str, value: Any) -> None:
    assert parse_assignment(text) == (key, value)


@pytest.mark.parametrize("text", ["training.warmup", "=3", ""])
def test_no_assignment(text: str) -> None:
    with pytest.raises(SettingsError, match="is given as KEY=VALUE, such as"):
        parse_assignment(text)


def test_a_message_quotes_no_endless_key_or_value(tmp_path: Path) -> None:
    """Found by the byte mutator."""
    path = tmp_path / "a.toml"
    for text in (f"{'9' * 5000} = 1\n", f'preset = "x"\n[training]\noptimiser = "{"9" * 5000}"\n'):
        path.write_text(text)
        with pytest.raises(SettingsError) as caught:
            read_settings(path)
        assert len(str(caught.value)) < 1000
