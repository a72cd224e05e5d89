"""What many tests share: one thread of arithmetic, a tiny run, and a browser."""

from __future__ import annotations

import dataclasses
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import tiny
from programs import Serve, program
from spritelab import generate, runs
from spritelab.cli import main
from spritelab.training import loop

# Sums in another order round differently: with one thread here and in child processes, what is
# compared bit by bit is computed alike. Tiny networks are faster so, too.
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Give one thread back to the tests that follow one which called a benchmark's ``main``."""
    yield
    torch.set_num_threads(1)


@pytest.fixture
def short_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validate with 16 network evaluations instead of 512."""
    monkeypatch.setattr(loop, "validation_losses", tiny.short_validation_losses)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run's folder. It is shared: copy it before you change anything in it."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    run = runs.start_run(tiny.tiny_settings(), folder, sprites=tiny.tiny_set())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "validation_losses", tiny.short_validation_losses)
        for _ in run.train(cpu=True):
            pass
    assert run.finished
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_run: Path) -> generate.Model:
    """The model of ``tiny_run``, with soft edges: hard ones hide most of what it has learnt."""
    model = generate.load_model(tiny_run, "cpu")
    assert model.config.hard_alpha
    config = model.config.model_copy(update={"hard_alpha": False})
    return dataclasses.replace(model, config=config)


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> tiny.Refused:
    """Run a command that must fail; return its one line."""

    def run(*argv: str) -> str:
        capsys.readouterr()
        assert main(list(argv)) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        (line,) = shown.err.splitlines()
        assert line.startswith("error: ")
        return line.removeprefix("error: ")

    return run


@pytest.fixture
def drawn_counts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sprites every call of ``Model.sample`` has drawn."""
    counts: list[int] = []
    sample = generate.Model.sample

    def counted(self: generate.Model, *args: Any, **kwargs: Any) -> generate.SpriteBatch:
        batch = sample(self, *args, **kwargs)
        counts.append(len(batch))
        return batch

    monkeypatch.setattr(generate.Model, "sample", counted)
    return counts


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


@pytest.fixture
def served(tiny_run: Path, tmp_path: Path) -> Any:
    """What `spritelab app` serves: a folder of runs with one that is finished, ``tiny``."""
    from page_server import served_below

    runs = tmp_path / "runs"
    shutil.copytree(tiny_run, runs / "tiny")
    return served_below(runs)


@pytest.fixture
def client(served: Any) -> Any:
    """Who has opened the served page; no run's turn comes by itself."""
    from page_server import open_page

    return open_page(served)
