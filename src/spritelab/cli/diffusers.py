"""``spritelab export diffusers``: a model as a folder that diffusers loads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spritelab.cli import console
from spritelab.cli.options import ModelName


def diffusers(
    model: ModelName,
    out: Annotated[Path, typer.Option(help="the folder", show_default=False)],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace an export that is there already")
    ] = False,
) -> None:
    """Write a model as a folder that diffusers loads.

    With its pipeline.py, and without any code as a UNet2DModel and a DDIMScheduler. The folder's
    README.md has a snippet for both. spritelab loads it, too.
    """
    with console.console.status("loading the model"):
        from spritelab.convert import export_diffusers
        from spritelab.generate import load_model

        found = load_model(model, "cpu")
    console.wrote(export_diffusers(found, out, overwrite=overwrite))
