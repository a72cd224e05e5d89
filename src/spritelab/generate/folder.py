"""Model folders: ``config.json`` (a ``ModelConfig``) beside ``model.safetensors``.

This is what is shared and sampled: a run's ``model``, a folder that was copied elsewhere, or one of
those that come with spritelab.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from spritelab.config import as_read_before
from spritelab.diffusion import MAX_RANK, Moments, Schedule, build_schedule
from spritelab.errors import ModelError, SettingsError
from spritelab.generate.building import sketch_network
from spritelab.generate.diffusers_weights import (
    BUFFERS,
    FILE,
    HEAD,
    UNET,
    from_parts,
    to_parts,
)
from spritelab.generate.model_config import FORMAT, ModelConfig
from spritelab.generate.palettes import TrainingPalettes
from spritelab.generate.weights import Precision, all_finite, fits, packed, unpacked
from spritelab.hub import Address, fetch, is_address
from spritelab.storage import read_record, write_record
from spritelab.storage.tensors import read_tensors, tensor_shapes, write_tensors

WEIGHTS = "model.safetensors"
PALETTES = "palettes.safetensors"
MOMENTS = "moments.safetensors"
GUIDE = "guide.safetensors"

DIFFUSERS_WEIGHTS = f"{UNET}/{FILE}"
"""In place of ``WEIGHTS``, in a folder that diffusers loads, see ``diffusers_weights``."""

FETCHED = ("config.json", WEIGHTS, PALETTES, MOMENTS, GUIDE, DIFFUSERS_WEIGHTS, f"{HEAD}/{FILE}")
"""The files that are fetched of a model on the Hub: those that are read."""

SHIPPED = Path(__file__).parent.parent / "shipped"
"""One model folder a model, with its card as ``README.md``."""


@dataclass(frozen=True, eq=False)
class ModelFiles:
    """A model folder in memory; the network is on the CPU, in evaluation mode.

    ``palettes`` are those of the training sprites, of a model that has a palette head; ``moments``
    are theirs too, if the folder has any. ``guide`` is the network of autoguidance, if it has one.
    """

    network: nn.Module
    schedule: Schedule
    config: ModelConfig
    palettes: TrainingPalettes | None = None
    moments: Moments | None = None
    guide: nn.Module | None = None


def save_model(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: ModelConfig,
    palettes: TrainingPalettes | None = None,
    precision: Precision = "float32",
    moments: Moments | None = None,
    guide: Mapping[str, Tensor] | None = None,
) -> None:
    """Write a model folder in today's format, replacing the one that may be there.

    Args:
        folder: of the model.
        weights: by name.
        config: what the network is rebuilt from.
        palettes: of the training sprites, for a model that has a palette head.
        precision: what the weights are kept as; they compute in float32 all the same.
        moments: of the training sprites, see ``training_moments``.
        guide: the weights of a weaker version of the network, of a model whose ``config`` has a
            ``guide_step``.

    Raises:
        StorageError: if a file cannot be written.
        ModelError: if a palette head comes without its palettes, or ``precision`` cannot hold a
            weight; nothing is written then.
    """
    if config.prediction == "palette" and palettes is None:
        raise ModelError("a model with a palette head needs its `palettes` to be saved")
    assert (guide is None) == (config.guide_step is None), "a guide and its `guide_step`"
    kept = packed(weights, precision)
    kept_guide = None if guide is None else packed(guide, precision)
    write_tensors(folder / WEIGHTS, kept)
    if kept_guide is not None:
        write_tensors(folder / GUIDE, kept_guide)
    if palettes is not None:
        write_tensors(folder / PALETTES, palettes.tensors())
    if moments is not None:
        write_tensors(folder / MOMENTS, moments.tensors())
    save_config(folder, config)
    if guide is None:
        (folder / GUIDE).unlink(missing_ok=True)  # of the model before


def save_config(folder: Path, config: ModelConfig) -> None:
    """Write what a model folder says of its model, in today's format.

    Raises:
        StorageError: if it cannot be written.
    """
    write_record(folder / "config.json", {**config.model_dump(mode="json"), "format": FORMAT})


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

    What the network would be is held against the header of its weights before any of it is in
    memory: who asks for much must bring as much.

    Raises:
        ModelError: if the folder is missing, incomplete, broken or of a later format, or its
            weights are not finite.
    """
    config = read_config(folder)
    try:
        network = sketch_network(config)
        schedule = build_schedule(config.schedule)
    except SettingsError as error:
        raise ModelError(f"{folder / 'config.json'}: {error}") from None
    wanted = network.state_dict()
    if weights_file(folder) == folder / DIFFUSERS_WEIGHTS:
        parts = to_parts(wanted)
        files = {part: folder / part / FILE for part in parts}
    else:
        parts, files = {"": wanted}, {"": folder / WEIGHTS}
    _check_shapes({files[part]: wanted for part, wanted in parts.items()})
    if config.guide_step is not None:
        _check_shapes({folder / GUIDE: wanted})
    found = {part: unpacked(read_tensors(file)) for part, file in files.items()}
    weights = found[""] if "" in found else from_parts(found, wanted)
    _fill(network, weights, folder)
    guide = None
    if config.guide_step is not None:
        guide = sketch_network(config)
        _fill(guide, unpacked(read_tensors(folder / GUIDE)), folder)
    palettes = None
    if config.prediction == "palette":
        palettes = TrainingPalettes.read(folder / PALETTES, config.channels)
    moments = _read_moments(folder / MOMENTS, config)
    return ModelFiles(network, schedule, config, palettes, moments, guide)


