"""Aseprite's and Adobe's files by the parsers of others, and the files that come with those."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_programs import SPRITES

from programs import MODULES, program, script
from spritelab import sheets
from spritelab.palette import Palette, write_palette
from spritelab.palette.swatches import read_swatches

pytestmark = pytest.mark.engine

ASE_PARSER = """
const Aseprite = require(process.argv[1]), fs = require('fs');
const file = new Aseprite(fs.readFileSync(process.argv[2]), 'x.aseprite');
file.parse();
console.log(JSON.stringify({
  size: [file.width, file.height], depth: file.colorDepth,
  colours: file.palette && file.palette.colors.map(c => [c.red, c.green, c.blue, c.alpha]),
  tags: file.tags.map(t => [t.name, t.from, t.to]),
  layers: file.layers.map(l => [l.name, l.opacity]),
  frames: file.frames.map(f => f.cels.map(c =>
    ({x: c.xpos, y: c.ypos, w: c.w, h: c.h, pixels: c.rawCelData.toString('base64')}))),
}));
"""


def node(source: str, *words: Path) -> Any:
    result = subprocess.run(
        [program("node"), "-e", source, *(str(word.resolve()) for word in words)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(result.stdout)


def parsed(path: Path) -> Any:
    return node(ASE_PARSER, script("ase-parser/package.json").parent, path)


def test_ase_parser_reads_what_is_written(tmp_path: Path) -> None:
    (path,) = sheets.save_sheet(
        tmp_path / "all.aseprite", SPRITES.images, SPRITES.keys, SPRITES.tags
    )
    found = parsed(path)
    assert found["size"] == [8, 8]
    assert found["depth"] == 8
    assert found["layers"] == [["sprites", 255]]
    place, wanted = 0, []
    for tag, keys in SPRITES.by_tag.items():
        wanted.append([tag, place, place + len(keys) - 1])
        place += len(keys)
    assert found["tags"] == wanted
    table = np.array(found["colours"], dtype=np.uint8)
    ordered = [SPRITES.by_key[key] for keys in SPRITES.by_tag.values() for key in keys]
    for (cel,), image in zip(found["frames"], ordered, strict=True):
        assert (cel["x"], cel["y"], cel["w"], cel["h"]) == (0, 0, 8, 8)
        np.testing.assert_array_equal(drawn(cel, table), image)


def test_a_file_of_aseprite_itself() -> None:
    path = script("ase-parser/indexed.aseprite")
    told = parsed(path)
    table = np.array(told["colours"], dtype=np.uint8)
    frames = sheets.read_aseprite(path.read_bytes())
    assert len(frames) == len(told["frames"])
    for frame, cels in zip(frames, told["frames"], strict=True):
        wanted = np.zeros((told["size"][1], told["size"][0], 4), dtype=np.uint8)
        for cel in cels:
            part = wanted[cel["y"] : cel["y"] + cel["h"], cel["x"] : cel["x"] + cel["w"]]
            above = drawn(cel, table)
            part[above[..., 3] > 0] = above[above[..., 3] > 0]
        np.testing.assert_array_equal(frame.pixels, wanted)
        assert frame.pixels.any()


def drawn(cel: Any, table: Any) -> Any:
    """A cel's pixels in the colours of its palette; colour 0 is transparent."""
    import base64

    index = np.frombuffer(base64.b64decode(cel["pixels"]), np.uint8).reshape(cel["h"], cel["w"])
    return np.where(index[..., None] == 0, 0, table[index]).astype(np.uint8)


def test_ase_utils_reads_adobe_swatches(tmp_path: Path) -> None:
    colours = np.random.default_rng(3).integers(0, 256, (30, 3), dtype=np.uint8)
    palette = Palette(colours)
    path = write_palette(palette, tmp_path / "a.ase")
    source = """
      const ase = require(process.argv[1]), fs = require('fs');
      console.log(JSON.stringify(ase.decode(fs.readFileSync(process.argv[2]))));
    """
    found = node(source, script("ase-utils/package.json").parent, path)["colors"]
    levels = np.rint(np.array([one["color"] for one in found]) * 255).astype(np.uint8)
    assert Palette(levels) == palette
    np.testing.assert_array_equal(levels, palette.colours)


def test_swatches_as_adobe_writes_them() -> None:
    # What stands beside the file was rounded to 15 bits.
    record = json.loads(script("ase-utils/test.json").read_text())
    told = record["colors"]
    found = read_swatches((MODULES / "ase-utils" / "test.ase").read_bytes())
    assert len(found) == len(told) > 100
    for levels, one in zip(found, told, strict=True):
        values = np.array(one["color"])
        if one["model"] == "CMYK":
            values = (1 - values[:3]) * (1 - values[3])
        np.testing.assert_allclose(levels, np.broadcast_to(values, 3) * 255, atol=0.6)
