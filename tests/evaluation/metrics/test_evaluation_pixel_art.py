"""Colours, partly transparent pixels and stray pixels, drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spritelab.data.inspection import colours_per_sprite
from spritelab.errors import DataError
from spritelab.evaluation.metrics import (
    partly_transparent_share,
    stray_pixels,
)
from spritelab.pixels import Images

RED, BLUE = (200, 0, 0), (0, 0, 200)


def drawn(rows: list[str], alpha: bool = True) -> Images:
    """A sprite from a picture: '#' red, 'b' blue, 'o' half transparent red, ' ' nothing."""
    colours = {
        "#": (*RED, 255),
        "b": (*BLUE, 255),
        "o": (*RED, 127),
        "O": (*RED, 128),
        " ": (255, 255, 255, 0),
    }
    sprite = np.array([[colours[c] for c in row] for row in rows], dtype=np.uint8)[None]
    return sprite if alpha else sprite[..., :3]


SHAPE = [
    "#    ",
    "  ## ",
    " b#  ",
    "     ",
    "o   #",
]


def test_colours_are_counted_where_they_show() -> None:
    assert colours_per_sprite(drawn(SHAPE)).tolist() == [2]  # red, blue
    assert colours_per_sprite(drawn(SHAPE, alpha=False)).tolist() == [3]  # and white
    both = np.concatenate([drawn(["#b"]), drawn(["  "])])
    assert colours_per_sprite(both).tolist() == [2, 0]


def test_partly_transparent_share_is_of_all_pixels() -> None:
    assert partly_transparent_share(drawn(SHAPE)).tolist() == [1 / 25]
    assert partly_transparent_share(drawn(["oO", "# "])).tolist() == [0.5]
    assert partly_transparent_share(drawn(SHAPE, alpha=False)).tolist() == [0]


def test_stray_pixels_have_no_solid_neighbour_even_diagonally() -> None:
    assert stray_pixels(drawn(SHAPE)).tolist() == [2]  # two corners; 'o' is not solid
    assert stray_pixels(drawn(["# ", " #"])).tolist() == [0]
    assert stray_pixels(drawn(["O  ", "   ", "  #"])).tolist() == [2]
    assert stray_pixels(drawn(["  ", "  "])).tolist() == [0]


def test_the_edges_of_a_sprite_do_not_touch_each_other() -> None:
    assert stray_pixels(drawn(["#   #", "     ", "     ", "#   #"])).tolist() == [4]


def test_without_alpha_the_background_is_empty_give_or_take_eight_levels() -> None:
    image = np.full((1, 5, 5, 3), 255, dtype=np.uint8)
    image[0, 1, 1] = (247, 255, 250)
    image[0, 3, 3] = (246, 255, 255)
    assert stray_pixels(image).tolist() == [1]
    assert stray_pixels(image, background=(246, 255, 255)).tolist() == [0]


def test_other_arrays_are_refused() -> None:
    with pytest.raises(DataError):
        stray_pixels(np.zeros((2, 4, 4, 3)))  # type: ignore[arg-type]
    with pytest.raises(DataError):
        partly_transparent_share(np.zeros((4, 4, 4), dtype=np.uint8))
