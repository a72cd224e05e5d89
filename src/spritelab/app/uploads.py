"""Files that the page sends, kept in a folder of their own, and what is in them."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from anyio import to_thread
from pydantic import Field

from spritelab import data, pictures
from spritelab.app.answers import Refusal, refusal_of, wrong
from spritelab.app.names import is_id, new_id, plain_name
from spritelab.config import Settings
from spritelab.data import archives
from spritelab.data.decode import SUFFIXES
from spritelab.errors import MissingExtraError, SpritelabError
from spritelab.pixels import Images
from spritelab.sheets import ASEPRITE_FILES
from spritelab.storage import load_json, read_json, write_json

MAX_UPLOAD = 2**28
"""The most bytes of an upload: 256 MiB, which is more than any set of sprites needs."""

KINDS = (*archives.ENDS, ".npy", ".npz", *sorted((*SUFFIXES, *ASEPRITE_FILES)))

_RECORD = "upload.json"
_ROWS = 2  # of each class, on the contact sheet
_SHOWN = 48  # pixels of a sprite there, about
_GAP = 8


class Reading(Settings):
    """How uploaded files are read: the names are those of ``spritelab.load_sprites``."""

    size: Literal[16, 32] | None = Field(default=None, description="pixels of a sprite")
    cut: Literal["files", "tile", "auto"] = Field(
        default="files", description="every file is a sprite, sheets of tiles, or found on sheets"
    )
    tile: Annotated[int, Field(ge=1, le=512)] | None = None
    pad: bool = False
    snap: bool = False
    transparent: Annotated[str, Field(max_length=200)] | None = None

    def named(self) -> dict[str, Any]:
        """The settings of ``data`` that are not their defaults.

        Raises:
            Refusal: for tiles without a size.
        """
        if self.cut == "tile" and self.tile is None:
            raise wrong("tile", "say how wide and high the tiles are, such as 16")
        return {
            **({"tile": self.tile} if self.cut == "tile" else {}),
            **({"auto": True} if self.cut == "auto" else {}),
            **{name: True for name in ("pad", "snap") if getattr(self, name)},
            **({"transparent": self.transparent} if self.transparent else {}),
        }


class Uploads:
    """The uploads below ``folder``: each is one file, in a folder whose name nobody guesses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def receive(
        self, name: str, length: int | None, chunks: AsyncIterator[bytes]
    ) -> dict[str, Any]:
        """Write what comes to the disk, as it comes.

        Args:
            name: what the file is called where it comes from.
            length: bytes, if they are known before.
            chunks: the content.

        Returns:
            the record: ``id``, ``name`` and ``bytes``.

        Raises:
            Refusal: for what is too long or of no kind that holds sprites; nothing is kept then.
        """
        kind = _kind(name)
        if kind is None:
            raise wrong(
                "file",
                f"{plain_name(name, 'this')} is no kind of file that holds sprites; give a folder, "
                f"or one of {', '.join(KINDS)}",
            )
        if length is not None and length > MAX_UPLOAD:
            raise _too_long()
        key = new_id()
        folder = self.folder / key
        folder.mkdir(mode=0o700)
        try:
            shown = plain_name(name[: -len(kind)], "sprites")
            path = folder / f"{shown}{kind}"
            done = 0
            with path.open("xb") as file:
                async for chunk in chunks:
                    done += len(chunk)
                    if done > MAX_UPLOAD:
                        raise _too_long()
                    file.write(chunk)
            if done == 0:
                raise wrong("file", "the file is empty")
            if archives.is_archive(path.name):
                await to_thread.run_sync(_check_archive, path)
            record = {"format": 1, "id": key, "name": shown, "file": path.name, "bytes": done}
            write_json(folder / _RECORD, record)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return {"id": key, "name": shown, "bytes": done}

    def path(self, key: str) -> Path:
        """The file of an upload.

        Raises:
            Refusal: 404 if there is none.
        """
        record = load_json(self.folder / key / _RECORD) if is_id(key) else None
        if record is None:
            raise Refusal("there is no such upload; send the files again", status=404)
        return self.folder / key / Path(str(record["file"])).name

    def remove(self, key: str) -> None:
        """Remove an upload, if there is one."""
        if is_id(key):
            shutil.rmtree(self.folder / key, ignore_errors=True)

    def keep(self, key: str) -> None:
        """Remember that a run is begun with an upload: to go on it needs it."""
        path = self.folder / key / _RECORD
        write_json(path, {**(load_json(path) or {}), "kept": True})

    def tidy(self, used: set[str]) -> None:
        """Remove uploads that no run was begun with: none of ``used``, and not kept.

        To be called when a server begins. Only pages of a server before it know of these, and it
        lets none of those in, so that nobody can begin a run with them any more.
        """
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.name not in used and not _is_kept(path):
                self.remove(path.name)


