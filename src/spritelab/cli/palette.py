"""``spritelab export palette``: the palette of a set of sprites."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spritelab.cli import console

SOURCE = "sprites: a folder, an .npz, a .zip, builtin, or a folder that `spritelab sample` wrote"
OUT = "the file: .gpl (GIMP, Krita), .pal (JASC), .hex (Lospec), .ase (Adobe) or .png"
COLOURS = (
    "at most so many, 1 to 256, learnt from all pixels; unset: every colour, which must be no more"
)


def palette(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=SOURCE, show_default=False)],
    out: Annotated[Path, typer.Option(help=OUT, show_default=False)],
    colours: Annotated[int | None, typer.Option(min=1, max=256, help=COLOURS)] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the file if it is there already")
    ] = False,
) -> None:
    """Write the palette of a set of sprites.

    Aseprite, GIMP, Krita and others open it, and `spritelab sample --palette` draws in it. The
    transparent colour is left out.
    """
    from spritelab.errors import DataError
    from spritelab.generate.sheets import read_named
    from spritelab.palette import LARGEST, Palette, learn_palette, write_palette
    from spritelab.pixels import clear_hidden
    from spritelab.storage import check_file

    check_file(out, overwrite)
    with console.console.status("reading the sprites"):
        images = clear_hidden(read_named(source).images)
    if colours is None:
        found = Palette.of(images)
        if len(found) - found.has_transparent > LARGEST:
            raise DataError(
                f"{source} has {len(found):,} colours, and a palette at most {LARGEST}; choose "
                "some of them with `colours=32`"
            )
    else:
        room = colours + bool(images.shape[-1] == 4 and (images[..., 3] == 0).any())
        found = learn_palette(images, min(room, LARGEST))
    written = write_palette(found, out)
    console.say("palette", f"{len(found) - found.has_transparent} colours")
    console.wrote(written)
