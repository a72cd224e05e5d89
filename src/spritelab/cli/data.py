"""``spritelab data``: look into sprites, pack them, fetch published sets."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from spritelab.cli import console
from spritelab.cli.deferred import deferred

app = typer.Typer(
    help="Look into sprites, pack them, fetch published sets.",
    epilog="Example: spritelab data inspect my-sheet.png --tile 16",
    rich_markup_mode="rich",
)
deferred(
    app,
    "inspect",
    "Say what is in a set of sprites, and draw a contact sheet of it.",
    "spritelab data inspect my-sheet.png --tile 16 --json facts.json",
)


deferred(
    app,
    "pack",
    "Pack sprites into one file that training does not copy into memory.",
    "spritelab data pack my-sprites/ --size 16 --out mine.npz",
)


@app.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    console.help_when_alone(context)


@app.command(epilog="Example: spritelab data fetch crawl")
def fetch(
    which: Annotated[
        Literal["sprites", "crawl"],
        typer.Argument(help="the set to download", show_default=False),
    ],
) -> None:
    """Download a published set, verify it and keep it in the cache.

    A set that is there already is only verified.
    The environment variable SPRITELAB_CACHE puts the cache elsewhere.
    """
    from spritelab import data

    with console.progress("fetching", transient=True) as report:
        sprites = data.load(which, folder_first=False, progress=report)
    found = f"{which}: {len(sprites):,} sprites, kept in {data.cache_folder()}"
    console.out.print(found, soft_wrap=True, markup=False, highlight=False)
