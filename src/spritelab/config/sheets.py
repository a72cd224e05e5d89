"""The names of what a sheet of sprites can be written for."""

from typing import Literal

SheetFormat = Literal[
    "aseprite",
    "aseprite-array",
    "texturepacker",
    "texturepacker-array",
    "phaser",
    "pixi",
    "godot",
    "godot3",
    "tiled",
    "css",
]
"""Who reads the file beside the picture: JSON of Aseprite or TexturePacker (a hash or an array),
Phaser (TexturePacker's array), PixiJS (TexturePacker's hash with animations), Godot 4 or 3, Tiled,
or a browser."""

SheetKeys = Literal["name", "index"]
"""What a sprite is called on a sheet: by its class, seed and number, or by its place: 0, 1, …"""
