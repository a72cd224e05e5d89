"""The site of documentation and page: each leads to the other, and the page draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from programs import Serve, script

pytest.importorskip("mkdocs", reason="the site needs the extra `docs`")

from tools.site import build

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runtime = script("onnxruntime-web/package.json").parent
    return build(tmp_path_factory.mktemp("made") / "site", runtime)


def test_documentation_and_page_lead_to_each_other(page: Any, site: Path, serve: Serve) -> None:
    page.set_default_timeout(120_000)
    address = serve(site)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/web/")
    page.get_by_role("link", name="Draw in your browser").first.click()
    page.wait_for_function("document.querySelectorAll('.tile:not([disabled])').length === 20")
    assert page.url.startswith(f"{address}/play/#draw?model=crawl-16-quick&")
    page.get_by_role("link", name="Watch").click()
    page.get_by_text("Choose another model to watch").wait_for()
    page.get_by_label("Model", exact=True).select_option("crawl-16")
    page.locator(".source a", has_text="spritelab.diffusion.ddpm_steps").click()
    page.wait_for_url("**/reference/diffusion/#*")
    page.locator(f"[id='{page.url.split('#')[1]}']").wait_for(state="attached")
    page.go_back()
    page.get_by_role("link", name="Documentation").click()
    page.locator("h1", has_text="spritelab").wait_for()
    assert all(url.startswith((address, "blob:", "data:")) for url in asked)
