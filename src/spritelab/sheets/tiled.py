"""A tileset of Tiled: the sheet as a grid, each tile with its class and its name."""

from __future__ import annotations

from xml.etree import ElementTree

from spritelab.sheets.atlas import Atlas


def tileset(atlas: Atlas, image: str, name: str) -> str:
    """The XML of a ``.tsx`` file.

    A tile's ``type`` is its class, which Tiled shows as such, and its property ``key`` its name.
    Tiles are numbered as Tiled counts them: row by row over all that fit on the picture.

    Args:
        atlas: the sheet.
        image: the file name of its picture.
        name: of the tileset.
    """
    grid = atlas.grid
    root = ElementTree.Element(
        "tileset",
        version="1.8",
        name=_legal(name),
        tilewidth=str(grid.width),
        tileheight=str(grid.height),
        spacing=str(grid.spacing),
        margin=str(grid.margin),
        tilecount=str(grid.columns * grid.rows),
        columns=str(grid.columns),
    )
    width, height = str(atlas.width), str(atlas.height)
    ElementTree.SubElement(root, "image", source=_legal(image), width=width, height=height)
    for frame in atlas.frames:
        row = (frame.box.y - grid.margin) // (grid.height + grid.spacing)
        column = (frame.box.x - grid.margin) // (grid.width + grid.spacing)
        number = row * grid.columns + column
        tile = ElementTree.SubElement(root, "tile", id=str(number), type=_legal(frame.tag))
        properties = ElementTree.SubElement(tile, "properties")
        ElementTree.SubElement(properties, "property", name="key", value=_legal(frame.key))
    ElementTree.indent(root, space=" ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _legal(text: str) -> str:
    """``text`` without the control characters that XML cannot hold."""
    return "".join(
        c if ord(c) >= 32 or c in "\t\n\r" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
