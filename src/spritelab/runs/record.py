"""What a run says of itself: its record, ``run.json``, and what its models say."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pydantic import Field

import spritelab
from spritelab import data, storage
from spritelab.config import DataSettings, RunSettings, Settings, as_read_before
from spritelab.data import SpriteSet
from spritelab.data.spriteset import IN_MEMORY
from spritelab.errors import ModelError, SettingsError
from spritelab.generate import ModelConfig, Parent, TrainedOn
from spritelab.hub import is_address

FORMAT = 2
"""Version of a run's record; raised whenever old code could no longer read it.

2: the file is ``run.json``, and names the model that the run began from. Before, it was
``config.json``, as in a model's folder.
"""

RECORD = "run.json"
OLD_RECORD = "config.json"

SPRITES = "sprites.npz"
"""The run's own copy of sprites that were given as such; its ``data.source`` then."""


class SpritesRecord(Settings):
    """The sprites of a run: where they come from, and what tells them from others."""

    source: str
    licence: str
    url: str
    class_names: tuple[str, ...]
    train: int = Field(description="sprites to learn from")
    held_out: int = Field(description="sprites never learnt from")
    train_hash: str = Field(description="content hash of the first")
    held_out_hash: str = Field(description="content hash of the second")


class RunRecord(Settings):
    """All that is needed to repeat a run, apart from the pixels themselves."""

    format: int = FORMAT
    versions: dict[str, str] = Field(description="of Python, spritelab and what it computes with")
    platform: str
    settings: RunSettings
    data: SpritesRecord
    parent: Parent | None = Field(default=None, description="the model that it began from")

    @classmethod
    def of_today(
        cls,
        settings: RunSettings,
        train_sprites: SpriteSet,
        held_out: SpriteSet,
        parent: Parent | None,
    ) -> RunRecord:
        """The record of a run that begins now, on this machine."""
        origin = train_sprites.provenance
        return cls(
            versions=versions_today(),
            platform=platform.platform(),
            settings=settings,
            data=SpritesRecord(
                source=origin.source,
                licence=origin.licence,
                url=origin.url,
                class_names=train_sprites.class_names,
                train=len(train_sprites),
                held_out=len(held_out),
                train_hash=train_sprites.content_hash,
                held_out_hash=held_out.content_hash,
            ),
            parent=parent,
        )


def versions_today() -> dict[str, str]:
    """The versions of Python, spritelab and what it computes with."""
    packages = ("torch", "numpy", "pillow", "accelerate")
    return {
        "spritelab": spritelab.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def record_file(folder: Path) -> Path | None:
    """The file with the record of the run in ``folder``; None if there is no run."""
    if (folder / RECORD).is_file():
        return folder / RECORD
    # Beside weights, a file of the old name is the configuration of a model.
    is_model = (folder / "model.safetensors").exists()
    return folder / OLD_RECORD if (folder / OLD_RECORD).is_file() and not is_model else None


def run_data(folder: Path, settings: DataSettings) -> DataSettings:
    """How the sprites of the run in ``folder`` are read, wherever that folder is by now."""
    if settings.source != SPRITES:
        return settings
    return settings.model_copy(update={"source": str(folder / SPRITES)})


def read_record(folder: str | Path) -> RunRecord:
    """Read the record of the run in ``folder``, also of one that was begun by an older spritelab.

    Raises:
        ModelError: if there is no run, or its record is broken or of a later format.
    """
    path = record_file(Path(folder))
    if path is None:
        raise ModelError(f"there is no run at {folder} (no {RECORD}); start one without `resume`")
    values = storage.read_record(path, FORMAT)
    if isinstance(settings := values.get("settings"), dict):
        as_read_before(settings.get("data"))
    try:
        return RunRecord.parse(values, str(path))
    except SettingsError as error:
        raise ModelError(f"{error}; mend it, or start a new run") from None


def write_record(folder: str | Path, record: RunRecord) -> Path:
    """Write the record of the run in ``folder`` and return its path.

    Raises:
        StorageError: if it cannot be written.
    """
    return storage.write_record(Path(folder) / RECORD, record.model_dump(mode="json"))


def describe_model(
    settings: RunSettings,
    train_sprites: SpriteSet,
    step: int = 0,
    parent: Parent | None = None,
    guide: int | None = None,
) -> ModelConfig:
    """What a run's model says of itself.

    Args:
        settings: of the run.
        train_sprites: those that it learns from.
        step: updates of the weights so far.
        parent: the model that the run began from, if it began from one.
        guide: updates of its guide's weights; without one it draws without autoguidance.
    """
    sampling = settings.sampling
    origin = train_sprites.provenance
    classes = len(train_sprites.class_names)
    return ModelConfig(
        version=spritelab.__version__,
        network=settings.network,
        schedule=settings.schedule,
        prediction=settings.training.prediction,
        size=train_sprites.size,
        channels=3 if train_sprites.channels == 3 else 4,
        class_names=train_sprites.class_names,
        hard_alpha=train_sprites.has_hard_alpha,
        sampling=sampling if guide is not None else sampling.changed(autoguidance=1.0),
        trained_on=TrainedOn(
            source=origin.source,
            licence=origin.licence,
            url=origin.url,
            content_hash=train_sprites.content_hash,
            class_counts=tuple(np.bincount(train_sprites.labels, minlength=classes).tolist()),
            held_out=settings.data.held_out,
            split_seed=settings.training.seed,
            mirror=settings.data.mirror,
            data=None
            if origin.source == IN_MEMORY or settings.data.source == SPRITES
            else _shareable(settings.data),
            parent=parent,
        ),
        step=step,
        guide_step=guide,
    )


def _shareable(settings: DataSettings) -> DataSettings:
    """Data settings that tell nothing of the disk they were made on: of a path, its last part."""
    if settings.source in data.NAMES or is_address(settings.source):
        return settings
    name = Path(settings.source).name
    return settings.model_copy(
        update={
            "source": f"./{name}" if name in data.NAMES else name,
            "labels": None if settings.labels is None else Path(settings.labels).name,
        }
    )
