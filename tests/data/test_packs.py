"""Art as people pack it: what is found in it, and what is said of the rest."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from png_writer import RGBA, SIGNATURE, chunk, write_png

from sprite_files import png, random_sprites, write
from spritelab import data, pictures
from spritelab.data import SpriteSet, archives, listing
from spritelab.errors import DataError, SettingsError

SPRITES = random_sprites(4, 16)


def left_out(found: SpriteSet) -> dict[str, tuple[str, ...]]:
    return {one.reason: one.names for one in found.left_out}


def counts(found: SpriteSet) -> dict[str, int]:
    return dict(zip(found.class_names, np.bincount(found.labels).tolist(), strict=True))


def pack(path: Path, members: dict[str, bytes]) -> Path:
    """Write a zip whose names are the very characters given, as other tools do."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo("x")
            member.filename = name
            archive.writestr(member, content)
    return path


def art(prefix: str = "", part: str = "/") -> dict[str, bytes]:
    names = [f"{prefix}{label}{part}{k}.png" for label in ("food", "hero") for k in (0, 1)]
    return {name: png(sprite) for name, sprite in zip(names, SPRITES, strict=True)}


def test_backslashes_part_folders(tmp_path: Path) -> None:
    members = {"pack\\": b"", "pack\\food\\": b"", "__MACOSX\\food\\a.png": b"junk"}
    path = pack(tmp_path / "a.zip", members | art("pack\\", "\\") | {"pack\\.x\\b.png": b"junk"})
    found = data.load(path)
    assert counts(found) == {"food": 2, "hero": 2}
    assert found.ids[0] == "food/0.png"
    assert left_out(found) == {listing.HIDDEN: ("__MACOSX/food/a.png", "pack/.x/b.png")}


def test_names_in_utf_8_that_are_not_said_to_be(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"AAAA/0.png": png(SPRITES[0]), "b/1.png": png(SPRITES[1])})
    raw = path.read_bytes().replace(b"AAAA", "\u00e9\u00fc".encode())
    assert set(data.load(write(path, raw)).class_names) == {"b", "\u00e9\u00fc"}


def test_a_name_packed_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", png(SPRITES[0]))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.png", png(SPRITES[1]))
    found = data.load(path)
    np.testing.assert_array_equal(found.images[0], SPRITES[1])
    assert left_out(found) == {archives.TWICE: ("a.png",)}


@pytest.mark.parametrize("beside", ["README.txt", "docs/licence.md", "source.psd"])
def test_other_files_do_not_keep_the_wrapper_on(tmp_path: Path, beside: str) -> None:
    found = data.load(pack(tmp_path / "a.zip", art("pack/png/") | {beside: b"hello"}))
    assert counts(found) == {"food": 2, "hero": 2}
    assert left_out(found) == {"no images of a kind that is read": (beside,)}


def test_include_and_exclude(tmp_path: Path) -> None:
    big = png(np.zeros((600, 700, 3), dtype=np.uint8))
    path = pack(tmp_path / "a.zip", art("Tiles/") | {"Preview.png": big, "Tiles/food/9.png": big})
    with pytest.raises(DataError, match=r"too large.*`exclude`"):
        data.load(path)
    found = data.load(path, include="tiles", exclude=["9.png"])
    assert counts(found) == {"food": 2, "hero": 2}
    assert left_out(found) == {
        "left out by include and exclude": ("Preview.png", "Tiles/food/9.png")
    }
    with pytest.raises(DataError, match="leave none of the 6 images"):
        data.load(path, include="Sprites")


