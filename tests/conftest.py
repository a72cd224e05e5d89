"""What many tests share: one thread of arithmetic, a tiny run, and a browser."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

import tiny
from benchmarks.lib.browser import served as served_folder
from benchmarks.lib.browser import wait_for_drawing
from programs import Serve, program
from spritelab import generate
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
    return tiny.train_whole(tiny.tiny_settings(), folder, tiny.tiny_set())


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
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(served_folder(folder))


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
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The stand-in, which the Hub's client asks in place of the Hub, with an empty cache."""
    from hub_server import TOKEN, StandIn

    found = StandIn()
    monkeypatch.setenv("HF_ENDPOINT", found.address)
    cache = str(tmp_path / "hub-cache")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", cache)
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", cache)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield found
    found.close()


@pytest.fixture
def client(served: Any) -> Any:
    """Who has opened the served page; no run's turn comes by itself."""
    from page_server import open_page

    return open_page(served)


@pytest.fixture(scope="session")
def models() -> dict[str, generate.Model]:
    """The models that come along."""
    from browsing import MODELS

    return {name: generate.load_model(name, "cpu") for name in MODELS}


@pytest.fixture(scope="session")
def folder(models: dict[str, generate.Model], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the models that come along."""
    from page_runtime import installed_runtime

    from spritelab.web import export_web

    runtime = installed_runtime()
    out = tmp_path_factory.mktemp("web") / "page"
    return export_web(list(models.values()), out, runtime=runtime)


@pytest.fixture
def web_address(folder: Path, serve: Serve) -> str:
    """Where that page is served."""
    return serve(folder)


@pytest.fixture
def empty(page: Any, web_address: str) -> Any:
    """The page without what it does by itself."""
    page.route(
        "**/ui/main.js", lambda route: route.fulfill(content_type="text/javascript", body="")
    )
    page.goto(web_address)
    return page


@pytest.fixture(scope="session")
def small(tiny_model: generate.Model) -> list[generate.Model]:
    """Small models: one of hard edges, and one of a palette head, with random weights."""
    from page_runtime import untrained

    config = tiny_model.config.model_copy(update={"hard_alpha": True})
    plain = dataclasses.replace(tiny_model, config=config)
    palette = untrained(tiny_model, "palette")
    return [plain, dataclasses.replace(palette, folder=Path("of-palettes"))]


@pytest.fixture(scope="session")
def small_folder(small: list[generate.Model], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the small models."""
    from page_runtime import installed_runtime

    from spritelab.web import export_web

    return export_web(small, tmp_path_factory.mktemp("web") / "small", runtime=installed_runtime())


@pytest.fixture
def site(page: Any, small_folder: Path, serve: Serve) -> Iterator[str]:
    """The address of a page with the small models, which may ask nothing of other hosts."""
    address = serve(small_folder)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(120_000)
    yield address
    assert all(url.startswith((address, "blob:", "data:")) for url in asked)


@pytest.fixture
def opened(page: Any, site: str) -> Any:
    """The page at work: six sprites are drawn."""
    page.goto(f"{site}/#draw?model=tiny&seed=3&n=6&label=disc")
    wait_for_drawing(page)
    return page
