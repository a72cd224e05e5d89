"""Contestants by name, from words and from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.lib.contestants import read_contestants, read_minutes
from benchmarks.lib.machine import ROOT
from spritelab.config import UNetSettings, preset
from spritelab.errors import SettingsError

ABLATIONS = ROOT / "benchmarks" / "quality" / "ablations.toml"

BEFORE = {
    f"training.{key}"
    for key in ("optimiser", "learning_rate", "batch_size", "warmup", "decay_from", "ema_width")
} | {"training.t_power"}
"""What preset ``rgba`` has changed since its first recipe."""


def test_contestants_from_words() -> None:
    default = {c.name: c.settings for c in read_contestants([], None)}
    assert list(default) == ["notebook", "notebook-decay", "rgba", "small"]
    assert default["notebook"] == preset("notebook")
    assert default["notebook-decay"].training.decay_from == 0
    for name in ("rgba", "small"):
        ours = preset(name).override({"data.mirror": True, "data.channels": 4})
        assert default[name] == ours
    words = "wide=small,network.widths=[32,64],training.learning_rate=2e-3"
    (wide,) = read_contestants([words], None)
    assert isinstance(wide.settings.network, UNetSettings)
    assert wide.settings.network.widths == (32, 64)
    assert wide.settings.training.learning_rate == 2e-3
    assert wide.settings.data.mirror


def test_a_contestant_that_begins_from_a_model(tmp_path: Path, tiny_run: Path) -> None:
    file = tmp_path / "contestants.toml"
    file.write_text(
        f'[tuned]\nbase = "preset:small"\ninit = "{tiny_run}"\ntraining.warmup = 5\n'
        '[bold]\nbase = "tuned"\ntraining.learning_rate = 2e-3\n'
    )
    tuned, bold = read_contestants([], file)
    for one in (tuned, bold):
        assert one.init == str(tiny_run)
        assert isinstance(one.settings.network, UNetSettings)
        assert one.settings.network.widths == (32, 32)
        assert one.settings.training.warmup == 5
        assert (one.settings.data.size, one.settings.data.channels) == (16, 4)
    assert tuned.settings.training.learning_rate < 2e-3 == bold.settings.training.learning_rate
    word = f"wide=tuned,init={tiny_run},network.widths=[64]"
    with pytest.raises(SettingsError, match=r"^contestant wide: `network.widths` is \[32, 32\] in"):
        read_contestants([word], file)
    with pytest.raises(SettingsError, match=r"^contestant a: there is no model at none"):
        read_contestants(["a=preset:small,init=none"], None)


def test_contestants_from_a_file_of_settings(tmp_path: Path) -> None:
    settings = preset("base").override({"training.warmup": 7})
    path = tmp_path / "mine.toml"
    path.write_text(settings.to_toml(), "utf-8")
    (mine,) = read_contestants([f"mine={path}"], None)
    assert mine.settings == settings


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("a=preset:huge", "there is no `preset` 'huge'"),
        ("a=nobody", "base 'nobody' is no preset"),
        ("a=a", "base 'a' is no preset"),
        ("a=small,training.foo=1", "there is no such setting"),
        ("a=small,training.seed=1", "training.seed is the same for all"),
        ("a=small,data.size=32", "data.size is the same for all"),
        ("a=small,training.steps=9", "training.steps is the same for all"),
        ("a=small,dropout", "KEY=VALUE"),
        ("a/b=small", "letters, digits"),
        ("a=nowhere.toml", "cannot read the settings in nowhere.toml"),
    ],
)
def test_a_wrong_contestant(word: str, says: str) -> None:
    with pytest.raises(SettingsError, match=r"^[^\n]*$") as error:
        read_contestants([word], None)
    assert says in str(error.value)


def test_minutes_for_all_and_for_one() -> None:
    assert read_minutes(["2", "b=9,1"], ["a", "b"], "5") == {"a": [2], "b": [1, 9]}
    assert read_minutes([], ["a"], "5,10") == {"a": [5, 10]}


@pytest.mark.parametrize("file", sorted(ABLATIONS.parent.glob("*.toml")), ids=lambda f: f.stem)
def test_every_file_of_contestants_can_be_read(file: Path) -> None:
    assert len(read_contestants([], file)) > 1


def test_a_contestant_may_have_a_palette_of_its_own() -> None:
    (few,) = read_contestants(["few=small,data.palette=8"], None)
    assert few.settings.data.palette == 8


def test_every_ablation_pulls_one_lever() -> None:
    known = read_contestants([], ABLATIONS)
    assert known[0].name == "centre"
    base = known[0].settings.model_dump()
    for contestant in known[1:]:
        ours = contestant.settings.model_dump()
        changed = {
            f"{room}.{key}" if room != "network" else room
            for room in ("data", "schedule", "network", "training")
            for key in ours[room].keys() | base[room].keys()
            if ours[room].get(key) != base[room].get(key)
        }
        if contestant.name == "notebook-recipe":
            recipe = preset("notebook").override({"network": base["network"]})
            assert contestant.settings == recipe
        elif contestant.name == "before":
            assert changed == BEFORE
        else:
            if "training.optimiser" in changed:
                changed -= {"training.learning_rate"}  # each optimiser has a rate of its own
            assert len(changed) == 1, (contestant.name, changed)
