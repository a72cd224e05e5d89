"""What ``evaluate`` and ``compare`` share: their options for the real sprites and the features."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spritelab.errors import SettingsError

REAL = "Real sprites"
MEASURES = "Measures"


class FeatureChoice(StrEnum):
    """The features that sprites are compared by."""

    effnet = "effnet"
    inception = "inception"
    pixels = "pixels"
    pytorch_fid = "pytorch-fid"


Data = Annotated[
    str | None,
    typer.Option(
        help="builtin, sprites, crawl, or a path to the sprites it was trained on. "
        "Those of the model if not given.",
        show_default=False,
        rich_help_panel=REAL,
    ),
]
HeldOut = Annotated[
    float | None,
    typer.Option(
        help="Share held out. The model's own if not given.",
        show_default=False,
        rich_help_panel=REAL,
    ),
]
SplitSeed = Annotated[
    int | None,
    typer.Option(
        help="Seed of the split. The model's own if not given.",
        show_default=False,
        rich_help_panel=REAL,
    ),
]
Mirror = Annotated[
    bool | None,
    typer.Option(
        "--mirror/--no-mirror",
        help="Whether training mirrored half of the sprites. As the model says if not given.",
        show_default=False,
        rich_help_panel=REAL,
    ),
]
Most = Annotated[
    int, typer.Option(min=1, help="Training sprites to compare with at most.", rich_help_panel=REAL)
]
Tile = Annotated[
    int | None, typer.Option(min=1, help="Cell size of a sheet.", rich_help_panel=REAL)
]
Margin = Annotated[
    int, typer.Option(min=0, help="Pixels around the cells of a sheet.", rich_help_panel=REAL)
]
Spacing = Annotated[
    int, typer.Option(min=0, help="Pixels between the cells of a sheet.", rich_help_panel=REAL)
]
Labels = Annotated[
    Path | None,
    typer.Option(help="A file of labels for an .npy of sprites.", rich_help_panel=REAL),
]
Features = Annotated[
    FeatureChoice,
    typer.Option(
        help="effnet needs no download; inception gives the FID; pixels is the quickest; "
        "pytorch-fid as that tool takes them.",
        rich_help_panel=MEASURES,
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        help="Inception's weights, if they are not to be downloaded.",
        show_default=False,
        rich_help_panel=MEASURES,
    ),
]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")]


def numbers(text: str, option: str) -> list[float]:
    """Read ``5,10,50``. Raises ``SettingsError`` that names the option."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise SettingsError(f"{option} takes numbers such as 10,50, not {text!r}") from None


def whole_numbers(text: str, option: str) -> list[int]:
    """Read ``5,10,50``, whole numbers only. Raises ``SettingsError`` that names the option."""
    found = numbers(text, option)
    if not all(value.is_integer() for value in found):
        raise SettingsError(f"{option} takes whole numbers such as 10,50, not {text!r}")
    return [int(value) for value in found]
