"""``load``: one function for every place that sprites come from."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from spritelab import pixels, sheets
from spritelab.config import Anchor, DataSettings, Frames, Leftover, ReadingSettings
from spritelab.data import arrays, crawl, decode, hub_sets, sprites_dataset
from spritelab.data.archives import archive_files, archives_of_folder, check_packing, is_archive
from spritelab.data.atlases import one_file, read_atlases
from spritelab.data.folders import read_folder, snapped_pairs
from spritelab.data.listing import Listing, folder_files, read_one
from spritelab.data.spriteset import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.hub import Address, is_address
from spritelab.pixels import Colour, Images
from spritelab.progress import SILENT, Progress

NAMES = ("builtin", "sprites", "crawl")
"""The sources that have a name. A folder of this name, where you are, goes before it."""

Lengths = int | str | Sequence[int]
"""One length in pixels, or two: along x and y, as ``(16, 24)`` or ``"16x24"``."""


def load(
    source: str | os.PathLike[str],
    *,
    size: int | None = None,
    channels: int | None = None,
    background: Colour = pixels.WHITE,
    include: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    tile: Lengths | None = None,
    margin: Lengths = 0,
    spacing: Lengths = 0,
    offset: Lengths = 0,
    leftover: Leftover = "refuse",
    auto: bool = False,
    transparent: str | Sequence[str] | Colour | Sequence[Colour] = (),
    snap: bool = False,
    pixel_size: float | str | Sequence[float] | None = None,
    pad: bool = False,
    anchor: Anchor = "centre",
    frames: Frames = "auto",
    labels: str | os.PathLike[str] | None = None,
    n: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    folder_first: bool = True,
    progress: Progress = SILENT,
) -> SpriteSet:
    """Read sprites into memory.

    Args:
        source: ``"builtin"`` (drawn by spritelab itself), ``"sprites"`` or ``"crawl"`` (downloaded
            once), or a path: a folder of images (see ``folders.read_folder``), a sheet to be cut by
            ``tile``, a sheet with its JSON beside it, or that JSON (see ``sheets.cut_atlas``), an
            ``.aseprite`` file, an animated image whose frames are sprites, an ``.npy`` or ``.npz``
            file (see ``arrays``), or an archive of a folder (see
            ``archives``). A folder goes before a name. ``hf://org/name`` is a data set on the
            Hugging Face Hub (see ``hub_sets``).
        size: height and width in pixels; None keeps the source's own. Sprites shrink by an
            alpha-weighted mean and grow by repeated pixels, both by whole factors only, or are
            set on a larger square by ``pad``.
        channels: 3 (RGB) or 4 (RGBA); None keeps the source's own. A folder's own is RGBA if any
            pixel is not opaque.
        background: the colour under transparent pixels when RGBA becomes RGB.
        include, exclude: patterns of files to read and not to read, see ``layout.matches``.
        auto: find the sprites on every image, see ``sheets.find_sprites``. They differ in size, so
            that ``pad`` is wanted as well.
        tile, margin, spacing, offset, leftover: the cells of a sheet, see ``sheets.cut``; with a
            folder or an archive, every image in it is such a sheet.
        transparent: colours that stand for transparency, see ``sheets.clear_colours``.
        snap: bring enlarged art back to its own pixels, see ``sheets.snap``; lengths of a sheet
            are in these.
        pixel_size: how large these are, one length or two; found if not given.
        pad, anchor: set smaller sprites on a transparent square, see ``sheets.pad``; without
            ``size`` it is as large as the largest sprite.
        frames: which files that are numbered alike are one animation, see ``frames.join_frames``.
        labels: an ``.npy`` file of labels for an ``.npy`` of images.
        n: how many sprites. ``builtin`` draws its first n; of any other source at most n are kept,
            spread evenly over it (sprite ``i·N // n`` of N), so that every class keeps its share.
        cache: the folder of downloads; by default $SPRITELAB_CACHE or the user's cache.
        folder_first: a folder goes before a name; False where a record says the name.
        progress: told how far a download or the reading of many images is.

    Warns:
        UserWarning: for a folder that has the name of a source; and as ``folders.read_folder``.

    Raises:
        DataError: the source is missing, broken, or does not fit together.
        SettingsError: a setting out of range, or one that the source has no use for.
        DownloadError: a data set that cannot be fetched or is not the one expected.
    """
    how = ReadingSettings.of(
        background=background,
        include=include,
        exclude=exclude,
        tile=tile,
        margin=margin,
        spacing=spacing,
        offset=offset,
        leftover=leftover,
        auto=auto,
        transparent=transparent,
        snap=snap,
        pixel_size=pixel_size,
        pad=pad,
        anchor=anchor,
        frames=frames,
        labels=os.fspath(labels) if labels is not None else None,
    )
    strict = isinstance(source, str) and source in NAMES and not folder_first
    found = str(source) if strict else find_source(source)
    cache = Path(cache) if cache is not None else None
    return _load(found, how, size, channels, n, cache, progress)


def read(settings: DataSettings, *, progress: Progress = SILENT) -> SpriteSet:
    """Read the sprites that ``settings`` describe, in the form that they describe.

    A source that has a name is that source, whatever lies in the folder where you are: settings are
    read again elsewhere.

    Raises:
        DataError, SettingsError, DownloadError: as ``load``.
    """
    named = settings.source in NAMES or is_address(settings.source)
    found = settings.source if named else Path(settings.source)
    return _load(found, settings, settings.size, settings.channels, settings.count, None, progress)


def fit(sprites: SpriteSet, settings: DataSettings) -> SpriteSet:
    """Bring sprites that are read already to the form that ``settings`` describe.

    Raises:
        DataError: if they do not reach its size by a whole factor.
    """
    return _in_form(sprites, settings, settings.size, settings.channels, settings.count)


def before_and_after(
    source: str | os.PathLike[str], n: int = 8, **reading: Any
) -> list[tuple[Images, Images]]:
    """Show what ``snap`` does to some of the pictures of a folder, an archive or an image file.

    Args:
        source: a path, see ``load``.
        n: how many pictures at most, spread evenly.
        reading: as ``load`` takes it.

    Returns:
        Pairs of uint8 ``[H,W,4]`` and ``[h,w,4]``; none if nothing is to be snapped.

    Raises:
        DataError, SettingsError: as ``load``.
    """
    how = ReadingSettings.of(**reading)
    if not how.snaps:
        return []
    path = Path(source)
    with open_listing(path) as listing:
        return snapped_pairs(listing, path.name, how, n)


def find_source(source: str | os.PathLike[str]) -> str | Path:
    """Tell a source that has a name from a path: a folder goes before a name.

    Warns:
        UserWarning: if there are both.
    """
    if isinstance(source, str) and is_address(source):
        return source
    if not isinstance(source, str) or source not in NAMES:
        return Path(source)
    if not Path(source).is_dir():
        return source
    warnings.warn(
        f"{source} is a folder here, and it is read; for the set of that name, go to another "
        "folder or rename this one",
        stacklevel=3,
    )
    return Path(source)


@contextmanager
def open_listing(path: Path) -> Iterator[Listing]:
    """List the files of a folder or an archive, or the one file that ``path`` is.

    Of a folder that holds archives and no art beside them, those in the archives.

    Raises:
        DataError: as ``listing.folder_files`` and ``archives.archive_files``.
    """
    if path.is_dir():
        listing = folder_files(path)
        if any(map(is_archive, listing.files)) and not any(map(_is_art, listing.files)):
            with archives_of_folder(path, listing) as unpacked:
                yield unpacked
        else:
            yield listing
    elif is_archive(path.name):
        check_packing(path)
        with archive_files(path) as listing:
            yield listing
    else:
        yield one_file(path)


def _is_art(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in (*decode.SUFFIXES, *sheets.ASEPRITE_FILES)


def _load(
    source: str | Path,
    how: ReadingSettings,
    size: int | None,
    channels: int | None,
    n: int | None,
    cache: Path | None,
    progress: Progress,
) -> SpriteSet:
    _check_form(size, channels, n)
    if is_address(source):
        sprites = hub_sets.load(Address.parse(str(source)), how, size, progress)
    elif isinstance(source, str):
        _check_named(source, how)
        sprites = _load_named(source, n, cache, progress)
    else:
        sprites = _load_path(source, size, how, progress)
    return _in_form(sprites, how, size, channels, n)


def _in_form(
    sprites: SpriteSet,
    how: ReadingSettings,
    size: int | None,
    channels: int | None,
    n: int | None,
) -> SpriteSet:
    if n is not None and n < len(sprites):
        sprites = sprites.select(np.arange(n, dtype=np.int64) * len(sprites) // n)
    if size is None and how.pad:
        size = max(sprites.images.shape[1:3])
    if size is not None:
        sprites = sprites.resized(size, pad=how.pad, anchor=how.anchor)
    if channels is not None:
        sprites = sprites.with_channels(channels, how.background)
    return sprites


def _check_form(size: int | None, channels: int | None, n: int | None) -> None:
    if size is not None and size < 1:
        raise SettingsError(f"`size` must be at least 1 pixel, not {size}")
    if channels not in (None, 3, 4):
        raise SettingsError(f"sprites have 3 channels (RGB) or 4 (RGBA), not {channels}")
    if n is not None and n < 1:
        raise SettingsError(f"the number of sprites must be at least 1, not {n}")


def _check_named(name: str, how: ReadingSettings) -> None:
    """Refuse settings that a source with a name has no use for."""
    given = _of_files(how)
    if how.labels is not None:
        given.append("`labels`")
    if given:
        raise SettingsError(f"{' and '.join(given)} are for files of your own, not for '{name}'")


def _of_files(how: ReadingSettings) -> list[str]:
    """Which settings are given that only image files have a use for."""
    names = ("include", "exclude", "tile", "auto", "transparent", "snap", "pixel_size")
    return [f"`{name}`" for name in names if getattr(how, name)]


def _load_named(name: str, n: int | None, cache: Path | None, progress: Progress) -> SpriteSet:
    if name == "sprites":
        return sprites_dataset.load(cache, progress)
    if name == "crawl":
        return crawl.load(cache, progress)
    from spritelab.data import builtin

    return builtin.load() if n is None else builtin.load(n)


def _load_path(path: Path, size: int | None, how: ReadingSettings, progress: Progress) -> SpriteSet:
    kind = "folder" if path.is_dir() else path.suffix.lower()
    if not path.exists():
        known = ", ".join(NAMES)
        raise DataError(f"there is nothing at {path}; give a path that exists, or one of {known}")
    if not path.is_dir() and not path.is_file():
        raise DataError(f"{path.name} is no file and no folder, but a pipe, a device or the like")
    if how.labels is not None and kind != ".npy":
        raise SettingsError("`labels` goes with an .npy of images; a folder has its class folders")
    if kind in (".npy", ".npz"):
        if given := _of_files(how):
            are = "is" if len(given) == 1 else "are"
            raise SettingsError(
                f"{' and '.join(given)} {are} for images; {path.name} holds an array of sprites"
            )
        if kind == ".npz":
            return arrays.read_npz(path, square=not how.pad)
        labels = Path(how.labels) if how.labels is not None else None
        return arrays.read_npy(path, labels, square=not how.pad)
    kinds = ("folder", ".json", *decode.SUFFIXES, *sheets.ASEPRITE_FILES)
    if kind not in kinds and not is_archive(path.name):
        check_packing(path)
        raise DataError(
            f"{path.name} is no kind of file that holds sprites; give a folder, an image with "
            "`tile`, a sheet with its .json, an .aseprite, an .npy, an .npz, a .zip or a .tar"
        )
    with open_listing(path) as listing:
        alone = kind in decode.SUFFIXES and not read_atlases(listing.files, [path.name])
        if alone and how.tile is None and not how.auto and not how.snaps:
            _expect_animation(path)
        return read_folder(listing, path.resolve().name, how, size=size, progress=progress)


def _expect_animation(path: Path) -> None:
    """Refuse a still image that comes without ``tile``: it is a sheet, or a set of one."""
    try:
        frames = decode.decode(read_one(path))
    except (DataError, OSError):
        return  # the reader that comes next names what is wrong
    if len(frames) == 1:
        height, width = frames.shape[1:3]
        raise DataError(
            f"{path.name} is one picture of {width}×{height} pixels; "
            "say how large its sprites are with `tile`, such as `tile=16`, or find them by `auto`"
        )
