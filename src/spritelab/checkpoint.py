"""Model folders and checkpoints on disk.

A **model folder** is what is shared and sampled: ``config.json`` (a ``ModelConfig``) beside
``model.safetensors``. A **checkpoint** is what training goes on from: ``state.json`` beside
``state.safetensors``, in ``checkpoints/step-00012000/``.

Nothing is ever unpickled, and everything is written aside and renamed (see ``storage``).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from torch import Tensor, nn

from spritelab.config import NetworkSettings, ScheduleSettings, Settings
from spritelab.diffusion import Schedule, build_schedule
from spritelab.errors import ModelError, SettingsError
from spritelab.networks import build_network
from spritelab.storage import flush_folder, read_record, storing, write_file, write_json
from spritelab.storage.tensors import read_tensors, write_tensors

FORMAT = 2
"""Version of both kinds of folder; raised whenever old code could no longer read them.

2: a model says how its sprites were split and mirrored.
"""


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
    write_file(folder / "config.json", config.model_dump_json(indent=2))


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


def save_checkpoint(
    folder: Path, step: int, tensors: Mapping[str, Tensor], state: Mapping[str, Any], keep: int = 2
) -> Path:
    """Write ``folder/step-00012000`` aside, rename it, and remove all but the last ``keep``.

    Args:
        folder: the run's ``checkpoints``.
        step: updates of the weights so far.
        tensors: any named tensors.
        state: anything that JSON can hold.

    Returns:
        The new checkpoint's folder.

    Raises:
        StorageError: if it cannot be written; older checkpoints are untouched then.
    """
    final = folder / f"step-{step:08d}"
    aside = folder / f".{final.name}.part"
    with storing(final):
        folder.mkdir(parents=True, exist_ok=True)
        for left_by_a_crash in folder.glob(".step-*.part"):
            shutil.rmtree(left_by_a_crash, ignore_errors=True)
        aside.mkdir()
        try:
            write_tensors(aside / "state.safetensors", tensors)
            write_json(aside / "state.json", {"format": FORMAT, "step": step, **state})
            if final.exists():
                shutil.rmtree(final)
            aside.rename(final)
            flush_folder(folder)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    for _, old in checkpoints(folder)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return final


def checkpoints(folder: Path) -> list[tuple[int, Path]]:
    """The complete checkpoints in ``folder`` as (step, folder), oldest first."""
    found = []
    for path in folder.glob("step-*"):
        if (match := re.fullmatch(r"step-(\d+)", path.name)) and (path / "state.json").is_file():
            found.append((int(match[1]), path))
    return sorted(found)


def load_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read one checkpoint: its named tensors, on the CPU, and its state.

    Raises:
        ModelError: if it is incomplete, broken or of a later format.
    """
    return read_tensors(folder / "state.safetensors"), read_record(folder / "state.json", FORMAT)
