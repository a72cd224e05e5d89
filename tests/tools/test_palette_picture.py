"""``tools.palette_picture``: one row for each palette, and hues turned by half a circle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tiny
from benchmarks.lib import palettes
from spritelab.palette import Palette, to_oklab
from tools import palette_picture


def test_hues_are_turned_by_half_a_circle() -> None:
    given = Palette.from_hex(["#00000000", "#604848ff", "#8090a080", "#777777ff"])
    turned = palette_picture.opposite(given)
    assert turned.has_transparent
    before, after = (to_oklab(p.colours[:, :3]) for p in (given, turned))
    np.testing.assert_allclose(after[:, 0], before[:, 0], atol=0.005)
    np.testing.assert_allclose(after[:, 1:], -before[:, 1:], atol=0.005)
    assert turned.colours[:, 3].tolist() == given.colours[:, 3].tolist()


def test_a_row_for_each_palette(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tiny.tiny_settings(
        data__palette=17, training__prediction="palette", training__steps=2
    )
    run = tiny.train_whole(settings, tmp_path / "run", tiny.tiny_set())
    out = tmp_path / "palettes.png"
    words = [str(run), "--out", str(out), "-n", "6", "--device", "cpu"]
    assert palette_picture.main([*words, "--threads", "1"]) == 0
    assert str(out) in capsys.readouterr().out
    with Image.open(out) as picture:
        shown = np.asarray(picture.convert("RGB"))
    # Five titles above rows of 6 sprites of 16×16, enlarged four times, 8 pixels apart.
    assert shown.shape[1] == 6 * (64 + 8) + 8
    rows = np.split(shown, 5)
    seen = [{tuple(colour) for colour in row[-72:-8].reshape(-1, 3).tolist()} for row in rows]
    greens, dusk, public = (
        {tuple(colour) for colour in palette.colours[:, :3].tolist()}
        for palette in palettes.public().values()
    )
    page = seen[2] - greens
    assert len(page) <= 3  # the two of the ground, and the page between the sprites
    assert seen[2] & greens
    assert seen[3] & dusk
    assert seen[3] <= dusk | page
    assert seen[4] & public
    assert seen[4] <= public | page
    assert seen[0] - page != seen[1] - page


def test_a_model_without_a_palette_head_is_refused(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "palettes.png"
    assert palette_picture.main([str(tiny_run), "--out", str(out), "--device", "cpu"]) == 2
    assert "no palette head" in capsys.readouterr().err
    assert not out.exists()