def test_splits_are_no_classes(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", art("train/") | art("test/"))
    found = data.load(path)
    assert counts(found) == {"food": 4, "hero": 4}
    assert "4 in test, 4 in train" in found.notes[0]
    assert len(data.load(path, include="train")) == 4


def test_linked_folders_are_read_once_and_circles_end(tmp_path: Path) -> None:
    for name, content in art("real/").items():
        write(tmp_path / name, content)
    folder = tmp_path / "art"
    folder.mkdir()
    (folder / "food").symlink_to(tmp_path / "real" / "food", target_is_directory=True)
    (folder / "hero").symlink_to(tmp_path / "real" / "hero", target_is_directory=True)
    (folder / "more").symlink_to(tmp_path / "real" / "hero", target_is_directory=True)
    (tmp_path / "real" / "food" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "gone.png").symlink_to(tmp_path / "nothing")
    (folder / "self.png").symlink_to(folder / "self.png")
    found = data.load(folder)
    assert counts(found) == {"food": 2, "hero": 2}
    assert left_out(found) == {
        listing.DEAD: ("gone.png", "self.png"),
        listing.LINKED: ("more/", "food/up/"),
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_pipes_are_not_opened(tmp_path: Path) -> None:
    write(tmp_path / "a.png", png(SPRITES[0]))
    os.mkfifo(tmp_path / "b.png")
    assert left_out(data.load(tmp_path)) == {listing.SPECIAL: ("b.png",)}
    with pytest.raises(DataError, match=r"b\.png is no file and no folder"):
        data.load(tmp_path / "b.png", tile=8)


def test_a_file_that_is_too_long_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / "a.zip", {"a.png": png(SPRITES[0]) + b"\0" * 5000})
    write(tmp_path / "f" / "a.png", png(SPRITES[0]) + b"\0" * 5000)
    monkeypatch.setattr(listing, "MAX_FILE", 4000)
    for source in (path, tmp_path / "f"):
        with pytest.raises(DataError, match="are more than a sheet may have"):
            data.load(source)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("art.7z", b"7z\xbc\xaf\x27\x1c and more", "a 7-Zip archive"),
        ("art.rar", b"Rar!\x1a\x07\x01\x00", "a RAR archive"),
        ("art.ZIP", b"Rar!\x1a\x07\x01\x00", "a RAR archive"),
        ("art.tar.zst", b"x", "packed by Zstandard"),
        ("art.png.gz", b"x", "packed by gzip"),
    ],
)
def test_what_is_packed_otherwise_is_named(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    said = f"{name} is {kind}, which is not read; unpack it and give the folder, or pack that as"
    with pytest.raises(DataError, match=re.escape(said)):
        data.load(write(tmp_path / name, content))


def test_sizes_that_are_no_whole_factor(tmp_path: Path) -> None:
    sides = {"a": (12, 12), "b": (14, 10), "c": (16, 16), "d": (32, 24)}
    for name, (width, height) in sides.items():
        write(tmp_path / f"{name}.png", png(random_sprites(1, 32)[0][:height, :width]))
    with pytest.raises(DataError, match=r"must be square.*`pad`"):
        data.load(tmp_path, size=16)
    found = data.load(tmp_path, size=16, pad=True, anchor="bottom")
    assert found.images.shape == (4, 16, 16, 4)
    b = np.zeros((16, 16, 4), dtype=np.uint8)
    b[6:, 1:15] = random_sprites(1, 32)[0][:10, :14]
    np.testing.assert_array_equal(found.images[1], b)
    assert (found.images[3][:4] == 0).all()  # 32×24 shrank to 16×12
    assert data.load(tmp_path, pad=True).size == 32
    with pytest.raises(DataError, match=r"`size` 7 is too small for 2 sprites .*\(16×16, 32×24\)"):
        data.load(tmp_path, size=7, pad=True)
    np.save(tmp_path / "tall.npy", random_sprites(3, 16)[:, :, :10])
    assert data.load(tmp_path / "tall.npy", pad=True).images.shape == (3, 16, 16, 4)


def test_a_key_is_warned_of_and_cleared(tmp_path: Path) -> None:
    sheet = np.full((16, 32, 3), (255, 0, 255), dtype=np.uint8)
    sheet[4:12, 4:12] = random_sprites(1, 8, 3)[0]
    write(tmp_path / "s.png", png(sheet))
    with pytest.warns(UserWarning, match="`transparent=ff00ff`"):
        assert data.load(tmp_path / "s.png", tile=16).channels == 3
    found = data.load(tmp_path / "s.png", tile=16, transparent="#FF00FF")
    assert found.channels == 4
    assert left_out(found) == {"empty cells": ("s.png#r0c1",)}


def test_enlarged_art_is_told_and_snapped(tmp_path: Path) -> None:
    small = random_sprites(3, 16)
    for k, sprite in enumerate(small):
        big = Image.fromarray(sprite).resize((250, 250), Image.Resampling.NEAREST)
        write(tmp_path / f"{k}.png", png(np.asarray(big)))
    with pytest.raises(DataError, match=r"art of 16×16 pixels .* enlarged 15\.6[23] times: `snap`"):
        data.load(tmp_path, size=16)
    for given in ({"snap": True}, {"pixel_size": 15.625}):
        found = data.load(tmp_path, **given)
        np.testing.assert_array_equal(found.images, small)
        assert "3 images snapped to pixels of 15.6" in found.notes[0]
    ((before, after), *_) = data.before_and_after(tmp_path, snap=True)
    assert (before.shape, after.shape) == ((250, 250, 4), (16, 16, 4))


def test_soft_art_that_is_shrunk_is_warned_of(tmp_path: Path) -> None:
    sprite = data.load("builtin", n=1, channels=3).images[0]
    big = Image.fromarray(sprite).resize((256, 256), Image.Resampling.BICUBIC)
    big.save(tmp_path / "a.png")
    with pytest.warns(UserWarning, match="invents colours; `snap`"):
        data.load(tmp_path, size=16)


@pytest.mark.parametrize(
    "header", ["file_name, label", "File Name,Label", "filename;CLASS", "file_name\tlabel"]
)
def test_headers_as_spreadsheets_write_them(tmp_path: Path, header: str) -> None:
    part = next(sign for sign in ",;\t" if sign in header)
    rows = [header, *(f"{k}.png{part}{'xy'[k % 2]}" for k in range(4))]
    for encoding in ("utf-8", "utf-16"):
        for k, sprite in enumerate(SPRITES):
            write(tmp_path / encoding / f"{k}.png", png(sprite))
        write(tmp_path / encoding / "metadata.csv", "\r\n".join(rows).encode(encoding))
        assert counts(data.load(tmp_path / encoding)) == {"x": 2, "y": 2}


def test_a_table_without_labels_says_so(tmp_path: Path) -> None:
    write(tmp_path / "a.png", png(SPRITES[0]))
    write(tmp_path / "metadata.csv", b"file_name,caption\na.png,x\n")
    assert "no column `label`, but file_name, caption" in data.load(tmp_path).notes[0]


def test_the_folder_that_sample_writes(tmp_path: Path) -> None:
    for k, sprite in enumerate(SPRITES):
        write(tmp_path / f"{k:04}.png", png(sprite))
    pictures.samples_picture(SPRITES, tmp_path / "grid.png")
    sprites = [{"file_name": f"{k:04}.png", "label": "ab"[k % 2], "number": k} for k in range(4)]
    write(tmp_path / "samples.json", json.dumps({"format": 2, "sprites": sprites}).encode())
    found = data.load(tmp_path)
    assert counts(found) == {"a": 2, "b": 2}
    assert left_out(found) == {"pictures about sprites": ("grid.png",)}


def test_pictures_about_sprites_are_passed_over_and_still_sheets(tmp_path: Path) -> None:
    write(tmp_path / "a.png", png(SPRITES[0]))
    pictures.contact_sheet_picture(SPRITES, np.zeros(4, dtype=np.int64), ["x"], tmp_path / "i.png")
    found = data.load(tmp_path)
    assert left_out(found) == {"pictures about sprites": ("i.png",)}
    assert len(found) == 1
    assert len(data.load(tmp_path / "i.png", tile=8, leftover="drop")) > 1


def test_a_folder_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "crawl" / "a.png", png(SPRITES[0]))
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="crawl is a folder here, and it is read"):
        assert data.load("crawl").ids == ("a.png",)
    write(tmp_path / "builtin" / "a.png", png(SPRITES[0]))
    assert len(data.load("builtin", n=3, folder_first=False)) == 3


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.tga", "TGA"), ("a.tiff", "TIFF"), ("a.TIF", "TIFF"), ("a.dib", "BMP"), ("a.apng", "PNG")],
)
def test_more_formats_with_alpha(tmp_path: Path, name: str, kind: str) -> None:
    write(tmp_path / name, encoded(Image.fromarray(SPRITES[0]), kind))
    np.testing.assert_array_equal(data.load(tmp_path).images[0], SPRITES[0])


