"""A browser, a server and sprites for the tests that open sheets elsewhere."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_programs import Serve, Sprites, program


@pytest.fixture(scope="session")
def sprites() -> Sprites:
    return Sprites()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a folder on this machine and return its address."""
    servers: list[http.server.ThreadingHTTPServer] = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    def start(folder: Path) -> str:
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window, drawing by software."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = program("chromium", "chromium-browser", "google-chrome")
    with sync_api.sync_playwright() as play:
        flags = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
        chromium = play.chromium.launch(
            executable_path=path, args=[*flags, "--enable-unsafe-swiftshader"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page; what it writes to its console as an error or a warning fails the test."""
    opened = browser.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield opened
    opened.close()
    assert complaints == []
