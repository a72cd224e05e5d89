"""``spritelab push``: a model put on the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spritelab.cli import console
from spritelab.cli.options import Device, ModelName

FIGURES = "figures for the card: what `spritelab evaluate MODEL --json FILE` wrote"
OUT = "write the files into this folder and push nothing"


def push(
    model: ModelName,
    repository: Annotated[
        str, typer.Argument(metavar="ORG/NAME", help="on the Hub", show_default=False)
    ],
    private: Annotated[
        bool, typer.Option("--private", help="seen by its owner alone, if it is made")
    ] = False,
    figures: Annotated[Path | None, typer.Option(help=FIGURES, show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help=OUT, show_default=False)] = None,
    device: Device = None,
) -> None:
    """Put a model on the Hugging Face Hub, with a card and sprites of every class.

    Who pushes is who is logged in: by `hf auth login`, or $HF_TOKEN. Afterwards
    hf://ORG/NAME is a model wherever one is taken.
    """
    with console.console.status("loading the model"):
        from spritelab.convert import parse_repository, push_model, read_figures, write_pushed
        from spritelab.extras import require
        from spritelab.generate import load_model

        if out is None:
            require("hub")
        parse_repository(repository)
        measured = None if figures is None else read_figures(figures)
        loaded = load_model(model, device)
    with console.progress("evaluations", transient=True) as bar:
        if out is not None:
            console.wrote(write_pushed(loaded, out, repository, figures=measured, progress=bar))
            return
        url = push_model(loaded, repository, figures=measured, private=private, progress=bar)
    console.out.print(f"pushed {url}", soft_wrap=True, markup=False, highlight=False)
