"""``SpriteFrames`` of Godot, as text resources: one animation a class, one texture region a sprite.

The picture is named without ``res://``, which Godot takes to lie beside the resource, so that both
files can be put anywhere in a project.
"""

from __future__ import annotations

from collections.abc import Callable

from spritelab.sheets.atlas import Atlas


def godot_frames(atlas: Atlas, image: str, duration: int) -> str:
    """The resource for Godot 4 (text format 3).

    Args:
        atlas: the sheet.
        image: the file name of its picture.
        duration: of a frame, in milliseconds.
    """
    head = f'[gd_resource type="SpriteFrames" load_steps={len(atlas.frames) + 2} format=3]'
    parts = [head, f'[ext_resource type="Texture2D" path={_text(image)} id="1"]']
    for number, frame in enumerate(atlas.frames):
        box = frame.box
        parts.append(
            f'[sub_resource type="AtlasTexture" id="AtlasTexture_{number}"]\n'
            f"resource_name = {_text(frame.key)}\n"
            'atlas = ExtResource("1")\n'
            f"region = Rect2({box.x}, {box.y}, {box.width}, {box.height})"
        )

    def one(number: int) -> str:
        return f'{{\n"duration": 1.0,\n"texture": SubResource("AtlasTexture_{number}")\n}}'

    parts.append(f"[resource]\nanimations = {_animations(atlas, one, '&', duration)}")
    return "\n\n".join(parts) + "\n"


def godot3_frames(atlas: Atlas, image: str, duration: int) -> str:
    """The resource for Godot 3 (text format 2); arguments as in ``godot_frames``."""
    head = f'[gd_resource type="SpriteFrames" load_steps={len(atlas.frames) + 2} format=2]'
    parts = [head, f'[ext_resource path={_text(image)} type="Texture" id=1]']
    for number, frame in enumerate(atlas.frames, start=1):
        box = frame.box
        parts.append(
            f'[sub_resource type="AtlasTexture" id={number}]\n'
            f"resource_name = {_text(frame.key)}\n"
            "atlas = ExtResource( 1 )\n"
            f"region = Rect2( {box.x}, {box.y}, {box.width}, {box.height} )"
        )
    animations = _animations(atlas, lambda number: f"SubResource( {number + 1} )", "", duration)
    parts.append(f"[resource]\nanimations = {animations}")
    return "\n\n".join(parts) + "\n"


def _animations(atlas: Atlas, one: Callable[[int], str], name: str, duration: int) -> str:
    """The list of animations; ``one`` writes a frame, ``name`` is what begins a name's text."""
    entries = [
        f'{{\n"frames": [{", ".join(one(k) for k in range(tag.first, tag.last + 1))}],\n'
        f'"loop": true,\n"name": {name}{_text(tag.name)},\n"speed": {1000 / duration}\n}}'
        for tag in atlas.tags
    ]
    return f"[{', '.join(entries)}]"


def _text(text: str) -> str:
    """A string of Godot's text resources."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
