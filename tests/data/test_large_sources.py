"""A folder of 10,000 files and a sheet of 8192×8192 pixels, read in bounded memory, with progress.

Each is read by a process of its own, whose largest memory Linux counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sprite_files import png, random_sprites, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is counted by Linux"),
]

READ = """
import json, re, sys
from pathlib import Path
from spritelab import data
from spritelab.progress import Progress

told = []
how = json.loads(sys.argv[2])
sprites = data.load(sys.argv[1], progress=Progress(lambda *now: told.append(now)), **how)
facts = data.inspect(sprites) if not how else None
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
print(json.dumps({
    "shape": sprites.images.shape,
    "sum": int(sprites.images.sum()),
    "distinct": facts and facts.distinct,
    "left_out": {one.reason: len(one) for one in sprites.left_out},
    "told": told,
    "peak": int(peak) / 1024,
}))
"""


def read(path: Path, **how: Any) -> dict[str, Any]:
    """What a fresh process finds at ``path``, and its largest memory in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), json.dumps(how)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_ten_thousand_files(tmp_path: Path) -> None:
    sprites = random_sprites(100, 16)
    sprites[..., :3] &= 0x80  # few colours: how noise is reduced is measured elsewhere
    encoded = [png(sprite) for sprite in sprites]
    for k in range(10_000):
        write(tmp_path / f"class {k % 7}" / f"sprite {k:05}.png", encoded[k % 100])
    write(tmp_path / "read me.txt", b"hello")
    found = read(tmp_path)
    assert found["shape"] == [10_000, 16, 16, 4]
    assert found["sum"] == 100 * int(sprites.sum())
    assert found["distinct"] == 100
    assert found["left_out"] == {"no images of a kind that is read": 1}
    counts = [done for done, total, _ in found["told"] if total == 10_000]
    assert counts == list(range(10_001))
    assert found["peak"] < 400  # with Python, numpy and pillow; the sprites are 10


def test_a_sheet_of_65536_tiles(tmp_path: Path) -> None:
    """16 bytes a pixel: the picture, what is decoded of it, its cells, and the sprites."""
    side, tile = 8192, 32
    numbers = np.arange((side // tile) ** 2).reshape(side // tile, side // tile)
    sheet = np.zeros((side, side), dtype=np.uint8)
    sheet[3::tile, 4::tile] = 1 + numbers % 200  # every tile has its own pixel or two
    sheet[5::tile, 6::tile] = 1 + numbers // 200 % 200
    sheet[0::tile, 0::tile] = 255
    image = Image.fromarray(sheet, mode="P")
    colours = np.random.default_rng(0).integers(1, 256, (256, 3), dtype=np.uint8)
    image.putpalette(colours.tobytes())
    image.save(tmp_path / "sheet.png", transparency=0)
    found = read(tmp_path / "sheet.png", tile=tile)
    assert found["shape"] == [65_536, tile, tile, 4]
    shown = np.bincount(sheet.ravel(), minlength=256)
    shown[0] = 0
    assert found["sum"] == int((shown * (colours.sum(axis=1, dtype=np.int64) + 255)).sum())
    assert found["told"][0][:2] == [0, 1]
    assert found["told"][-1][:2] == [1, 1]
    assert found["peak"] < 16 * 64 + 200
