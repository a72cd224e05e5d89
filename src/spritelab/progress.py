"""How far a piece of long work is: one object, from the innermost loop to whoever shows it.

A function that takes long has a parameter ``progress: Progress = SILENT`` and calls it. One that
calls several such functions hands each a ``part`` of its own, so that nobody has to translate
between counts.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any


def _nowhere(done: int, total: int | None, note: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Progress:
    """Called as ``progress(done, total, note)`` whenever some work is done.

    ``Progress(print)`` prints ``done total note`` each time.

    Attributes:
        show: is told how much is done, of how much in all (None where nobody knows), and what is
            being done.
        before: what was done before this part began; added to every ``done``.
        total: of the whole, where it is known already; goes before what a part says.
        note: what this part does; goes before what a part of it says.
    """

    show: Callable[[int, int | None, str], None] = _nowhere
    before: int = 0
    total: int | None = None
    note: str = ""

    def __call__(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say that ``done`` of ``total`` are done."""
        whole = self.total if self.total is not None else total
        self.show(self.before + done, whole, self.note or note)

    def part(self, note: str = "", *, before: int = 0, total: int | None = None) -> Progress:
        """The progress of a part of this work.

        Args:
            note: what the part does.
            before: what was done when it began, counted as this progress counts.
            total: of this whole, so that what the part says of its own total does not count.
        """
        return replace(
            self,
            before=self.before + before,
            total=self.total if self.total is not None else total,
            note=self.note or note,
        )


@contextmanager
def showing(what: str, progress: Progress | None = None) -> Iterator[Progress]:
    """Give ``progress`` during the block or, if that is None, one that shows itself.

    In a notebook, and on a terminal, it is a line that changes; elsewhere, such as in a log, a line
    now and then on standard error.

    Args:
        what: the work in a word or two, such as ``updates``.
        progress: what the caller was given.
    """
    if progress is not None:
        yield progress
        return
    line = _Line(what)
    try:
        yield Progress(line.report)
    finally:
        line.end()


class _Line:
    """One line about some work, shown anew every so often."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.start = self.shown = time.monotonic()
        self.text = ""
        self.is_old = False
        display = _notebook_display()
        self.is_terminal = display is None and sys.stderr.isatty()
        self.every = 20.0 if display is None and not self.is_terminal else 0.5
        self.update: Callable[[str], None] = self._print
        if display is not None:
            handle = display({"text/plain": f"{what} …"}, raw=True, display_id=True)
            self.update = lambda text: handle.update({"text/plain": text}, raw=True)

    def report(self, done: int, total: int | None, note: str) -> None:
        now = time.monotonic()
        seconds = now - self.start
        self.text = f"{self.what}: {done:,}"
        if total:
            self.text += f" of {total:,}"
        self.text += f" in {_clock(seconds)}"
        if total and 0 < done < total:
            self.text += f", about {_clock(seconds / done * (total - done))} left"
        self.text += f", {note}" if note else ""
        self.is_old = now - self.shown < self.every
        if not self.is_old:
            self.shown = now
            self.update(self.text)

    def end(self) -> None:
        if self.is_old:
            self.update(self.text)
        if self.is_terminal and self.text:
            print(file=sys.stderr)

    def _print(self, text: str) -> None:
        if self.is_terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]:{width}}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    """``42 s``, ``3:05 min`` or ``2:10 h``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds / 60)
    if minutes < 60:
        return f"{minutes}:{int(seconds) % 60:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"


def _notebook_display() -> Any:
    """IPython's ``display``, if a notebook's kernel runs this; else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if getattr(shell, "kernel", None) is None:
        return None
    return import_module("IPython.display").display


SILENT = Progress()
"""Tells nobody."""
