"""Photograph the page of ``spritelab export web`` for ``docs/web.md``: Draw, Edit and Watch.

    python -m tools.web_pictures builtin-16 crawl-16
    python -m tools.web_pictures runs/mine --runtime .venv/engines/node_modules/onnxruntime-web

The first model draws; the others are there to be chosen. It does by keys and pointer what a visitor
would. It needs playwright, Chromium and npm's onnxruntime-web (``make engines``).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.lib import console, harness
from benchmarks.lib.browser import chromium, on_pixel, served, wait_for_drawing
from spritelab.generate import Model, load_model
from spritelab.storage import write_file
from spritelab.web import export_web

MODULE = "tools.web_pictures"

WIDTH, HEIGHT = 1440, 900
PATIENCE = 300_000
"""Milliseconds for any drawing, on the slowest machine."""

MASK = ((8, 4), (15, 11))
"""Pixels, as (column, row): from and to where a part is drawn anew, both included."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pictures; the exit status of ``harness.guarded``.

    Args:
        argv: the command line; None takes that of the process.
    """
    return harness.guarded(lambda: _main(argv))


def photograph(models: Sequence[Model], runtime: str | None) -> dict[str, bytes]:
    """The page with these models: the PNG of each picture, by its name."""
    found: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        page = export_web(models, Path(folder) / "page", runtime=runtime)
        with served(page) as address, chromium() as browser:
            label = quote(models[0].class_names[0])
            for name, theme, place, show in (
                ("draw-light", "light", "draw?seed=12&n=24", _draw),
                ("edit-light", "light", "draw?seed=12&n=4", _edit),
                ("watch-dark", "dark", f"watch?seed=12&ddpm=50&ddim=10&label={label}", _watch),
            ):
                opened = browser.new_page(
                    viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=theme
                )
                opened.set_default_timeout(PATIENCE)
                opened.goto(f"{address}/#{place}")
                show(opened)
                opened.mouse.move(0, 0)
                found[name] = opened.screenshot(full_page=True)
                opened.close()
    return found


def _draw(page: Any) -> None:
    """Four sprites kept, and one selected."""
    wait_for_drawing(page)
    for number in (1, 3, 8, 10):
        page.click(f"#sprites .tile >> nth={number}")
    page.click("#keep")
    page.click("#sprites .tile >> nth=5")


def _edit(page: Any) -> None:
    """A part of a sprite selected and drawn anew."""
    wait_for_drawing(page)
    page.click("#sprites .tile >> nth=3")
    page.click("#edit")
    page.click("#ways >> text=Fill")
    (left, top), (right, bottom) = MASK
    for row in range(top, bottom + 1):
        page.mouse.move(*on_pixel(page, left, row))
        page.mouse.down()
        page.mouse.move(*on_pixel(page, right, row))
        page.mouse.up()
    page.fill("#edit-count", "7")
    page.click("#edit-go")
    wait_for_drawing(page, "#edit-status")
    page.click("#edits .tile >> nth=1")
    page.evaluate("scrollTo(0, 0)")


def _watch(page: Any) -> None:
    """Both samplers, three fifths of the way."""
    page.wait_for_selector("#paths-panel:not([hidden])")
    page.evaluate(
        "() => { const t = document.querySelector('#t'); t.value = t.max * 0.6;"
        " t.dispatchEvent(new Event('input', {bubbles: true})); }"
    )


def _main(argv: Sequence[str] | None) -> int:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0], reports=False)
    add = parser.add_argument
    add("models", nargs="+", help="runs, folders of models, or names of shipped ones")
    add("--runtime", help="npm's onnxruntime-web; else it is fetched")
    add("--out", type=Path, default=Path("docs/pictures/web"), help="the folder of the pictures")
    given = parser.parse_args(argv)
    device = harness.prepare_device("cpu", given.threads)
    models = [load_model(source, device) for source in given.models]
    for name, content in photograph(models, given.runtime).items():
        console.wrote(write_file(given.out / f"{name}.png", content))
    return 0


if __name__ == "__main__":
    sys.exit(main())
