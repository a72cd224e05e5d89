"""``spritelab export``: sprites and palettes for games and editors."""

from __future__ import annotations

import typer

from spritelab.cli import console
from spritelab.cli.deferred import deferred

app = typer.Typer(
    help="Write sprites and palettes for games and editors.",
    epilog="Example: spritelab export sheet samples/crawl-16-dpm-0 --format godot",
    rich_markup_mode="rich",
)
deferred(
    app,
    "sheet",
    "Put sprites on one sheet, with the file that an engine or an editor reads.",
    "spritelab export sheet samples/crawl-16-dpm-0 --format godot --out sprites.png",
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


@app.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    console.help_when_alone(context)
