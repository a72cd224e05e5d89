"""The options that say how sprites are read, for every command that reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from spritelab.cli import options
from spritelab.config import Anchor, DataSettings, Frames, Leftover

OPTIONS: dict[str, Any] = {
    "include": str,
    "exclude": str,
    "tile": str,
    "margin": str,
    "spacing": str,
    "offset": str,
    "auto": bool,
    "leftover": Leftover,
    "transparent": str,
    "snap": bool,
    "pixel_size": str,
    "pad": bool,
    "anchor": Anchor,
    "frames": Frames,
    "labels": Path,
}
"""The settings of ``ReadingSettings`` that are options, and how they are written."""


SourceName = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help=DataSettings.model_fields["source"].description,
        show_default=False,
    ),
]
"""The sprites of a command that looks into them, wherever they are."""

Size = Annotated[
    int | None, typer.Option(min=1, help="make the sprites this many pixels wide and high")
]


def reading_options(panel: str | None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one option for each of ``OPTIONS``.

    The command takes those that were given as ``reading``, a dictionary by the setting's name.

    Args:
        panel: under which they stand in the help.
    """
    own = {
        name: Annotated[
            kind | None, options.setting(DataSettings, name, *_names(name), panel=panel)
        ]
        for name, kind in OPTIONS.items()
    }

    return options.bundled(own, "reading", _read)


def _read(given: Mapping[str, Any]) -> dict[str, Any]:
    reading = dict(given)
    if "labels" in reading:
        reading["labels"] = str(reading["labels"].resolve())
    return reading


def _names(name: str) -> tuple[str, ...]:
    """How an option is written, where it is not as its setting is called."""
    dashed = name.replace("_", "-")
    return (f"--{dashed}/--no-{dashed}",) if OPTIONS[name] is bool else ()
