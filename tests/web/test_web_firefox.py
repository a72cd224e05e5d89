"""The page in Firefox, where it is installed: drawn, filled in, kept, watched."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from programs import MODULES, Serve, program, script
from spritelab.generate import Model

pytestmark = pytest.mark.engine


def test_the_main_path_in_firefox(
    small: list[Model], small_folder: Path, serve: Serve, tmp_path: Path
) -> None:
    firefox, node = program("firefox-esr", "firefox"), program("node")
    script("puppeteer-core/package.json")
    # Modules are looked for beside the script.
    (tmp_path / "node_modules").symlink_to(MODULES.resolve())
    here = shutil.copy(Path(__file__).with_name("firefox.mjs"), tmp_path)
    command = [node, str(here), firefox, serve(small_folder)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["version"].startswith("firefox/")
    assert told["complaints"] == []
    drawn = np.array(told["drawn"], np.uint8).reshape(-1, 16, 16, 4)
    expected = small[1].sample(3, seed=3, label="disc").images
    assert (drawn != expected).any(axis=-1).mean() < 0.01
    assert told["selected"] == "2 pixels selected"
    filled = np.array(told["filled"], np.uint8).reshape(-1, 16, 16, 4)
    mask = np.zeros((16, 16), bool)
    mask[8, 8:10] = True
    assert (filled == drawn[1])[:, ~mask].all()
    assert told["dots"] == 5 + 4
    assert told["kept"] == [told["filled"][0]]
