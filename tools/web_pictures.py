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
from benchmarks.lib.browser import chromium, served
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
            for name, theme, show in (
                ("draw-light", "light", _draw),
                ("edit-light", "light", _edit),
                ("watch-dark", "dark", _watch),
            ):
                opened = browser.new_page(
                    viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=theme
                )
                opened.set_default_timeout(PATIENCE)
                show(opened, address, models[0])
                opened.mouse.move(0, 0)
                found[name] = opened.screenshot(full_page=True)
                opened.close()
    return found


def _draw(page: Any, address: str, _: Model) -> None:
    """24 sprites, four of them kept and one selected."""
    page.goto(f"{address}/#draw?seed=12&n=24")
    _until(page, "#draw-status")
    for number in (1, 3, 8, 10):
        page.click(f"#sprites .tile >> nth={number}")
    page.click("#keep")
    page.click("#sprites .tile >> nth=5")


def _edit(page: Any, address: str, _: Model) -> None:
    """A part of a sprite selected and drawn anew."""
    page.goto(f"{address}/#draw?seed=12&n=4")
    _until(page, "#draw-status")
    page.click("#sprites .tile >> nth=3")
    page.click("#edit")
    page.click("#ways >> text=Fill")
    box = page.locator("#easel canvas.sprite").bounding_box()
    (left, top), (right, bottom) = MASK
    for row in range(top, bottom + 1):
        y = box["y"] + box["height"] * (row + 0.5) / 16
        page.mouse.move(box["x"] + box["width"] * (left + 0.5) / 16, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * (right + 0.5) / 16, y)
        page.mouse.up()
    page.fill("#edit-count", "7")
    page.click("#edit-go")
    _until(page, "#edit-status")
    page.click("#edits .tile >> nth=1")
    page.evaluate("scrollTo(0, 0)")


def _watch(page: Any, address: str, model: Model) -> None:
    """Both samplers, half way."""
    label = quote(model.class_names[0])
    page.goto(f"{address}/#watch?seed=12&ddpm=50&ddim=10&label={label}")
    page.wait_for_selector("#paths-panel:not([hidden])")
    page.evaluate(
        "() => { const t = document.querySelector('#t'); t.value = t.max * 0.6;"
        " t.dispatchEvent(new Event('input', {bubbles: true})); }"
    )


def _until(page: Any, status: str) -> None:
    page.wait_for_function(
        "status => document.querySelector(status).textContent.includes(' · ')", arg=status
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
