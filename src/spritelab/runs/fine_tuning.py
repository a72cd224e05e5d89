"""Settings of a run that begins from another model: what its weights belong to, and how gently."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spritelab.config import RunSettings, UNetSettings, flatten
from spritelab.errors import SettingsError
from spritelab.generate import read_parent

RATE = 1 / 3
"""Peak learning rate of fine-tuning, as a share of that of training from nothing."""

WARMUP = 4
"""Length of its warm-up, as a multiple. The optimiser knows nothing yet of the gradients: its first
steps are the ones that would do harm to weights that are good already."""


def fine_tuning_settings(
    settings: RunSettings, init: str | Path, given: Mapping[str, Any] | None = None
) -> RunSettings:
    """Return the settings of a run that begins from the weights of ``init``.

    The network, the schedule, the prediction, and the channels of the sprites are the parent's; the
    size too, unless another is given and the network is a ``unet``, whose weights fit any. The rate
    is lower and the warm-up longer (``RATE``, ``WARMUP``) than ``settings`` say, unless they are
    given. Settings that only another prediction has are left at their defaults.

    Args:
        settings: of training from nothing, such as a preset.
        init: the parent, as in ``start_run``.
        given: settings that the caller names, such as ``{"training.steps": 100}``; they stand
            over the others.

    Raises:
        ModelError: if there is no model, or its configuration is broken or of a later format.
        SettingsError: if ``init`` is a student, or a given setting contradicts the parent, is
            unknown or out of range.
    """
    parent = read_parent(init)
    given = flatten(given or {})
    network, size = parent.network, parent.size
    if isinstance(network, UNetSettings) and isinstance(given.get("data.size"), int):
        size = given["data.size"]
        network = network.resized(parent.size, size)
    inherited = {
        **flatten({"network": network.model_dump(mode="json")}),
        **flatten(parent.model_dump(mode="json", include={"schedule"})),
        "training.prediction": parent.prediction,
        "data.size": size,
        "data.channels": parent.channels,
    }
    named = {}
    for key, value in given.items():
        if key not in inherited:
            named[key] = value
        elif (
            value is not None
            and (list(value) if isinstance(value, tuple) else value) != inherited[key]
        ):
            raise SettingsError(
                f"`{key}` is {inherited[key]} in {init} and cannot be {value} in a run that begins "
                "from it; leave it out, or leave out `init`"
            )
    training = settings.training
    gentle = {
        "training.learning_rate": RATE * training.learning_rate,
        "training.warmup": WARMUP * training.warmup,
    }
    if parent.prediction == "palette":
        unmeant: dict[str, Any] = {"training.min_snr_gamma": 0}
        if settings.data.palette == "off":
            unmeant["data.palette"] = "auto"
    else:
        unmeant = {f"training.{key}": 0 for key in ("recolour", "swap", "distract")}
    whole = {"network": network.model_dump(mode="json")}  # of whichever kind it is
    try:
        return settings.override({**whole, **inherited, **gentle, **unmeant, **named})
    except SettingsError as error:
        kind = f"prediction {parent.prediction}"
        raise SettingsError(f"a run that begins from {init} ({kind}): {error}") from None
