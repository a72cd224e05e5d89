"""Sheets in Chromium: as an atlas of Phaser, as a sheet of PixiJS, as a style sheet."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_programs import SPRITES, pixels
from PIL import Image

from programs import Serve, script
from spritelab.config import SheetFormat
from spritelab.sheets import cut_atlas, save_sheet

pytestmark = pytest.mark.engine


PHASER = """
async () => {
  const encode = bytes => btoa(String.fromCharCode(...bytes));
  return await new Promise(resolve => new Phaser.Game({
    type: Phaser.CANVAS, width: 8, height: 8, banner: false, audio: { noAudio: true },
    scene: {
      preload() {
        this.load.LOADER('sheet', 'sheet.png', 'sheet.json');
      },
      create() {
        const texture = this.textures.get('sheet'), drawn = {}, animations = {};
        for (const name of texture.getFrameNames()) {
          const canvas = this.textures.createCanvas('c' + name, 8, 8);
          canvas.drawFrame('sheet', name, 0, 0);
          drawn[name] = encode(canvas.context.getImageData(0, 0, 8, 8).data);
        }
        if ('LOADER' === 'aseprite')
          for (const animation of this.anims.createFromAseprite('sheet'))
            animations[animation.key] = animation.frames.map(
              one => [one.textureFrame, one.duration]);
        resolve({ drawn, animations, version: Phaser.VERSION });
      },
    },
  }));
}
"""

PIXI = """
async () => {
  const encode = bytes => btoa(String.fromCharCode(...bytes));
  const app = new PIXI.Application();
  await app.init({ width: 8, height: 8, backgroundAlpha: 0, preference: 'webgl' });
  PIXI.TextureSource.defaultOptions.scaleMode = 'nearest';
  const sheet = await PIXI.Assets.load('sheet.json');
  const drawn = {}, animations = {};
  for (const name in sheet.textures) {
    const sprite = new PIXI.Sprite(sheet.textures[name]);
    const found = app.renderer.extract.pixels({ target: sprite, resolution: 1 });
    drawn[name] = encode(found.pixels);
  }
  for (const name in sheet.animations)
    animations[name] = sheet.animations[name].map(
      one => Object.keys(sheet.textures).find(key => sheet.textures[key] === one));
  return { drawn, animations, version: PIXI.VERSION };
}
"""


def opened(page: Any, serve: Serve, folder: Path, library: str = "") -> None:
    """Open an empty page of ``folder``, with a script of ``node_modules``."""
    source = ""
    if library:
        shutil.copy(script(library), folder / "library.js")
        source = '<script src="library.js"></script>'
    (folder / "index.html").write_text(f'<link rel="icon" href="data:,">{source}<body></body>')
    page.goto(serve(folder) + "/index.html")


def same(drawn: dict[str, str], keys: list[str]) -> None:
    assert set(drawn) == set(keys)
    ordered = [SPRITES.by_key[key] for keys_of in SPRITES.by_tag.values() for key in keys_of]
    for key in drawn:
        wanted = SPRITES.by_key[key] if key in SPRITES.by_key else ordered[int(key)]
        np.testing.assert_array_equal(pixels(drawn[key]), wanted)


@pytest.mark.parametrize(
    "format", ["phaser", "texturepacker", "texturepacker-array", "aseprite", "aseprite-array"]
)
def test_phaser_draws_every_sprite_of_an_atlas(
    page: Any, serve: Serve, tmp_path: Path, format: SheetFormat
) -> None:
    save_sheet(
        tmp_path / "sheet.png",
        SPRITES.images,
        SPRITES.keys,
        SPRITES.tags,
        format,
        padding=2,
        extrude=1,
        power_of_two=True,
    )
    opened(page, serve, tmp_path, "phaser/dist/phaser.min.js")
    found = page.evaluate(PHASER.replace("LOADER", "atlas"))
    print("Phaser", found["version"])
    same(found["drawn"], SPRITES.keys)


@pytest.mark.parametrize("format", ["aseprite", "aseprite-array"])
def test_phaser_makes_animations_of_tags(
    page: Any, serve: Serve, tmp_path: Path, format: SheetFormat
) -> None:
    path = tmp_path / "sheet.png"
    save_sheet(
        path, SPRITES.images, SPRITES.keys, SPRITES.tags, format, names="index", duration=120
    )
    opened(page, serve, tmp_path, "phaser/dist/phaser.min.js")
    found = page.evaluate(PHASER.replace("LOADER", "aseprite"))
    same(found["drawn"], [str(i) for i in range(12)])
    numbers = iter(range(12))
    wanted = {
        tag: [[str(next(numbers)), 120] for _ in keys] for tag, keys in SPRITES.by_tag.items()
    }
    assert found["animations"] == wanted


@pytest.mark.parametrize("format", ["pixi", "aseprite", "texturepacker"])
def test_pixi_draws_every_sprite(
    page: Any, serve: Serve, tmp_path: Path, format: SheetFormat
) -> None:
    save_sheet(
        tmp_path / "sheet.png", SPRITES.images, SPRITES.keys, SPRITES.tags, format, padding=1
    )
    opened(page, serve, tmp_path, "pixi.js/dist/pixi.min.js")
    found = page.evaluate(PIXI)
    print("PixiJS", found["version"])
    same(found["drawn"], SPRITES.keys)
    assert found["animations"] == (SPRITES.by_tag if format == "pixi" else {})


@pytest.mark.parametrize("stem", ["sheet", "9 lives & more"])
def test_a_browser_shows_every_class_of_the_style_sheet(
    page: Any, serve: Serve, tmp_path: Path, stem: str
) -> None:
    keys = list(SPRITES.keys)
    keys[0] = "food=0.7,spell=0.3-0-0"
    save_sheet(tmp_path / f"{stem}.png", SPRITES.images, keys, SPRITES.tags, "css", extrude=2)
    opened(page, serve, tmp_path)
    page.evaluate(
        """async ([stem, name, keys]) => {
          const link = document.createElement('link');
          link.rel = 'stylesheet';
          link.href = encodeURIComponent(stem) + '.css';
          document.head.append(link);
          await new Promise(done => link.onload = done);
          document.body.style = 'margin: 0; display: flex; background: transparent';
          for (const key of keys) {
            const sprite = document.createElement('i');
            sprite.className = `${name} ${name}-${key}`;
            document.body.append(sprite);
          }
          // Nobody waits for a background: it is on its way when the element is there already.
          const sheet = new Image();
          sheet.src = getComputedStyle(document.body.lastChild).backgroundImage.slice(5, -2);
          await sheet.decode();
          for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
        }""",
        [stem, "-".join(stem.split()), keys],
    )
    shot = page.screenshot(
        clip={"x": 0, "y": 0, "width": 8 * 12, "height": 8}, omit_background=True
    )
    shown = np.asarray(Image.open(io.BytesIO(shot)).convert("RGBA"))
    np.testing.assert_array_equal(shown, np.concatenate(list(SPRITES.images), axis=1))


def test_pixi_and_spritelab_restore_trimmed_and_rotated_frames_alike(
    page: Any, serve: Serve, tmp_path: Path
) -> None:
    whole = SPRITES.images[0].copy()
    whole[[0, 4, 5, 6, 7]] = 0
    whole[:, [0, 1, 7]] = 0
    part = whole[1:4, 2:7]
    sheet = np.zeros((16, 16, 4), dtype=np.uint8)
    sheet[1:4, 3:8] = part
    sheet[6:11, 9:12] = np.rot90(part, -1)  # clockwise
    size = {"sourceSize": {"w": 8, "h": 8}, "spriteSourceSize": {"x": 2, "y": 1, "w": 5, "h": 3}}
    places = {"upright": (3, 1), "turned": (9, 6)}
    record = {
        "frames": {
            name: {
                "frame": {"x": x, "y": y, "w": 5, "h": 3},
                "rotated": name == "turned",
                "trimmed": True,
                **size,
            }
            for name, (x, y) in places.items()
        },
        "meta": {"image": "sheet.png", "size": {"w": 16, "h": 16}, "scale": "1"},
    }
    Image.fromarray(sheet).save(tmp_path / "sheet.png")
    (tmp_path / "sheet.json").write_text(json.dumps(record))
    opened(page, serve, tmp_path, "pixi.js/dist/pixi.min.js")
    framed = PIXI.replace("resolution: 1", "resolution: 1, frame: new PIXI.Rectangle(0, 0, 8, 8)")
    drawn = page.evaluate(framed)["drawn"]
    for frame in cut_atlas(sheet, record):
        np.testing.assert_array_equal(pixels(drawn[frame.name]), whole)
        np.testing.assert_array_equal(frame.pixels, whole)
