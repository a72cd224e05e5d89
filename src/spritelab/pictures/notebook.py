"""How sprites show themselves in a notebook: as HTML, and as PNG where HTML is not shown.

A browser enlarges the HTML's picture, which it holds at the sprites' own size, by a whole factor
and without interpolation; the PNG is enlarged already.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from spritelab.pictures.files import encode_png
from spritelab.pictures.layout import good_columns, good_scale, grid
from spritelab.pixels import Images

MOST = 100
"""Sprites of a set or a batch that are shown."""

WIDTH = 720
"""Pixels that a grid may be wide."""

GAP = 2
"""Between sprites, in pixels of theirs."""


def sprites_png(images: Images) -> bytes:
    """A PNG of the first sprites of uint8 ``[N,H,W,C]``, enlarged; empty if there are none."""
    if len(images) == 0:
        return b""
    columns, scale = _layout(images)
    return encode_png(grid(images[:MOST], columns, scale, GAP * scale))


def sprites_html(images: Images, caption: str) -> str:
    """HTML of the first sprites of uint8 ``[N,H,W,C]`` below a caption in plain text."""
    more = f"; the first {MOST} are shown" if len(images) > MOST else ""
    head = f"<div>{escape(caption + more)}</div>"
    if len(images) == 0:
        return head
    columns, scale = _layout(images)
    return head + picture_html(grid(images[:MOST], columns, 1, GAP), scale)


def sheet_html(sheet: Images | None, caption: str) -> str:
    """HTML of a picture as large as it is, uint8 ``[h,w,C]``, below a caption in plain text."""
    head = f"<div>{escape(caption)}</div>"
    return head if sheet is None else head + picture_html(sheet, 1)


def picture_html(picture: Images, scale: int) -> str:
    """An ``<img>`` of a picture, uint8 ``[H,W,C]``, that the browser enlarges ``scale`` times."""
    height, width = (edge * scale for edge in picture.shape[:2])
    return (
        f'<img width="{width}" height="{height}" '
        'style="image-rendering: pixelated; max-width: none; margin: 0" '
        f'src="{data_uri(encode_png(picture))}">'
    )


def table_html(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """A table of names and values, both plain text, below a title."""
    lines = "".join(
        f'<tr><td style="text-align: left">{escape(name)}</td>'
        f'<td style="text-align: left">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<div><b>{escape(title)}</b></div><table>{lines}</table>"


def data_uri(png: bytes) -> str:
    """A PNG as an address that holds it whole."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _layout(images: Images) -> tuple[int, int]:
    """Columns and scale of the grid of the first sprites."""
    columns = good_columns(min(len(images), MOST))
    return columns, good_scale(images.shape[2] + GAP, columns, WIDTH, most=4)
