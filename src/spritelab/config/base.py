"""What all settings share: frozen, typed, checked when they are made, no unknown keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spritelab.config.bounds import MAX_NAME, MAX_TEXT, MAX_WHOLE
from spritelab.errors import SettingsError

Positive = Annotated[int, Field(ge=1, le=MAX_WHOLE)]
Share = Annotated[float, Field(ge=0, lt=1)]
Byte = Annotated[int, Field(ge=0, le=255)]
Line = Annotated[str, Field(max_length=MAX_TEXT)]
ClassName = Annotated[str, Field(max_length=MAX_NAME)]


class Settings(BaseModel):
    """What all settings share: frozen, no unknown keys, and errors that are one line."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def parse(cls, values: Mapping[str, Any], where: str = "settings") -> Self:
        """Check ``values`` and build the settings from them.

        Raises:
            SettingsError: naming the first value that is unknown, missing or out of range.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            key, reason = first_mistake(error)
            # In a file stand keys, not parameters: `eta` of the table sampling is sampling.eta.
            if key and (inner := re.match(r"`([\w.]+)`: (.*)", reason)):
                key, reason = f"{key}.{inner[1]}", inner[2]
            key, reason = brief(key), brief(reason.replace("`", ""))
            raise SettingsError(f"{where}: {f'{key}: ' if key else ''}{reason}") from None


def brief(text: str) -> str:
    """Text for a message, which may quote what a file holds: no more of it than a few lines."""
    return text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID]}…"


_MOST_SAID = 300


def first_mistake(error: ValidationError) -> tuple[str, str]:
    """The first setting that is wrong and why: ``("training.steps", "it is missing")``."""
    return mistakes(error)[0]


def mistakes(error: ValidationError) -> list[tuple[str, str]]:
    """All settings that are wrong, as ``first_mistake`` says the first."""
    return [_mistake(one) for one in error.errors(include_url=False)]


def _mistake(first: Any) -> tuple[str, str]:
    # What tells the kinds of a value apart is no part of a setting's name.
    parts = [str(part) for part in first["loc"]]
    key = ".".join(part for part in parts if part not in _TAGS and "[" not in part)
    reason = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if first["type"] == "extra_forbidden":
        reason = "there is no such setting"
    elif first["type"] == "missing":
        reason = "it is missing"
    elif first["type"] == "string_unicode":
        reason = "it is no UTF-8; rename the file or the folder"
    elif first["type"] == "literal_error":
        reason = f"unknown {first['input']!r}; choose {first['ctx']['expected']}"
    elif first["type"].startswith(("greater_than", "less_than")):
        reason += f", not {first['input']}"
    return key, reason


def unknown_setting(name: str, known: Collection[str], elsewhere: Mapping[str, str]) -> str:
    """What is said of a name that is no setting: what it is called here, if that can be guessed.

    Args:
        name: as it was given.
        known: the names that there are.
        elsewhere: by what other libraries call it, what to do here.
    """
    hint = elsewhere.get(name, "")
    if not hint and (near := get_close_matches(name, known, n=1, cutoff=0.75)):
        hint = f"call it `{near[0]}`"
    return f"`{name}`: there is no such setting{f'; {hint}' if hint else ''}"


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by dotted names, as ``RunSettings.override`` takes them.

    ``{"training": {"steps": 100}}`` becomes ``{"training.steps": 100}``; names that are dotted
    already stay.
    """
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def put_in(tree: dict[str, Any], values: Mapping[str, Any], lengths: Collection[str]) -> None:
    """Put ``values`` such as ``{"training.steps": 100}`` into a ``tree`` of settings.

    Args:
        tree: nested settings, changed in place.
        values: by dotted names.
        lengths: dotted names of which one replaces the others.

    Raises:
        SettingsError: if a name leads nowhere; names at the end of a path are not checked.
    """
    for dotted, value in values.items():
        *path, key = dotted.split(".")
        branch: Any = tree
        for part in path:
            branch = branch.get(part)
            if not isinstance(branch, dict):
                raise SettingsError(f"settings: {brief(dotted)}: there is no such setting")
        if dotted in lengths:
            branch.update(dict.fromkeys(length.rpartition(".")[2] for length in lengths))
        branch[key] = value


_TAGS = ("context-unet", "unet", "float", "int", "constrained-int", "constrained-float")
