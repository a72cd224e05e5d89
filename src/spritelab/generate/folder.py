"""Model folders: ``config.json`` (a ``ModelConfig``) beside ``model.safetensors``.

This is what is shared and sampled: a run's ``model``, a folder that was copied elsewhere, or one of
those that come with spritelab.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from spritelab.config import NetworkSettings, SamplerSettings, ScheduleSettings, Settings
from spritelab.diffusion import Schedule, build_schedule
from spritelab.errors import ModelError, SettingsError
from spritelab.networks import build_network
from spritelab.storage import read_record, write_json
from spritelab.storage.tensors import read_tensors, write_tensors

FORMAT = 2
"""Version of a model folder; raised whenever old code could no longer read them.

2: a model says how its sprites were split and mirrored.
"""

SHIPPED = Path(__file__).parent.parent / "shipped"
"""One model folder a model, with its card as ``README.md``."""


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


class ModelConfig(Settings):
    """Everything needed to rebuild a network and to sample it, apart from its weights."""

    format: int = FORMAT
    version: str = Field(description="the spritelab that wrote it")
    network: NetworkSettings
    schedule: ScheduleSettings
    prediction: Literal["eps", "x0", "v"]
    size: int
    channels: Literal[3, 4]
    class_names: tuple[str, ...]
    hard_alpha: bool = Field(description="every training pixel was opaque or fully transparent")
    sampling: SamplerSettings = Field(
        default=SamplerSettings(), description="how it draws unless told otherwise"
    )
    trained_on: TrainedOn
    step: int = Field(description="updates of the weights so far")


@dataclass(frozen=True)
class ModelFiles:
    """A model folder in memory; the network is on the CPU, in evaluation mode."""

    network: nn.Module
    schedule: Schedule
    config: ModelConfig


def make_network(config: ModelConfig) -> nn.Module:
    """Build the network of ``config`` with freshly drawn weights."""
    return build_network(
        config.network,
        channels=config.channels,
        size=config.size,
        context_dim=len(config.class_names),
        timesteps=config.schedule.timesteps,
    )


def save_model(
    folder: Path, weights: Mapping[str, Tensor], config: ModelConfig, half: bool = False
) -> None:
    """Write a model folder, replacing the one that may be there.

    Args:
        folder: of the model.
        weights: by name.
        config: what the network is rebuilt from.
        half: keep the weights as float16, in half the space; they compute in float32 all the same.

    Raises:
        StorageError: if a file cannot be written.
    """
    if half:
        weights = {
            name: tensor.half() if tensor.is_floating_point() else tensor
            for name, tensor in weights.items()
        }
    write_tensors(folder / "model.safetensors", weights)
    write_json(folder / "config.json", config.model_dump(mode="json"))


def load_model_files(folder: Path) -> ModelFiles:
    """Read a model folder and rebuild its network from its own configuration.

    Raises:
        ModelError: if the folder is missing, incomplete, broken or of a later format.
    """
    values = read_record(folder / "config.json", FORMAT)
    try:
        config = ModelConfig.parse(values, str(folder / "config.json"))
        network = make_network(config)
    except SettingsError as error:
        raise ModelError(str(error)) from None
    weights = read_tensors(folder / "model.safetensors")
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise ModelError(
            f"the weights in {folder} are not those of the network in its config.json; "
            "copy the folder again"
        ) from None
    return ModelFiles(network.eval(), build_schedule(config.schedule), config)


def shipped_models() -> tuple[str, ...]:
    """The names of the models that come with spritelab, for ``load_model``."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob("*/model.safetensors")))


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
    if not (folder / "model.safetensors").is_file():
        raise ModelError(
            f"{folder} holds no model (no model/config.json); "
            "has its training reached its first checkpoint?"
        )
    return folder
