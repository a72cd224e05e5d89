"""The JSON beside a sheet: Aseprite's and TexturePacker's, which most engines read."""

from __future__ import annotations

from typing import Any, Literal

from spritelab import __version__
from spritelab.sheets.atlas import Atlas, Frame
from spritelab.storage import to_json

Shape = Literal["hash", "array"]
"""Frames as an object whose keys are their names, or as a list in which each has a ``filename``."""


def aseprite_json(atlas: Atlas, image: str, shape: Shape, duration: int) -> str:
    """The JSON that Aseprite's *Export Sprite Sheet* writes, with a frame tag for every class.

    Args:
        atlas: the sheet.
        image: the file name of its picture.
        shape: of ``frames``.
        duration: of a frame, in milliseconds.
    """
    frames = [(f.key, {**_frame(f), "duration": duration}) for f in atlas.frames]
    meta = {**_meta(atlas, image), "layers": [], "slices": []}
    return to_json({"frames": _shaped(frames, shape), "meta": meta})


def texturepacker_json(atlas: Atlas, image: str, shape: Shape, animations: bool = False) -> str:
    """The JSON of TexturePacker: what Phaser, PixiJS and others call an atlas.

    TexturePacker has no tags. Those of Aseprite stand in it too, so that the classes are not lost.

    Args:
        atlas, image, shape: as in ``aseprite_json``.
        animations: also list the names of every class under ``animations``, as PixiJS reads it.
    """
    frames = [(f.key, {**_frame(f), "pivot": {"x": 0.5, "y": 0.5}}) for f in atlas.frames]
    record: dict[str, Any] = {"frames": _shaped(frames, shape)}
    if animations:
        record["animations"] = {
            tag.name: [f.key for f in atlas.frames[tag.first : tag.last + 1]] for tag in atlas.tags
        }
    return to_json({**record, "meta": _meta(atlas, image)})


def _shaped(frames: list[tuple[str, dict[str, Any]]], shape: Shape) -> Any:
    if shape == "hash":
        return dict(frames)
    return [{"filename": key, **frame} for key, frame in frames]


def _frame(frame: Frame) -> dict[str, Any]:
    box = frame.box
    size = {"w": box.width, "h": box.height}
    return {
        "frame": {"x": box.x, "y": box.y, **size},
        "rotated": False,
        "trimmed": False,
        "spriteSourceSize": {"x": 0, "y": 0, **size},
        "sourceSize": size,
    }


def _meta(atlas: Atlas, image: str) -> dict[str, Any]:
    return {
        "app": "spritelab",
        "version": __version__,
        "image": image,
        "format": "RGBA8888",
        "size": {"w": atlas.width, "h": atlas.height},
        "scale": "1",
        "frameTags": [
            {"name": tag.name, "from": tag.first, "to": tag.last, "direction": "forward"}
            for tag in atlas.tags
        ],
    }
