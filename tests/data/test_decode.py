"""Every colour type and depth of PNG, and animations, against a PNG encoder of our own."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from gif_writer import CLEAR, KEEP, RESTORE, Frame, write_gif
from numpy.typing import NDArray
from PIL import Image
from png_writer import GREY, GREY_ALPHA, PALETTE, RGB, RGBA, SIGNATURE, chunk, write_png

from spritelab.data import decode
from spritelab.errors import DataError
from spritelab.pixels import clear_hidden


def samples(channels: int, depth: int, side: int = 11) -> NDArray[np.int64]:
    rng = np.random.default_rng(channels * 100 + depth)
    return rng.integers(0, 2**depth, (side, side, channels))


def to_8_bits(values: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    return values >> 8 if depth == 16 else values * 255 // (2**depth - 1)


def expected_rgba(values: NDArray[np.int64], colour_type: int, depth: int) -> NDArray[np.int64]:
    levels = to_8_bits(values, depth)
    opaque = np.full((*values.shape[:2], 1), 255)
    if colour_type in (GREY, GREY_ALPHA):
        alpha = levels[..., 1:] if colour_type == GREY_ALPHA else opaque
        return np.concatenate([levels[..., :1].repeat(3, axis=-1), alpha], axis=-1)
    return levels if colour_type == RGBA else np.concatenate([levels, opaque], axis=-1)


MODES = [
    *[(GREY, depth, 1) for depth in (1, 2, 4, 8, 16)],
    *[(RGB, depth, 3) for depth in (8, 16)],
    *[(GREY_ALPHA, depth, 2) for depth in (8, 16)],
    *[(RGBA, depth, 4) for depth in (8, 16)],
]


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour_type", "depth", "channels"), MODES)
def test_every_colour_type_and_depth(
    colour_type: int, depth: int, channels: int, interlaced: bool
) -> None:
    values = samples(channels, depth)
    frames = decode.decode(write_png(values, colour_type, depth, interlaced=interlaced))
    assert frames.dtype == np.uint8
    assert frames.shape == (1, 11, 11, 4)
    np.testing.assert_array_equal(frames[0], expected_rgba(values, colour_type, depth))


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_colour_key_on_grey_hides_exactly_that_level(depth: int) -> None:
    values = samples(1, depth)
    key = int(values[3, 5, 0])
    if depth == 16:  # a neighbour that shares the high byte stays visible
        values[0, 0, 0] = key ^ 1
    data = write_png(values, GREY, depth, transparency=struct.pack(">H", key))
    frame = decode.decode(data)[0]
    np.testing.assert_array_equal(frame[..., 3] == 0, values[..., 0] == key)
    np.testing.assert_array_equal(frame[..., 0], to_8_bits(values[..., 0], depth))


@pytest.mark.parametrize("depth", [8, 16])
def test_colour_key_on_rgb_hides_exactly_that_colour(depth: int) -> None:
    values = samples(3, depth)
    values[2, 2] = values[7, 8]
    values[4, 4] = values[7, 8]
    values[4, 4, 0] ^= 1 << (depth - 1)  # equal in two channels of three
    key = [int(value) for value in values[7, 8]]
    frame = decode.decode(write_png(values, RGB, depth, transparency=struct.pack(">3H", *key)))[0]
    np.testing.assert_array_equal(frame[..., 3] == 0, (values == key).all(axis=-1))
    assert (frame[..., 3] == 0).sum() == 2


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("alphas", ["none", "bytes", "one index"])
def test_palettes_with_and_without_transparency(depth: int, alphas: str) -> None:
    rng = np.random.default_rng(depth)
    colours = rng.integers(0, 256, (2**depth, 3), dtype=np.uint8)
    alpha = np.full(2**depth, 255, dtype=np.uint8)
    if alphas == "bytes":
        alpha = rng.integers(0, 256, 2**depth, dtype=np.uint8)
    if alphas == "one index":
        alpha[1] = 0
    values = samples(1, depth)
    transparency = b"" if alphas == "none" else alpha.tobytes()
    frame = decode.decode(
        write_png(values, PALETTE, depth, palette=colours.tobytes(), transparency=transparency)
    )[0]
    index = values[..., 0]
    np.testing.assert_array_equal(frame[..., :3], colours[index])
    np.testing.assert_array_equal(frame[..., 3], alpha[index])


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_a_frame_larger_than_is_said_is_not_unfolded(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound on pixels is of the size that the file begins with."""
    small, large = (np.zeros((side, side), dtype=np.uint8) for side in (4, 14))
    if kind == "GIF":
        palette = np.zeros((256, 3), dtype=np.uint8)
        content = write_gif([Frame(small), Frame(large)], 4, palette, transparent=None)
    else:
        file = io.BytesIO()
        one, other = (Image.fromarray(grey) for grey in (small, large))
        one.save(file, kind, save_all=True, append_images=[other])
        content = file.getvalue()
    loaded: list[tuple[int, int]] = []
    rgba = decode._rgba

    def seen(image: Image.Image, *out: NDArray[np.uint8]) -> NDArray[np.uint8]:
        loaded.append(image.size)
        return rgba(image, *out)

    monkeypatch.setattr(decode, "_rgba", seen)
    with pytest.raises(DataError, match="its pages differ in size"):
        decode.decode(content)
    assert loaded == [(4, 4)]


