"""``spritelab data``: what is in a set of sprites, and fetching the published ones."""

from __future__ import annotations

import typer

from spritelab.cli import console

app = typer.Typer(help="Look into sprites, fetch published sets.", rich_markup_mode="rich")


@app.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    console.help_when_alone(context)
