"""Beginning a run in a new folder, and opening one that was begun."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from spritelab import data
from spritelab.config import ReadingSettings, RunSettings, flatten
from spritelab.data import SpriteSet
from spritelab.devices import this_process
from spritelab.errors import DataError, ModelError, SettingsError
from spritelab.generate import load_parent, make_network
from spritelab.runs.lock import LOCK, lock_run
from spritelab.runs.record import (
    FORMAT,
    SPRITES,
    RunRecord,
    describe_model,
    read_record,
    write_record,
)
from spritelab.runs.restoring import last_state
from spritelab.runs.run import Run
from spritelab.runs.saving import CHECKPOINTS
from spritelab.storage import check_writable, is_aside, tidy
from spritelab.training import TrainingState

FREE = ("training.gradient_accumulation",)
"""Settings that may differ when a run is resumed, beside where its sprites are."""


FIRST = "step-00000000"
"""The checkpoint that a run begins with which begins from another model."""


def start_run(
    settings: RunSettings,
    folder: str | Path,
    *,
    sprites: SpriteSet | None = None,
    init: str | Path | None = None,
) -> Run:
    """Load the sprites and make the folder of a new run.

    Args:
        settings: what decides the run.
        folder: must not exist, or be empty.
        sprites: the sprites themselves, if ``settings.data.source`` is not to be read; they are
            learnt as they are. The run keeps a copy.
        init: a model whose weights the run begins from, in place of freshly drawn ones: a run's
            folder, a model folder, or the name of a model that comes with spritelab. Its network,
            size and channels must be those of the run (``fine_tuning_settings`` sees to it); the
            classes may be others, see ``generate.load_parent``.

    Raises:
        SettingsError: if the folder is taken, the network cannot be built, or ``init`` is of
            another network, size or number of channels.
        DataError: if the sprites cannot be read or split.
        ModelError: if ``init`` is no model, or a broken one.
        TrainingError: if another process begins a run in the same folder just now.
        StorageError: if the folder cannot be written.
    """
    folder = Path(folder)
    is_main = this_process().is_main_process
    if is_main:
        check_free(folder)
        check_writable(folder)  # before sprites are read and a network is built, not after
    if sprites is not None:
        # The copy is read as it is.
        as_it_is = ReadingSettings().model_dump(mode="json", exclude={"background"})
        named = {f"data.{name}": value for name, value in as_it_is.items()}
        settings = settings.override({**named, "data.count": None, "data.source": SPRITES})
    else:
        settings = settings.override({"data.source": _absolute(settings.data.source)})
    run = _open(folder, settings, sprites)
    # Whatever does not fit is refused before anything is written.
    config = describe_model(settings, run.train_sprites)
    if init is None:
        make_network(config)
    else:
        network, run.parent = load_parent(init, config)
    record = RunRecord.of_today(settings, run.train_sprites, run.held_out, run.parent)
    with lock_run(folder):
        if is_main:
            check_free(folder)  # again: another process may have begun a run while this one read
            clear(folder)
            if init is not None:
                run.save_state(TrainingState.start(network, settings.training, torch.device("cpu")))
            if sprites is not None:
                sprites.save(folder / SPRITES)
            # Last, for it makes the folder a run: one without its first weights would draw others.
            write_record(folder, record)
    return run


def resume_run(
    folder: str | Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    sprites: SpriteSet | None = None,
) -> Run:
    """Open a run that was begun, to train it further from its last checkpoint.

    Args:
        folder: the run's.
        overrides: settings that the caller names, such as ``{"training.steps": 100}``. They must
            be those of the run. ``data.source`` may differ, if the same sprites are there, and
            ``training.gradient_accumulation``.
        sprites: the sprites themselves, in place of what the run names or keeps.

    Raises:
        ModelError: if there is no run, or its record is broken or of a later format.
        SettingsError: if an override contradicts the run.
        DataError: if the sprites are no longer those of the run.
        StorageError: if the folder cannot be written.
    """
    folder = Path(folder)
    record = read_record(folder)
    settings = record.settings
    overrides = dict(overrides or {})
    moved_to = overrides.pop("data.source", None)
    # No part of what the run is: as many as the memory of this machine wants.
    parts = {key: overrides.pop(key) for key in FREE if key in overrides}
    wanted = settings.override(overrides)
    if wanted != settings:
        name, old, new = _first_difference(settings, wanted)
        raise SettingsError(
            f"{name} is {old} in {folder} and cannot become {new} on the way; "
            "leave it out, or start a new run"
        )
    settings = settings.override(parts)
    if moved_to is not None:
        settings = settings.override({"data.source": _absolute(moved_to)})
    if this_process().is_main_process:
        check_writable(folder)  # before sprites are read, not after
    run = _open(folder, settings, sprites)
    if (run.train_sprites.content_hash, run.held_out.content_hash) != (
        record.data.train_hash,
        record.data.held_out_hash,
    ):
        raise DataError(
            f"the sprites in {settings.data.source} are not those that {folder} began with; "
            "bring them back, or start a new run"
        )
    if settings != record.settings:
        _remember(folder, record, settings)
    run.parent = record.parent
    with contextlib.suppress(ModelError):  # `Run.train` says what is wrong with them
        reached = last_state(folder)
        run.step = reached.step if reached is not None else 0
    return run


def _remember(folder: Path, record: RunRecord, settings: RunSettings) -> None:
    """Write down where the sprites of a run are now.

    Raises:
        TrainingError: if another process trains the run.
        StorageError: if the record cannot be written.
    """
    with lock_run(folder):
        if this_process().is_main_process:
            moved = record.model_copy(update={"settings": settings, "format": FORMAT})
            write_record(folder, moved)


def _open(folder: Path, settings: RunSettings, sprites: SpriteSet | None) -> Run:
    if sprites is not None:
        whole = sprites
    elif settings.data.source == SPRITES:
        whole = data.load(folder / SPRITES)
    else:
        whole = data.read(settings.data)
    train_sprites, held_out = whole.split(settings.data.held_out, settings.training.seed)
    is_main = this_process().is_main_process
    return Run(folder, settings, train_sprites, held_out, is_main=is_main)


def check_free(folder: Path) -> None:
    """Raise ``SettingsError`` unless a run may begin in ``folder``: it is new, or as good as empty.

    That is one with no more in it than what a start leaves that was killed before it was a run.
    """
    if folder.exists() and (not folder.is_dir() or not _is_clear(folder)):
        raise SettingsError(
            f"{folder} exists already; choose another `folder`, or go on with the run in it by "
            "`resume`"
        )


def _is_clear(folder: Path) -> bool:
    names = {path.name for path in folder.iterdir() if not is_aside(path)}
    if names <= {LOCK}:
        return True
    steps = (folder / CHECKPOINTS).iterdir() if CHECKPOINTS in names else ()
    return (
        LOCK in names
        and names <= {LOCK, SPRITES, *((CHECKPOINTS, "model") if CHECKPOINTS in names else ())}
        and all(path.name == FIRST or path.name.startswith(".") for path in steps)
    )


def clear(folder: Path) -> None:
    """Remove what a start has left that was killed, from a folder that ``check_free`` let pass."""
    for name in (CHECKPOINTS, "model"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / SPRITES).unlink(missing_ok=True)
    tidy(folder)


def _absolute(source: str) -> str:
    """A path that still holds when the run is resumed from another folder; names as they are."""
    path = Path(source)
    return str(path.resolve()) if source not in data.NAMES and path.exists() else source


def _first_difference(old: RunSettings, new: RunSettings) -> tuple[str, Any, Any]:
    before, after = flatten(old.model_dump()), flatten(new.model_dump())
    changed = [key for key in after if before.get(key) != after[key]]
    # A length that was put in says more than the one that it drove out.
    name = next((key for key in changed if after[key] is not None), changed[0])
    return name, before.get(name), after[name]
