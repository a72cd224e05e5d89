"""``tools.web_pictures``: the page as a visitor sees it, in three pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from programs import program, script

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_the_page_is_photographed(tiny_run: Path, tmp_path: Path) -> None:
    """In a process of its own: two that drive a browser cannot share one."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program("chromium", "chromium-browser")
    runtime = script("onnxruntime-web/package.json").parent
    words = [str(tiny_run), "--runtime", str(runtime), "--out", str(tmp_path), "--threads", "1"]
    subprocess.run(
        [sys.executable, "-m", "tools.web_pictures", *words], cwd=ROOT, check=True, timeout=600
    )
    shown = {}
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            shown[path.stem] = np.asarray(picture.convert("RGB"))
    assert set(shown) == {"draw-light", "edit-light", "watch-dark"}
    for name, pixels in shown.items():
        assert pixels.shape[1] == 1440
        assert pixels.shape[0] >= 900
        # Between light and dark ground, and of more than text.
        assert (np.median(pixels) > 200) == name.endswith("light")
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 200
