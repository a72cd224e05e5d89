"""Beginning from another model's weights, with classes of one's own."""

from __future__ import annotations

import hashlib
from pathlib import Path

from torch import nn

from spritelab.config import Settings, UNetSettings
from spritelab.errors import SettingsError
from spritelab.generate.building import make_network
from spritelab.generate.folder import find_model, load_model_files, read_config, weights_file
from spritelab.generate.model_config import ModelConfig, Parent
from spritelab.networks import with_classes


def load_parent(source: str | Path, child: ModelConfig) -> tuple[nn.Module, Parent]:
    """Read another model's network, for a run whose models are like ``child`` to begin from.

    Its weights are kept, the averaged ones that it draws with. A class that both have keeps its
    embedding; a class that the parent does not have begins without any, so that at first it is
    drawn as the parent draws what has no class (see ``networks.with_classes``).

    Args:
        source: as in ``load_model``.
        child: what the new run's model will say of itself.

    Returns:
        The network for the child's classes, on the CPU, and the record of where it comes from.

    Raises:
        ModelError: if there is no model, or it is broken or of a later format.
        SettingsError: if it is a student, if network or channels differ, or the size where the
            network has but one, or one of the two has a palette head and the other has not.
    """
    config = read_parent(source)
    files = load_model_files(find_model(source))
    if isinstance(config.network, UNetSettings):  # its weights fit sprites of any size
        resized = config.network.resized(config.size, child.size)
        config = config.model_copy(update={"network": resized, "size": child.size})
    keys = ["network", "size", "channels"]
    if "palette" in (config.prediction, child.prediction):
        keys.append("prediction")  # its network is another; the others share theirs
    for key in keys:
        theirs, ours = getattr(config, key), getattr(child, key)
        if theirs != ours:
            raise SettingsError(
                f"the run cannot begin from {source}: its {key} {_in_short(theirs)} would have "
                f"to be {_in_short(ours)}"
            )
    weights = files.network.state_dict()
    network = make_network(child)
    network.load_state_dict(with_classes(weights, config.class_names, child.class_names))
    return network.eval(), parent_of(source, config)


def read_parent(source: str | Path) -> ModelConfig:
    """What a model that a run is to begin from says of itself.

    Raises:
        ModelError: if there is no model, or its configuration is broken or of a later format.
        SettingsError: if it is a student.
    """
    config = read_config(find_model(source))
    if config.distilled is not None:
        teacher = config.trained_on.parent
        named = "" if teacher is None else f", {teacher.name}"
        raise SettingsError(
            f"the run cannot begin from {source}, a student that knows its own few steps alone; "
            f"begin from its teacher{named}"
        )
    return config


def parent_of(source: str | Path, config: ModelConfig) -> Parent:
    """The record of a model, of this ``config``, that another one comes from.

    Raises:
        ModelError: if there is no model.
    """
    return Parent(
        name=Path(source).resolve().name,
        weights_hash=weights_hash(source),
        licence=config.trained_on.licence,
        source=config.trained_on.source,
        parent=config.trained_on.parent,
    )


def weights_hash(source: str | Path) -> str:
    """SHA-256, in hexadecimal, of the file with the weights of a model.

    Raises:
        ModelError: if there is no model.
    """
    return hashlib.sha256(weights_file(find_model(source)).read_bytes()).hexdigest()


def _in_short(value: object) -> str:
    return f"({value})" if isinstance(value, Settings) else str(value)
