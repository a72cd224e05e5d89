"""The site of the documentation: links, the reference's pages, and the strict build."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from test_rooms import ROOMS

pytest.importorskip("mkdocs", reason="the site needs the extra `docs`")

from tools import docs_site

ROOT = docs_site.ROOT


@pytest.mark.parametrize(
    ("link", "origin", "expected"),
    [
        ("docs/data.md", "README.md", "data.md"),
        ("docs/recipe.md#fine-tuning", "README.md", "recipe.md#fine-tuning"),
        ("../README.md", "docs/data.md", "index.md"),
        ("data.md#palettes", "docs/evaluation.md", "data.md#palettes"),
        ("../recipe.md", "docs/pictures/README.md", "../recipe.md"),
        ("docs/pictures/builtin.png", "README.md", "pictures/builtin.png"),
        ("src/spritelab/diffusion", "README.md", "reference/diffusion.md"),
        ("../examples", "docs/guide.md", "examples.md"),
        (
            "../../src/spritelab/shipped/crawl-16/README.md",
            "docs/pictures/README.md",
            "../models/crawl-16.md",
        ),
        (
            "../src/spritelab/training/muon.py",
            "docs/recipe.md",
            "source/src/spritelab/training/muon.py.md",
        ),
        ("https://example.org/README.md", "README.md", "https://example.org/README.md"),
        ("#results", "docs/benchmarks.md", "#results"),
        ("missing.md", "docs/benchmarks.md", "missing.md"),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(
    link: str, origin: str, expected: str
) -> None:
    assert docs_site.relink(f"see [it]({link}).", origin) == f"see [it]({expected})."


def test_a_link_in_code_is_left_alone() -> None:
    code = "```md\n[it](docs/data.md)\n```\n"
    assert docs_site.relink(code, "README.md") == code


def test_the_reference_has_a_page_for_every_room() -> None:
    found = docs_site.rooms()
    assert len(set(found)) == len(found)
    there = {room for room in ROOMS if importlib.util.find_spec(f"spritelab.{room}") is not None}
    assert there - {docs_site.COMMANDS} <= set(found)


def test_a_room_page_names_what_the_room_makes_public() -> None:
    page = docs_site.reference("diffusion")
    assert "::: spritelab.diffusion\n" in page
    assert re.search(r"members: \[Schedule, .*ddim_steps", page)
    # The function, not the module of its name.
    assert "::: spritelab.diffusion.denoiser.denoiser\n" in page


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    for plugin in ("material", "mkdocstrings_handlers.python", "griffe_pydantic"):
        pytest.importorskip(plugin, reason="the site needs the extra `docs`")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    start = (tmp_path / "index.html").read_text("utf-8")
    assert not re.search(r'<(script|link|img)[^>]*(src|href)="(https?:)?//', start)
    assert (tmp_path / "reference" / "diffusion" / "index.html").is_file()
    assert 'id="spritelab.diffusion.ddim_steps"' in (
        tmp_path / "reference" / "diffusion" / "index.html"
    ).read_text("utf-8")
