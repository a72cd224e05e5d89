"""Sheets in Godot 3 and in Tiled, and by independent readers of Tiled's and Godot's files."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from engine_programs import SPRITES, pixels
from PIL import Image

from programs import program
from spritelab.config import SheetFormat
from spritelab.pixels import Images, clear_hidden
from spritelab.sheets import save_sheet

pytestmark = pytest.mark.engine

PROJECT = """
config_version=4
[application]
config/name="sheet"
"""

GODOT_SCRIPT = """
extends SceneTree

func _init():
    var frames = load("res://art/sheet.tres")
    var drawn = {}
    var animations = {}
    for name in frames.get_animation_names():
        animations[name] = [frames.get_animation_speed(name), frames.get_animation_loop(name), []]
        for i in range(frames.get_frame_count(name)):
            var texture = frames.get_frame(name, i)
            var image = texture.atlas.get_data().get_rect(texture.region)
            image.convert(Image.FORMAT_RGBA8)
            drawn[texture.resource_name] = Marshalls.raw_to_base64(image.get_data())
            animations[name][2].append(texture.resource_name)
    print("FOUND " + to_json({"drawn": drawn, "animations": animations,
        "version": Engine.get_version_info()["string"]}))
    quit()
"""

MAP = """<?xml version="1.0" encoding="UTF-8"?>
<map version="1.8" tiledversion="1.8.2" orientation="orthogonal"
  renderorder="right-down" width="12" height="1"
  tilewidth="8" tileheight="8" infinite="0"
  nextlayerid="2" nextobjectid="1">
 <tileset firstgid="1" source="sheet.tsx"/>
 <layer id="1" name="all" width="12" height="1"><data encoding="csv">{ids}</data></layer>
</map>
"""


def ran(*words: str | Path, folder: Path) -> str:
    """What a program says; it must end well."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)}
    result = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_godot_3_loads_every_frame(tmp_path: Path) -> None:
    godot = program("godot3-server")
    (tmp_path / "project.godot").write_text(PROJECT)
    (tmp_path / "look.gd").write_text(GODOT_SCRIPT)
    save_sheet(
        tmp_path / "art" / "sheet.png",
        SPRITES.images,
        SPRITES.keys,
        SPRITES.tags,
        "godot3",
        padding=1,
        duration=125,
    )
    for _ in range(5):  # the editor imports pictures beside its main loop, and may quit before
        ran(godot, "--path", tmp_path, "--editor", "--quit", folder=tmp_path)
        if list((tmp_path / ".import").glob("sheet.png-*.stex")):
            break
    told = ran(godot, "--path", tmp_path, "-s", "look.gd", folder=tmp_path)
    assert "ERROR" not in told
    (line,) = [line for line in told.splitlines() if line.startswith("FOUND ")]
    found = json.loads(line.removeprefix("FOUND "))
    print("Godot", found["version"])
    assert found["animations"] == {tag: [8, True, keys] for tag, keys in SPRITES.by_tag.items()}
    assert set(found["drawn"]) == set(SPRITES.keys)
    for key, drawn in found["drawn"].items():
        # Godot's import gives transparent pixels the colour of their neighbours.
        np.testing.assert_array_equal(clear_hidden(pixels(drawn)), SPRITES.by_key[key])


def tile_ids(folder: Path) -> dict[str, tuple[int, str]]:
    """By its name, the number and the class of every tile, as Tiled itself exports the tileset."""
    tiled = program("tiled")
    ran(tiled, "--export-tileset", "json", folder / "sheet.tsx", folder / "out.json", folder=folder)
    record = json.loads((folder / "out.json").read_text())
    found = {}
    for tile in record["tiles"]:
        (own,) = tile["properties"]
        assert own["name"] == "key"
        found[own["value"]] = (tile["id"], tile.get("type", tile.get("class")))
    assert record["tilecount"] == record["columns"] * (
        (record["imageheight"] - record["margin"] + record["spacing"])
        // (record["tileheight"] + record["spacing"])
    )
    return found


@pytest.mark.parametrize(
    ("padding", "extrude", "power_of_two"), [(0, 0, False), (1, 0, False), (2, 1, True)]
)
def test_tiled_draws_every_tile(
    tmp_path: Path, padding: int, extrude: int, power_of_two: bool
) -> None:
    rasterizer = program("tmxrasterizer")
    save_sheet(
        tmp_path / "sheet.png",
        SPRITES.images,
        SPRITES.keys,
        SPRITES.tags,
        "tiled",
        padding=padding,
        extrude=extrude,
        power_of_two=power_of_two,
    )
    ids = tile_ids(tmp_path)
    assert {key: tag for key, (_, tag) in ids.items()} == dict(
        zip(SPRITES.keys, SPRITES.tags, strict=True)
    )
    row = ",".join(str(ids[key][0] + 1) for key in SPRITES.keys)
    (tmp_path / "map.tmx").write_text(MAP.format(ids=row))
    ran(rasterizer, tmp_path / "map.tmx", tmp_path / "map.png", folder=tmp_path)
    drawn: Images = np.asarray(Image.open(tmp_path / "map.png").convert("RGBA"))
    np.testing.assert_array_equal(drawn, np.concatenate(list(SPRITES.images), axis=1))


def test_pytiled_parser_reads_the_tileset(tmp_path: Path) -> None:
    parser = pytest.importorskip("pytiled_parser", reason="pytiled-parser is not installed")
    save_sheet(tmp_path / "sheet.png", SPRITES.images, SPRITES.keys, SPRITES.tags, "tiled")
    (tmp_path / "map.tmx").write_text(MAP.format(ids=",".join(map(str, range(1, 13)))))
    tileset = parser.parse_map(tmp_path / "map.tmx").tilesets[1]
    assert (tileset.tile_width, tileset.tile_height, tileset.tile_count) == (8, 8, 12)
    assert Path(tileset.image) == tmp_path / "sheet.png"
    found = {tile.properties["key"]: tile.class_ for tile in tileset.tiles.values()}
    assert found == dict(zip(SPRITES.keys, SPRITES.tags, strict=True))


@pytest.mark.parametrize("format", ["godot", "godot3"])
def test_godot_parser_reads_the_resource(tmp_path: Path, format: SheetFormat) -> None:
    parser = pytest.importorskip("godot_parser", reason="godot-parser is not installed")
    picture, resource = save_sheet(
        tmp_path / "sheet.png", SPRITES.images, SPRITES.keys, SPRITES.tags, format
    )
    # The parser knows the whole of Godot 4's syntax but names of the kind &"…".
    resource.write_text(resource.read_text().replace('"name": &"', '"name": "'))
    read = parser.load(str(resource))
    (external,) = read.get_ext_resources()
    assert external.path == "sheet.png"
    regions = {one.id: one.properties for one in read.get_sub_resources()}
    with Image.open(picture) as opened:
        sheet = np.asarray(opened.convert("RGBA"))
    (body,) = read.find_all("resource")
    found: dict[str, list[str]] = {}
    for animation in body.properties["animations"]:
        for frame in animation["frames"]:
            own = regions[(frame["texture"] if format == "godot" else frame).id]
            x, y, width, height = (int(value) for value in own["region"].args)
            key = own["resource_name"]
            np.testing.assert_array_equal(sheet[y : y + height, x : x + width], SPRITES.by_key[key])
            found.setdefault(animation["name"], []).append(key)
    assert found == SPRITES.by_tag