def _is_kept(folder: Path) -> bool:
    try:
        record = read_json(folder / _RECORD)
    except FileNotFoundError:
        return False  # it never came whole
    except (OSError, ValueError):
        return True  # who knows
    return not isinstance(record, dict) or bool(record.get("kept"))


def _too_long() -> Refusal:
    message = f"an upload has at most {MAX_UPLOAD // 2**20} MiB; send a smaller set"
    return Refusal(message, status=413, errors={"file": message})


def _kind(name: str) -> str | None:
    """How the name of a file that holds sprites ends; None if it is none."""
    return next((end for end in KINDS if name.lower().endswith(end)), None)


def _check_archive(path: Path) -> None:
    """Refuse an archive that is broken, leads elsewhere or unpacks to too much, by its own list."""
    try:
        with archives.archive_files(path):
            pass
    except SpritelabError as error:
        raise wrong("file", " ".join(str(error).split()).replace("`", "")) from None


class Look(Reading):
    """What ``GET /api/uploads/ID/inspect`` takes: how files are read, and room for a picture."""

    width: Annotated[int, Field(ge=200, le=4000)] = Field(
        default=680, description="pixels that the contact sheet may be wide"
    )


def inspect(path: Path, how: Look) -> dict[str, Any]:
    """What ``spritelab data inspect`` says of an upload, and its contact sheet. Takes a while.

    Returns:
        the facts, as ``Inspection.as_dict`` has them; ``parents``, the models that a training could
        begin from with their loss, the best first; ``warnings``; ``contact_sheet``, a PNG as an
        address.

    Raises:
        Refusal: if the sprites cannot be read, beside the field that would help.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            sprites = data.load(path, size=how.size, **how.named())
        except SpritelabError as error:
            raise _beside(refusal_of(error, Reading)) from None
    facts = data.inspect(sprites)
    sheet = _contact_sheet(sprites, how.width)
    return {
        **facts.as_dict(),
        "parents": _parents(sprites, facts),
        "warnings": [str(one.message) for one in caught if one.category is UserWarning],
        "contact_sheet": pictures.data_uri(pictures.encode_png(sheet)),
    }


def _contact_sheet(sprites: data.SpriteSet, width: int) -> Images:
    """Some sprites of each class, in whole pixels, as many in a row as there is room for."""
    side = sprites.images.shape[2]
    scale = max(1, _SHOWN // side)
    columns = max(1, (width - _GAP) // (side * scale + _GAP))
    largest = int(np.bincount(np.maximum(sprites.labels, 0), minlength=1).max())
    return pictures.contact_sheet(
        sprites.images,
        sprites.labels,
        sprites.class_names,
        min(columns, max(4, largest)),
        _ROWS,
        scale,
    )


def _beside(refusal: Refusal) -> Refusal:
    """What is said of tiles and of finding belongs beside the one choice that the page has."""
    if (line := refusal.errors.pop("auto", None)) is not None:
        refusal.errors["cut"] = line
    return refusal


def _parents(sprites: data.SpriteSet, facts: data.Inspection) -> dict[str, float]:
    try:
        from spritelab import runs
    except MissingExtraError:
        return {}
    return runs.parents_of_few(sprites, facts)
