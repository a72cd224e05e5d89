"""``load``: one function for every place that sprites come from."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from spritelab import pixels, sheets
from spritelab.config import DataSettings
from spritelab.data import arrays, crawl, decode, sprites_dataset
from spritelab.data.archives import Files, folder_files, zip_files
from spritelab.data.folders import read_folder
from spritelab.data.spriteset import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Colour
from spritelab.progress import SILENT, Progress

NAMES = ("builtin", "sprites", "crawl")
"""The sources that have a name; a path of this name is written ``./builtin``."""


def load(
    source: str | os.PathLike[str],
    *,
    size: int | None = None,
    channels: int | None = None,
    background: Colour = pixels.WHITE,
    tile: int | None = None,
    margin: int = 0,
    spacing: int = 0,
    labels: str | os.PathLike[str] | None = None,
    n: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    progress: Progress = SILENT,
) -> SpriteSet:
    """Read sprites into memory.

    Args:
        source: ``"builtin"`` (drawn by spritelab itself), ``"sprites"`` or ``"crawl"`` (downloaded
            once), or a path: a folder of images (see ``folders.read_folder``), a sheet to be cut by
            ``tile``, an animated image whose frames are sprites, an ``.npy`` or ``.npz`` file (see
            ``arrays``), or a ``.zip`` of a folder. A path that has one of the names is written
            ``./builtin``; so is any ``pathlib.Path``.
        size: height and width in pixels; None keeps the source's own. Sprites shrink by an
            alpha-weighted mean and grow by repeated pixels, both by whole factors only.
        channels: 3 (RGB) or 4 (RGBA); None keeps the source's own. A folder's own is RGBA if any
            pixel is not opaque.
        background: the colour under transparent pixels when RGBA becomes RGB.
        tile, margin, spacing: pixels of a sheet's cells, around them and between them; with a
            folder or an archive, every image in it is such a sheet.
        labels: an ``.npy`` file of labels for an ``.npy`` of images.
        n: how many sprites. ``builtin`` draws its first n; of any other source at most n are kept,
            spread evenly over it (sprite ``i·N // n`` of N), so that every class keeps its share.
        cache: the folder of downloads; by default $SPRITELAB_CACHE or the user's cache.
        progress: told how far a download or the reading of many images is.

    Raises:
        DataError: the source is missing, broken, or does not fit together.
        SettingsError: a setting out of range, or one that the source has no use for.
        DownloadError: a data set that cannot be fetched or is not the one expected.
    """
    _check_settings(size, channels, n)
    if tile is not None:
        sheets.check_grid(tile, margin, spacing)
    elif margin or spacing:
        raise SettingsError("`margin` and `spacing` describe a sheet; give its `tile` as well")
    if isinstance(source, str) and source in NAMES:
        if tile is not None or labels is not None:
            raise SettingsError(
                f"`tile` and `labels` are for files of your own, not for '{source}'"
            )
        sprites = _load_named(source, n, Path(cache) if cache is not None else None, progress)
    else:
        labels_path = Path(labels) if labels is not None else None
        sprites = _load_path(Path(source), size, tile, margin, spacing, labels_path, progress)
    return _in_form(sprites, n, size, channels, background)


def fit(sprites: SpriteSet, settings: DataSettings) -> SpriteSet:
    """Bring sprites that are read already to the form that ``settings`` describe.

    Raises:
        DataError: if they do not reach its size by a whole factor.
    """
    return _in_form(sprites, settings.count, settings.size, settings.channels, settings.background)


def _in_form(
    sprites: SpriteSet, n: int | None, size: int | None, channels: int | None, background: Colour
) -> SpriteSet:
    if n is not None and n < len(sprites):
        sprites = sprites.select(np.arange(n, dtype=np.int64) * len(sprites) // n)
    if size is not None:
        sprites = sprites.resized(size)
    if channels is not None:
        sprites = sprites.with_channels(channels, background)
    return sprites


def read(settings: DataSettings, *, progress: Progress = SILENT) -> SpriteSet:
    """Read the sprites that ``settings`` describe, in the form that they describe.

    Raises:
        DataError, SettingsError, DownloadError: as ``load``.
    """
    return load(
        settings.source,
        size=settings.size,
        channels=settings.channels,
        background=settings.background,
        tile=settings.tile,
        margin=settings.margin,
        spacing=settings.spacing,
        labels=settings.labels,
        n=settings.count,
        progress=progress,
    )


def _check_settings(size: int | None, channels: int | None, n: int | None) -> None:
    if size is not None and size < 1:
        raise SettingsError(f"`size` must be at least 1 pixel, not {size}")
    if channels not in (None, 3, 4):
        raise SettingsError(f"sprites have 3 channels (RGB) or 4 (RGBA), not {channels}")
    if n is not None and n < 1:
        raise SettingsError(f"the number of sprites must be at least 1, not {n}")


def _load_named(name: str, n: int | None, cache: Path | None, progress: Progress) -> SpriteSet:
    if name == "sprites":
        return sprites_dataset.load(cache, progress)
    if name == "crawl":
        return crawl.load(cache, progress)
    from spritelab.data import builtin

    return builtin.load() if n is None else builtin.load(n)


def _load_path(
    path: Path,
    size: int | None,
    tile: int | None,
    margin: int,
    spacing: int,
    labels: Path | None,
    progress: Progress,
) -> SpriteSet:
    kind = "folder" if path.is_dir() else path.suffix.lower()
    if not path.exists():
        known = ", ".join(NAMES)
        raise DataError(f"there is nothing at {path}; give a path that exists, or one of {known}")
    if labels is not None and kind != ".npy":
        raise SettingsError("`labels` goes with an .npy of images; a folder has its class folders")
    if tile is not None and kind in (".npy", ".npz"):
        raise SettingsError(f"`tile` is for images; {path.name} holds an array of sprites")
    if kind == ".npy":
        return arrays.read_npy(path, labels)
    if kind == ".npz":
        return arrays.read_npz(path)

    def read(files: Files) -> SpriteSet:
        return read_folder(
            files,
            path.resolve().name,
            size=size,
            tile=tile,
            margin=margin,
            spacing=spacing,
            progress=progress,
        )

    if kind == "folder":
        return read(folder_files(path))
    if kind == ".zip":
        with zip_files(path) as files:
            return read(files)
    if kind not in decode.SUFFIXES:
        raise DataError(
            f"{path.name} is no kind of file that holds sprites; give a folder, an image with "
            "`tile`, an .npy, an .npz or a .zip"
        )
    if tile is None:
        _expect_animation(path)
    return read({path.name: path.read_bytes})


def _expect_animation(path: Path) -> None:
    """Refuse a still image that comes without ``tile``: it is a sheet, or a set of one."""
    try:
        frames = decode.decode(path.read_bytes())
    except (DataError, OSError):
        return  # the reader that comes next names what is wrong
    if len(frames) == 1:
        height, width = frames.shape[1:3]
        raise DataError(
            f"{path.name} is one picture of {width}×{height} pixels; "
            "say how large its sprites are with `tile`, such as `tile=16`"
        )
