"""``spritelab data pack``: one file, which every command takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spritelab
from spritelab.cli import main
from tiny import Refused, save_npz, tiny_set


def test_a_set_is_packed_and_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refused: Refused,
) -> None:
    monkeypatch.chdir(tmp_path)
    sprites = tiny_set(40)
    save_npz(sprites, tmp_path / "mine.npz")
    assert main(["data", "pack", "mine.npz", "-n", "30", "--size", "32", "--out", "p.npz"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "wrote p.npz\n"
    assert "packed: 30 RGBA sprites of 32×32, 0.1 MiB" in shown.err
    found = spritelab.load_sprites("p.npz")
    np.testing.assert_array_equal(found.images[:, ::2, ::2], sprites.images[np.arange(30) * 4 // 3])
    assert found.class_names == sprites.class_names
    before = Path("p.npz").read_bytes()
    assert refused("data", "pack", "mine.npz", "--out", "p.npz") == (
        "p.npz exists already; choose another --out, or --overwrite it"
    )
    assert refused("data", "pack", "mine.npz", "--out", "p.zip").endswith("must end so")
    assert Path("p.npz").read_bytes() == before
    assert main(["data", "inspect", "p.npz"]) == 0
    assert main(["data", "pack", "mine.npz", "--overwrite", "--out", "p.npz"]) == 0
    assert spritelab.load_sprites("p.npz").size == 16
