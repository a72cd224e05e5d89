"""Aseprite's files: written as the specification says, and read with all that it allows."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from aseprite_bytes import (
    aseprite,
    cel,
    chunk,
    layer,
    old_palette,
    palette,
    plain,
    string,
    tags,
    text,
)

from sprite_files import Pixels
from spritelab import sheets
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import clear_hidden, with_channels

RED, BLUE, CLEAR = (200, 0, 0, 255), (0, 0, 100, 255), (0, 0, 0, 0)


def first(data: bytes) -> Pixels:
    return sheets.read_aseprite(data)[0].pixels


def few_colours(n: int = 3, colours: int = 5, hard: bool = True) -> Pixels:
    rng = np.random.default_rng(colours)
    table = rng.integers(0, 256, (colours, 4), dtype=np.uint8)
    table[:, 3] = 255
    if hard:
        table[0] = 0
    return table[rng.integers(0, colours, (n, 4, 6))]


def test_a_file_byte_for_byte() -> None:
    """Two sprites of 2×1 pixels, one colour, put together here from the specification."""
    images = np.array([[[RED, CLEAR]], [[CLEAR, RED]]], dtype=np.uint8)
    data = sheets.encode_aseprite(images, ["b-0-0", "a-0-1"], ["b", "a"], duration=120)

    def frame(chunks: list[bytes]) -> bytes:
        body = b"".join(chunks)
        head = struct.pack("<IHHH", 16 + len(body), 0xF1FA, len(chunks), 120)
        return head + bytes(2) + struct.pack("<I", len(chunks)) + body

    def sprite(indices: bytes, name: str) -> list[bytes]:
        head = struct.pack("<HhhBHh", 0, 0, 0, 255, 2, 0) + bytes(5) + struct.pack("<HH", 2, 1)
        return [
            chunk(0x2005, head + zlib.compress(indices, 9)),
            chunk(0x2020, struct.pack("<I", 1) + string(name)),
        ]

    profile = chunk(0x2007, struct.pack("<HHI", 1, 0, 0) + bytes(8))
    colours = chunk(
        0x2019,
        struct.pack("<III", 2, 0, 1) + bytes(8) + bytes([0, 0, *CLEAR]) + bytes([0, 0, *RED]),
    )
    only = chunk(0x2004, struct.pack("<6HB", 3, 0, 0, 0, 0, 0, 255) + bytes(3) + string("sprites"))
    both = chunk(
        0x2018,
        struct.pack("<H", 2)
        + bytes(8)
        + b"".join(
            struct.pack("<HHBH", k, k, 0, 0) + bytes(6 + 3 + 1) + string(name)
            for k, name in enumerate("ab")
        ),
    )
    frames = frame([profile, colours, only, both, *sprite(b"\0\1", "a-0-1")])
    frames += frame(sprite(b"\1\0", "b-0-0"))
    head = struct.pack("<IHHHHHI", 128 + len(frames), 0xA5E0, 2, 2, 1, 8, 1)
    head += struct.pack("<HII", 120, 0, 0) + bytes([0, 0, 0, 0]) + struct.pack("<H", 2)
    head += bytes([1, 1]) + struct.pack("<hhHH", 0, 0, 16, 16) + bytes(84)
    assert data == head + frames


@pytest.mark.parametrize("colours", [1, 2, 255, 256, 400])
@pytest.mark.parametrize("channels", [3, 4])
def test_sprites_names_and_tags_come_back(colours: int, channels: int) -> None:
    images = few_colours(20, colours, hard=False)[..., :channels]
    if channels == 4:
        images[images[..., 1] > 200] = 0
    tag = [f"t{i % 3}" for i in range(20)]
    found = sheets.read_aseprite(sheets.encode_aseprite(images, [f"k{i}" for i in range(20)], tag))
    order = sorted(range(20), key=lambda i: tag[i])
    assert [(one.name, one.tag) for one in found] == [(f"k{i}", tag[i]) for i in order]
    wanted = with_channels(images[order], 4)
    np.testing.assert_array_equal(np.stack([one.pixels for one in found]), wanted)


def test_more_than_a_file_holds_is_refused() -> None:
    many = np.zeros((65_536, 1, 1, 4), dtype=np.uint8)
    with pytest.raises(SettingsError, match="at most 65,535 frames"):
        sheets.encode_aseprite(many, ["a"] * len(many), ["a"] * len(many))
    with pytest.raises(DataError, match="at least one"):
        sheets.encode_aseprite(many[:0], [], [])


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_cels_lie_where_they_are_put_and_are_cut_off(raw: bool, old: bool) -> None:
    pixels = np.arange(4 * 3 * 4, dtype=np.uint8).reshape(4, 3, 4)
    pixels[..., 3] = 255
    data = aseprite([[layer("a"), cel(pixels, at=(-1, 2), raw=raw)]], old=old)
    wanted = np.zeros((4, 4, 4), dtype=np.uint8)
    wanted[2:4, 0:2] = pixels[0:2, 1:3]
    np.testing.assert_array_equal(first(data), wanted)


def test_layers_are_laid_from_below_with_their_opacities() -> None:
    """The rounding is Aseprite's: products in 255ths to the nearest, the quotient towards zero."""
    data = aseprite(
        [
            [
                layer("a"),
                layer("b", opacity=128),
                cel(plain(RED)),
                cel(plain(BLUE), layer=1, opacity=200),
            ]
        ]
    )
    pairs = zip(BLUE[:3], RED[:3], strict=True)
    opacity = 100  # 128 · 200 / 255 = 100.4
    moved = [below + int((above - below) * opacity / 255) for above, below in pairs]
    assert first(data)[0, 0].tolist() == [*moved, 255]


