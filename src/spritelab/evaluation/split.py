"""The sprites that a model learnt and those held out from it, found again from its folder."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spritelab import data
from spritelab.config import HOW_READ, DataSettings
from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.generate import ModelConfig
from spritelab.hub import is_address
from spritelab.runs import read_record, record_file, run_data


@dataclass(frozen=True, eq=False)
class Split:
    """Sprites on both sides of a training.

    Attributes:
        training: learnt from.
        held_out: never seen.
        mirror: training showed half of the sprites mirrored, where their class allows it.
        verified: the training sprites are, byte for byte, those that the model names.
        source: where they come from, as a word or path.
    """

    training: SpriteSet
    held_out: SpriteSet
    mirror: bool
    verified: bool
    source: str


def find_split(
    folder: str | Path | None,
    config: ModelConfig,
    source: str | SpriteSet | None = None,
    *,
    held_out: float | None = None,
    split_seed: int | None = None,
    mirror: bool | None = None,
    **reading: Any,
) -> Split:
    """Load a model's sprites and split them as its training did.

    A run's folder (or ``model`` inside it) says in its ``run.json`` where its sprites are and how
    they are read; a model folder alone says how they are read and split, and ``source`` where they
    are, unless they are a source with a name.

    Args:
        folder: a run's folder or a model folder; None for what ``config`` alone says.
        config: of the model in it.
        source: other sprites than the run names, or the same ones elsewhere or in memory.
        held_out, split_seed, mirror: in place of the model's.
        reading: how the sprites are read, in place of the run's: settings of ``ReadingSettings``
            by name, such as ``tile``; see ``data.load``.

    Warns:
        UserWarning: if the training sprites are not those that the model was trained on: copies
            may then go unseen, and the held-out sprites may have been learnt.

    Raises:
        SettingsError: if a model folder names no source that can be found.
        DataError: if the sprites cannot be read or do not fit the model.
        ModelError: if the run's record is broken.
    """
    known = config.trained_on
    whole: SpriteSet | None = None
    run = None if folder is None else _run_data(Path(folder))
    settings = run or known.data
    told = source is not None
    if isinstance(source, SpriteSet):
        whole, source = source, source.provenance.source
    elif source is None:
        source = settings.source if settings else known.source
        # A model folder keeps the last part of a path only: not where it is on this machine.
        if run is None and source not in data.NAMES and not is_address(source):
            raise SettingsError(
                f"{folder or 'this model'} does not say where its sprites are; name them with "
                f"`source` (it was trained on {source!r})"
            )
    read: dict[str, Any] = {"size": config.size, "channels": config.channels}
    if settings is not None:  # sprites elsewhere are read as training read its own
        read |= settings.model_dump(include=set(HOW_READ))
        read["n"] = settings.count
        if run is None:
            read["labels"] = None  # the last part of a path as well
    read |= {key: value for key, value in reading.items() if value is not None}
    if whole is None:
        sprites = data.load(source, folder_first=told, **read)
    else:
        sprites = whole.resized(config.size).with_channels(config.channels)
    if (sprites.size, sprites.channels) != (config.size, config.channels):
        raise DataError(
            f"{source} holds {sprites.size}×{sprites.size} sprites of {sprites.channels} channels, "
            f"the model draws {config.size}×{config.size} of {config.channels}"
        )
    share = known.held_out if held_out is None else held_out
    seed = known.split_seed if split_seed is None else split_seed
    training, rest = sprites.split(share, seed)
    verified = training.content_hash == known.content_hash
    if not verified:
        warnings.warn(
            f"the {len(training):,} training sprites of {source} (held out {share:g}, split seed "
            f"{seed}) are not those the model was trained on: copies may go unseen and the floor "
            "may be of learnt sprites; check `source`, `held_out` and `split_seed`",
            stacklevel=2,
        )
    turned = known.mirror if mirror is None else mirror
    return Split(training, rest, turned, verified, source)


def _run_data(folder: Path) -> DataSettings | None:
    """How a run's sprites are read, given its folder or its ``model`` folder."""
    for place in (folder, folder.resolve().parent):
        if record_file(place) is not None and (place / "model" / "config.json").is_file():
            return run_data(place, read_record(place).settings.data)
    return None
