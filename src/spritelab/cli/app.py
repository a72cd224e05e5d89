"""``spritelab app``: the page, on one's own machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spritelab.cli import console, options

if TYPE_CHECKING:
    from spritelab.app.guard import Door

HOST = "the address to listen on; 127.0.0.1: this machine alone; 0.0.0.0: all that can reach it"
OPEN = (
    "every machine that reaches this one can ask, and who has the address below can draw, upload "
    "and train here; what is sent is not encrypted"
)


def app(
    runs: Annotated[
        Path, typer.Option(help="the folder of the runs: models are found and trained there")
    ] = Path("runs"),
    host: Annotated[str, typer.Option(help=HOST)] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free")] = 8017,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="open the page in the browser")
    ] = True,
    device: options.Device = None,
) -> None:
    """Serve a page to draw, watch and train on, on this machine.

    Nothing is sent anywhere. Trainings go on when the page is closed and when this ends.
    """
    with console.console.status("starting"):
        from spritelab.app import serve

    def opened(door: Door) -> None:
        if door.open_to_others:
            console.say("open to others", OPEN, "bold yellow")
        console.out.print(f"open {door.address}", soft_wrap=True, markup=False, highlight=False)
        console.say("to stop", "Ctrl-C; trainings go on")
        if browser:
            import webbrowser

            webbrowser.open(door.address)

    serve(runs, host, port, device=device, opened=opened)