def test_one_soft_pixel_on_another() -> None:
    below, above = (40, 90, 200, 100), (200, 10, 50, 60)
    data = aseprite([[layer("a"), layer("b"), cel(plain(below)), cel(plain(above), layer=1)]])
    alpha = 60 + 100 - 24  # 60 · 100 / 255 = 23.5
    wanted = [b + int((a - b) * 60 / alpha) for a, b in zip(above[:3], below[:3], strict=True)]
    assert first(data)[0, 0].tolist() == [*wanted, alpha]


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        ([layer("a"), layer("b", flags=0)], RED),
        ([layer("a"), layer("b", flags=1 | 64)], RED),  # for reference
        ([layer("g", flags=0, kind=1), layer("b", level=1)], CLEAR),
        ([layer("g", kind=1), layer("b", level=1)], BLUE),
        ([layer("g", kind=1, opacity=0), layer("b", level=1)], CLEAR),
        ([layer("g", flags=0, kind=1), layer("b")], BLUE),
    ],
)
def test_hidden_layers_and_groups(layers: list[bytes], wanted: tuple[int, ...]) -> None:
    cels = [cel(plain(BLUE), layer=1)]
    if wanted == RED:
        cels.insert(0, cel(plain(RED)))
    assert first(aseprite([[*layers, *cels]]))[0, 0].tolist() == list(wanted)


def test_opacities_count_only_where_the_file_says_so() -> None:
    one = [layer("g", kind=1, opacity=0), layer("a", level=1, opacity=9), cel(plain(RED), layer=1)]
    assert first(aseprite([one], flags=0))[0, 0].tolist() == list(RED)
    assert first(aseprite([one], flags=1))[0, 0].tolist() == [*RED[:3], 9]


def test_a_cel_may_be_lifted_above_other_layers() -> None:
    cels = [cel(plain(RED), z=1), cel(plain(BLUE), layer=1)]
    two = [layer("a"), layer("b")]
    assert first(aseprite([[*two, *cels]]))[0, 0].tolist() == list(RED)


def test_linked_cels_show_an_earlier_frame() -> None:
    data = aseprite([[layer("a"), cel(plain(RED))], [cel(None)], [cel(None, linked=1)]])
    assert [one.pixels[0, 0].tolist() for one in sheets.read_aseprite(data)] == [list(RED)] * 3


def test_grey() -> None:
    data = aseprite([[layer("a"), cel(plain((90, 70)))]], depth=16)
    assert first(data)[0, 0].tolist() == [90, 90, 90, 70]


COLOURS = [(1, 2, 3, 255), (10, 20, 30, 255), (40, 50, 60, 99)]
INDEX = np.array([[[0], [1], [2], [1]]] * 4, dtype=np.uint8)


@pytest.mark.parametrize(
    ("flags", "transparent", "wanted"),
    [
        (1, 0, [CLEAR, COLOURS[1], COLOURS[2]]),
        (1, 1, [COLOURS[0], CLEAR, COLOURS[2]]),
        (1 | 8, 0, [COLOURS[0], COLOURS[1], COLOURS[2]]),  # a background has no transparent colour
    ],
)
def test_indexed(flags: int, transparent: int, wanted: list[tuple[int, ...]]) -> None:
    data = aseprite(
        [[palette(COLOURS), layer("a", flags=flags), cel(INDEX)]], depth=8, transparent=transparent
    )
    assert first(data)[0, :3].tolist() == [list(colour) for colour in wanted]


def test_a_palette_may_change_from_frame_to_frame() -> None:
    later = palette([(9, 9, 9, 255)], first=1, size=3)
    data = aseprite([[palette(COLOURS), layer("a"), cel(INDEX)], [later, cel(None)]], depth=8)
    found = sheets.read_aseprite(data)
    assert found[0].pixels[0, 1].tolist() == list(COLOURS[1])
    assert found[1].pixels[0, 1:3].tolist() == [[9, 9, 9, 255], list(COLOURS[2])]


