"""Beginning a run in a new folder, and opening one that was begun."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import spritelab
from spritelab import data
from spritelab.config import RunSettings
from spritelab.data import SpriteSet
from spritelab.devices import this_process
from spritelab.errors import DataError, ModelError, SettingsError
from spritelab.generate import make_network
from spritelab.runs.lock import LOCK, lock_run
from spritelab.runs.run import Run
from spritelab.storage import read_json, write_json
from spritelab.training import checkpoints

FORMAT = 1
"""Version of a run's folder."""


def start_run(
    settings: RunSettings, folder: str | Path, *, sprites: SpriteSet | None = None
) -> Run:
    """Load the sprites and make the folder of a new run.

    Args:
        settings: what decides the run.
        folder: must not exist, or be empty.
        sprites: the sprites themselves, if ``settings.data.source`` is not to be read.

    Raises:
        SettingsError: if the folder is taken, or the network cannot be built.
        DataError: if the sprites cannot be read or split.
        TrainingError: if another process begins a run in the same folder just now.
        StorageError: if the folder cannot be written.
    """
    folder = Path(folder)
    is_main = this_process().is_main_process
    if is_main:
        _check_free(folder)
    settings = settings.override({"data.source": _absolute(settings.data.source)})
    run = _open(folder, settings, sprites)
    # A network that cannot have this size is refused before anything is written.
    make_network(run.model_config(0))
    whole = sprites if sprites is not None else run.train_sprites
    record = {
        "format": FORMAT,
        "versions": {
            "spritelab": spritelab.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "pillow", "accelerate")},
        },
        "platform": platform.platform(),
        "settings": settings.model_dump(mode="json"),
        "data": {
            "source": whole.provenance.source,
            "licence": whole.provenance.licence,
            "url": whole.provenance.url,
            "class_names": list(whole.class_names),
            "train": len(run.train_sprites),
            "held_out": len(run.held_out),
            "train_hash": run.train_sprites.content_hash,
            "held_out_hash": run.held_out.content_hash,
        },
    }
    with lock_run(folder):
        if is_main:
            _check_free(folder)  # again: another process may have begun a run while this one read
            write_json(folder / "config.json", record)
    return run


def _check_free(folder: Path) -> None:
    if folder.exists() and (
        not folder.is_dir() or any(path.name != LOCK for path in folder.iterdir())
    ):
        raise SettingsError(
            f"{folder} exists already; choose another --out, or go on with it by "
            f"'spritelab train --resume --out {folder}'"
        )


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
            be those of the run. ``data.source`` alone may differ, if the same sprites are there.
        sprites: the sprites themselves, if they were given as such.

    Raises:
        ModelError: if there is no run, or its configuration is broken or of a later format.
        SettingsError: if an override contradicts the run.
        DataError: if the sprites are no longer those of the run.
    """
    folder = Path(folder)
    record = _read_config(folder)
    settings = RunSettings.parse(record["settings"], f"{folder / 'config.json'}: settings")
    overrides = dict(overrides or {})
    moved_to = overrides.pop("data.source", None)
    wanted = settings.override(overrides)
    if wanted != settings:
        name, old, new = _first_difference(settings, wanted)
        raise SettingsError(
            f"{name} is {old} in {folder} and cannot become {new} on the way; "
            "leave it out, or start a new run"
        )
    if moved_to is not None:
        settings = settings.override({"data.source": _absolute(moved_to)})
    run = _open(folder, settings, sprites)
    saved = record["data"]
    if (run.train_sprites.content_hash, run.held_out.content_hash) != (
        saved["train_hash"],
        saved["held_out_hash"],
    ):
        raise DataError(
            f"the sprites in {settings.data.source} are not those that {folder} began with; "
            "bring them back, or start a new run"
        )
    found = checkpoints(folder / "checkpoints")
    run.step = found[-1][0] if found else 0
    return run


def _open(folder: Path, settings: RunSettings, sprites: SpriteSet | None) -> Run:
    whole = sprites if sprites is not None else data.read(settings.data)
    train_sprites, held_out = whole.split(settings.data.held_out, settings.training.seed)
    is_main = this_process().is_main_process
    return Run(folder, settings, train_sprites, held_out, is_main=is_main)


def _absolute(source: str) -> str:
    """A path that still holds when the run is resumed from another folder; names as they are."""
    path = Path(source)
    return str(path.resolve()) if source not in data.NAMES and path.exists() else source


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        record = read_json(path)
        settings, sprites, form = record["settings"], record["data"], record["format"]
    except FileNotFoundError:
        raise ModelError(
            f"there is no run at {folder} (no config.json); start one without --resume"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is broken ({error}); start a new run") from None
    if form > FORMAT:
        raise ModelError(f"{path} has format {form}, this spritelab reads up to {FORMAT}")
    return {"settings": settings, "data": sprites}


def _first_difference(old: RunSettings, new: RunSettings) -> tuple[str, Any, Any]:
    def flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
        for key, value in tree.items():
            if isinstance(value, Mapping):
                yield from flat(value, f"{prefix}{key}.")
            else:
                yield f"{prefix}{key}", value

    before, after = dict(flat(old.model_dump())), dict(flat(new.model_dump()))
    changed = [key for key in after if before.get(key) != after[key]]
    # A length that was put in says more than the one that it drove out.
    name = next((key for key in changed if after[key] is not None), changed[0])
    return name, before.get(name), after[name]
