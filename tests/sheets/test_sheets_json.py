"""Sheets with their JSON: written and cut out again, trimmed, rotated, broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sprite_files import Pixels
from spritelab import sheets
from spritelab.config import SheetFormat
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import clear_hidden

TAGS = ["side-facing", "food", "default", "food"]
KEYS = ["side-facing-0-0", "food-0-1", "default-0-2", "food-0-3"]
JSON_FORMATS = ("aseprite", "aseprite-array", "texturepacker", "texturepacker-array", "phaser")


def sprites() -> Pixels:
    images = np.random.default_rng(1).integers(0, 256, (4, 6, 6, 4), dtype=np.uint8)
    images[..., 3] = np.where(images[..., 3] < 100, 0, images[..., 3])
    return clear_hidden(images)


def read(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))


@pytest.mark.parametrize("format", [*JSON_FORMATS, "pixi"])
@pytest.mark.parametrize("extrude", [0, 1])
def test_sprites_names_and_tags_come_back(
    tmp_path: Path, format: SheetFormat, extrude: int
) -> None:
    path = tmp_path / "sheet.png"
    written = sheets.save_sheet(path, sprites(), KEYS, TAGS, format, padding=1, extrude=extrude)
    assert written == (path, tmp_path / "sheet.json")
    record = json.loads(written[1].read_text("utf-8"))
    assert sheets.is_atlas(record)
    assert sheets.picture_of(record) == "sheet.png"
    found = sheets.cut_atlas(read(path), record)
    assert [(one.name, one.tag) for one in found] == [
        (KEYS[i], TAGS[i])
        for i in (2, 1, 3, 0)  # by the name of the tag
    ]
    for one in found:
        np.testing.assert_array_equal(one.pixels, sprites()[KEYS.index(one.name)])


def test_the_json_is_that_of_aseprite(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    sheets.save_sheet(path, sprites()[:2], KEYS[:2], TAGS[:2], columns=2, duration=80)
    record = json.loads((tmp_path / "sheet.json").read_text())
    assert record.pop("meta").pop("frameTags") == [
        {"name": "food", "from": 0, "to": 0, "direction": "forward"},
        {"name": "side-facing", "from": 1, "to": 1, "direction": "forward"},
    ]
    size = {"w": 6, "h": 6}
    shared = {"rotated": False, "trimmed": False, "sourceSize": size, "duration": 80}
    shared["spriteSourceSize"] = {"x": 0, "y": 0, **size}
    assert record == {
        "frames": {
            "food-0-1": {"frame": {"x": 0, "y": 0, **size}, **shared},
            "side-facing-0-0": {"frame": {"x": 6, "y": 0, **size}, **shared},
        }
    }


def frame(box: tuple[int, int, int, int], **more: Any) -> dict[str, Any]:
    return {"frame": dict(zip("xywh", box, strict=True)), **more}


def test_trimmed_and_rotated_frames_are_restored() -> None:
    """A sprite of 5×4 whose middle 3×2 lies on the sheet, upright and turned clockwise."""
    whole = np.zeros((4, 5, 4), dtype=np.uint8)
    whole[1:3, 1:4] = np.random.default_rng(0).integers(1, 256, (2, 3, 4))
    sheet = np.zeros((9, 9, 4), dtype=np.uint8)
    sheet[2:4, 1:4] = whole[1:3, 1:4]
    for y in range(2):  # clockwise: the first row becomes the last column
        for x in range(3):
            sheet[5 + x, 6 + 1 - y] = whole[1 + y, 1 + x]
    left = {"sourceSize": {"w": 5, "h": 4}, "spriteSourceSize": {"x": 1, "y": 1, "w": 3, "h": 2}}
    record = {
        "frames": {
            "upright": frame((1, 2, 3, 2), trimmed=True, rotated=False, **left),
            "food/turned": frame((6, 5, 3, 2), trimmed=True, rotated=True, **left),
            "bare": frame((1, 2, 3, 2)),
        },
        "animations": {"still": ["upright"]},
    }
    found = {one.name: one for one in sheets.cut_atlas(sheet, record)}
    np.testing.assert_array_equal(found["upright"].pixels, whole)
    np.testing.assert_array_equal(found["food/turned"].pixels, whole)
    np.testing.assert_array_equal(found["bare"].pixels, whole[1:3, 1:4])
    assert [one.tag for one in found.values()] == ["still", "food", None]


def test_frames_of_one_name_stay_apart() -> None:
    sheet = np.zeros((4, 4, 4), dtype=np.uint8)
    twice = [{"filename": "a", **frame((0, 0, 2, 2))}, {"filename": "a", **frame((2, 0, 2, 2))}]
    assert [one.name for one in sheets.cut_atlas(sheet, {"frames": twice})] == ["a", "a-2"]


SOURCE = {"w": 4, "h": 4}


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([], "it describes no frames"),
        ([7], "its frame 0 is no description of a frame"),
        ({"a": frame((3, 0, 2, 2))}, "frame 'a' at 3,0 of 2×2 pixels lies outside of its sheet of"),
        ({"a": frame((0, 3, 2, 2))}, "lies outside of its sheet of 4×4"),
        ({"a": frame((2, 0, 1, 3), rotated=True)}, "of 3×1 pixels lies outside"),
        ({"a": frame((0, 0, 0, 2))}, "frame 'a' has no pixels"),
        ({"a": frame((-1, 0, 2, 2))}, "frame 'a' has -1 for 'x'"),
        ({"a": frame((0, 0, 10**40, 2))}, "for 'w'; 0 to 16,384 are possible"),
        ({"a": frame((0, 0, 1.5, 2))}, "no whole number for 'w'"),  # type: ignore[arg-type]
        ({"a": frame((0, 0, float("nan"), 2))}, "no whole number for 'w'"),  # type: ignore[arg-type]
        ({"a": frame((0, 0, True, 2))}, "no whole number for 'w'"),
        ({"a": {"frame": [0, 0, 1, 1]}}, "no whole number for 'x'"),
        (
            {"a": frame((0, 0, 2, 2), sourceSize=SOURCE, spriteSourceSize={"x": 3, "y": 0})},
            "lies outside of its own size of 4×4",
        ),
        (
            {str(k): frame((0, 0, 1, 1), sourceSize={"w": 16384, "h": 4096}) for k in range(2)},
            "unfold into more than 67,108,864 pixels",
        ),
    ],
)
def test_frames_that_lead_astray_are_refused(frames: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        sheets.cut_atlas(np.zeros((4, 4, 4), dtype=np.uint8), {"frames": frames})


def test_a_tag_outside_of_the_frames_is_refused() -> None:
    meta = {"frameTags": [{"name": "run", "from": 0, "to": 9}]}
    with pytest.raises(DataError, match="tag 'run' lies outside of its 1 frames"):
        sheets.cut_atlas(
            np.zeros((4, 4, 4), dtype=np.uint8),
            {"frames": {"a": frame((0, 0, 1, 1))}, "meta": meta},
        )


@pytest.mark.parametrize("record", [[], {}, {"frames": 3}, None, "frames"])
def test_other_json_is_no_atlas(record: Any) -> None:
    assert not sheets.is_atlas(record)


@pytest.mark.parametrize(
    ("meta", "name"),
    [({"image": "../a\\b.png"}, "b.png"), ({"image": 3}, None), ({}, None), (None, None)],
)
def test_the_picture_is_a_name_without_folders(meta: Any, name: str | None) -> None:
    assert sheets.picture_of({"meta": meta}) == name


def test_files_that_are_there_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    (tmp_path / "sheet.json").write_text("mine")
    with pytest.raises(SettingsError, match=r"sheet\.json exists already; choose another `path`"):
        sheets.save_sheet(path, sprites(), KEYS, TAGS)
    assert not path.exists()
    sheets.save_sheet(path, sprites(), KEYS, TAGS, overwrite=True)
    assert (tmp_path / "sheet.json").read_text() != "mine"


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("sheet.jpg", {}, "NAME.png or NAME.aseprite"),
        ("sheet.png", {"duration": 0}, "`duration` must be 1 to 65,535"),
    ],
)
def test_impossible_sheets_are_refused(
    tmp_path: Path, name: str, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        sheets.save_sheet(tmp_path / name, sprites(), KEYS, TAGS, **more)
    assert list(tmp_path.iterdir()) == []


def test_names_by_index(tmp_path: Path) -> None:
    sheets.save_sheet(tmp_path / "sheet.png", sprites(), KEYS, TAGS, names="index")
    record = json.loads((tmp_path / "sheet.json").read_text())
    assert list(record["frames"]) == ["0", "1", "2", "3"]
