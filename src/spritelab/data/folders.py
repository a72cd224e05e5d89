"""A folder of images, or an archive of one, becomes a ``SpriteSet``."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from spritelab import sheets
from spritelab.config import ReadingSettings
from spritelab.data import decode, png
from spritelab.data.atlases import Atlases, beside, found_frames, is_aseprite, read_atlases
from spritelab.data.gathering import Gathering, Sprite
from spritelab.data.layout import Classes, chosen, read_classes, wrapper
from spritelab.data.listing import Aside, Files, Listing
from spritelab.data.metadata import Metadata, Row, is_table, read_metadata
from spritelab.data.pairs import read_pairs
from spritelab.data.picture import Picture, grid_of, read_picture
from spritelab.data.spriteset import SpriteSet
from spritelab.data.text import count, some
from spritelab.errors import DataError
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress
from spritelab.sheets import CutFrame

NO_IMAGE = "no images of a kind that is read"
DRAWINGS = "Aseprite files beside pictures, which show the same more often than not"
NOT_CHOSEN = "left out by include and exclude"
ABOUT_SPRITES = "pictures about sprites"
EMPTY = "empty cells"
STRIPS = "strips beyond the last whole cells"


def read_folder(
    listing: Listing,
    source: str,
    how: ReadingSettings,
    *,
    size: int | None = None,
    progress: Progress = SILENT,
) -> SpriteSet:
    """Read every image of a listing into one set.

    The class of an image is its ``label`` in a table (see ``spritelab.data.metadata``), else what a
    file beside it says (``spritelab.data.pairs``), else what its folders say (see
    ``layout.read_classes``). Classes are sorted by name, whole numbers by value. Frames of one
    animation share a group, and so do images that a table gives the same ``group``, and files that
    are numbered as frames (see ``frames.join_frames``). With ``tile`` every image is a sheet, cut
    as ``sheets.cut`` says; with ``auto`` one that sprites are found on. Otherwise a sheet with its
    JSON beside it is cut as that says (``sheets.cut_atlas``), and the frames of an Aseprite file
    are sprites (``sheets.read_aseprite``), where no other image is read.

    All sprites must be square and of one size; with ``size`` each one is brought to it, see
    ``fitting.fit``. The set is RGBA if any pixel of any sprite is not opaque, else RGB.

    Warns:
        UserWarning: for a colour that plainly stands for transparency, and for enlarged art that is
            shrunk though its blocks are not of one colour.

    Raises:
        DataError: naming the files: broken ones, sizes that differ, no image at all.
    """
    aside = Aside({one.reason: list(one.names) for one in listing.left_out})
    meant = _meant(listing.files, source, how, aside)
    gathering = Gathering(source, how, size)
    notes = _Notes(how)
    broken: list[str] = []
    for number, path in enumerate(meant.images):
        progress(number, len(meant.images), "reading images")
        try:
            _take(path, meant, how, gathering, notes, aside)
        except DataError as error:
            broken.append(f"{path}: {error}")
        except OSError as error:
            broken.append(f"{path}: it cannot be opened ({error.strerror})")
    progress(len(meant.images), len(meant.images), "bringing sprites together")
    if broken:
        raise DataError(
            f"{count(len(broken), 'image')} of {len(meant.images):,} in {source} cannot be used "
            f"({some(broken)}); mend what is named, or leave it out by `exclude`"
        )
    if not len(gathering):
        raise DataError(f"every tile in {source} is empty; check `tile`, `margin` and `spacing`")
    notes.warn(source)
    sprites = gathering.assemble()
    said = [*meant.notes, *notes.said()]
    if gathering.mixed and not gathering.off_grid:
        said.append(
            f"{count(len(gathering.mixed), 'sprite')} shrank by the mean of blocks of several "
            "colours, which mixes new ones; a larger `size` keeps them as drawn"
        )
    return replace(sprites, left_out=aside.all(), notes=tuple(said))


def _take(
    path: str,
    meant: _Meant,
    how: ReadingSettings,
    gathering: Gathering,
    notes: _Notes,
    aside: Aside,
) -> None:
    """Read one image into ``gathering``; of its bytes and pixels nothing else is kept.

    Raises:
        DataError, OSError: with the bare reason.
    """
    data = meant.files[path]()
    if png.is_drawn_by_spritelab(data) and len(meant.images) > 1:
        aside.put(ABOUT_SPRITES, [path])
        return
    if is_aseprite(path):
        gathering.add(_named(path, sheets.read_aseprite(data), meant))
        return
    picture = read_picture(data, how)
    if path in meant.atlases:
        frames = sheets.cut_atlas(picture.frames[0], meant.atlases[path])
        gathering.add(_named(path, frames, meant))
    elif how.auto:
        gathering.add(_named(path, found_frames(picture.frames[0]), meant))
    else:
        gathering.add(_sprites(path, picture, meant, how, aside))
    notes.add(path, picture)


def snapped_pairs(
    listing: Listing, source: str, how: ReadingSettings, n: int = 8
) -> list[tuple[Images, Images]]:
    """Return up to ``n`` pictures, spread evenly, each before and after it is snapped.

    Returns:
        Pairs of uint8 ``[H,W,4]`` and ``[h,w,4]``; of an animation the first frame.

    Raises:
        DataError: if one cannot be read.
    """
    meant = _meant(listing.files, source, how, Aside())
    some_paths = [meant.images[i * len(meant.images) // n] for i in range(n)]
    pairs = []
    for path in dict.fromkeys(some_paths):
        data = b"" if is_aseprite(path) else meant.files[path]()
        if data and not png.is_drawn_by_spritelab(data):
            before = decode.decode(data)[0]
            pairs.append((before, sheets.snap(before, grid_of(before, how))))
    return pairs


@dataclass(frozen=True)
class _Meant:
    """The images that are to be read, and what is known of them before they are opened."""

    files: Files
    images: Sequence[str]
    atlases: Atlases
    metadata: Metadata
    classes: Classes

    @property
    def notes(self) -> tuple[str, ...]:
        unlabelled = any(self.row(path).label is None for path in self.images)
        return (*self.metadata.notes, *(self.classes.notes if unlabelled else ()))

    def row(self, path: str) -> Row:
        return self.metadata.rows.get(path, Row(None, None))


def _meant(files: Files, source: str, how: ReadingSettings, aside: Aside) -> _Meant:
    tables = [path for path in files if is_table(path)]
    present = [path for path in files if PurePosixPath(path).suffix.lower() in decode.SUFFIXES]
    drawings = [path for path in files if is_aseprite(path)]
    images = [path for path in present if chosen(path, how.include, how.exclude)]
    if images:
        aside.put(DRAWINGS, drawings)
    else:
        present += drawings
        images = [path for path in drawings if chosen(path, how.include, how.exclude)]
    atlases = {} if how.tile or how.auto or how.snaps else read_atlases(files, images)
    pairs, paired = ({}, set()) if atlases else read_pairs(files, images)
    others = set(files) - {*present, *drawings, *tables, *map(beside, atlases), *paired}
    aside.put(NO_IMAGE, sorted(others))
    aside.put(NOT_CHOSEN, sorted(set(present) - set(images)))
    if not present:
        kinds = ", ".join(sorted(suffix[1:] for suffix in decode.SUFFIXES))
        raise DataError(
            f"there is no image in {source}, but {_kinds(others)}; it must hold {kinds} files"
        )
    if not images:
        raise DataError(
            f"`include` and `exclude` leave none of the {count(len(present), 'image')} in "
            f"{source} ({some(present)})"
        )
    # A table that lies in a folder of files that are not meant is not meant either.
    folders = {str(parent) for path in images for parent in PurePosixPath(path).parents}
    tables = [path for path in tables if str(PurePosixPath(path).parent) in folders]
    prefix = wrapper(images, tables)
    inner = {path.removeprefix(prefix): files[path] for path in (*images, *tables)}
    images = [path.removeprefix(prefix) for path in images]
    known = [path.removeprefix(prefix) for path in present]
    metadata = read_metadata(inner, images, known)
    pairs = {path.removeprefix(prefix): row for path, row in pairs.items()}
    metadata = replace(metadata, rows={**pairs, **metadata.rows})
    aside.put(ABOUT_SPRITES, sorted(metadata.pictures))
    images = [path for path in images if path not in metadata.pictures]
    atlases = {path.removeprefix(prefix): record for path, record in atlases.items()}
    return _Meant(inner, images, atlases, metadata, read_classes(images))


def _kinds(paths: Mapping[str, object] | set[str]) -> str:
    """Say what files there are: ``2 .ase, 1 .txt``."""
    kinds = Counter(PurePosixPath(path).suffix.lower() or "unnamed" for path in paths)
    return some([f"{n:,} {kind}" for kind, n in kinds.most_common()]) or "nothing"


def _sprites(
    path: str, picture: Picture, meant: _Meant, how: ReadingSettings, aside: Aside
) -> Iterator[Sprite]:
    """Yield the sprites of one file: its frames, or the cells of each frame."""
    row = meant.row(path)
    label = row.label or meant.classes.of[path]
    group = f"named {row.group}" if row.group else f"file {path}"
    for f, frame in enumerate(picture.frames):
        name = path if len(picture.frames) == 1 else f"{path}#{f}"
        if how.tile is None:
            alone = len(picture.frames) == 1 and not row.group
            yield Sprite(frame, name, label, group, path if alone else None)
            continue
        cells = sheets.cut(
            frame, how.tile, how.margin, how.spacing, offset=how.offset, leftover=how.leftover
        )
        aside.put(EMPTY, (f"{name}#r{r}c{c}" for r, c in cells.empty))
        if any(cells.strip):
            aside.put(STRIPS, [f"{name}: {cells.strip[0]} right, {cells.strip[1]} below"])
        for cell, (r, c) in zip(cells.images, cells.places, strict=True):
            # a cell is its own thing, unless it is moving in the frames of one file
            own = group if row.group else f"{group} {r} {c}"
            yield Sprite(cell, f"{name}#r{r}c{c}", label, own)


def _named(path: str, frames: Sequence[CutFrame], meant: _Meant) -> Iterator[Sprite]:
    """Yield the sprites of a file that says what is on it, or of a sheet that they were found on.

    Its class is a frame's own tag, else that of the file. Frames of one tag are taken for those of
    an animation where they look alike (see ``frames.join_frames``).
    """
    row = meant.row(path)
    for place, frame in enumerate(frames):
        label = frame.tag or row.label or meant.classes.of[path]
        name = f"{path}#{frame.name}"
        group = f"named {row.group}" if row.group else f"file {name}"
        numbered = f"{path}/{frame.tag or ''}/{place}"
        yield Sprite(frame.pixels, name, label, group, None if row.group else numbered)


class _Notes:
    """What the pictures of a set have in common."""

    def __init__(self, how: ReadingSettings) -> None:
        self._how = how
        self._keys: dict[str, list[str]] = {}
        self._grids: Counter[str] = Counter()
        self._ungrounded: list[str] = []

    def add(self, path: str, picture: Picture) -> None:
        if picture.key is not None:
            self._keys.setdefault(f"{bytes(picture.key).hex()}", []).append(path)
        if picture.grid is not None:
            self._grids[f"{picture.grid.width:.4g}"] += 1
        elif self._how.snaps:
            self._ungrounded.append(path)

    def warn(self, source: str) -> None:
        for key, paths in self._keys.items():
            warnings.warn(
                f"#{key} plainly stands for transparency in {count(len(paths), 'image')} of "
                f"{source} ({some(paths)}); make it transparent by `transparent={key}`",
                stacklevel=2,
            )

    def said(self) -> Iterator[str]:
        if self._grids:
            sizes = some([f"{size} ({n:,})" for size, n in self._grids.most_common()])
            yield f"{count(self._grids.total(), 'image')} snapped to pixels of {sizes}"
        if self._ungrounded:
            yield (
                f"no grid was found in {count(len(self._ungrounded), 'image')} "
                f"({some(self._ungrounded)}), read as they are; `pixel_size` gives one"
            )
