"""How far a piece of long work is: one object, from the innermost loop to whoever shows it.

A function that takes long has a parameter ``progress: Progress = SILENT`` and calls it. One that
calls several such functions hands each a ``part`` of its own, so that nobody has to translate
between counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


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


SILENT = Progress()
"""Tells nobody."""
