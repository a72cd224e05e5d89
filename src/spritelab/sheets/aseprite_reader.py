"""Sprites out of an ``.aseprite`` or ``.ase`` file: every frame with its layers merged.

Source: as in ``aseprite``. What comes out is what the editor shows: visible layers from the lowest
to the highest, blended by *normal* with the opacities of cel, layer and groups, rounded as Aseprite
rounds. Layers of tiles and other ways of blending are refused, not drawn wrongly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.pixels import Images, clear_hidden
from spritelab.sheets import aseprite
from spritelab.sheets.aseprite_chunks import GREY, Cel, File, Frame, Layer, parse
from spritelab.sheets.atlas import CutFrame, innermost, unique_keys

_VISIBLE, _BACKGROUND, _REFERENCE = 1, 8, 64
_GROUP = 1
_LAYER_OPACITY, _GROUP_OPACITY = 1, 2  # flags of the file: which opacities count
_BLENDS = (
    *("normal", "multiply", "screen", "overlay", "darken", "lighten", "colour dodge"),
    *("colour burn", "hard light", "soft light", "difference", "exclusion", "hue", "saturation"),
    *("colour", "luminosity", "addition", "subtract", "divide"),
)


def read_aseprite(data: bytes) -> list[CutFrame]:
    """Read the frames of a file, each as large as its canvas.

    A frame is named by the text of its first cel's user data, where ``encode_aseprite`` keeps a
    sprite's name, else by its number; its tag is the innermost of those that it lies in.

    Raises:
        DataError: with the bare reason, for the caller to put the file's name before it: no such
            file, a damaged one, one with layers that cannot be merged, or with more pixels than a
            sheet may have.
    """
    file = parse(data)
    layers = _drawn_layers(file)
    names = [next((cel.text for cel in one.cels if cel.text), "") for one in file.frames]
    keys = unique_keys([name or str(place) for place, name in enumerate(names)])
    return [
        CutFrame(keys[place], innermost(file.tags, place), _merged(file, place, layers))
        for place in range(len(file.frames))
    ]


def _drawn_layers(file: File) -> dict[int, int]:
    """By the number of each layer that is drawn, its opacity, with those of its groups."""
    drawn: dict[int, int] = {}
    shown, opacities = [True], [255]  # by level: of the groups around
    for number, layer in enumerate(file.layers):
        if layer.level >= len(shown):
            raise DataError("it is truncated or damaged")
        del shown[layer.level + 1 :], opacities[layer.level + 1 :]
        visible = shown[-1] and bool(layer.flags & _VISIBLE)
        own = _times(opacities[-1], _opacity(file, layer))
        if layer.kind == _GROUP:
            shown.append(visible)
            opacities.append(own)
        if not visible or layer.flags & _REFERENCE:
            continue
        if layer.blend and (layer.kind != _GROUP or file.flags & _GROUP_OPACITY):
            known = layer.blend < len(_BLENDS)
            way = _BLENDS[layer.blend] if known else str(layer.blend)
            raise DataError(
                f"its layer {layer.name!r} is blended by {way}; merge it with those below in "
                "Aseprite"
            )
        drawn[number] = own
    return drawn


def _opacity(file: File, layer: Layer) -> int:
    flag = _GROUP_OPACITY if layer.kind == _GROUP else _LAYER_OPACITY
    return layer.opacity if file.flags & flag else 255


def _merged(file: File, place: int, layers: dict[int, int]) -> Images:
    """One frame as the editor shows it: uint8 RGBA ``[H,W,4]``."""
    frame = file.frames[place]
    canvas = np.zeros((file.height, file.width, 4), dtype=np.uint8)
    for cel in sorted(frame.cels, key=lambda cel: (cel.layer + cel.z, cel.z)):
        if cel.layer >= len(file.layers):
            raise DataError("it is truncated or damaged")
        if cel.layer in layers:
            background = bool(file.layers[cel.layer].flags & _BACKGROUND)
            source = cel if cel.pixels is not None else _linked(file, cel, place)
            assert source.pixels is not None
            colours = _colours(source.pixels, file, frame, background)
            _blend(canvas, colours, source, _times(source.opacity, layers[cel.layer]))
    return clear_hidden(canvas)


def _linked(file: File, cel: Cel, place: int) -> Cel:
    """The cel of an earlier frame that ``cel`` shows again."""
    seen = {place}
    while cel.pixels is None:
        if cel.linked in seen or cel.linked >= len(file.frames):
            raise DataError("it is truncated or damaged")
        seen.add(cel.linked)
        found = [one for one in file.frames[cel.linked].cels if one.layer == cel.layer]
        if not found:
            raise DataError("it is truncated or damaged")
        cel = found[0]
    return cel


def _colours(
    pixels: NDArray[np.uint8], file: File, frame: Frame, background: bool
) -> NDArray[np.uint8]:
    """The pixels of a cel as RGBA ``[h,w,4]``."""
    if file.depth == aseprite.RGBA:
        return pixels
    if file.depth == GREY:
        return pixels[..., [0, 0, 0, 1]]
    index = pixels[..., 0]
    hidden = (index == file.transparent) & (not background)
    used = np.where(hidden, 0, index)
    if not len(frame.palette) or int(used.max(initial=0)) >= len(frame.palette):
        if not hidden.all():
            raise DataError("its pixels name colours that its palette has not")
        return np.zeros((*index.shape, 4), dtype=np.uint8)
    return np.where(hidden[..., None], np.uint8(0), frame.palette[used])


def _blend(canvas: Images, colours: NDArray[np.uint8], cel: Cel, opacity: int) -> None:
    """Lay a cel on the canvas, the rest of it cut off: *normal* in Aseprite's whole numbers."""
    top, left = max(0, cel.y), max(0, cel.x)
    bottom = min(canvas.shape[0], cel.y + colours.shape[0])
    right = min(canvas.shape[1], cel.x + colours.shape[1])
    if top >= bottom or left >= right:
        return
    below = canvas[top:bottom, left:right].astype(np.int64)
    above = colours[top - cel.y : bottom - cel.y, left - cel.x : right - cel.x].astype(np.int64)
    above_alpha = _product(above[..., 3:], np.int64(opacity))
    below_alpha = below[..., 3:]
    alpha = above_alpha + below_alpha - _product(above_alpha, below_alpha)
    change = (above[..., :3] - below[..., :3]) * above_alpha
    # Division in C drops what is behind the point, towards zero.
    moved = np.sign(change) * (np.abs(change) // np.maximum(alpha, 1))
    colour = np.where(below_alpha == 0, above[..., :3], below[..., :3] + moved)
    laid = np.concatenate([colour, alpha], axis=-1)
    kept = np.where(above[..., 3:] == 0, below, laid)
    canvas[top:bottom, left:right] = kept.astype(np.uint8)


def _times(one: int, other: int) -> int:
    return int(_product(np.array(one), np.int64(other)))


def _product(one: NDArray[np.int64], other: NDArray[np.int64] | np.int64) -> NDArray[np.int64]:
    """a·b / 255 of two numbers in 0 … 255, rounded."""
    product = one * other + 128
    rounded: NDArray[np.int64] = ((product >> 8) + product) >> 8
    return rounded
