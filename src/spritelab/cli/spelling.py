"""Spells the parameters that a message names as the options of the command that is running.

The library speaks to whoever calls it from Python: "give its `tile` as well". The command line
prints the same message as "give its --tile as well".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

ALIASES = {"folder": "out", "path": "out", "source": "data"}
"""Parameters of the library whose option has another name."""

SECTIONS = ("data", "training")
"""Sections of a run's settings whose names are also options of their own, without the section."""

_NAMED = re.compile(r"`([A-Za-z_][\w.-]*)(?:=([^`]*))?`")


def options_of(command: Any, words: Sequence[str]) -> dict[str, str]:
    """Return how the options of the command that ``words`` call are spelled.

    Args:
        command: click's, of the whole program.
        words: of the command line.

    Returns:
        By a parameter's name, and by each of its spellings without dashes, how it is spelled:
        ``{"count": "--count", "n": "-n", "source": "SOURCE"}``.
    """
    for word in words:
        inner = getattr(command, "commands", {}).get(word)
        if inner is None:
            break
        command = inner
    spelled: dict[str, str] = {}
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            spelled[_key(parameter.name)] = parameter.metavar or parameter.name.upper()
            continue
        for option in (*parameter.opts, *parameter.secondary_opts):
            spelled[_key(option)] = option
        longest = max(parameter.opts, key=len)
        spelled.setdefault(_key(parameter.name), longest)
    return spelled


def spell(message: str, options: Mapping[str, str]) -> str:
    """Replace every "`name`" in ``message`` by the option that sets it, of those that there are.

    "`name=value`" becomes the option and its value. A setting such as "`training.warmup`" that has
    no option of its own becomes ``--set training.warmup``. What no option sets loses its backticks.
    """

    def replace(match: re.Match[str]) -> str:
        name, value = match[1], match[2]
        option = _option(name, options)
        if option is None:
            return match[0].strip("`")
        if value is None:
            return option
        return f"{option}={value}" if option.startswith("--set ") else f"{option} {value}"

    return _NAMED.sub(replace, message)


def _option(name: str, options: Mapping[str, str]) -> str | None:
    section, _, last = name.rpartition(".")
    own = _key(last)
    if not section or section in SECTIONS or "set" not in options:
        for key in (own, ALIASES.get(own, own)):
            if key in options:
                return options[key]
    return f"{options['set']} {name}" if section and "set" in options else None


def _key(name: str) -> str:
    return name.strip("-_").replace("-", "_")
