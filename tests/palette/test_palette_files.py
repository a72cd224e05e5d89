"""Palettes in files: each format written and read again, as others write it, and damaged."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import GimpPaletteFile, Image

from spritelab.errors import DataError, SettingsError
from spritelab.palette import READERS, Palette, read_palette, write_palette

SUFFIXES = list(READERS)
OPAQUE = ["#1a1c2c", "#5d275d", "#b13e53", "#f4f4f4", "#000000"]


def random_palette(n: int, opacities: bool = False) -> Palette:
    colours = np.random.default_rng(n).integers(0, 256, (n, 4), dtype=np.uint8)
    colours[:, 3] = np.maximum(colours[:, 3], 1) if opacities else 255
    return Palette(colours if opacities else colours[:, :3])


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("n", [1, 5, 256])
def test_opaque_colours_come_back(tmp_path: Path, suffix: str, n: int) -> None:
    palette = random_palette(n)
    path = write_palette(palette, tmp_path / f"mine{suffix}")
    assert read_palette(path) == palette


@pytest.mark.parametrize("suffix", [one for one in SUFFIXES if one != ".ase"])
def test_opacities_come_back(tmp_path: Path, suffix: str) -> None:
    palette = random_palette(9, opacities=True)
    assert read_palette(write_palette(palette, tmp_path / f"mine{suffix.upper()}")) == palette


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_transparent_colour_is_left_out(tmp_path: Path, suffix: str) -> None:
    palette = Palette.from_hex(["#00000000", *OPAQUE])
    assert read_palette(write_palette(palette, tmp_path / f"a{suffix}")) == Palette.from_hex(OPAQUE)


def test_gimp_palettes_as_pillow_reads_them(tmp_path: Path) -> None:
    palette = random_palette(40)
    path = write_palette(palette, tmp_path / "mine.gpl")
    with path.open("rb") as file:
        levels = GimpPaletteFile.GimpPaletteFile(file).getpalette()[0]
    assert np.array_equal(
        np.frombuffer(levels, np.uint8)[: 3 * len(palette)].reshape(-1, 3), palette.colours
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "gimp.gpl",
            b"GIMP Palette\r\nName: S\xfc\xdf\r\nColumns: 2\r\n# no 1 2 3\r\n\r\n"
            b" 26  28  44\tink one\r\n93 39 93 plum\r\n",
        ),
        ("old.gpl", b"GIMP Palette\n#\n26 28 44 Untitled\n93 39 93\n"),
        ("aseprite.gpl", b"GIMP Palette\nChannels: RGBA\n#\n26 28 44 255 a\n93 39 93 255 b\n"),
        ("psp.pal", b"JASC-PAL\r\n0100\r\n2\r\n26 28 44\r\n93 39 93\r\n"),
        ("aseprite.pal", b"JASC-PAL\n0100\n3\n26 28 44\n93 39 93 255\n1 2 3 0\n"),
        ("lospec.hex", b"1a1c2c\r\n5d275d\r\n"),
        ("marked.hex", b"\xef\xbb\xbf; two\n#1A1C2C\n\n#5d275dFF\n"),
    ],
)
def test_files_as_other_programs_write_them(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    found = read_palette(tmp_path / name)
    assert [code[:7] for code in found.hex] == ["#1a1c2c", "#5d275d"]


def swatch(model: bytes, *values: float, name: str = "é") -> bytes:
    body = struct.pack(">H", len(name) + 1) + name.encode("utf-16-be") + b"\0\0"
    body += model + struct.pack(f">{len(values)}f", *values) + b"\0\0"
    return struct.pack(">HI", 1, len(body)) + body


def swatches(*blocks: bytes) -> bytes:
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def test_swatches_in_groups_and_other_models(tmp_path: Path) -> None:
    begin = struct.pack(">HI", 0xC001, 6) + struct.pack(">H", 2) + "g\0".encode("utf-16-be")
    end = struct.pack(">HI", 0xC002, 0)
    data = swatches(
        begin,
        swatch(b"RGB ", 1, 0.2, 0),
        swatch(b"Gray", 0.4),
        end,
        swatch(b"CMYK", 0, 0.5, 1, 0.2),
    )
    (tmp_path / "a.ase").write_bytes(data)
    wanted = Palette.from_hex(["#ff3300", "#666666", "#cc6600"])
    assert read_palette(tmp_path / "a.ase") == wanted


@pytest.mark.parametrize("scale", [1, 8])
@pytest.mark.parametrize("mode", ["P", "RGB", "RGBA"])
def test_a_picture_of_a_palette(tmp_path: Path, scale: int, mode: str) -> None:
    palette = random_palette(12)
    picture = np.zeros((2, 7, 4), dtype=np.uint8)
    picture.reshape(-1, 4)[:12] = np.insert(palette.colours, 3, 255, axis=1)
    picture.reshape(-1, 4)[12:] = (9, 9, 9, 0) if mode == "RGBA" else picture[0, 0]
    image = Image.fromarray(picture.repeat(scale, axis=0).repeat(scale, axis=1))
    image.convert(mode, palette=Image.Palette.ADAPTIVE).save(tmp_path / "a.png")
    assert read_palette(tmp_path / "a.png") == palette


NOISE = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.gpl", b"", "its first line must be 'GIMP Palette'"),
        ("a.gpl", b"GIMP Palette\n#\n", "it holds no colours"),
        ("a.gpl", b"GIMP Palette\n1 2\n", "line 2 is no colour; one is 3 numbers from 0 to 255"),
        ("a.gpl", b"GIMP Palette\n1 2 256\n", "line 2 is no colour"),
        ("a.gpl", b"GIMP Palette\n1 2 -3\n", "line 2 is no colour"),
        ("a.gpl", b"GIMP Palette\nChannels: RGBA\n1 2 3 x\n", "line 3 is no colour; one is 4"),
        ("a.gpl", b"GIMP Palette\n\0\n", "it is no text"),
        ("a.pal", b"RIFF\4\0\0\0PAL ", "it is no text"),
        ("a.pal", b"JASC-PAL\n0100\n", "it names no colours and holds 0"),
        ("a.pal", b"JASC-PAL\n0100\n3\n1 2 3\n", "it names 3 colours and holds 1"),
        ("a.pal", b"JASC-PAL\n0100\n1\n1 2 3 4 5\n", "line 4 is no colour"),
        ("a.pal", b"JASC-PAL\n0100\n1\n1 2 3 0\n", "none of its colours can be seen"),
        ("a.hex", b"\n", "it holds no colours"),
        ("a.hex", b"1a1c2c\nzz\n", "'zz' is no colour"),
        ("a.ase", b"\x90\0\0\0\xe0\xa5" + bytes(122), "it is a picture of Aseprite"),
        ("a.ase", b"", "it holds no Adobe swatches"),
        ("a.ase", swatches(), "it holds no colours"),
        ("a.ase", swatches(swatch(b"RGB ", 1, 1, 1))[:-9], "it is truncated or damaged"),
        ("a.ase", swatches(swatch(b"RGB ", 1, 1, float("nan"))), "it is truncated or damaged"),
        ("a.ase", swatches(swatch(b"LAB ", 1, 0, 0)), "it has colours in LAB; save them as RGB"),
        ("a.png", b"", "it is no PNG, or damaged"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "it is no PNG, or damaged"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError) as refusal:
        read_palette(tmp_path / name)
    assert str(refusal.value).startswith(f"{name} cannot be read as a palette: {said}")
    assert "\n" not in str(refusal.value)


def test_a_picture_is_no_palette(tmp_path: Path) -> None:
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="it has 1,600 colours; a picture of a palette has at most"):
        read_palette(tmp_path / "a.png")
    Image.new("L", (3000, 3000)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="3000×3000 pixels; that is no palette"):
        read_palette(tmp_path / "a.png")


def test_files_of_other_kinds_and_missing_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.txt is no palette; give one as \.gpl, .* or \.png"):
        read_palette(tmp_path / "a.txt")
    with pytest.raises(DataError, match=r"cannot read .*a\.gpl: No such file"):
        read_palette(tmp_path / "a.gpl")
    with pytest.raises(SettingsError, match=r"written as \.gpl, .* not 'a\.txt'"):
        write_palette(random_palette(2), tmp_path / "a.txt")


def test_what_a_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Adobe's swatches are opaque"):
        write_palette(random_palette(3, opacities=True), tmp_path / "a.ase")
    with pytest.raises(DataError, match="none of its colours can be seen"):
        write_palette(Palette.from_hex(["#00000000"]), tmp_path / "a.gpl")
    assert list(tmp_path.iterdir()) == []


def test_a_message_quotes_no_endless_line(tmp_path: Path) -> None:
    """Found by the byte mutator."""
    path = tmp_path / "p.hex"
    path.write_text("9" * 5000)
    with pytest.raises(DataError) as caught:
        read_palette(path)
    assert len(str(caught.value)) < 200
