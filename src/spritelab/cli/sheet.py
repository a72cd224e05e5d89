"""``spritelab export sheet``: sprites on one sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spritelab.cli import console
from spritelab.config import SheetFormat, SheetKeys

SOURCES = (
    "folders that `spritelab sample` wrote, or any other sprites: a folder of images, an .npz, a "
    ".zip, builtin"
)
FORMAT = (
    "who reads it: Godot 4 (godot) and 3, Aseprite's or TexturePacker's JSON, Phaser, PixiJS, "
    "Tiled, CSS"
)
OUT = (
    "the picture, NAME.png, beside which NAME.json, .tres, .tsx or .css is written; or "
    "NAME.aseprite, one file with a frame for every sprite"
)
NAMES = "call the sprites by class, seed and number, or 0, 1, … in the order of the sheet"


def sheet(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE", help=SOURCES, show_default=False)
    ],
    format: Annotated[
        SheetFormat | None, typer.Option("--format", "-f", help=FORMAT, show_default="aseprite")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help=OUT, show_default="the first SOURCE's name, here")
    ] = None,
    columns: Annotated[
        int | None, typer.Option(min=1, help="sprites in a row; unset: about a square")
    ] = None,
    padding: Annotated[int, typer.Option(min=0, help="transparent pixels between two sprites")] = 0,
    extrude: Annotated[
        int, typer.Option(min=0, help="how often the outermost pixels are repeated around a sprite")
    ] = 0,
    power_of_two: Annotated[
        bool, typer.Option("--power-of-two", help="make width and height powers of two")
    ] = False,
    names: Annotated[SheetKeys, typer.Option(help=NAMES)] = "name",
    duration: Annotated[
        int, typer.Option(help="milliseconds of a frame, where a class plays as an animation")
    ] = 100,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the files if they are there already")
    ] = False,
) -> None:
    """Put sprites on one sheet, with the file that an engine or an editor reads.

    The picture has a palette if 256 colours are enough, and keeps transparency. Sprites of one
    class stand together and share its tag; those without a class have the tag default. A drawn
    sprite is called by its class, its seed and its number: food-0-17.
    """
    from spritelab import sheets
    from spritelab.generate.sheets import join, read_named
    from spritelab.storage import check_file

    path = out or Path(f"{_name(sources[0])}.png")
    check_file(path, overwrite)
    with console.console.status("reading the sprites"):
        sprites = join([read_named(source) for source in sources])
    if sprites.missing:
        console.say("left out", f"{sprites.missing:,} that samples.json lists and are not there")
    written = sheets.save_sheet(
        path,
        sprites.images,
        sprites.keys,
        sprites.tags,
        format,
        columns=columns,
        padding=padding,
        extrude=extrude,
        power_of_two=power_of_two,
        names=names,
        duration=duration,
        overwrite=overwrite,
    )
    tags = sorted(set(sprites.tags))
    console.say("sheet", f"{len(sprites.images):,} sprites, {len(tags)} tags: {', '.join(tags)}")
    for one in written:
        console.wrote(one)


def _name(source: str) -> str:
    path = Path(source).resolve()
    return (path.name if path.is_dir() else path.stem) or "sprites"
