"""Model folders: ``config.json`` (a ``ModelConfig``) beside ``model.safetensors``.

This is what is shared and sampled: a run's ``model``, a folder that was copied elsewhere, or one of
those that come with spritelab.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from torch import Tensor, nn

from spritelab.config import (
    DataSettings,
    NetworkSettings,
    Prediction,
    SamplerSettings,
    ScheduleSettings,
    Settings,
    as_read_before,
    check_sampling,
)
from spritelab.diffusion import FEATURES, Schedule, build_schedule, palette_channels
from spritelab.errors import ModelError, SettingsError
from spritelab.generate.palettes import TrainingPalettes
from spritelab.networks import build_network, build_palette_network
from spritelab.storage import read_record, write_json
from spritelab.storage.tensors import read_tensors, write_tensors

FORMAT = 4
"""Version of a model folder; raised whenever old code could no longer read it.

2: a model says how its sprites were split and mirrored.
3: it says how it draws unless told otherwise, how its sprites are read, and which model it began
from. Older folders draw with the default ``SamplerSettings``.
4: it may have a palette head, and then the palettes of its training sprites.
"""

WEIGHTS = "model.safetensors"
PALETTES = "palettes.safetensors"

SHIPPED = Path(__file__).parent.parent / "shipped"
"""One model folder a model, with its card as ``README.md``."""


class Parent(Settings):
    """The model whose weights another one began from."""

    name: str = Field(description="of its folder")
    weights_hash: str = Field(description="SHA-256 of its model.safetensors, in hexadecimal")
    licence: str = Field(description="of the sprites it was trained on")
    source: str = Field(description="of the sprites it was trained on")
    parent: Parent | None = Field(default=None, description="the model that it began from itself")

    def in_words(self) -> str:
        """Name and sprites, and those of the models before it: ``crawl-16 (crawl, CC0-1.0)``."""
        before = f", begun from {self.parent.in_words()}" if self.parent is not None else ""
        return f"{self.name} ({self.source}, {self.licence}){before}"


class TrainedOn(Settings):
    """Where a model's training sprites came from, and how many there were of each class."""

    source: str
    licence: str
    url: str = ""
    content_hash: str
    class_counts: tuple[int, ...]
    held_out: float = Field(default=0.1, description="share of the source never trained on")
    split_seed: int = Field(default=0, description="of the split into both")
    mirror: bool = Field(default=False, description="half of the sprites were shown mirrored")
    data: DataSettings | None = Field(
        default=None,
        description="how the sprites are read; of a path only the last part is kept. None: they "
        "were given as arrays, or the folder is older than this",
    )
    parent: Parent | None = Field(default=None, description="the model that it began from")


class ModelConfig(Settings):
    """Everything needed to rebuild a network and to sample it, apart from its weights."""

    format: int = FORMAT
    version: str = Field(description="the spritelab that wrote it")
    network: NetworkSettings
    schedule: ScheduleSettings
    prediction: Prediction
    size: int
    channels: Literal[3, 4]
    class_names: tuple[str, ...]
    hard_alpha: bool = Field(description="every training pixel was opaque or fully transparent")
    sampling: SamplerSettings = Field(
        default=SamplerSettings(), description="how it draws unless told otherwise"
    )
    trained_on: TrainedOn
    step: int = Field(description="updates of the weights so far")

    @model_validator(mode="after")
    def _check_sampling(self) -> Self:
        check_sampling(self.sampling, self.schedule.timesteps)
        return self

    def in_words(self) -> list[tuple[str, str]]:
        """What the model is and where it comes from: names and values of a table."""
        learnt, how = self.trained_on, self.sampling.complete(self.schedule.timesteps)
        kind = "RGBA" if self.channels == 4 else "RGB"
        counts = zip(self.class_names, learnt.class_counts, strict=True)
        rows = [
            ("draws", f"{self.size}×{self.size} {kind}, {how.name}"),
            ("predicts", self.prediction),
            ("updates", f"{self.step:,}"),
            ("trained on", ", ".join(f"{n:,} {name}" for name, n in counts)),
            ("from", learnt.url or learnt.source),
            ("licence", learnt.licence),
        ]
        if learnt.parent is not None:
            rows.append(("begun from", learnt.parent.in_words()))
        return rows


