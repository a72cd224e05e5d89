"""Stray pixels, islands and the order of tidying, on sprites made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spritelab import sheets
from spritelab.errors import SettingsError
from spritelab.palette import Palette, dither
from spritelab.pixels import Images

COLOURS = {
    ".": (0, 0, 0, 0),
    "a": (200, 30, 30, 255),
    "b": (30, 200, 30, 255),
    "c": (30, 30, 200, 255),
    "d": (210, 40, 30, 255),  # near a
    "s": (200, 30, 30, 128),  # a, seen through
}


def sprite(*rows: str) -> Images:
    return np.array([[[COLOURS[one] for one in row] for row in rows]], dtype=np.uint8)


def same(found: Images, *rows: str) -> None:
    np.testing.assert_array_equal(found, sprite(*rows))


def test_a_lone_pixel_takes_the_colour_of_most_neighbours() -> None:
    same(sheets.clear_strays(sprite("aaab", "acab", "aaab")), "aaab", "aaab", "aaab")
    same(sheets.clear_strays(sprite("aabb", "acbb", "bbbb")), "aabb", "abbb", "bbbb")


def test_corners_may_count_or_not() -> None:
    diagonal = ("bab", "abb", "bbb")
    same(sheets.clear_strays(sprite(*diagonal)), *diagonal)
    same(sheets.clear_strays(sprite(*diagonal), corners=False), "bbb", "bbb", "bbb")
    found = sheets.stray_pixels(sprite(*diagonal), corners=False)[0]
    np.testing.assert_array_equal(found, [[True, True, False], [True, False, False], [False] * 3])


def test_the_outline_and_what_stands_alone_stay() -> None:
    tip = (".c..", "aaa.", "aaa.", "...b")
    same(sheets.clear_strays(sprite(*tip)), ".a..", "aaa.", "aaa.", "...a")
    apart = ("aa.b", "aa..")
    same(sheets.clear_strays(sprite(*apart)), *apart)
    assert not sheets.stray_pixels(sprite(*apart)).any()


def test_pixels_are_looked_at_as_they_were() -> None:
    """Two strays beside each other do not swap colours, and pixels all stray stay."""
    same(sheets.clear_strays(sprite("aaaaaa", "aabcaa", "aaaaaa")), *["aaaaaa"] * 3)
    same(sheets.clear_strays(sprite("ab", "cd")), "ab", "cd")


def test_of_equally_many_the_nearest_colour_is_taken() -> None:
    same(sheets.clear_strays(sprite("bbb", ".d.", "aaa")), "bbb", ".a.", "aaa")
    same(sheets.clear_strays(sprite("aaa", ".d.", "bbb")), "aaa", ".a.", "bbb")


def test_alpha_is_part_of_a_colour() -> None:
    same(sheets.clear_strays(sprite("aaa", "asa", "aaa")), "aaa", "aaa", "aaa")


def test_opaque_sprites_and_several_at_once() -> None:
    two = np.concatenate([sprite("aaa", "aca", "aaa"), sprite("bbb", "bbb", "bcc")])
    cleared = sheets.clear_strays(two[..., :3])
    np.testing.assert_array_equal(cleared[0], sprite("aaa", "aaa", "aaa")[0, ..., :3])
    np.testing.assert_array_equal(cleared[1], two[1, ..., :3])


def test_islands_go_by_their_pixels() -> None:
    rows = ("aaa..b", "aaa...", "...b.c", "bb...c", ".....c")  # the b of row 2 hangs by a corner
    without_crumb = ("aaa...", *rows[1:])
    kept = ("aaa...", "aaa...", "...b..", "......", "......")
    same(sheets.clear_islands(sprite(*rows), 0), *rows)
    same(sheets.clear_islands(sprite(*rows), 1), *without_crumb)
    same(sheets.clear_islands(sprite(*rows), 2), *without_crumb[:3], ".....c", ".....c")
    same(sheets.clear_islands(sprite(*rows), 3), *kept)
    same(sheets.clear_islands(sprite(*rows), 99), *kept)


def test_the_largest_islands_stay() -> None:
    same(sheets.clear_islands(sprite("a.b", "..."), 5), "a.b", "...")
    empty = sprite("...", "...")
    np.testing.assert_array_equal(sheets.clear_islands(empty, 3), empty)
    opaque = sprite("aab", "aac")[..., :3]
    np.testing.assert_array_equal(sheets.clear_islands(opaque, 3), opaque)
    with pytest.raises(SettingsError, match="`islands` must be 0 or more"):
        sheets.clear_islands(empty, -1)


def test_tidying_merges_first_and_draws_in_the_palette_last() -> None:
    rows = ("aaa..b", "ada...", "aca...")
    same(sheets.tidy(sprite(*rows), merge=0.1), "aaa..b", "aaa...", "aca...")
    same(sheets.tidy(sprite(*rows), merge=0.1, stray=True), "aaa..b", "aaa...", "aaa...")
    same(sheets.tidy(sprite(*rows), merge=0.1, stray=True, islands=1), *["aaa..."] * 3)
    black = Palette.from_hex(["#000000", "#ffffff"])
    drawn = sheets.tidy(sprite(*rows), palette=black)
    np.testing.assert_array_equal(drawn[..., 3], sprite(*rows)[..., 3])
    assert set(np.unique(drawn[..., :3])) <= {0, 255}
    patterned = sheets.tidy(sprite(*rows), stray=True, palette=black, dither=True)
    np.testing.assert_array_equal(patterned, dither(sheets.clear_strays(sprite(*rows)), black))
    with pytest.raises(SettingsError, match="`dither` draws in the colours of a `palette`"):
        sheets.tidy(sprite(*rows), dither=True)


def test_nothing_asked_for_is_nothing_done() -> None:
    rows = ("aab", "a.d", "scb")
    same(sheets.tidy(sprite(*rows)), *rows)
