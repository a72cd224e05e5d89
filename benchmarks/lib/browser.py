"""A folder served on this machine, Chromium to open it in, and the page of ``export web`` there."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spritelab.errors import SettingsError


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder by HTTP, to this machine alone; gives the address, without a slash."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium, the system's if there is one; gives a ``playwright`` ``Browser``.

    Raises:
        SettingsError: without playwright.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SettingsError("the browser needs playwright: pip install playwright") from None
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def wait_for_drawing(page: Any, status: str = "#draw-status", timeout: float | None = None) -> None:
    """Wait until a place of the page says how its drawing went, as in "24 sprites · 2 s".

    Args:
        page: an open page of ``spritelab export web``.
        status: the selector of what is said.
        timeout: milliseconds; None is the page's own.
    """
    said = "status => document.querySelector(status).textContent.includes(' · ')"
    page.wait_for_function(said, arg=status, timeout=timeout)


def on_pixel(page: Any, x: int, y: int) -> tuple[float, float]:
    """Where on the page the middle of a pixel of the edited sprite is, one of 16×16."""
    box = page.locator("#easel canvas.sprite").bounding_box()
    return box["x"] + box["width"] * (x + 0.5) / 16, box["y"] + box["height"] * (y + 0.5) / 16
