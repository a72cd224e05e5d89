"""Words for messages that name many things at once."""

from collections.abc import Sequence


def some(names: Sequence[str], most: int = 3) -> str:
    """Join the first few names and count the rest: ``a.png, b.png, c.png and 4 more``.

    Of a name of more than 200 characters the end is left out.
    """
    shown = ", ".join(name if len(name) <= 200 else f"{name[:200]}…" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def count(number: int, thing: str) -> str:
    """Return ``1 file``, ``2 files``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