def _check_shapes(files: Mapping[Path, Mapping[str, Tensor]]) -> None:
    """Hold the headers of files against the weights that they should have."""
    for file, wanted in files.items():
        found = {name: one for name, one in tensor_shapes(file).items() if name not in BUFFERS}
        if not fits(found, wanted):
            raise ModelError(
                f"the weights in {file} are not those of the network in its config.json; copy "
                "the folder again"
            )


def _fill(network: nn.Module, weights: Mapping[str, Tensor], folder: Path) -> None:
    """Give a sketch its weights, and let it be evaluated."""
    if not all_finite(weights):
        raise ModelError(f"the weights in {folder} are not finite; take or train another model")
    # Copied, or they would lie in the file itself, which another program may write.
    wanted = network.state_dict()
    network.load_state_dict(
        {name: weights[name].to(like.dtype, copy=True) for name, like in wanted.items()},
        assign=True,
    )
    network.eval()


def _read_moments(path: Path, config: ModelConfig) -> Moments | None:
    """The moments in a model folder, if they are there or needed.

    Raises:
        ModelError: if they are needed and missing, broken, or not those of such a model.
    """
    if not (config.needs_moments or path.is_file()):
        return None
    shape, classes = (config.channels, config.size, config.size), len(config.class_names)
    # Held against the header first: who asks for much must be a large model.
    many = sum(math.prod(found) for _, found in tensor_shapes(path).values())
    if many > (classes + 2 + MAX_RANK) * (math.prod(shape) + 4):
        raise ModelError(f"{path} holds more than the moments of its model; copy the model again")
    return Moments.from_tensors(read_tensors(path), shape, classes)


def weights_file(folder: Path) -> Path:
    """The file of a model folder that has the weights, or that is missing if none has."""
    theirs = folder / DIFFUSERS_WEIGHTS
    return theirs if theirs.is_file() and not (folder / WEIGHTS).is_file() else folder / WEIGHTS


def shipped_models() -> tuple[str, ...]:
    """The names of the models that come with spritelab, for ``load_model``."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob(f"*/{WEIGHTS}")))


def find_model(source: str | Path) -> Path:
    """The model folder of a run's folder, of a model folder, or of a shipped model's name.

    ``hf://org/name`` is fetched from the Hugging Face Hub, see ``spritelab.hub``. A folder goes
    before a shipped model of its name.

    Raises:
        DownloadError: if it cannot be fetched.
        ModelError: if there is none.

    Warns:
        UserWarning: if a folder hides a shipped model.
    """
    if is_address(source):
        folder = fetch(Address.parse(str(source)), "model", FETCHED)
    else:
        folder = Path(source)
    if not folder.is_dir():
        if str(source) in shipped_models():
            return SHIPPED / str(source)
        raise ModelError(
            f"there is no model at {folder}; give a run's folder, a model folder, hf://org/name "
            f"or one of {', '.join(shipped_models())}"
        )
    inside = folder / "model"
    found = inside if (inside / "config.json").is_file() else folder
    if found == folder and not weights_file(folder).is_file():
        raise ModelError(
            f"{folder} holds no model (no model/config.json); "
            "has its training reached its first checkpoint?"
        )
    if str(source) in shipped_models():
        warnings.warn(
            f"{source} is the folder here, and not the model of that name that comes along; "
            f"write ./{source} if it is meant, or rename it",
            stacklevel=2,
        )
    return found
