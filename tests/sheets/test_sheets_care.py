"""Padding and colour keys, pixel by pixel; grids with two axes and leftovers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sprite_files import random_sprites
from spritelab.errors import DataError
from spritelab.sheets import clear_colours, cut, pad, plain_border, plain_key


@pytest.mark.parametrize(("anchor", "left", "top"), [("centre", 2, 1), ("bottom", 2, 2)])
def test_padding_places_sprites(anchor: Any, left: int, top: int) -> None:
    sprites = random_sprites(3, 8)[:, :6, :3]
    got = pad(sprites, 8, anchor)
    wanted = np.zeros((3, 8, 8, 4), dtype=np.uint8)
    wanted[:, top : top + 6, left : left + 3] = sprites
    np.testing.assert_array_equal(got, wanted)


def test_padding_refuses_what_does_not_fit() -> None:
    with pytest.raises(DataError, match="8×8 sprites do not fit into 7×7"):
        pad(random_sprites(1, 8), 7)
    with pytest.raises(DataError, match="RGBA"):
        pad(random_sprites(1, 8, 3), 16)


def test_a_colour_key_hides_exactly_its_colour() -> None:
    image = random_sprites(1, 8)[0]
    image[..., 3] = 255
    image[2, 3] = image[5, 5] = (255, 0, 255, 255)
    image[0, 0] = (254, 0, 255, 255)
    image[1, 1] = (9, 8, 7, 255)
    got = clear_colours(image, [(255, 0, 255), (9, 8, 7)])
    hidden = np.zeros((8, 8), dtype=bool)
    hidden[[2, 5, 1], [3, 5, 1]] = True
    np.testing.assert_array_equal(got[..., 3] == 0, hidden)
    np.testing.assert_array_equal(got[~hidden], image[~hidden])
    assert (got[hidden] == 0).all()


def test_a_plain_key_is_told() -> None:
    image = random_sprites(1, 10, 3)[0]
    image = np.dstack([image, np.full((10, 10), 255, dtype=np.uint8)])
    assert plain_key(image) is None
    image[:1] = (255, 0, 255, 255)
    assert plain_key(image) == (255, 0, 255)
    image[9, 9, 3] = 0  # it has transparency of its own
    assert plain_key(image) is None
    assert plain_key(np.full((4, 4, 4), 255, dtype=np.uint8)) is None


def test_a_plain_border_is_told() -> None:
    sprites = random_sprites(10, 8, 3)
    assert plain_border(sprites) is None
    sprites[:, [0, -1]] = sprites[:, :, [0, -1]] = (1, 2, 3)
    assert plain_border(sprites) == (1, 2, 3)
    sprites[:2, 0, 0] = 77
    assert plain_border(sprites) is None


def test_cells_gaps_and_offsets_by_axis() -> None:
    cells = random_sprites(6, 8)[:, :5]  # 8 wide, 5 high
    cells[:, 0, 0], cells[:, 0, 1] = 255, 254
    sheet = np.zeros((3 + 1 + 2 * 5 + 2 + 1, 4 + 2 + 3 * 8 + 2 * 1 + 2, 4), dtype=np.uint8)
    for i, cell in enumerate(cells):
        y, x = 3 + 1 + i // 3 * 7, 4 + 2 + i % 3 * 9
        sheet[y : y + 5, x : x + 8] = cell
    got = cut(sheet, (8, 5), (2, 1), (1, 2), offset=(4, 3))
    np.testing.assert_array_equal(got.images, cells)


@pytest.mark.parametrize("spacing", [0, 1])
def test_leftovers_are_refused_dropped_or_kept(spacing: int) -> None:
    cells = random_sprites(6, 8)
    cells[:, 0, 0], cells[:, 0, 1] = 255, 254
    step = 8 + spacing
    sheet = np.zeros((2 * step, 3 * step, 4), dtype=np.uint8)
    for i, cell in enumerate(cells):
        y, x = i // 3 * step, i % 3 * step
        sheet[y : y + 8, x : x + 8] = cell
    sheet = sheet[: 2 * step - spacing, : 2 * step + 5]  # the last column is 5 pixels wide
    with pytest.raises(DataError, match=r"do not fill its .* `leftover=drop`"):
        cut(sheet, 8, 0, spacing)
    dropped = cut(sheet, 8, 0, spacing, leftover="drop")
    np.testing.assert_array_equal(dropped.images, cells[[0, 1, 3, 4]])
    assert dropped.strip == (5, 0)
    kept = cut(sheet, 8, 0, spacing, leftover="keep")
    wanted = cells.copy()
    wanted[[2, 5], :, 5:] = 0
    np.testing.assert_array_equal(kept.images, wanted)
    assert kept.strip == (0, 0)


@pytest.mark.parametrize("leftover", ["drop", "keep"])
def test_a_sheet_smaller_than_a_cell(leftover: Any) -> None:
    sheet = random_sprites(1, 6)[0]
    if leftover == "drop":
        with pytest.raises(DataError, match="do not fill"):
            cut(sheet, 8, leftover=leftover)
    else:
        assert cut(sheet, 8, leftover=leftover).images.shape == (1, 8, 8, 4)
