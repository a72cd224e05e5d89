"""What the benchmarks print: results on standard output, all about the work on standard error."""

from __future__ import annotations

import re
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from spritelab.progress import Progress

BETWEEN = 20.0
"""Seconds between two lines of progress in a log that is no terminal."""


def say(kind: str, message: str = "") -> None:
    """Print ``kind: message`` as one line; names in backticks, the library's, lose them."""
    words = " ".join(message.split())
    words = re.sub(r"`([^`]*)`", r"\1", words)
    print(f"{kind}: {words}" if words else kind, file=sys.stderr)


def wrote(path: Path) -> None:
    """Say where something was written, on standard output."""
    print(f"wrote {path}")


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 (the signature is Python's)
    line: str | None = None,
) -> None:
    """Stand in for ``warnings.showwarning``: a warning meant for the user is one line."""
    if issubclass(category, UserWarning):
        say("warning", str(message))
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), file=sys.stderr)


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """Show how far ``what`` is while the block runs: a line that changes, or one now and then.

    Yields:
        what to tell how much is done.
    """
    terminal = sys.stderr.isatty()
    between, start, end = (0.2, "\r\x1b[K", "") if terminal else (BETWEEN, "", "\n")
    began = spoken = time.monotonic()

    def show(done: int, total: int | None, note: str) -> None:
        nonlocal spoken
        now = time.monotonic()
        if now - spoken < between:
            return
        spoken = now
        of = "" if total is None else f"/{total:,}"
        words = f"{what}: {done:,}{of} in {now - began:.0f} s" + (f", {note}" if note else "")
        print(f"{start}{words}", end=end, file=sys.stderr, flush=True)

    try:
        yield Progress(show)
    finally:
        if terminal:
            print(start, end="", file=sys.stderr, flush=True)
