"""The command ``spritelab``: reads the command line, calls the library, prints.

The module of a command is imported when the command is called, and heavy packages (torch, numpy,
pillow) inside the functions that use them, so that ``spritelab --help`` answers at once.

Exit status: 0 done; 2 a mistake that the user can mend, told in one line; 130 interrupted.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer
from typer.main import get_command

from spritelab.cli import console, data, export, steer
from spritelab.cli.deferred import deferred
from spritelab.cli.spelling import options_of, spell
from spritelab.errors import SpritelabError

# Click's classes, wherever this version of typer keeps its click.
UsageError: Any = typer.BadParameter.__bases__[0]

# What the machine refuses for reasons the user can mend; any other OSError is a fault of ours.
_ROOM = "free some space and run it again"
_PLACE = "check its permissions or choose another place"
REMEDIES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: _PLACE,
    errno.EACCES: _PLACE,
    errno.EPERM: _PLACE,
    errno.EIO: "look after the disk",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "choose another place",
}

commands = typer.Typer(
    help="Learn a set of pixel-art sprites with a diffusion model and draw new ones.",
    epilog="Example: spritelab data inspect builtin",
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
commands.add_typer(data.app, name="data")
deferred(
    commands,
    "train",
    "Learn sprites with a diffusion model.",
    "spritelab train --data builtin --max-minutes 5 --out runs/demo",
)
deferred(
    commands,
    "distill",
    "Distil a student that draws in few steps what its teacher draws in many.",
    "spritelab distill crawl-16 --steps 2 --max-minutes 10 --out runs/quick",
)
deferred(
    commands,
    "sample",
    "Draw sprites.",
    "spritelab sample runs/demo --sampler ddim -n 20 --label food",
)
deferred(
    commands,
    "merge",
    "Join the shards of a drawing.",
    "spritelab merge samples/many --out samples/all",
)
deferred(
    commands,
    "tidy",
    "Tidy sprites: near-equal colours, stray pixels, the colours of a palette.",
    "spritelab tidy samples/mine --stray --palette mine.gpl --dither --out samples/tidy",
)
deferred(
    commands,
    "evaluate",
    "Measure how good sprites are: a model's, or those in a folder.",
    "spritelab evaluate runs/demo -n 1000 --steps 50",
)
deferred(
    commands,
    "compare",
    "Compare DDPM with DDIM on the same weights and the same noise.",
    "spritelab compare runs/demo --quick",
)
deferred(
    commands,
    "calibrate",
    "Choose the few steps by which a model draws best.",
    "spritelab calibrate runs/demo --steps 4,5,6",
)
commands.add_typer(steer.app, name="steer")
commands.add_typer(export.app, name="export")
deferred(
    commands,
    "push",
    "Put a model on the Hugging Face Hub, with a card and sprites of every class.",
    "spritelab push runs/mine you/mine",
)
deferred(
    commands,
    "app",
    "Serve a page to draw, watch and train on, on this machine.",
    "spritelab app --runs runs",
)
deferred(
    commands,
    "mcp",
    "Serve agents: the Model Context Protocol, on standard input and output.",
    "spritelab mcp --folder my-game",
)


def _version(wanted: bool) -> None:
    if wanted:
        from spritelab import __version__

        print(f"spritelab {__version__}")
        raise typer.Exit


@commands.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 (its callback has done the work)
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    console.help_when_alone(context)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        argv: the words after ``spritelab``; ``None`` takes those of the process.

    A ``SpritelabError``, a wrong command line and a full or closed disk become one line on standard
    error and status 2; parameters that an error or a warning names are spelled as options. Any
    other exception is a fault of the program and passes through.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    command = get_command(commands)
    spelled = partial(spell, options=options_of(command, words))
    console.spell_by(spelled)
    with warnings.catch_warnings():
        warnings.showwarning = partial(console.show_warning, spelled=spelled)
        try:
            status = _run(command, words)
            # Here and not when Python ends, where nobody catches what a closed pipe answers.
            sys.stdout.flush()
            return status
        except (KeyboardInterrupt, typer.Abort) as interrupt:
            console.say("interrupted", str(interrupt))
            return 130
        except SpritelabError as mistake:
            console.error(spelled(str(mistake)))
            return 2
        except UsageError as mistake:
            where = mistake.ctx.command_path if mistake.ctx else "spritelab"
            console.error(f"{mistake.format_message().rstrip('.')} (see {where} --help)")
            return 2
        except BrokenPipeError:
            # The reader has gone, as in `… | head`. What is still buffered must go nowhere too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except OSError as refusal:
            if refusal.errno not in REMEDIES:
                raise
            place = f"{refusal.filename}: " if refusal.filename else ""
            console.error(f"{place}{refusal.strerror}; {REMEDIES[refusal.errno]}")
            return 2


def _run(command: Any, words: list[str]) -> int:
    """Run the command; ``--help``, ``--version`` and whoever else exits early give their status."""
    try:
        with command.make_context("spritelab", words) as context:
            command.invoke(context)
    except typer.Exit as request:
        return request.exit_code
    return 0
