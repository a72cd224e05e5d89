"""Sprites laid out: every pixel where the frames say, and nothing between them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sprite_files import Pixels
from spritelab import sheets
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import clear_hidden, with_channels
from spritelab.sheets.atlas import innermost, tags_of
from spritelab.sheets.png import encode_png


def sprites(n: int, height: int = 5, width: int = 4, channels: int = 4, seed: int = 0) -> Pixels:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, height, width, channels), dtype=np.uint8)
    if channels == 4:
        images[..., 3] *= rng.integers(0, 2, (n, height, width), dtype=np.uint8)
    return images


def names(n: int) -> list[str]:
    return [f"s{i}" for i in range(n)]


@settings(deadline=None, max_examples=50)
@given(
    n=st.integers(1, 9),
    columns=st.none() | st.integers(1, 10),
    padding=st.integers(0, 3),
    extrude=st.integers(0, 2),
    power_of_two=st.booleans(),
    channels=st.sampled_from([3, 4]),
)
def test_every_pixel_is_a_sprites_its_edge_or_transparent(
    n: int, columns: int | None, padding: int, extrude: int, power_of_two: bool, channels: int
) -> None:
    images = sprites(n, channels=channels)
    atlas = sheets.lay_out(
        images,
        names(n),
        ["a"] * n,
        columns=columns,
        padding=padding,
        extrude=extrude,
        power_of_two=power_of_two,
    )
    wanted = np.zeros_like(atlas.picture)
    seen = np.zeros(wanted.shape[:2], dtype=int)
    for image, frame in zip(clear_hidden(with_channels(images, 4)), atlas.frames, strict=True):
        box = frame.box
        for y in range(box.y - extrude, box.y + box.height + extrude):
            for x in range(box.x - extrude, box.x + box.width + extrude):
                inside = min(max(y - box.y, 0), 4), min(max(x - box.x, 0), 3)
                wanted[y, x] = image[inside]
                seen[y, x] += 1
    assert seen.max() == 1
    np.testing.assert_array_equal(atlas.picture, wanted)
    if power_of_two:
        assert all(side & (side - 1) == 0 for side in atlas.picture.shape[:2])
    if columns is not None:
        assert len({frame.box.y for frame in atlas.frames}) == -(-n // columns)


@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 40), padding=st.integers(0, 3), extrude=st.integers(0, 2))
def test_powers_of_two_are_the_smallest_that_hold_them(n: int, padding: int, extrude: int) -> None:
    images = np.zeros((n, 8, 8, 4), dtype=np.uint8)
    chosen = sheets.lay_out(
        images, names(n), ["a"] * n, padding=padding, extrude=extrude, power_of_two=True
    )
    others = [
        sheets.lay_out(
            images,
            names(n),
            ["a"] * n,
            columns=columns,
            padding=padding,
            extrude=extrude,
            power_of_two=True,
        )
        for columns in range(1, n + 1)
    ]
    assert chosen.picture.size == min(other.picture.size for other in others)


def test_sprites_of_a_tag_follow_each_other_in_the_order_of_names() -> None:
    images = sprites(5)
    atlas = sheets.lay_out(images, names(5), ["b", "a", "b", "default", "a"], columns=2)
    assert [frame.key for frame in atlas.frames] == ["s1", "s4", "s0", "s2", "s3"]
    assert atlas.tags == (
        sheets.Tag("a", 0, 1),
        sheets.Tag("b", 2, 3),
        sheets.Tag("default", 4, 4),
    )
    assert tags_of([]) == ()


def test_the_innermost_tag() -> None:
    tags = [sheets.Tag("all", 0, 9), sheets.Tag("run", 2, 4), sheets.Tag("hit", 4, 6)]
    assert [innermost(tags, place) for place in (1, 2, 4, 6, 9)] == [
        *("all", "run", "run", "hit", "all"),
    ]
    assert innermost(tags[1:], 0) is None


@given(
    one=st.tuples(st.text("a-01"), st.integers(0, 20), st.integers(0, 20)),
    other=st.tuples(st.text("a-01"), st.integers(0, 20), st.integers(0, 20)),
)
def test_names_of_different_sprites_differ(
    one: tuple[str, int, int], other: tuple[str, int, int]
) -> None:
    assert (sheets.drawn_key(*one) == sheets.drawn_key(*other)) == (one == other)


@given(st.lists(st.sampled_from(["a", "a-2", "a-2-2", "a-3", "b"]), max_size=12))
def test_equal_names_are_made_to_differ(keys: list[str]) -> None:
    unique = sheets.unique_keys(keys)
    assert len(set(unique)) == len(keys)
    for place, key in enumerate(keys):
        assert (unique[place] == key) == (key not in keys[:place])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"columns": 0}, "`columns` must be at least 1, not 0"),
        ({"padding": -1}, "`padding` and `extrude` are pixels"),
        ({"extrude": -1}, "`padding` and `extrude` are pixels"),
        ({"columns": 1, "padding": 9000}, "limits; write several sheets"),
    ],
)
def test_impossible_layouts_are_refused(change: dict[str, int], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        sheets.lay_out(sprites(3), names(3), ["a"] * 3, **change)  # type: ignore[arg-type]


def test_no_sprites_are_refused() -> None:
    with pytest.raises(DataError, match="at least one"):
        sheets.lay_out(sprites(0), [], [])


@pytest.mark.parametrize("colours", [1, 2, 16, 255, 256, 257, 300])
@pytest.mark.parametrize("opacities", ["opaque", "hard", "soft"])
def test_png_holds_every_pixel_and_a_palette_where_one_fits(colours: int, opacities: str) -> None:
    rng = np.random.default_rng(colours)
    levels = rng.choice(2**24, colours, replace=False)
    table = levels.astype(">u4").view(np.uint8).reshape(-1, 4)[:, [1, 2, 3, 0]]
    table[:, 3] = 255 if opacities != "soft" else rng.integers(1, 255, colours)
    if opacities == "hard":
        table[0] = 0
    picture = table[np.arange(20 * 20).reshape(20, 20) % colours]
    with Image.open(io.BytesIO(encode_png(picture))) as image:
        few = colours <= 256
        assert image.mode == ("P" if few else "RGB" if opacities == "opaque" else "RGBA")
        if few:
            assert ("transparency" in image.info) == (opacities != "opaque")
        np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), picture)
