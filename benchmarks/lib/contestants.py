"""Who competes: settings by name, from a preset, a file or another contestant, and what differs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spritelab import runs
from spritelab.config import (
    LENGTHS,
    PRESETS,
    RunSettings,
    parse_assignment,
    preset,
    read_settings,
)
from spritelab.errors import SettingsError, SpritelabError

DEFAULTS: dict[str, dict[str, Any]] = {
    "notebook": {"base": "preset:notebook"},
    "notebook-decay": {"base": "preset:notebook", "training.decay_from": 0},
    "rgba": {"base": "preset:rgba", "data.mirror": True, "data.channels": 4},
    "small": {"base": "preset:small", "data.mirror": True, "data.channels": 4},
}
"""``notebook`` learns RGB, as its page does, and keeps the constant learning rate of its preset;
``notebook-decay`` is the same with the rate falling to zero over the run, which does it good and
which its page does not have. ``rgba`` and ``small`` learn transparency too, as their users do,
which helps them (``docs/recipe.md``). All are measured on white."""


@dataclass(frozen=True)
class Contestant:
    """A name for tables and files, and the settings; length, data and seed are the benchmark's.

    ``init`` is the model whose weights it begins from, if it does not begin from nothing.
    """

    name: str
    settings: RunSettings
    init: str | None = None


@dataclass(frozen=True)
class _Definition:
    """A contestant before the settings are joined: of a preset, what is named over it, ``init``."""

    settings: RunSettings
    given: Mapping[str, Any]
    init: str | None


def read_contestants(given: Sequence[str], file: Path | None) -> list[Contestant]:
    """Read contestants from a file and from words of the command line, in this order.

    Args:
        given: ``NAME`` (one of ``DEFAULTS`` or of the file, which is then all that is taken of
            it), or ``NAME=BASE[,KEY=VALUE…]`` with BASE ``preset:small``, a file of settings or
            the name of another contestant. KEY is a setting, or ``init``: a model to begin from,
            as in ``spritelab train --init``.
        file: TOML, a table a contestant: ``base``, perhaps ``init``, and the settings that differ.

    Raises:
        SettingsError: naming the word that cannot be read.
    """
    known = dict(DEFAULTS)
    chosen: list[str] = []
    if file is not None:
        tables = _read_file(file)
        known |= tables
        if not any("=" not in word for word in given):
            chosen += tables
    for word in given:
        name, equals, rest = word.partition("=")
        if equals:
            base, *changes = split_commas(rest)
            known[name] = {"base": base, **dict(map(parse_assignment, changes))}
        elif name not in known:
            raise SettingsError(
                f"there is no contestant {name!r}; choose of {', '.join(known)}, or say what it "
                f"is: {name}=preset:small,training.learning_rate=2e-3"
            )
        chosen.append(name)
    if not chosen:
        chosen = list(DEFAULTS)
    if len(set(chosen)) < len(chosen):
        raise SettingsError("a contestant was given twice; give each a name of its own")
    return [_join(name, _resolve(name, known, ())) for name in chosen]


def read_minutes(
    given: Sequence[str], names: Sequence[str], default: str
) -> dict[str, list[float]]:
    """Read ``2,10,60`` (for all) and ``NAME=2,10`` (for one): minutes by contestant, ascending.

    Raises:
        SettingsError: for an unknown name, or for anything but positive numbers.
    """
    found: dict[str, list[float]] = {}
    for_all = default
    for word in given:
        name, equals, rest = word.rpartition("=")
        if not equals:
            for_all = rest
        elif name in names:
            found[name] = _numbers(rest)
        else:
            raise SettingsError(f"--minutes {word}: no contestant is called {name!r}")
    return {name: found.get(name) or _numbers(for_all) for name in names}


def split_commas(text: str) -> list[str]:
    """Split at the commas that stand outside of square brackets."""
    return re.split(r",(?![^\[]*\])", text)


def _join(name: str, found: _Definition) -> Contestant:
    try:
        if found.init is None:
            return Contestant(name, found.settings.override(found.given))
        settings = runs.fine_tuning_settings(found.settings, found.init, found.given)
        return Contestant(name, settings, found.init)
    except SpritelabError as error:
        raise SettingsError(f"contestant {name}: {error}") from None


def _resolve(name: str, known: Mapping[str, Mapping[str, Any]], seen: Sequence[str]) -> _Definition:
    if not re.fullmatch(r"[\w.+-]+", name):
        raise SettingsError(f"a contestant's name is letters, digits and . + - _, not {name!r}")
    changes = dict(known[name])
    base = str(changes.pop("base", ""))
    init = str(changes.pop("init")) if "init" in changes else None
    if forbidden := sorted(key for key in changes if _is_common(key)):
        raise SettingsError(
            f"contestant {name}: {forbidden[0]} is the same for all; it is a flag of the benchmark"
        )
    try:
        if base.startswith("preset:"):
            return _Definition(preset(base.removeprefix("preset:")), changes, init)
        if base in known and base not in (name, *seen):
            below = _resolve(base, known, (*seen, name))
            kept = {key: value for key, value in below.given.items() if key not in changes}
            return _Definition(below.settings, kept | changes, init or below.init)
        if base.endswith((".toml", ".json")):
            settings = read_settings(base)
            return _Definition(settings, settings.named() | changes, init)
        raise SettingsError(
            f"base {base!r} is no preset (preset:{'|'.join(PRESETS)}), no file of settings and "
            "no other contestant"
        )
    except SettingsError as error:
        raise SettingsError(f"contestant {name}: {error}") from None


def _is_common(key: str) -> bool:
    shared = (*LENGTHS, "training.seed", "preset", "data")
    own = ("data.mirror", "data.channels", "data.palette")
    return key in shared or (key.startswith("data.") and key not in own)


def _read_file(file: Path) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read the contestants in {file}: {error}") from None
    if not tables or not all(isinstance(table, dict) for table in tables.values()):
        raise SettingsError(f"{file} must hold one table a contestant, such as [small]")
    return {name: _flat(table) for name, table in tables.items()}


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"training": {"steps": 9}}`` → ``{"training.steps": 9}``; a network that names its kind
    stays one value, since it replaces the whole network."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping) and "kind" not in value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _numbers(text: str) -> list[float]:
    try:
        values = sorted({float(part) for part in text.split(",")})
    except ValueError:
        values = []
    if not values or not all(0 < value < float("inf") for value in values):
        raise SettingsError(f"--minutes takes positive numbers such as 2,10,60, not {text!r}")
    return values
