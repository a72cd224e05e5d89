"""Put reports of ``spritelab compare`` into ``docs/ddpm-vs-ddim.md``, with their pictures.

    spritelab compare crawl-16 --steps 5,10,20,50 --also ddpm-1000,dpm-10,dpm-20 -n 300
    python -m tools.ddpm_vs_ddim reports/crawl-16

A report's part of the page stands between two comments that name its model and is written anew as a
whole; what stands outside of them is ours to write. Only what the page has room for is taken: the
answer, the charts against evaluations, the tables, and the pictures of one noise.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.lib import console, harness
from spritelab.errors import SettingsError
from spritelab.storage import load_json, write_file

MODULE = "tools.ddpm_vs_ddim"

PAGE = Path("docs/ddpm-vs-ddim.md")

PICTURES = Path("pictures/ddpm-vs-ddim")
"""Beside the page."""

LEFT_OUT = ("Out of the noise", "Does it copy?")
"""Sections of a report that the page does without."""

_SECONDS = re.compile(r" ?!\[[^\]]*against seconds\]\([^)]*\)")
_PICTURE = re.compile(r"(!\[[^\]]*\]\()pictures/([^)\s]+)\)")
_OUT = re.compile(r" --out ('[^']*'|[^\s`]+)")
"""Where the report was put, which is nobody else's place."""
_TIMES = re.compile(r"; times on [^.\n]*")


def main(argv: Sequence[str] | None = None, page: Path = PAGE) -> int:
    """Write the page; the exit status of ``harness.guarded``.

    Args:
        argv: the command line; None takes that of the process.
        page: which page.
    """
    return harness.guarded(lambda: _main(argv, page))


def section(report: str, name: str) -> str:
    """What the page holds of a report: Markdown, its headings one level deeper.

    Seconds are left out: reports of hours are made beside other work.

    Args:
        report: the content of ``report.md``.
        name: of the model, which heads the section and the names of its pictures.
    """
    head, *parts = re.split(r"^## ", report, flags=re.MULTILINE)
    head = head.partition("\n")[2].strip()
    kept = [part.strip() for part in parts if not part.startswith(LEFT_OUT)]
    text = "\n\n".join([f"## `{name}`", head, *(f"### {part}" for part in kept)])
    text = _OUT.sub("", _TIMES.sub("", _SECONDS.sub("", text)))
    text = _PICTURE.sub(rf"\1{PICTURES.as_posix()}/{name}_\2)", text)
    return "\n".join(_without_column(text.splitlines(), "a sprite"))


def place(page: str, name: str, text: str) -> str:
    """The page with ``text`` as the part of model ``name``: in its place, or at the end."""
    start, end = f"<!-- report of {name} -->", f"<!-- end of the report of {name} -->"
    whole = f"{start}\n\n{text}\n\n{end}"
    before, found, rest = page.partition(start)
    if not found:
        return f"{page.rstrip()}\n\n{whole}\n"
    return before + whole + rest.partition(end)[2]


def _without_column(lines: Sequence[str], heading: str) -> list[str]:
    """The lines, where tables that have a column ``heading`` have lost it."""
    found: list[str] = []
    column: int | None = None
    for line in lines:
        if not line.startswith("|"):
            column = None
            found.append(line)
            continue
        entries = line.split("|")
        names = [entry.strip() for entry in entries]
        if heading in names:
            column = names.index(heading)
        if column is not None:
            del entries[column]
        found.append("|".join(entries))
    return found


def _main(argv: Sequence[str] | None, page: Path) -> int:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0], reports=False)
    parser.add_argument("reports", type=Path, nargs="+", help="folders of spritelab compare")
    given = parser.parse_args(argv)
    whole = page.read_text("utf-8")
    for folder in given.reports:
        facts = load_json(folder / "report.json")
        if facts is None:
            raise SettingsError(f"{folder} holds no report; make it with spritelab compare")
        name = Path(facts["model"]["name"]).name
        text = section((folder / "report.md").read_text("utf-8"), name)
        for picture in re.findall(rf"{PICTURES.as_posix()}/{name}_([^)\s]+)\)", text):
            content = (folder / "pictures" / picture).read_bytes()
            write_file(page.parent / PICTURES / f"{name}_{picture}", content)
        whole = place(whole, name, text)
    console.wrote(write_file(page, whole))
    return 0


if __name__ == "__main__":
    sys.exit(main())
