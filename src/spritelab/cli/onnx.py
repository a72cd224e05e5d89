"""``spritelab export onnx``: a model for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spritelab.cli import console
from spritelab.cli.options import ModelName

HALF = "round the weights to float16, in half the space, as those of the models that come along are"
Half = Annotated[bool, typer.Option("--half", help=HALF)]


def onnx(
    model: ModelName,
    out: Annotated[
        Path | None, typer.Option(help="the file, NAME.onnx", show_default="MODEL.onnx, here")
    ] = None,
    half: Half = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the file if it is there already")
    ] = False,
) -> None:
    """Write a model as one ONNX file.

    It holds the network, and in its metadata all else that drawing needs: the schedule, the
    sampler's settings, the classes, the training palettes, the licence.
    """
    with console.console.status("loading the model"):
        from spritelab.generate import load_model
        from spritelab.web import export_onnx

        found = load_model(model, "cpu")
    path = out or Path(f"{found.name or 'model'}.onnx")
    with console.console.status("writing"):
        written = export_onnx(found, path, half=half, overwrite=overwrite)
    console.say("model", f"{found!r}, {written.stat().st_size / 1e6:.1f} MB")
    console.wrote(written)