@pytest.mark.parametrize("disposal", [KEEP, CLEAR, RESTORE])
def test_gif_frames_come_as_they_are_shown(disposal: int) -> None:
    """A small second frame is laid on the first; its disposal decides what the third lies on."""
    palette = np.random.default_rng(0).integers(0, 256, (256, 3), dtype=np.uint8)
    hidden = 9
    first = np.random.default_rng(1).integers(0, 9, (8, 8), dtype=np.uint8)
    first[0, :3] = hidden
    second = np.array([[20, hidden], [21, 22]], dtype=np.uint8)
    third = np.array([[30, 31]], dtype=np.uint8)
    frames = [Frame(first), Frame(second, x=4, y=3, disposal=disposal), Frame(third, x=1, y=6)]
    got = decode.decode(write_gif(frames, 8, palette, transparent=hidden))

    def rgba(indices: NDArray[np.uint8]) -> NDArray[np.uint8]:
        alpha = np.where(indices == hidden, np.uint8(0), np.uint8(255))
        return np.dstack([palette[indices], alpha])

    canvas = first.copy()
    wanted = [rgba(canvas)]
    canvas[3:5, 4:6] = np.where(second == hidden, canvas[3:5, 4:6], second)
    wanted.append(rgba(canvas))
    if disposal != KEEP:
        canvas[3:5, 4:6] = hidden if disposal == CLEAR else first[3:5, 4:6]
    canvas[6, 1:3] = third
    wanted.append(rgba(canvas))
    np.testing.assert_array_equal(clear_hidden(got), clear_hidden(np.stack(wanted)))


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_animations_give_all_frames(kind: str) -> None:
    colours = ((255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255))
    stills = [Image.new("RGBA", (16, 16), colour) for colour in colours]
    buffer = io.BytesIO()
    stills[0].save(buffer, kind, save_all=True, append_images=stills[1:], lossless=True)
    frames = decode.decode(buffer.getvalue())
    assert [tuple(frame[8, 8]) for frame in frames] == list(colours)


@pytest.mark.parametrize("kind", ["BMP", "WEBP", "GIF"])
def test_other_lossless_formats(kind: str) -> None:
    rng = np.random.default_rng(3)
    pixels = rng.choice(np.array([0, 128, 255], dtype=np.uint8), (16, 16, 3))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, lossless=True)
    frame = decode.decode(buffer.getvalue())[0]
    np.testing.assert_array_equal(frame[..., :3], pixels)
    assert (frame[..., 3] == 255).all()


GOOD = write_png(samples(4, 8, side=32), RGBA, 8)


@pytest.mark.parametrize("length", [8, 20, 30, 60, len(GOOD) // 2, len(GOOD) - 13, len(GOOD) - 5])
def test_truncated_png_is_refused(length: int) -> None:
    with pytest.raises(DataError, match="truncated"):
        decode.decode(GOOD[:length])


@pytest.mark.parametrize("data", [b"GIF89a", b"GIF87a\1", b"\xff\xd8\xff\xe0"])
def test_what_ends_after_its_signature_is_truncated(data: bytes) -> None:
    with pytest.raises(DataError, match="truncated"):
        decode.decode(data)


def test_a_flipped_bit_is_refused() -> None:
    where = len(GOOD) // 2
    damaged = GOOD[:where] + bytes([GOOD[where] ^ 4]) + GOOD[where + 1 :]
    with pytest.raises(DataError, match="damaged"):
        decode.decode(damaged)


@pytest.mark.parametrize("data", [b"", b"hello, I am text\n" * 9, b"%PDF-1.7", SIGNATURE[:7]])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match="not a PNG"):
        decode.decode(data)


@pytest.mark.parametrize("side", [9_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_unfolds(side: int) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, RGBA, 0, 0, 0))
    with pytest.raises(DataError, match="67,108,864"):
        decode.decode(SIGNATURE + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def test_the_limit_counts_all_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    stills = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    buffer = io.BytesIO()
    stills[0].save(buffer, "GIF", save_all=True, append_images=stills[1:])
    monkeypatch.setattr(decode, "MAX_PIXELS", 2 * 64)
    with pytest.raises(DataError, match="192 pixels"):
        decode.decode(buffer.getvalue())


def test_a_tiff_whose_second_page_has_no_size() -> None:
    """Found by the byte mutator: Pillow counts pages by their lists of tags, and one lacks both."""
    damaged = zlib.decompress(
        base64.b64decode(
            "eJzz9NRi4GBgYOBmYGBkYWAEshSAmBHKFgBiJkZmBhYgPQmImYFskDgIs0HZTEAsCFU/C4hFoeIgPWJI5ohD2SDr"
            "ZJDMCUIyh6G6FigNgbQFAPA1BHI="
        )
    )
    with pytest.raises(DataError, match="it is truncated or damaged"):
        decode.decode(damaged)
