"""The tour quotes the code as it is, and the README leads to it."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOUR = (ROOT / "docs" / "tour.md").read_text("utf-8")
STOPS = re.split(r"^## ", TOUR, flags=re.MULTILINE)[1:]


def quotes(stop: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", stop, re.MULTILINE | re.DOTALL)


def holds(source: str, quote: str) -> bool:
    """Whether the lines of ``quote`` follow each other in ``source``, at any indentation."""
    lines, wanted = source.splitlines(), quote.splitlines()
    return any(
        textwrap.dedent("\n".join(lines[start : start + len(wanted)])).splitlines() == wanted
        for start in range(len(lines) - len(wanted) + 1)
    )


def test_every_quote_stands_in_the_file_that_its_stop_names() -> None:
    stops = [stop for stop in STOPS if re.match(r"\d\. ", stop)]
    assert len(stops) == 6
    for stop in stops:
        (first, *_) = re.findall(r"\]\(\.\./(src/[\w/]+\.py)\)", stop)
        found = quotes(stop)
        assert found, stop
        source = (ROOT / first).read_text("utf-8")
        for quote in found:
            assert holds(source, quote), f"{first} has no longer:\n{quote}"


def test_a_quote_that_differs_is_found() -> None:
    assert holds("def f():\n    a = 1\n    b = 2\n", "a = 1\nb = 2\n")
    assert not holds("def f():\n    a = 1\n    b = 3\n", "a = 1\nb = 2\n")
    assert not holds("a = 1\n\nb = 2\n", "a = 1\nb = 2\n")


def test_the_readme_leads_to_ddim_in_two_steps() -> None:
    assert "](docs/tour.md)" in (ROOT / "README.md").read_text("utf-8")
    assert "formula of DDIM" in TOUR