@pytest.mark.parametrize(
    ("kind", "level", "wanted"), [(0x0004, 40, 40), (0x0011, 63, 255), (0x0011, 1, 4)]
)
def test_old_palettes(kind: int, level: int, wanted: int) -> None:
    body = old_palette(kind, [(1, [(level, 0, 0)]), (0, [(0, level, 0)])])
    found = first(aseprite([[body, layer("a"), cel(INDEX)]], depth=8))
    assert found[0, 1:3].tolist() == [[wanted, 0, 0, 255], [0, wanted, 0, 255]]
    newer = aseprite([[body, palette(COLOURS), layer("a"), cel(INDEX)]], depth=8)
    assert first(newer)[0, 1].tolist() == list(COLOURS[1])


def test_names_and_the_innermost_tag() -> None:
    one = cel(plain(RED))
    data = aseprite(
        [
            [tags(("all", 0, 2), ("run", 1, 1)), layer("a"), one, text("hero")],
            [one],
            [one, text("é")],
        ]
    )
    found = sheets.read_aseprite(data)
    assert [(one.name, one.tag) for one in found] == [("hero", "all"), ("1", "run"), ("é", "all")]


BOMB = zlib.compress(bytes(10**6))


def bomb(width: int, height: int) -> bytes:
    head = struct.pack("<HhhBHh", 0, 0, 0, 255, 2, 0) + bytes(5)
    return chunk(0x2005, head + struct.pack("<HH", width, height) + BOMB)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no file of Aseprite"),
        (b"ASEF" + bytes(200), "no file of Aseprite"),
        (aseprite([[]], size=(0, 4)), "truncated or damaged"),
        (aseprite([[]], depth=24), "truncated or damaged"),
        (aseprite([[]] * 3, size=(60_000, 60_000)), "67,108,864 pixels in all are the limit"),
        (aseprite([[layer("a"), cel(plain(RED))]])[:-3], "truncated or damaged"),
        (aseprite([[layer("a", blend=1), cel(plain(RED))]]), "layer 'a' is blended by multiply"),
        (aseprite([[layer("a", blend=77)]]), "blended by 77"),
        (aseprite([[layer("a", level=3)]]), "truncated or damaged"),
        (aseprite([[layer("a"), cel(None)]]), "truncated or damaged"),  # shows itself
        (aseprite([[layer("a"), cel(None, linked=9)]]), "truncated or damaged"),
        (aseprite([[cel(plain(RED))]]), "truncated or damaged"),  # of no layer
        (aseprite([[palette(COLOURS), layer("a"), cel(plain((7,)))]], depth=8), "palette has not"),
        (aseprite([[layer("a"), bomb(65_535, 65_535)]]), "far too many pixels"),
        (aseprite([[layer("a"), bomb(1000, 1000)]]), "truncated or damaged"),
        (aseprite([[layer("a"), bomb(10_000, 10_000)]]), "truncated or damaged"),
        (aseprite([[chunk(0x2019, struct.pack("<III", 2**31, 0, 2**31 - 1))]]), "damaged"),
        (aseprite([[chunk(0x2019, struct.pack("<III", 9, 0, 8) + bytes(9))]]), "damaged"),
        (aseprite([[old_palette(0x0004, [(0, [(0, 0, 0)])])[:-1]]]), "truncated or damaged"),
    ],
)
def test_broken_and_too_large_files_are_one_line(data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said) as refusal:
        sheets.read_aseprite(data)
    assert "\n" not in str(refusal.value)


def test_a_cel_unfolds_into_no_more_than_it_declares() -> None:
    data = aseprite([[layer("a"), bomb(2, 2)]])
    tracemalloc.start()
    try:
        assert not first(data).any()
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_a_layer_of_tiles_is_refused() -> None:
    head = struct.pack("<HhhBHh", 0, 0, 0, 255, 3, 0) + bytes(5 + 40)
    with pytest.raises(DataError, match="layer of tiles"):
        sheets.read_aseprite(aseprite([[layer("a"), chunk(0x2005, head)]]))


@pytest.mark.parametrize("seed", range(4))
def test_any_damage_is_one_line_or_harmless(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = sheets.encode_aseprite(few_colours(), ["a", "b", "c"], ["x", "y", "x"])
    for _ in range(300):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            data[place] = rng.integers(0, 256)
        try:
            found = sheets.read_aseprite(bytes(data[: rng.integers(1, len(data) + 1)]))
        except DataError:
            continue
        assert all(np.array_equal(one.pixels, clear_hidden(one.pixels)) for one in found)
