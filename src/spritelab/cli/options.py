"""The options that several commands have, made from the settings that they fill in.

What a setting means and in which range it lies stands once, beside the setting, and its choices are
the library's own ``Literal``. The settings take a moment to load, so ``spritelab`` imports the
module of a command only when that command is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spritelab.cli import console
from spritelab.config import (
    DataSettings,
    FeatureName,
    PaletteSource,
    Settings,
)
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from spritelab.evaluation import Split
    from spritelab.generate import Label, ModelConfig
    from spritelab.palette import Palette

LABEL = (
    "a class; 'none'; or a mix such as food=0.7,spell=0.3; unset: classes come as often as in "
    "training"
)

DRAWING = "Drawing (as the model says, unless given)"
REAL = "Real sprites (as the model says, unless given)"
MEASURES = "Measures"


def setting(model: type[Settings], name: str, *names: str, panel: str | None = None) -> Any:
    """The option for one setting: ``Annotated[float | None, setting(SamplerSettings, "eta")]``.

    Its help and its range are those of the setting. Not given, it is None.

    Args:
        model: the settings.
        name: one of them.
        names: of the option, where it is not called as the setting is: ``"--data"``.
        panel: under which it stands in the help.
    """
    schema = _schema(model)[name]
    kind = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    return typer.Option(
        *names,
        help=schema["description"],
        min=kind.get("minimum"),
        max=kind.get("maximum"),
        show_default=False,
        rich_help_panel=panel,
    )


@cache
def _schema(model: type[Settings]) -> dict[str, Any]:
    properties: dict[str, Any] = model.model_json_schema()["properties"]
    return properties


def given(**values: Any) -> dict[str, Any]:
    """The values that are not None: what was given on the command line."""
    return {name: value for name, value in values.items() if value is not None}


def numbers(text: str, name: str) -> list[float]:
    """Read ``5,10,50``.

    Raises:
        SettingsError: naming ``name``, if the text holds anything else.
    """
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise SettingsError(f"{name} takes numbers such as 10,50, not {text!r}") from None


def whole_numbers(text: str, name: str) -> list[int]:
    """Read ``5,10,50``, whole numbers only.

    Raises:
        SettingsError: naming ``name``, if the text holds anything else.
    """
    found = numbers(text, name)
    if not all(value.is_integer() for value in found):
        raise SettingsError(f"{name} takes whole numbers such as 10,50, not {text!r}")
    return [int(value) for value in found]


def sign(called: Callable[..., None], parameters: Sequence[inspect.Parameter]) -> None:
    """Make a function appear to typer as one of ``parameters``, which return nothing."""
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": None}


def bundled(
    own: Mapping[str, Any], into: str, read: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command options that belong together, and hand it those that were given as one.

    Args:
        own: the options, as typer reads them, by name; None means not given.
        into: the command's keyword for them.
        read: what the command is handed, from those that were given.
    """

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**values: Any) -> None:
            found = given(**{name: values.pop(name) for name in own})
            command(**values, **{into: read(found)})

        signature = inspect.signature(command, eval_str=True)
        kept = [p for p in signature.parameters.values() if p.name != into]
        # What is still to be handed over by another bundle stays last.
        named = [p for p in kept if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        handed = [p for p in kept if p.kind is inspect.Parameter.KEYWORD_ONLY]
        added = [
            inspect.Parameter(
                name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation
            )
            for name, annotation in own.items()
        ]
        sign(called, [*named, *added, *handed])
        return called

    return with_options


def read_label(text: str | None) -> Label:
    """Read a class, or a mix such as ``food=0.7,spell=0.3``.

    Raises:
        SettingsError: for a mix that cannot be read.
    """
    if text is None or "=" not in text:
        return text
    mix: dict[str, float] = {}
    for part in text.split(","):
        name, _, weight = part.rpartition("=")
        try:
            mix[name.strip()] = float(weight)
        except ValueError:
            raise SettingsError(
                f"a mix of classes reads food=0.7,spell=0.3; {part.strip()!r} does not"
            ) from None
    return mix


def read_colours(text: str) -> Palette:
    """Read a palette: ``#rrggbb,#rrggbb``, or the name of a file of one.

    Raises:
        DataError: if it is neither, or the file cannot be read.
    """
    from spritelab.palette import READERS, Palette, read_palette

    if Path(text).suffix.lower() in READERS:
        return read_palette(text)
    return Palette.from_hex([code.strip() for code in text.split(",")])


def read_split(folder: str, config: ModelConfig, real: Mapping[str, Any]) -> Split:
    """Find a model's sprites again; say which path is read where the folder alone names it.

    Args:
        folder: the model's.
        config: of the model in it.
        real: what the command line says of the sprites: arguments of ``find_split``.
    """
    from spritelab.data import NAMES
    from spritelab.evaluation import find_split

    with console.console.status("reading the sprites"):
        split = find_split(folder, config, **real)
    if "source" not in real and split.source not in NAMES:
        console.say("real sprites", f"{split.source}, as {folder} says")
    return split


MODEL = (
    "a run's folder, a model folder, a model that comes along: builtin-16, crawl-16, "
    "crawl-16-quick; or hf://org/name"
)
ModelName = Annotated[str, typer.Argument(metavar="MODEL", help=MODEL)]
OptionalModelName = Annotated[str | None, typer.Argument(metavar="MODEL", help=MODEL)]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda, mps …; the best one found, unless given")
]

Palettes = Annotated[
    PaletteSource,
    typer.Option(
        help="whose palettes a model with a palette head borrows; those of held-out sprites it has "
        "never seen",
        rich_help_panel=DRAWING,
    ),
]

Source = Annotated[str | None, setting(DataSettings, "source", "--data", panel=REAL)]
HeldOut = Annotated[float | None, setting(DataSettings, "held_out", panel=REAL)]
SplitSeed = Annotated[
    int | None, typer.Option(help="seed of the split", show_default=False, rich_help_panel=REAL)
]
Mirror = Annotated[bool | None, setting(DataSettings, "mirror", "--mirror/--no-mirror", panel=REAL)]

Most = Annotated[
    int, typer.Option(min=1, help="training sprites to compare with at most", rich_help_panel=REAL)
]
Features = Annotated[
    FeatureName,
    typer.Option(
        help="effnet needs no download; inception gives the FID; pixels is the quickest; "
        "pytorch-fid as that tool takes them",
        rich_help_panel=MEASURES,
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        help="Inception's weights, if they are not to be downloaded",
        show_default=False,
        rich_help_panel=MEASURES,
    ),
]
Json = Annotated[Path | None, typer.Option("--json", help="also write the figures to this file")]