def test_opacity_in_a_plain_bmp_of_32_bits(tmp_path: Path) -> None:
    size = b"\x10\0\0\0" * 2
    header = b"BM" + b"\0" * 8 + (54).to_bytes(4, "little") + (40).to_bytes(4, "little") + size
    header += b"\1\0\x20\0" + b"\0" * 24
    rows = SPRITES[0][::-1, :, [2, 1, 0, 3]].tobytes()
    write(tmp_path / "a.bmp", header + rows)
    np.testing.assert_array_equal(data.load(tmp_path).images[0], SPRITES[0])
    opaque = SPRITES[0].copy()
    opaque[..., 3] = 0
    write(tmp_path / "a.bmp", header + opaque[::-1, :, [2, 1, 0, 3]].tobytes())
    assert data.load(tmp_path).channels == 3


def test_a_picture_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    image = Image.fromarray(SPRITES[0])
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    write(tmp_path / "a.png", encoded(image, "PNG", exif=exif.tobytes()))
    np.testing.assert_array_equal(data.load(tmp_path).images[0], np.rot90(SPRITES[0], -1))


def test_texts_and_profiles_do_no_harm(tmp_path: Path) -> None:
    whole = write_png(SPRITES[0].astype(np.int64), RGBA, 8)
    start = whole.index(b"IDAT") - 4
    broken = chunk(b"iCCP", b"rubbish")[:-1] + b"?"
    huge = chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"x" * 3_000_000))
    assert whole.startswith(SIGNATURE)
    write(tmp_path / "a.png", whole[:start] + broken + huge + whole[start:])
    np.testing.assert_array_equal(data.load(tmp_path).images[0], SPRITES[0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tile": "8x"}, "`tile` is a number or two"),
        ({"offset": 3}, "`offset` and `leftover` describe a sheet"),
        ({"anchor": "bottom"}, "`anchor` says where `pad`"),
        ({"transparent": "pink"}, "`transparent` names colours such as ff00ff"),
        ({"pixel_size": 0.5}, "`pixel_size` must be"),
        ({"frames": "some"}, "`frames` unknown 'some'"),
    ],
)
def test_settings_out_of_range(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        data.load("builtin", **given)
