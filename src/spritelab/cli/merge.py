"""``spritelab merge``: join what several workers have drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spritelab.cli import console


def merge(
    shards: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR…",
            help="folders of shards, or a folder that holds them",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="folder for the sprites; or NAME.npz, one file of all that --data takes",
            show_default=False,
        ),
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the sprites that are there already")
    ] = False,
) -> None:
    """Join the shards of a drawing.

    Checks that they are of one model, seed and setting, and have every sprite once. Writes the
    folder that one worker would have written, byte for byte; or, for millions, one file.
    """
    from spritelab.generate import merge_shards

    with console.progress("sprites") as bar:
        console.wrote(merge_shards(shards, out, overwrite=overwrite, progress=bar))
