"""A folder of images, or an archive of one, becomes a ``SpriteSet``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from spritelab import pixels, sheets
from spritelab.data import decode
from spritelab.data.archives import Files
from spritelab.data.metadata import Row, read_metadata
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.data.text import count, some
from spritelab.errors import DataError
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress

ONE_CLASS = "sprite"
"""The class of images that lie in no class folder."""
MAX_SIDE = 512
"""The most pixels along one side of a sprite; larger images must be cut with ``tile``."""


@dataclass(frozen=True)
class _Sprite:
    pixels: NDArray[np.uint8]  # [H,W,4]
    name: str
    label: str
    group: str


def read_folder(
    files: Files,
    source: str,
    *,
    size: int | None = None,
    tile: int | None = None,
    margin: int = 0,
    spacing: int = 0,
    progress: Progress = SILENT,
) -> SpriteSet:
    """Read every image among ``files`` into one set.

    The class of an image is its ``label`` in a metadata file (see ``spritelab.data.metadata``),
    else the first folder of its path, else ``sprite``. Classes are sorted by name, whole numbers
    by value. Frames of one animation share a group, and so do images that the metadata gives the
    same ``group``. Beside a ``samples.json`` the pictures of all sprites together are left out.
    With ``tile`` every image is a sheet, cut as ``sheets.cut`` says.

    All sprites must be square and of one size; with ``size`` each one is brought to it by a whole
    factor (see ``SpriteSet.resized``). The set is RGBA if any pixel of any sprite is not opaque,
    else RGB.

    Raises:
        DataError: naming the files: broken ones, sizes that differ, no image at all.
    """
    images = [
        path
        for path in files
        if PurePosixPath(path).suffix.lower() in decode.SUFFIXES and not _shows_many(path, files)
    ]
    if not images:
        kinds = ", ".join(sorted(suffix[1:] for suffix in decode.SUFFIXES))
        raise DataError(f"there is no image in {source}; it must hold {kinds} files")
    rows = read_metadata(files, images)
    sprites: list[_Sprite] = []
    broken: list[str] = []
    for number, path in enumerate(images):
        progress(number, len(images), "reading images")
        try:
            frames = decode.decode(files[path]())
            sprites += _sprites(path, frames, rows, tile, margin, spacing)
        except DataError as error:
            broken.append(f"{path}: {error}")
        except OSError as error:
            broken.append(f"{path}: it cannot be opened ({error.strerror})")
    progress(len(images), len(images), "reading images")
    if broken:
        raise DataError(
            f"{count(len(broken), 'image')} of {len(images):,} in {source} cannot be used "
            f"({some(broken)}); mend or remove what is named"
        )
    if not sprites:
        raise DataError(f"every tile in {source} is empty; check `tile`, `margin` and `spacing`")
    return _assemble(sprites, source, size)


def _shows_many(path: str, files: Files) -> bool:
    """Whether an image is one of those that lie beside drawn sprites and show them together."""
    where = PurePosixPath(path)
    return where.name in ("grid.png", "denoising.png") and (
        str(where.with_name("samples.json")) in files
    )


def _sprites(
    path: str,
    frames: Images,
    rows: dict[str, Row] | None,
    tile: int | None,
    margin: int,
    spacing: int,
) -> list[_Sprite]:
    """Return the sprites of one file: its frames, or the cells of each frame."""
    row = rows[path] if rows is not None else Row(None, None)
    folder, inside, _ = path.partition("/")
    label = row.label or (folder if inside else ONE_CLASS)
    group = f"named {row.group}" if row.group else f"file {path}"
    out: list[_Sprite] = []
    for f, frame in enumerate(frames):
        name = path if len(frames) == 1 else f"{path}#{f}"
        if tile is None:
            height, width = frame.shape[:2]
            if max(height, width) > MAX_SIDE:
                raise DataError(
                    f"{width}×{height} is too large for a sprite; if it is a sheet, "
                    "say how large its tiles are with `tile`"
                )
            out.append(_Sprite(frame, name, label, group))
            continue
        cells, places = sheets.cut(frame, tile, margin, spacing)
        for cell, (r, c) in zip(cells, places, strict=True):
            # a cell is its own thing, unless it is moving in the frames of one file
            own = group if row.group else f"{group} {r} {c}"
            out.append(_Sprite(cell, f"{name}#r{r}c{c}", label, own))
    return out


def _assemble(sprites: Sequence[_Sprite], source: str, size: int | None) -> SpriteSet:
    images = _one_size(sprites, source, size)
    if bool((images[..., 3] == 255).all()):
        images = images[..., :3]
    names = sorted({sprite.label for sprite in sprites}, key=_by_number_or_name)
    index = {name: k for k, name in enumerate(names)}
    return SpriteSet.from_arrays(
        images,
        np.array([index[sprite.label] for sprite in sprites], dtype=np.int64),
        names,
        ids=[sprite.name for sprite in sprites],
        groups=numbered(sprite.group for sprite in sprites),
        provenance=Provenance(source),
    )


def _one_size(sprites: Sequence[_Sprite], source: str, size: int | None) -> Images:
    """Stack the sprites, uint8 ``[N,S,S,4]``, each brought to ``size`` if one is given."""
    shapes = Counter((s.pixels.shape[1], s.pixels.shape[0]) for s in sprites)
    found = some([f"{n:,} of {w}×{h}" for (w, h), n in shapes.most_common()])
    if any(width != height for width, height in shapes):
        raise DataError(
            f"sprites must be square; {source} holds {found}; "
            "pad them, or cut sheets into squares with `tile`"
        )
    if size is None:
        if len(shapes) > 1:
            raise DataError(
                f"sprites must all have one size; {source} holds {found}; "
                "choose one with `size` (each is scaled by a whole factor) or sort them apart"
            )
        return np.stack([sprite.pixels for sprite in sprites])
    unfit = sorted(w for w, _ in shapes if w % size and size % w)
    if unfit:
        raise DataError(
            f"`size` {size} is not a whole factor away from every sprite; {source} holds {found}; "
            f"{some([f'{w}×{w}' for w in unfit])} cannot be scaled"
        )
    out = np.empty((len(sprites), size, size, 4), dtype=np.uint8)
    for i, sprite in enumerate(sprites):
        one, side = sprite.pixels[None], sprite.pixels.shape[0]
        scaled = (
            pixels.downscale(one, side // size)
            if side > size
            else pixels.upscale(one, size // side)
        )
        out[i] = scaled[0]
    return out


def numbered(keys: Iterable[str]) -> NDArray[np.int64]:
    """Number keys by their first appearance: int64 ``[N]``."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)


def _by_number_or_name(name: str) -> tuple[bool, int, str]:
    return (False, int(name), name) if name.isdecimal() else (True, 0, name)
