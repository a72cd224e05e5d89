"""``spritelab mcp``: agents draw, look and train."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spritelab.cli.options import Device


def mcp(
    folder: Annotated[
        Path,
        typer.Option(help="files are read and written in it and nowhere else; runs in its runs/"),
    ] = Path(),
    device: Device = None,
) -> None:
    """Serve agents: the Model Context Protocol, on standard input and output.

    It is started by the program that an agent lives in, not by hand. An agent can list models,
    draw, vary, write sheets, inspect sets of sprites, and train. Nothing is sent anywhere else.
    """
    from spritelab.mcp import serve

    serve(folder, device)
