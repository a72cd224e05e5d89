"""Sheets on disk: the picture, and beside it what one of the engines reads; or an Aseprite file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from spritelab.config.sheets import SheetFormat, SheetKeys
from spritelab.errors import SettingsError
from spritelab.pixels import Images
from spritelab.sheets.aseprite import MAX_WORD, encode_aseprite
from spritelab.sheets.atlas import Atlas
from spritelab.sheets.css import style_sheet
from spritelab.sheets.godot import godot3_frames, godot_frames
from spritelab.sheets.json_files import aseprite_json, texturepacker_json
from spritelab.sheets.layout import lay_out
from spritelab.sheets.png import encode_png
from spritelab.sheets.tiled import tileset
from spritelab.storage import check_writable, write_file

Writer = Callable[[Atlas, str, str, int], str]
"""From a sheet, the file name of its picture, a name for it and milliseconds to a file's text."""

WRITERS: dict[SheetFormat, tuple[str, Writer]] = {
    "aseprite": (".json", lambda a, image, _, ms: aseprite_json(a, image, "hash", ms)),
    "aseprite-array": (".json", lambda a, image, _, ms: aseprite_json(a, image, "array", ms)),
    "texturepacker": (".json", lambda a, image, *_: texturepacker_json(a, image, "hash")),
    "texturepacker-array": (".json", lambda a, image, *_: texturepacker_json(a, image, "array")),
    "phaser": (".json", lambda a, image, *_: texturepacker_json(a, image, "array")),
    "pixi": (".json", lambda a, image, *_: texturepacker_json(a, image, "hash", animations=True)),
    "godot": (".tres", lambda a, image, _, ms: godot_frames(a, image, ms)),
    "godot3": (".tres", lambda a, image, _, ms: godot3_frames(a, image, ms)),
    "tiled": (".tsx", lambda a, image, name, _: tileset(a, image, name)),
    "css": (".css", lambda a, image, name, _: style_sheet(a, image, name)),
}

ASEPRITE_FILES = (".aseprite", ".ase")


def save_sheet(
    path: str | Path,
    images: Images,
    keys: Sequence[str],
    tags: Sequence[str],
    format: SheetFormat | None = None,
    *,
    columns: int | None = None,
    padding: int = 0,
    extrude: int = 0,
    power_of_two: bool = False,
    names: SheetKeys = "name",
    duration: int = 100,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write sprites as one sheet, and beside it what ``format`` reads; return the files.

    A ``path`` that ends in ``.aseprite`` becomes one such file, a frame a sprite, which needs no
    ``format`` and no layout.

    Args:
        path: of the picture, ``NAME.png``; the other file is ``NAME.json``, ``.tres``, ``.tsx`` or
            ``.css``.
        images: uint8 ``[N,H,W,C]``, N ≥ 1, C = 3 or 4.
        keys: N names of sprites; equal ones are made to differ.
        tags: N names of classes, ``default`` for none.
        format: who is to read it; ``"aseprite"``, if not given.
        columns, padding, extrude, power_of_two: see ``lay_out``.
        names: ``"index"`` calls the sprites 0, 1, … in the order of the sheet, as Phaser's
            ``createFromAseprite`` wants it.
        duration: of a frame, in milliseconds, where a format shows frames as an animation.
        overwrite: replace files that are there already.

    Raises:
        DataError: ``images`` are no sprites, or none.
        SettingsError: a setting out of range, a file that is there already, or a path of another
            kind.
        StorageError: a file cannot be written; one that was there before is untouched.
    """
    path = Path(path)
    if not 1 <= duration <= MAX_WORD:
        raise SettingsError(f"`duration` must be 1 to {MAX_WORD:,} milliseconds, not {duration}")
    if path.suffix.lower() in ASEPRITE_FILES:
        layout = {"format": format, "columns": columns, "padding": padding, "extrude": extrude}
        _refuse_layout({**layout, "power_of_two": power_of_two, "names": names != "name"})
        _check_free([path], overwrite)
        return (write_file(path, encode_aseprite(images, keys, tags, duration=duration)),)
    if path.suffix.lower() != ".png":
        raise SettingsError(f"a sheet is written as NAME.png or NAME.aseprite, not {path.name!r}")
    suffix, text = WRITERS[format or "aseprite"]
    beside = path.with_suffix(suffix)
    _check_free([path, beside], overwrite)
    atlas = lay_out(
        images,
        keys,
        tags,
        columns=columns,
        padding=padding,
        extrude=extrude,
        power_of_two=power_of_two,
    )
    if names == "index":
        atlas = atlas.numbered()
    described = text(atlas, path.name, path.stem, duration)
    return write_file(path, encode_png(atlas.picture)), write_file(beside, described)


def _refuse_layout(layout: Mapping[str, object]) -> None:
    """Refuse what says how a picture is laid out, where there is none."""
    if given := [f"`{name}`" for name, value in layout.items() if value]:
        are = "is" if len(given) == 1 else "are"
        raise SettingsError(
            f"{' and '.join(given)} {are} for a sheet; an Aseprite file has a frame a sprite"
        )


def _check_free(paths: Sequence[Path], overwrite: bool) -> None:
    there = [str(path) for path in paths if path.exists()]
    if there and not overwrite:
        raise SettingsError(
            f"{' and '.join(there)} exist{'s' if len(there) == 1 else ''} already; choose another "
            "`path`, or `overwrite` what is there"
        )
    check_writable(paths[0])
