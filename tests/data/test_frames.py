"""Frames in files of their own stay together, and numbered strangers do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sprite_files import png, random_sprites, write
from spritelab import data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two walks of three frames that differ in a few pixels, and three strangers in a row."""
    for name, seed in (("hero/walk_{}.png", 0), ("hero/run ({}).png", 1)):
        sprite = random_sprites(1, 16, seed=seed)[0]
        for k in range(9, 12):  # 9, 10, 11: by value, not by letter
            sprite = sprite.copy()
            sprite[k - 8] = (200, k, 0, 255)
            write(tmp_path / name.format(k), png(sprite))
    for k, sprite in enumerate(random_sprites(3, 16, seed=2)):
        write(tmp_path / f"item/tile_{k:04}.png", png(sprite))
    return tmp_path


@pytest.mark.parametrize(("which", "groups"), [("auto", 2 + 3), ("all", 3), ("off", 9)])
def test_groups_by_number(folder: Path, which: Any, groups: int) -> None:
    found = data.load(folder, frames=which)
    by_id = dict(zip(found.ids, found.groups.tolist(), strict=True))
    assert len(set(by_id.values())) == groups
    if which != "off":
        assert by_id["hero/walk_9.png"] == by_id["hero/walk_10.png"] == by_id["hero/walk_11.png"]
        assert by_id["hero/walk_9.png"] != by_id["hero/run (9).png"]


def test_frames_stay_on_one_side(folder: Path) -> None:
    found = data.load(folder)
    for seed in range(5):
        training, held_out = found.split(0.4, seed)
        assert not set(training.groups.tolist()) & set(held_out.groups.tolist())


def test_a_common_ground_is_not_what_is_alike(tmp_path: Path) -> None:
    """Small strangers on white share most of their pixels, but none of what is drawn."""
    for k, sprite in enumerate(random_sprites(3, 4, 3)):
        page = np.full((16, 16, 3), 255, dtype=np.uint8)
        page[6:10, 6:10] = sprite
        write(tmp_path / f"{k}.png", png(page))
    assert len(set(data.load(tmp_path).groups.tolist())) == 3
