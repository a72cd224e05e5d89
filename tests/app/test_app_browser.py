"""The served page in Chromium: sprites are chosen, learnt, watched, stopped, resumed, drawn."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from page_server import served_below

import tiny
from programs import script
from spritelab.app import Served, build_app, trainings
from spritelab.app.guard import Door
from spritelab.app.server import listen
from spritelab.pictures import save_png

pytestmark = pytest.mark.engine

SECONDS = 120_000  # of a machine that has other work too


@pytest.fixture
def served(tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Runs with one that is finished; those that are begun have a tiny network."""
    named = {**tiny.TINY, "training.max_minutes": 10, "training.steps": None}

    def short(_: Any, path: Path) -> dict[str, Any]:
        own = {"data.source": str(path), **named, "training.sample_every": 4}
        return {"preset": "rgba", "named": own, "init": None}

    monkeypatch.setattr(trainings, "settings_of", short)
    shutil.copytree(tiny_run, tmp_path / "runs" / "tiny")
    return served_below(tmp_path / "runs")


@pytest.fixture
def address(served: Served) -> Iterator[str]:
    with listen("127.0.0.1", 0) as listening:
        door = Door("127.0.0.1", listening.getsockname()[1])
        settings = uvicorn.Config(build_app(served, door), log_level="error", access_log=False)
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield door.address
        server.should_exit = server.force_exit = True
        thread.join(10)


@pytest.fixture
def art(tmp_path: Path) -> Path:
    folder = tmp_path / "my art"
    sprites = tiny.tiny_set(24)
    for i, image in enumerate(sprites.images):
        save_png(image, folder / sprites.class_names[sprites.labels[i]] / f"{i}.png")
    return folder


def choose(page: Any, button: str, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).click()
    chooser.value.set_files(path)


def test_a_folder_is_learnt(address: str, page: Any, art: Path) -> None:
    page.set_default_timeout(SECONDS)
    page.goto(address)
    assert "token" not in page.url
    page.get_by_role("link", name="Train").click()
    choose(page, "Folder …", art)
    page.locator(".contact").wait_for()
    assert "24 sprites" in page.locator(".set").inner_text()
    assert page.get_by_label("Name").input_value() == "my art"
    page.get_by_label("Begin from").select_option("")  # the tiny network is none of theirs
    page.get_by_role("button", name="Train").click()
    run = page.locator(".run", has=page.get_by_role("heading", name="my art"))
    run.locator("svg.loss").wait_for()
    run.locator("figure img").wait_for()
    page.reload()  # in the middle: the run goes on, and all of its curve comes again
    run.locator("svg.loss").wait_for()
    run.get_by_role("button", name="Stop").click()
    run.get_by_role("button", name="Go on").click()
    run.get_by_role("button", name="Stop").click()
    run.get_by_role("button", name="Go on").wait_for()
    run.get_by_role("link", name="Draw").click()
    page.locator(".tile:not(:disabled)").first.wait_for()
    assert page.locator("#model").input_value() == "my art"
    page.get_by_role("link", name="Train").click()
    run.get_by_role("button", name="Remove").click()
    run.get_by_role("button", name="Remove for good").click()
    run.wait_for(state="detached")
    page.locator("#model option", has_text="my art").wait_for(state="detached")


def test_what_is_wrong_is_said_beside_its_field(
    browser: Any, address: str, art: Path, tmp_path: Path
) -> None:
    page = browser.new_page()  # whose console tells of every refusal
    page.set_default_timeout(SECONDS)
    page.goto(address)
    page.get_by_role("link", name="Train").click()
    (tmp_path / "words.zip").write_text("no archive")
    choose(page, "File …", tmp_path / "words.zip")
    page.locator("#train-file-error", has_text="not a whole zip archive").wait_for()
    choose(page, "Folder …", art)
    page.locator(".contact").wait_for()
    page.get_by_label("Name").fill("tiny")
    page.get_by_label("Minutes").fill("0")
    page.get_by_role("button", name="Train").click()
    page.locator("#train-minutes-error", has_text="greater than 0").wait_for()
    assert page.evaluate("document.activeElement.id") == "train-minutes"
    page.get_by_label("Minutes").fill("1")
    page.get_by_role("button", name="Train").click()
    page.locator("#train-name-error", has_text="already").wait_for()
    assert page.get_by_label("Name").get_attribute("aria-invalid") == "true"
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, address: str, art: Path, theme: str) -> None:
    source = script("axe-core/axe.min.js").read_text("utf-8")
    context = browser.new_context(color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    page.goto(address)
    page.get_by_role("link", name="Train").click()
    choose(page, "Folder …", art)
    page.locator(".contact").wait_for()
    page.add_script_tag(content=source)
    found = page.evaluate(
        "async () => (await axe.run()).violations.map(v => [v.id, v.nodes[0].html])"
    )
    context.close()
    assert found == []


def test_two_pages_draw_at_once(browser: Any, address: str) -> None:
    context = browser.new_context()
    pages = [context.new_page() for _ in range(2)]
    for page in pages:
        page.set_default_timeout(SECONDS)
        page.goto(address)
    for page in pages:
        page.locator(".tile:not(:disabled)").nth(19).wait_for()
    pages[0].close()
    pages[1].get_by_role("button", name="Draw").click()
    pages[1].locator(".tile:not(:disabled)").nth(19).wait_for()
    context.close()


def test_the_page_watches_by_the_server(address: str, page: Any) -> None:
    page.set_default_timeout(SECONDS)
    page.goto(address)
    page.get_by_role("link", name="Watch").click()
    page.locator(".cost", has_text="50 evaluations").first.wait_for()
