"""``spritelab tidy``: sprites without the specks that a painter would not have left."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from spritelab.cli import console, options
from spritelab.errors import DataError, SettingsError

SOURCE = "a folder that `spritelab sample` wrote, any folder or .zip of pictures, or one picture"
MERGE = (
    "make colours of a picture one that lie less than this apart in OKLab: 0.02 can just be told "
    "apart, 1 is black to white"
)
STRAY = (
    "give a single pixel whose colour none of the eight around it has the colour that most of them "
    "have; eyes and sparks are such pixels too"
)
ISLANDS = "clear what lies apart from a sprite and has at most so many pixels"
PALETTE = (
    "draw in these colours, each pixel in the nearest: #rrggbb,#rrggbb,…, or a file of them (.gpl, "
    ".pal, .hex, .ase, .png)"
)
DITHER = "draw colours that the palette lacks as patterns of two that it has (Bayer, 4×4)"


def tidy(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help=SOURCE, show_default=False)],
    merge: Annotated[float | None, typer.Option(min=0.0, max=1.0, help=MERGE)] = None,
    stray: Annotated[bool, typer.Option("--stray", help=STRAY)] = False,
    islands: Annotated[int | None, typer.Option(min=1, help=ISLANDS)] = None,
    palette: Annotated[str | None, typer.Option(help=PALETTE, show_default=False)] = None,
    dither: Annotated[bool, typer.Option("--dither", help=DITHER)] = False,
    out: Annotated[
        Path | None, typer.Option(help="folder for what becomes of it", show_default="NAME-tidy")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace files of these names in the folder")
    ] = False,
) -> None:
    """Tidy sprites: near-equal colours, stray pixels, the colours of a palette.

    Each only if asked for, in the order of the options. Writes a new folder with every picture
    under its name, before_and_after.png with those that changed most, and what lay beside them:
    look, take back what was meant, and go on with the folder as with any other, such as by
    `spritelab export sheet`. That is why this is a step of its own and no option of drawing or of
    a sheet. No pixel is moved, mixed or rescaled, and alpha changes only where an island goes.
    """
    from spritelab import data, sheets
    from spritelab.data.text import some

    if merge is None and not stray and islands is None and palette is None:
        raise SettingsError(
            "say what to tidy: near-equal colours by `merge`, single pixels by `stray`, crumbs by "
            "`islands`, the colours by `palette`" + (" beside `dither`" if dither else "")
        )
    if not source.exists():
        raise DataError(f"there is nothing at {source}; give a folder, a .zip or a picture")
    name = (source.resolve().name if source.is_dir() else source.stem) or "sprites"
    folder = out or Path(f"{name}-tidy")
    if source.is_dir() and folder.resolve().is_relative_to(source.resolve()):
        raise SettingsError(f"{folder} lies in what is to be tidied; choose another `out`")
    steps: dict[str, Any] = {"merge": merge or 0.0, "stray": stray, "islands": islands or 0}
    colours = options.read_colours(palette) if palette is not None else None
    facts = {**steps, "palette": list(colours.hex) if colours else None, "dither": dither}
    work = partial(sheets.tidy, **steps, palette=colours, dither=dither)
    with data.open_listing(source) as listing, console.progress("tidying", transient=True) as bar:
        done = data.tidy_files(listing, folder, facts, work, overwrite=overwrite, progress=bar)
    for one in done.left_out:
        console.say("left out", f"{len(one):,} {one.reason}: {some(one.names)}")
    before, after = done.strays
    console.say(
        "tidied",
        f"{done.changed:,} of {done.pictures:,} pictures changed, in {done.pixels:,} pixels; stray "
        f"pixels: {before:,} before, {after:,} after",
    )
    console.wrote(folder)
