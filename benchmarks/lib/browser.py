"""A folder served on this machine, and Chromium to open it in."""

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
