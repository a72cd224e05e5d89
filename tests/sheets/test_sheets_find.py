"""Sprites found on a sheet without any file."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from sprite_files import Pixels
from spritelab.errors import DataError, SettingsError
from spritelab.sheets import Box, find_sprites
from spritelab.sheets.find import _regions


def sheet(*rows: str) -> Pixels:
    """Pixels that are drawn where a letter stands."""
    picture = np.zeros((len(rows), len(rows[0]), 4), dtype=np.uint8)
    for y, row in enumerate(rows):
        for x, letter in enumerate(row):
            if letter != ".":
                picture[y, x] = (ord(letter), 0, 0, 255)
    return picture


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(5))
def test_regions_are_those_of_scipy(share: float, seed: int) -> None:
    drawn = np.random.default_rng(seed).random((23, 31)) < share
    boxes, counts = _regions(drawn)
    labels, n = ndimage.label(drawn, structure=np.ones((3, 3)))
    wanted = [
        (rows.start, columns.start, rows.stop, columns.stop)
        for rows, columns in ndimage.find_objects(labels)
    ]
    assert len(boxes) == n
    sizes = ndimage.sum_labels(drawn, labels, range(1, n + 1)).astype(int).tolist()
    found = sorted(zip(map(tuple, boxes.tolist()), counts.tolist(), strict=True))
    assert found == sorted(zip(wanted, sizes, strict=True))


def test_reading_order_of_uneven_rows() -> None:
    picture = sheet(
        "......bb....",
        "aaa...bb.ccc",
        "aaa......ccc",
        "aaa......ccc",
        "............",
        "dd....eeee..",
        "dd....eeee..",
        "......eeee..",
    )
    boxes = find_sprites(picture)
    letters = [chr(int(picture[b.y : b.y + b.height, b.x : b.x + b.width, 0].max())) for b in boxes]
    assert letters == list("abcde")
    assert boxes[0] == Box(0, 1, 3, 3)


def test_what_floats_near_belongs_to_it() -> None:
    picture = sheet("aa.....", "aa.....", ".......", "aaa..bb", "aaa..bb")
    assert len(find_sprites(picture, gap=1)) == 3
    assert find_sprites(picture, gap=2) == [Box(0, 0, 3, 5), Box(5, 3, 2, 2)]


def test_growing_into_finished_ones() -> None:
    """The last region's rectangle grows over the first one's."""
    picture = sheet("aa...b", "aa...b", ".....b", "bbbbbb")
    assert find_sprites(picture) == [Box(0, 0, 6, 4)]


def test_specks_are_left_out() -> None:
    picture = sheet("a....", ".....", "..bb.", "..bb.")
    assert find_sprites(picture) == [Box(2, 2, 2, 2)]
    assert len(find_sprites(picture, smallest=1)) == 2


def test_an_opaque_sheet_has_the_ground_of_its_border() -> None:
    picture = np.full((8, 9, 4), (255, 0, 255, 255), dtype=np.uint8)
    picture[2:5, 3:7] = (1, 2, 3, 255)
    picture[0, 0] = (9, 9, 9, 255)
    assert find_sprites(picture) == [Box(3, 2, 4, 3)]


def test_sheets_without_sprites_are_refused() -> None:
    with pytest.raises(DataError, match="nothing on it stands out"):
        find_sprites(np.zeros((4, 4, 4), dtype=np.uint8))
    with pytest.raises(DataError, match="4 pixels or more"):
        find_sprites(sheet("a.."))
    with pytest.raises(SettingsError, match="at least 1"):
        find_sprites(sheet("a.."), gap=0)
    dots = np.zeros((600, 600, 4), dtype=np.uint8)
    dots[::2, ::2, 3] = 255
    with pytest.raises(DataError, match="90,000 separate regions"):
        find_sprites(dots)
