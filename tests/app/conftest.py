"""A page that is served, with the model of the tiny run in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from page_server import open_page, served_below
from starlette.testclient import TestClient

from spritelab.app import Served


@pytest.fixture
def served(tiny_run: Path, tmp_path: Path) -> Served:
    """A folder of runs with one that is finished, ``tiny``."""
    runs = tmp_path / "runs"
    shutil.copytree(tiny_run, runs / "tiny")
    return served_below(runs)


@pytest.fixture
def client(served: Served) -> TestClient:
    """Who has opened the page; no run's turn comes by itself."""
    return open_page(served)