@dataclass(frozen=True, eq=False)
class ModelFiles:
    """A model folder in memory; the network is on the CPU, in evaluation mode.

    ``palettes`` are those of the training sprites, of a model that has a palette head.
    """

    network: nn.Module
    schedule: Schedule
    config: ModelConfig
    palettes: TrainingPalettes | None = None


def make_network(config: ModelConfig) -> nn.Module:
    """Build the network of ``config`` with freshly drawn weights.

    Raises:
        SettingsError: if the network cannot have the size of the sprites.
    """
    shared = {
        "size": config.size,
        "context_dim": len(config.class_names),
        "timesteps": config.schedule.timesteps,
    }
    if config.prediction == "palette":
        shown = palette_channels(config.channels)
        return build_palette_network(config.network, channels=shown, features=FEATURES, **shared)
    return build_network(config.network, channels=config.channels, **shared)


def save_model(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: ModelConfig,
    palettes: TrainingPalettes | None = None,
    half: bool = False,
) -> None:
    """Write a model folder in today's format, replacing the one that may be there.

    Args:
        folder: of the model.
        weights: by name.
        config: what the network is rebuilt from.
        palettes: of the training sprites, for a model that has a palette head.
        half: keep the weights as float16, in half the space; they compute in float32 all the same.

    Raises:
        StorageError: if a file cannot be written.
        ModelError: if a palette head comes without its palettes; nothing is written then.
    """
    if config.prediction == "palette" and palettes is None:
        raise ModelError("a model with a palette head needs its `palettes` to be saved")
    if half:
        weights = {
            name: tensor.half() if tensor.is_floating_point() else tensor
            for name, tensor in weights.items()
        }
    write_tensors(folder / WEIGHTS, weights)
    if palettes is not None:
        write_tensors(folder / PALETTES, palettes.tensors())
    write_json(folder / "config.json", {**config.model_dump(mode="json"), "format": FORMAT})


def read_config(folder: Path) -> ModelConfig:
    """Read what a model folder says of its model, without the weights.

    Raises:
        ModelError: if it is missing, broken or of a later format.
    """
    path = folder / "config.json"
    values = read_record(path, FORMAT)
    if isinstance(learnt := values.get("trained_on"), dict):
        as_read_before(learnt.get("data"))
    try:
        return ModelConfig.parse(values, str(path))
    except SettingsError as error:
        raise ModelError(str(error)) from None


def load_model_files(folder: Path) -> ModelFiles:
    """Read a model folder and rebuild its network from its own configuration.

    Raises:
        ModelError: if the folder is missing, incomplete, broken or of a later format.
    """
    config = read_config(folder)
    try:
        schedule = build_schedule(config.schedule)
        network = make_network(config)
    except SettingsError as error:
        raise ModelError(str(error)) from None
    weights = read_tensors(folder / WEIGHTS)
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise ModelError(
            f"the weights in {folder} are not those of the network in its config.json; "
            "copy the folder again"
        ) from None
    palettes = None
    if config.prediction == "palette":
        palettes = TrainingPalettes.from_tensors(read_tensors(folder / PALETTES))
    return ModelFiles(network.eval(), schedule, config, palettes)


def shipped_models() -> tuple[str, ...]:
    """The names of the models that come with spritelab, for ``load_model``."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob(f"*/{WEIGHTS}")))


def find_model(source: str | Path) -> Path:
    """The model folder of a run's folder, of a model folder, or of a shipped model's name.

    Raises:
        ModelError: if there is none.
    """
    folder = Path(source)
    if not folder.is_dir():
        if str(source) in shipped_models():
            return SHIPPED / str(source)
        raise ModelError(
            f"there is no model at {folder}; give a run's folder, a model folder or one of "
            f"{', '.join(shipped_models())}"
        )
    if (folder / "model" / "config.json").is_file():
        return folder / "model"
    if not (folder / WEIGHTS).is_file():
        raise ModelError(
            f"{folder} holds no model (no model/config.json); "
            "has its training reached its first checkpoint?"
        )
    return folder
