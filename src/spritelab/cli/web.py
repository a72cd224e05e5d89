"""``spritelab export web``: a page that draws with models in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spritelab.cli import console
from spritelab.cli.onnx import Half
from spritelab.cli.options import MODEL

RUNTIME = (
    "a folder with the npm package onnxruntime-web; unset: its two files are fetched once and kept"
)


def web(
    models: Annotated[list[str], typer.Argument(metavar="MODEL", help=MODEL, show_default=False)],
    out: Annotated[Path, typer.Option(help="the folder", show_default=False)],
    runtime: Annotated[Path | None, typer.Option(help=RUNTIME, show_default=False)] = None,
    half: Half = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace a page that is there already")
    ] = False,
) -> None:
    """Write a page that draws with models in the visitor's browser.

    A folder of static files: put it on any host of pages, or look at it by
    `python -m http.server -d FOLDER`. The same seed draws the same sprite there as here.
    """
    with console.console.status("loading"):
        from spritelab.generate import load_model
        from spritelab.web import export_web

        loaded = [load_model(name, "cpu") for name in models]
    with console.progress("writing") as progress:
        written = export_web(
            loaded, out, half=half, runtime=runtime, overwrite=overwrite, progress=progress
        )
    size = sum(path.stat().st_size for path in written.rglob("*") if path.is_file())
    console.say("page", f"{', '.join(one.name for one in loaded)}; {size / 1e6:.1f} MB in all")
    console.wrote(written / "index.html")
