from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprite_files import Pixels, random_sprites
from spritelab.errors import DataError, SettingsError
from spritelab.sheets import cut


def lay_out(
    cells: Pixels, columns: int, margin: int, spacing: int, trailing: bool = False
) -> Pixels:
    """Build the sheet that ``cut`` should take apart, pixel by pixel."""
    n, tile, _, channels = cells.shape
    rows = -(-n // columns)
    extra = 0 if trailing else spacing
    step = tile + spacing
    shape = (2 * margin + rows * step - extra, 2 * margin + columns * step - extra, channels)
    sheet = np.zeros(shape, dtype=np.uint8)
    for i, cell in enumerate(cells):
        y, x = margin + i // columns * step, margin + i % columns * step
        sheet[y : y + tile, x : x + tile] = cell
    return sheet


@given(
    tile=st.integers(2, 9),
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
    margin=st.integers(0, 5),
    spacing=st.integers(0, 5),
    trailing=st.booleans(),
    channels=st.sampled_from([3, 4]),
)
def test_cutting_undoes_laying_out(
    tile: int, rows: int, columns: int, margin: int, spacing: int, trailing: bool, channels: int
) -> None:
    cells = random_sprites(rows * columns, tile, channels)
    cells[:, 0, 0] = 255  # no cell is empty
    cells[:, 0, 1] = 254
    got = cut(lay_out(cells, columns, margin, spacing, trailing), tile, margin, spacing)
    np.testing.assert_array_equal(got.images, cells)
    assert (got.empty, got.strip) == ([], (0, 0))
    assert got.places == [(r, c) for r in range(rows) for c in range(columns)]


def test_empty_cells_are_left_out() -> None:
    cells = random_sprites(6, 8)
    cells[1] = 0
    cells[2] = (200, 30, 90, 255)  # one plain colour
    cells[4, ..., 3] = 0  # transparent, though noise lies hidden under it
    cells[4, ..., :3] = random_sprites(1, 8, 3)[0]
    got = cut(lay_out(cells, 3, 0, 0), 8)
    np.testing.assert_array_equal(got.images, cells[[0, 3, 5]])
    assert got.places == [(0, 0), (1, 0), (1, 2)]
    assert got.empty == [(0, 1), (0, 2), (1, 1)]


def test_a_cell_with_a_single_drawn_pixel_is_kept() -> None:
    cells = np.zeros((1, 8, 8, 4), dtype=np.uint8)
    cells[0, 7, 7] = (1, 2, 3, 255)
    np.testing.assert_array_equal(cut(cells[0], 8).images, cells)


@pytest.mark.parametrize(
    ("tile", "margin", "spacing"), [(5, 0, 0), (8, 1, 0), (8, 0, 3), (17, 0, 0)]
)
def test_a_grid_that_does_not_fit_is_refused(tile: int, margin: int, spacing: int) -> None:
    with pytest.raises(DataError, match=r"16×16 pixels.*`tile`, `margin` and `spacing`"):
        cut(np.zeros((16, 16, 4), dtype=np.uint8), tile, margin, spacing)


@pytest.mark.parametrize(
    ("tile", "margin", "spacing"), [(0, 0, 0), (-8, 0, 0), (8, -1, 0), (8, 0, -1)]
)
def test_impossible_lengths_are_refused(tile: int, margin: int, spacing: int) -> None:
    with pytest.raises(SettingsError):
        cut(np.zeros((16, 16, 4), dtype=np.uint8), tile, margin, spacing)
