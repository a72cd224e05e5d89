"""What all commands share: one line for an error, one for a file written, progress on long work.

Results go to standard output, everything about the work to standard error, so that output can be
piped. Colour appears on a terminal only, and never where ``NO_COLOR`` is set.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from spritelab.progress import Progress


def visible(text: str) -> str:
    """Text without what would command the terminal or turn it around: each such character's code.

    Names of files and classes may be anybody's. Of the characters that show nothing (categories
    C of Unicode: controls, bidirectional marks, halves of surrogates) the line break and the tab
    stay, and so do the joiners that emoji and some scripts are written with.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        sign
        if sign in _KEPT or unicodedata.category(sign)[0] != "C"
        else sign.encode("unicode_escape", "surrogatepass").decode()
        for sign in text
    )


_KEPT = frozenset("\n\t\u200c\u200d")


class _Guarded(Console):
    """A console whose words are ``visible``; its own colours and movements are not words."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)


out = _Guarded()
console = _Guarded(stderr=True)

QUIET_SECONDS = 20.0
"""How long a log that is no terminal stays silent between two lines of progress."""


_spelled: Callable[[str], str] = str


def spell_by(spelled: Callable[[str], str]) -> None:
    """From now on ``speller`` gives this: how the running command spells the library's names."""
    global _spelled
    _spelled = spelled


def speller() -> Callable[[str], str]:
    """What turns the library's names of parameters, in backticks, into options."""
    return _spelled


def one_line(message: str) -> str:
    """Join the lines of a message into one."""
    return " ".join(line.strip() for line in message.splitlines() if line.strip())


def say(kind: str, message: str = "", style: str = "bold") -> None:
    """Print ``kind: message`` as one line on standard error, however narrow the terminal."""
    words = (": ", one_line(message)) if message else ()
    console.print(Text.assemble((kind, style), *words), soft_wrap=True)


def error(message: str) -> None:
    """Print ``error: …``, one line."""
    say("error", message, "bold red")


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 (the signature is Python's)
    line: str | None = None,
    *,
    spelled: Callable[[str], str] = str,
) -> None:
    """Stand in for ``warnings.showwarning``: a warning meant for the user is one line.

    ``spelled`` turns what the library says into what the user reads. Warnings of other categories
    (deprecations and the like) speak to programmers and keep their form.
    """
    if issubclass(category, UserWarning):
        say("warning", spelled(str(message)), "bold yellow")
        return
    import warnings

    text = warnings.formatwarning(message, category, filename, lineno, line)
    console.print(Text(text), soft_wrap=True, end="")


def wrote(path: str | Path) -> None:
    """Say where something was written: ``wrote PATH`` on standard output."""
    out.print(Text(f"wrote {path}"), soft_wrap=True)


def help_when_alone(context: typer.Context) -> None:
    """Show the help of a group of commands that was called without one."""
    if context.invoked_subcommand is None:
        text = context.get_help()  # typer prints it itself where rich draws it
        if text:
            print(text)


@contextmanager
def progress(what: str, total: int | None = None, transient: bool = False) -> Iterator[Progress]:
    """Show progress while the block runs: a bar on a terminal, else a line now and then.

    Args:
        what: the work in a word or two, such as ``training``.
        total: how many parts there are, if it is known; a report may correct it.
        transient: the work is often over at once: take the bar away at its end, and write lines
            only if it takes long.

    Yields:
        what to tell how many parts are done.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        with _bar(what, total, transient) as report:
            yield report
    else:
        with _lines(what, total, transient) as report:
            yield report


@contextmanager
def _bar(what: str, total: int | None, transient: bool) -> Iterator[Progress]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
    )
    with RichProgress(*columns, console=console, transient=transient) as bar:
        task = bar.add_task(what, total=total, note="")

        def report(done: int, total: int | None, note: str) -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield Progress(report)


@contextmanager
def _lines(what: str, total: int | None, transient: bool) -> Iterator[Progress]:
    start = spoken = time.monotonic()
    parts, last, silent = total, "", False

    def report(done: int, total: int | None, note: str) -> None:
        nonlocal spoken, last, silent, parts
        now = time.monotonic()
        parts = parts if total is None else total
        of = "" if parts is None else f"/{parts}"
        seconds = f"{now - start:.0f} s"
        last = f"{what}: {done}{of} in {seconds}" + (f", {note}" if note else "")
        silent = now - spoken < QUIET_SECONDS
        if not silent:
            console.print(Text(last), soft_wrap=True)
            spoken = now

    yield Progress(report)
    if silent and not transient:
        console.print(Text(last), soft_wrap=True)
