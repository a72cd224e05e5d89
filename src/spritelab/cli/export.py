"""``spritelab export``: sprites and palettes for games and editors, models for other programs."""

from __future__ import annotations

import typer

from spritelab.cli import console
from spritelab.cli.deferred import deferred

app = typer.Typer(
    help="Write sprites and palettes for games and editors, and models for other programs.",
    epilog="Example: spritelab export sheet samples/crawl-16-ddpm-0 --format godot",
    rich_markup_mode="rich",
)
deferred(
    app,
    "sheet",
    "Put sprites on one sheet, with the file that an engine or an editor reads.",
    "spritelab export sheet samples/crawl-16-ddpm-0 --format godot --out sprites.png",
)
deferred(
    app,
    "denoising",
    "Show sprites coming out of the noise, as a GIF or an APNG.",
    "spritelab export denoising builtin-16 --seed 3 --sampler ddpm --steps 100 --out noise.gif",
)
deferred(
    app,
    "palette",
    "Write the palette of a set of sprites.",
    "spritelab export palette my-sprites/ --colours 32 --out mine.gpl",
)
deferred(
    app,
    "onnx",
    "Write a model as one ONNX file.",
    "spritelab export onnx crawl-16 --out crawl-16.onnx",
)
deferred(
    app,
    "diffusers",
    "Write a model as a folder that diffusers loads.",
    "spritelab export diffusers crawl-16 --out crawl-16-diffusers",
)
deferred(
    app,
    "web",
    "Write a page that draws with models in the visitor's browser.",
    "spritelab export web builtin-16 crawl-16 --out page",
)


@app.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    console.help_when_alone(context)
