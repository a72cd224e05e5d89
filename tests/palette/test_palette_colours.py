"""Palettes: one order, hex in and out, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.palette import Palette, to_oklab

CODES = ("#00000000", "#000000ff", "#3b0000ff", "#0000ff80", "#0000ffff", "#ffffffff")
"""Transparent, then dark to light; the two blues, which are equally light, by their bytes."""


def test_the_order() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        palette = Palette.from_hex([CODES[i] for i in rng.permutation(len(CODES))])
        assert palette.hex == CODES
    colours = Palette(rng.integers(0, 256, (300, 3), dtype=np.uint8)).colours
    assert (np.diff(to_oklab(colours)[:, 0]) >= 0).all()


def test_repeated_and_hidden_colours_are_one() -> None:
    palette = Palette(np.array([(9, 9, 9, 255), (1, 2, 3, 0), (9, 9, 9, 255), (0, 0, 0, 0)], "u1"))
    assert palette.colours.tolist() == [[0, 0, 0, 0], [9, 9, 9, 255]]
    assert palette.has_transparent
    assert len(palette) == 2


def test_hex_in_and_out() -> None:
    rgb = Palette.from_hex(["#FFCCaa", "1d2b53"])
    assert (rgb.channels, rgb.hex) == (3, ("#1d2b53", "#ffccaa"))
    assert rgb.colours.tolist() == [[0x1D, 0x2B, 0x53], [0xFF, 0xCC, 0xAA]]
    rgba = Palette.from_hex(["#FFCCaa", "00000000"])
    assert (rgba.channels, rgba.hex) == (4, ("#00000000", "#ffccaaff"))
    for palette in (rgb, rgba):
        assert Palette.from_hex(palette.hex) == palette


@pytest.mark.parametrize(
    "code", ["#12345", "#1234567", "red", "#12345g", "", "##123456", "#123456 "]
)
def test_what_is_no_colour_is_named(code: str) -> None:
    with pytest.raises(DataError) as caught:
        Palette.from_hex(["#000000", code])
    assert str(caught.value) == f"{code!r} is no colour; write `codes` as #rrggbb or #rrggbbaa"


def test_all_colours_of_sprites() -> None:
    images = np.zeros((2, 1, 2, 4), dtype=np.uint8)
    images[0, 0, 0] = images[1, 0, 1] = (7, 7, 7, 255)
    images[1, 0, 0] = (8, 8, 8, 0)
    assert Palette.of(images).hex == ("#00000000", "#070707ff")
    with pytest.raises(DataError, match="sprites must be uint8"):
        Palette.of(images[0])


def test_equality_and_hash() -> None:
    rgb, same, more = (Palette.from_hex(c) for c in (["#010203"], ["010203"] * 2, ["#010203ff"]))
    assert rgb == same
    assert hash(rgb) == hash(same)
    assert rgb != more
    assert rgb != "#010203"


def test_it_shows_itself_briefly() -> None:
    assert repr(Palette.from_hex(["#ffffff"])) == "Palette(1 colour, RGB: #ffffff)"
    many = Palette(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
    assert repr(many) == (
        "Palette(256 colours, RGB: #000000 #010101 #020202 #030303 #040404 #050505 …)"
    )


def test_colours_cannot_be_changed() -> None:
    given = np.array([(1, 2, 3)], dtype=np.uint8)
    palette = Palette(given)
    with pytest.raises(ValueError, match="read-only"):
        palette.colours[0] = 0
    given[0] = 9
    assert palette.hex == ("#010203",)


@pytest.mark.parametrize(
    ("colours", "reason"),
    [
        (np.zeros((2, 3)), "`colours` must be uint8 of shape [m,3] or [m,4], not float64 of shape"),
        (np.zeros((2, 2, 3), "u1"), "`colours` must be uint8 of shape [m,3] or [m,4], not uint8"),
        (np.zeros((2, 2), "u1"), "`colours` must be uint8 of shape [m,3] or [m,4], not uint8"),
        (np.zeros((0, 4), "u1"), "a palette needs at least one colour; `colours` has none"),
    ],
)
def test_what_is_no_palette(colours: NDArray[Any], reason: str) -> None:
    with pytest.raises(DataError) as caught:
        Palette(colours)
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)
