"""``crawl``: tiles of Dungeon Crawl Stone Soup, released into the public domain (CC0).

The archive of ``crawl/tiles`` holds 4,357 pictures of the Nov-2015 release. A tile is taken for a
sprite if

1. it lies in one of the folders of ``FOLDERS``, which also gives its class: creatures, player
   figures, items by kind, spells and effects. Walls, floors, doors, water, altars, statues of the
   dungeon, the interface, icons, numbers, blood, and the clothes and weapons that are laid over a
   player figure lie in others;
2. its name does not begin with one of ``NOT_SPRITES``: the small marks that are laid over an item
   (``i-…``), parts of a creature that is put together in the game, and tints of a whole cell;
3. it is 32×32, which leaves out towering monsters of 32×48 and two trimmed effects;
4. it is neither all transparent nor of one colour.

Tiles that show one thing share a group, so that a split never parts them: tiles of one class whose
names are equal once a final number, sex, size, age or colour is taken off (``butterfly``,
``butterfly10``; ``naga_blue_f``, ``naga_blue_m``; ``cloud_fire0``, ``cloud_fire1``). A name that is
a colour and no more, like those of the potions, stays whole.

Creatures, figures and effects may be mirrored: they look either way (though their shadow then falls
to the other side). Items may not, since all are drawn along one diagonal and lit from one side; nor
may spells, which hold signs and letters.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath

import numpy as np

from spritelab.data.archives import archive_files
from spritelab.data.decode import decode
from spritelab.data.download import fetch
from spritelab.data.frames import numbered
from spritelab.data.listing import Files
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.errors import DataError, DownloadError
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress

COMMIT = "a6ea1655db5c044829d9eea19a232fa6fcac87b0"
FILE = "crawl-tiles-a6ea165.zip"
SIZE = 32
ROOT = "releases/Nov-2015/"

CLASS_NAMES = (
    "creature",
    "figure",
    "weapon",
    "armour",
    "treasure",
    "potion",
    "book",
    "food",
    "spell",
    "effect",
)
MIRRORABLE = tuple(name in ("creature", "figure", "effect") for name in CLASS_NAMES)

FOLDERS = {
    "mon": "creature",
    "player/felids": "creature",
    "player/transform": "creature",
    "UNUSED/monsters": "creature",
    "player/base": "figure",
    "item/weapon": "weapon",
    "item/staff": "weapon",
    "item/rod": "weapon",
    "item/wand": "weapon",
    "UNUSED/weapons": "weapon",
    "item/armour": "armour",
    "UNUSED/armour": "armour",
    "item/amulet": "treasure",
    "item/ring": "treasure",
    "item/gold": "treasure",
    "item/misc": "treasure",
    "item/potion": "potion",
    "item/book": "book",
    "item/scroll": "book",
    "item/food": "food",
    "UNUSED/food": "food",
    "gui/spells": "spell",
    "UNUSED/spells": "spell",
    "effect": "effect",
}
"""The class of the tiles in a folder and in those inside it."""

NOT_SPRITES = (
    # laid over another tile in a corner
    "item/*/i-",
    "item/*/*/i-",
    # parts of creatures that the game puts together
    "mon/panlord/demon_",
    "mon/tentacles/",
    "mon/statues/overlay_",
    "mon/draco/draco-job-",
    "mon/demonspawn/black_sun",
    "mon/demonspawn/blood_saint",
    "mon/demonspawn/chaos_champion",
    "mon/demonspawn/corrupter",
    "mon/demonspawn/warmonger",
    "player/base/shadow",
    # a mark of the developers
    "mon/nonliving/test_spawner",
    # tints of a whole cell
    "effect/disjunct",
    "effect/heataura",
    "effect/orb_glow",
    "effect/quad_glow",
    "effect/sanctuary",
    "effect/umbra",
)
"""Beginnings of names that are no sprites; ``*`` stands for one folder."""

_ADDRESSES = (
    f"https://github.com/crawl/tiles/archive/{COMMIT}.zip",
    f"https://codeload.github.com/crawl/tiles/zip/{COMMIT}",
)
_MOST = 64 * 2**20  # bytes; it has 4.5 million
_SHA256 = "919963a2e6bc88e20d17b4c51a6ae0563a72ccb967ba08b9065962337c6e948f"

_EXCLUDED = re.compile("|".join(re.escape(start).replace(r"\*", "[^/]+") for start in NOT_SPRITES))
_SHADES = (
    "black|blue|bone|brass|bronze|brown|copper|cyan|glass|gold|golden|gray|grey|green|iron|ivory|"
    "lead|magenta|mottled|orange|pale|pearl|pink|plastic|purple|red|silver|white|wood|yellow"
)
_VARIANT = re.compile(
    rf"[-_. ]?\d+$|[-_. ](?:[mf]\d?|small|medium|large|old|new|water|(?:dark|light)?(?:{_SHADES}))$"
)


def load(cache: Path | None = None, progress: Progress = SILENT) -> SpriteSet:
    """Return the sprites, RGBA 32×32, downloading the archive on first use.

    GitHub packs archives anew, so the file's bytes are not stable; what is verified is a SHA-256
    over the decoded sprites (see ``content_hash``).

    Raises:
        DownloadError, StorageError: as ``download.fetch``.
    """
    return read(fetch(FILE, _ADDRESSES, verify, most=_MOST, cache=cache, progress=progress))


def verify(path: Path) -> None:
    """Raise ``DownloadError`` unless the archive at ``path`` holds the known sprites."""
    try:
        found = content_hash(read(path))
    except DataError as error:
        raise DownloadError("it is not a whole archive of crawl/tiles") from error
    if found != _SHA256:
        raise DownloadError("its sprites are not those of the known release")


def content_hash(sprites: SpriteSet) -> str:
    """SHA-256, in hexadecimal, over every sprite's path and RGBA bytes, in the set's order."""
    digest = hashlib.sha256()
    for name, image in zip(sprites.ids, sprites.images, strict=True):
        digest.update(name.encode() + b"\0")
        digest.update(image.tobytes())
    return digest.hexdigest()


def read(path: Path) -> SpriteSet:
    """Read the sprites from an archive of ``crawl/tiles``, in the order of their paths.

    Ids are paths inside the release.

    Raises:
        DataError: if it is no such archive.
    """
    with archive_files(path) as listing:
        files = _inside(listing.files)
        chosen = _choose(files)
        tiles = {name: _decode(files, name) for name in chosen}
    kept = {
        name: tile
        for name, tile in tiles.items()
        if tile.shape == (1, SIZE, SIZE, 4) and (tile != tile[:, :1, :1]).any()
    }
    if not kept:
        raise DataError(f"{path.name} holds none of the tiles under {ROOT}")
    names = list(kept)
    classes = [class_of(name) for name in names]
    return SpriteSet.from_arrays(
        np.concatenate(list(kept.values())),
        np.array([CLASS_NAMES.index(str(label)) for label in classes], dtype=np.int64),
        CLASS_NAMES,
        ids=names,
        groups=numbered(
            f"{label}/{thing(name)}" for name, label in zip(names, classes, strict=True)
        ),
        mirrorable=MIRRORABLE,
        provenance=Provenance(
            "crawl",
            licence="CC0-1.0",
            url=f"https://github.com/crawl/tiles/tree/{COMMIT}",
            notes="Dungeon Crawl Stone Soup tiles, release of November 2015; see its ARTISTS.md",
        ),
    )


def _decode(files: Files, name: str) -> Images:
    try:
        return decode(files[name]())
    except DataError as error:
        raise DataError(f"{name}: {error}") from error


def _choose(files: Files) -> list[str]:
    return sorted(name for name in files if class_of(name) is not None)


def _inside(files: Files) -> Files:
    """The files of the release, whatever folder the archive wraps around it."""
    found = (("/" + name).partition("/" + ROOT)[2] for name in files)
    return {name: read for name, read in zip(found, files.values(), strict=True) if name}


def class_of(name: str) -> str | None:
    """Return the class of a tile by its path inside the release, or None if it is no sprite."""
    path = PurePosixPath(name)
    if path.suffix != ".png" or _EXCLUDED.match(name):
        return None
    found = [label for folder in path.parents if (label := FOLDERS.get(str(folder)))]
    return found[0] if found else None


def thing(name: str) -> str:
    """Return what a tile shows: its file's name without number, sex, size, age and colour."""
    stem = PurePosixPath(name).stem.lower()
    while (shorter := _VARIANT.sub("", stem)) and shorter != stem:
        stem = shorter
    return stem
