"""Settings of a run by shorter names than their own, as keywords of Python can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spritelab.config.base import flatten, unknown_setting
from spritelab.config.settings import DataSettings, TrainingSettings
from spritelab.errors import SettingsError


def full_names(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the dotted names that ``RunSettings.override`` takes, from shorter ones.

    A setting of the sprites or of the learning needs no section: ``{"mirror": True, "steps": 100}``
    becomes ``{"data.mirror": True, "training.steps": 100}``. Those of other sections are given as
    tables, ``{"schedule": {"timesteps": 500}}``, or with their dots.

    Raises:
        SettingsError: for a name that is no setting, with what it is called if that can be guessed.
    """
    short = {
        **{name: f"data.{name}" for name in DataSettings.model_fields},
        **{name: f"training.{name}" for name in TrainingSettings.model_fields},
    }
    named: dict[str, Any] = {}
    for name, value in changes.items():
        if name in short:
            named[short[name]] = value
        elif "." in name or (name in _SECTIONS and isinstance(value, Mapping)):
            named |= flatten({name: value})
        else:
            raise SettingsError(unknown_setting(name, short, _ELSEWHERE))
    return named


_SECTIONS = ("data", "schedule", "network", "training", "sampling")

_ELSEWHERE = {
    "num_epochs": "call it `epochs`",
    "num_train_epochs": "call it `epochs`",
    "max_train_steps": "call it `steps`",
    "train_batch_size": "call it `batch_size`",
    "lr": "call it `learning_rate`",
    "resolution": "call it `size`",
    "image_size": "call it `size`",
    "random_flip": "call it `mirror`",
    "dataset_name": "call it `data`",
    "train_data_dir": "call it `data`",
    "output_dir": "call it `out`",
    "num_train_timesteps": "write `schedule={'timesteps': …}`",
    "timesteps": "write `schedule={'timesteps': …}`",
    "prediction_type": "call it `prediction`",
}
"""By the name of a setting of other training scripts, what to do here."""
