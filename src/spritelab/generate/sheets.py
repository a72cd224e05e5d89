"""Sheets of drawn sprites: what each is called, in a batch, a folder of samples, or any folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spritelab import data
from spritelab.data.decode import decode
from spritelab.data.layout import ONE_CLASS
from spritelab.data.listing import read_one
from spritelab.data.metadata import SAMPLES, broken_samples, parse_samples
from spritelab.errors import DataError
from spritelab.pixels import Images, with_channels
from spritelab.sheets import UNTAGGED, drawn_key
from spritelab.storage import read_file
from spritelab.storage.records import MAX_RECORD

if TYPE_CHECKING:
    from spritelab.generate.batch import SpriteBatch


class NamedSprites(NamedTuple):
    """Sprites for a sheet.

    Attributes:
        images: uint8 ``[N,H,W,C]``.
        keys: N names, ``CLASS-SEED-NUMBER`` of drawn ones.
        tags: N classes; ``default`` for none, and for a mix of classes.
        missing: how many sprites a folder of samples lists and no longer has.
    """

    images: Images
    keys: list[str]
    tags: list[str]
    missing: int = 0


def name_batch(batch: SpriteBatch) -> NamedSprites:
    """The sprites of a batch with their names."""
    tags = [batch.class_names[k] if k >= 0 else UNTAGGED for k in batch.labels.tolist()]
    named = zip(tags, batch.seeds.tolist(), batch.numbers.tolist(), strict=True)
    return NamedSprites(batch.images, [drawn_key(*one) for one in named], tags)


def read_named(source: str) -> NamedSprites:
    """Read sprites with their names.

    Args:
        source: a folder that ``spritelab sample`` wrote: the sprites that its ``samples.json``
            lists and that are still there, under the names of a batch. Or any other source of
            sprites (see ``data.load``): they are called by their files, or as the source calls
            them, and tagged by their class.

    Raises:
        DataError: the source is missing, broken, or does not fit together.
    """
    if source not in data.NAMES and (Path(source) / SAMPLES).is_file():
        return _read_samples(Path(source))
    sprites = data.load(source)
    tags = [sprites.class_names[k] for k in sprites.labels.tolist()]
    if sprites.class_names == (ONE_CLASS,):
        tags = [UNTAGGED] * len(sprites)
    return NamedSprites(sprites.images, list(sprites.ids), tags)


def join(several: list[NamedSprites]) -> NamedSprites:
    """Put sprites of several sources together; RGBA if some are.

    Raises:
        DataError: if their sizes differ.
    """
    sizes = sorted({one.images.shape[1:3] for one in several})
    if len(sizes) > 1:
        found = " and ".join(f"{width}×{height}" for height, width in sizes)
        raise DataError(f"sprites on one sheet have one size; these have {found}")
    channels = max(one.images.shape[-1] for one in several)
    return NamedSprites(
        np.concatenate([with_channels(one.images, channels) for one in several]),
        [key for one in several for key in one.keys],
        [tag for one in several for tag in one.tags],
        sum(one.missing for one in several),
    )


def _read_samples(folder: Path) -> NamedSprites:
    """The sprites of a folder that ``samples_folder.save_sprites`` filled."""
    path = folder / SAMPLES
    try:
        content = read_file(path, MAX_RECORD)
    except OSError as error:
        raise broken_samples(path, error) from None
    record = parse_samples(content, path)
    try:
        listed = [_entry(sprite, record) for sprite in record["sprites"]]
    except (ValueError, KeyError, TypeError) as error:
        raise broken_samples(path, error) from None
    there = [(folder / name, key, tag) for name, key, tag in listed if _is_file(folder / name)]
    if not there:
        raise DataError(f"{folder} has none of the sprites that its {SAMPLES} lists")
    frames = [_read(path) for path, _, _ in there]
    if len({frame.shape for frame in frames}) > 1:
        raise DataError(f"the sprites in {folder} differ in size; one sheet has one size")
    return NamedSprites(
        np.concatenate(frames),
        [key for _, key, _ in there],
        [tag for _, _, tag in there],
        len(listed) - len(there),
    )


def _entry(sprite: dict[str, Any], record: dict[str, Any]) -> tuple[str, str, str]:
    """The file name, key and tag of one sprite of ``samples.json``."""
    name, label = str(sprite["file_name"]), sprite.get("label")
    if Path(name).name != name:
        raise ValueError(f"{name!r} is no name of a file in it")
    tag = UNTAGGED if label in (None, "none") or "=" in str(label) else str(label)
    seed = sprite["seed"] if "seed" in sprite else record["seed"]
    return name, drawn_key(tag, int(seed), int(sprite.get("number", 0))), tag


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than any can be
        return False


def _read(path: Path) -> Images:
    try:
        return decode(read_one(path))[:1]
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
