"""The options that say how sprites are drawn, for every command that draws them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from spritelab.cli import options
from spritelab.config import FirstLeg, Interval, Sampler, SamplerSettings, Spacing, Variance
from spritelab.errors import SettingsError

OPTIONS: dict[str, Any] = {
    "sampler": Sampler,
    "steps": int,
    "times": str,
    "start": float,
    "first_leg": FirstLeg,
    "eta": float,
    "variance": Variance,
    "spacing": Spacing,
    "guidance": float,
    "autoguidance": float,
    "guidance_interval": str,
}
"""The settings of ``SamplerSettings`` that are options, and how they are written."""


def annotated(*names: str) -> dict[str, Any]:
    """Of the options of ``names``, or of all, as typer reads them."""
    return {
        name: Annotated[
            OPTIONS[name] | None,
            options.setting(SamplerSettings, name, panel=options.DRAWING),
        ]
        for name in names or OPTIONS
    }


def sampler_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one option for each of ``names``, or of ``OPTIONS``.

    The command takes those that were given as ``drawing``, a dictionary by the setting's name.
    """
    return options.bundled(annotated(*names), "drawing", read_sampler)


def read_sampler(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a sampler that options say.

    Raises:
        SettingsError: for ``times`` or a ``guidance_interval`` that are no numbers.
    """
    how = dict(given)
    if "times" in how:
        how["times"] = tuple(options.whole_numbers(how["times"], "`times`"))
    if "guidance_interval" in how:
        how["guidance_interval"] = _interval(how["guidance_interval"])
    return how


def _interval(text: str) -> Interval:
    found = options.numbers(text, "`guidance_interval`")
    if len(found) != 2:
        raise SettingsError(f"`guidance_interval` takes two values of λ such as -1,2, not {text!r}")
    return found[0], found[1]
