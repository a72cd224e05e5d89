"""Sheets with their JSON, Aseprite files and sheets without anything, as sources of sprites."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sprite_files import Pixels, png, random_sprites, write
from spritelab.config import SheetFormat
from spritelab.data import SpriteSet, atlases, load
from spritelab.errors import DataError, SettingsError
from spritelab.sheets import save_sheet

TAGS = ["spell", "food", "spell", "food", "hero"]
KEYS = [f"{tag}-0-{i}" for i, tag in enumerate(TAGS)]


@pytest.fixture
def images() -> Pixels:
    return random_sprites(5)


def same(found: SpriteSet, images: Pixels, file: str) -> None:
    """The set holds the sprites under their names and classes."""
    assert found.class_names == ("food", "hero", "spell")
    assert sorted(found.ids) == sorted(f"{file}#{key}" for key in KEYS)
    for image, label, name in zip(found.images, found.labels, found.ids, strict=True):
        number = int(name.rpartition("-")[2])
        np.testing.assert_array_equal(image, images[number])
        assert found.class_names[label] == TAGS[number]


@pytest.mark.parametrize(
    "format", ["aseprite", "aseprite-array", "texturepacker", "phaser", "pixi"]
)
def test_a_sheet_is_read_by_the_json_beside_it(
    tmp_path: Path, images: Pixels, format: SheetFormat
) -> None:
    picture, record = save_sheet(
        tmp_path / "all.png", images, KEYS, TAGS, format, padding=1, extrude=1
    )
    same(load(picture), images, "all.png")
    same(load(record), images, "all.png")
    found = load(tmp_path)
    same(found, images, "all.png")
    assert found.left_out == ()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(picture, "art/all.png")
        archive.write(record, "art/all.json")
    same(load(tmp_path / "a.zip"), images, "art/all.png")


def test_an_aseprite_file_is_a_source(tmp_path: Path, images: Pixels) -> None:
    (path,) = save_sheet(tmp_path / "all.aseprite", images, KEYS, TAGS)
    same(load(path), images, "all.aseprite")
    same(load(tmp_path), images, "all.aseprite")


def test_aseprite_files_beside_pictures_are_left_out_unless_they_are_asked_for(
    tmp_path: Path, images: Pixels
) -> None:
    save_sheet(tmp_path / "src" / "all.aseprite", images, KEYS, TAGS)
    write(tmp_path / "png" / "a.png", png(images[0]))
    found = load(tmp_path)
    assert found.ids == ("png/a.png",)
    assert [one.names for one in found.left_out] == [("src/all.aseprite",)]
    same(load(tmp_path, include="*.aseprite"), images, "src/all.aseprite")


def test_a_json_may_name_a_picture_of_another_name(tmp_path: Path, images: Pixels) -> None:
    picture, record = save_sheet(tmp_path / "all.png", images, KEYS, TAGS)
    other = record.rename(tmp_path / "atlas.json")
    same(load(other), images, "all.png")
    picture.unlink()
    with pytest.raises(DataError, match=r"atlas\.json describes all\.png, which is not beside it"):
        load(other)


def test_a_json_that_leads_out_of_its_folder_is_not_followed(
    tmp_path: Path, images: Pixels
) -> None:
    _, record = save_sheet(tmp_path / "all.png", images, KEYS, TAGS)
    told = json.loads(record.read_text())
    told["meta"]["image"] = "../../all.png"
    inner = write(tmp_path / "in" / "all.json", json.dumps(told).encode())
    with pytest.raises(DataError, match=r"describes all\.png, which is not beside it"):
        load(inner)


def test_frames_outside_of_the_sheet_name_the_file(tmp_path: Path, images: Pixels) -> None:
    picture, record = save_sheet(tmp_path / "all.png", images, KEYS, TAGS)
    told = json.loads(record.read_text())
    told["frames"]["food-0-1"]["frame"]["x"] = 900
    record.write_text(json.dumps(told))
    with pytest.raises(DataError, match=r"all\.png: frame 'food-0-1' at 900,0 .* lies outside"):
        load(picture)


def test_broken_and_other_json(tmp_path: Path, images: Pixels) -> None:
    picture, record = save_sheet(tmp_path / "all.png", images, KEYS, TAGS)
    record.write_text("{")
    with pytest.raises(DataError, match=r"all\.json is no JSON"):
        load(picture)
    record.write_text('{"licence": "CC0"}')
    with pytest.raises(DataError, match=r"one picture of .* or find them by `auto`"):
        load(picture)
    with pytest.raises(DataError, match=r"all\.json describes no sheet"):
        load(record)


def test_a_damaged_aseprite_file_is_named(tmp_path: Path, images: Pixels) -> None:
    (path,) = save_sheet(tmp_path / "all.ase", images, KEYS, TAGS)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"all\.ase: it is truncated or damaged"):
        load(path)


def test_with_a_tile_the_json_is_left_alone(tmp_path: Path, images: Pixels) -> None:
    picture, _ = save_sheet(tmp_path / "all.png", images, KEYS, TAGS, columns=5)
    found = load(picture, tile=8)
    assert found.ids[0] == "all.png#r0c0"
    assert found.class_names == ("sprite",)


def test_frames_of_a_tag_that_look_alike_are_one_group(tmp_path: Path) -> None:
    """Two walking frames that differ in a pixel, and two of another tag that have nothing alike."""
    images = random_sprites(4)
    images[1] = images[0]
    images[1, 3, 3] = (9, 9, 9, 255)
    tags = ["walk", "walk", "other", "other"]
    (path,) = save_sheet(tmp_path / "a.aseprite", images, ["a", "b", "c", "d"], tags)
    found = load(path)
    groups = dict(zip(found.ids, found.groups, strict=True))
    assert groups["a.aseprite#a"] == groups["a.aseprite#b"]
    assert len(set(found.groups)) == 3
    assert len(set(load(path, frames="off").groups)) == 4


def test_sprites_are_found_on_a_sheet(tmp_path: Path) -> None:
    sheet = np.full((20, 30, 3), (200, 0, 200), dtype=np.uint8)
    sheet[2:8, 2:6] = (1, 2, 3)
    sheet[3:9, 12:18] = (4, 5, 6)
    sheet[14:18, 2:9] = (7, 8, 9)
    Image.fromarray(sheet).save(tmp_path / "sheet.png")
    with pytest.raises(DataError, match="find them by `auto`"):
        load(tmp_path / "sheet.png")
    with pytest.raises(DataError, match="`pad`"):
        load(tmp_path / "sheet.png", auto=True)
    found = load(tmp_path / "sheet.png", auto=True, pad=True, size=8)
    assert found.ids == ("sheet.png#x2y2", "sheet.png#x12y3", "sheet.png#x2y14")
    assert [int((one[..., 3] == 255).sum()) for one in found.images] == [24, 36, 28]
    with pytest.raises(SettingsError, match="`tile` or `auto`"):
        load(tmp_path / "sheet.png", auto=True, tile=8)
    with pytest.raises(SettingsError, match="`auto` are for files of your own"):
        load("builtin", auto=True)


def test_a_json_too_large_for_a_sheet_is_not_parsed(
    tmp_path: Path, images: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, record = save_sheet(tmp_path / "all.png", images, KEYS, TAGS)
    monkeypatch.setattr(atlases, "MAX_JSON", record.stat().st_size - 1)
    with pytest.raises(DataError, match=r"all\.json has .* bytes; .* are the limit"):
        load(picture)
