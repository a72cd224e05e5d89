"""Complete settings: by the name of a preset, and from a file of one's own."""

from __future__ import annotations

import tomllib
import warnings
from importlib import resources
from pathlib import Path
from typing import Any

from spritelab.config.settings import FORMER_PRESETS, RunSettings
from spritelab.errors import SettingsError
from spritelab.storage import parse_json, read_file
from spritelab.storage.records import MAX_RECORD

PRESETS = ("notebook", "rgba", "small", "base")


def preset(name: str) -> RunSettings:
    """A complete set of settings by name: ``notebook``, ``rgba``, ``small`` or ``base``.

    Warns:
        UserWarning: for a name that a preset had before.

    Raises:
        SettingsError: if there is no such preset.
    """
    if name in FORMER_PRESETS:
        warnings.warn(f"the preset {name!r} is called {FORMER_PRESETS[name]!r} now", stacklevel=2)
        name = FORMER_PRESETS[name]
    if name not in PRESETS:
        raise SettingsError(f"there is no `preset` {name!r}; choose one of {', '.join(PRESETS)}")
    text = resources.files("spritelab").joinpath(f"presets/{name}.toml").read_text("utf-8")
    return RunSettings.parse(tomllib.loads(text), f"preset {name}")


def read_settings(path: str | Path) -> RunSettings:
    """Read a run's settings from a ``.toml`` or ``.json`` file.

    Raises:
        SettingsError: if the file is missing, is neither TOML nor JSON, or holds a wrong value.
    """
    path = Path(path)
    try:
        text = read_file(path, MAX_RECORD).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read the settings in {path}: {error}") from None
    try:
        values = parse_json(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        form = "JSON" if path.suffix == ".json" else "TOML"
        raise SettingsError(f"{path} is not valid {form}: {error}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{path} must hold a table of settings")
    return RunSettings.parse(values, str(path))


def parse_assignment(text: str) -> tuple[str, Any]:
    """Read a setting's name and its value: 100 for ``training.warmup`` in ``training.warmup=100``.

    The value is JSON if it can be read so, else a string.

    Raises:
        SettingsError: for text without a name or without ``=``.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise SettingsError(
            f"a setting is given as KEY=VALUE, such as training.warmup=100, not {text!r}"
        )
    try:
        return key, parse_json(value)
    except ValueError:
        return key, value
