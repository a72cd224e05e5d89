"""Tiny runs of several recipes, begun, resumed and trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spritelab import runs
from spritelab.config import RunSettings
from spritelab.runs import Run
from spritelab.training import Update
from tiny import tiny_set, tiny_settings

RECIPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "AdamW": {"training__optimiser": "adamw"},
    "dropout, mirror, min-SNR": {
        "network__dropout": 0.3,
        "data__mirror": True,
        "training__min_snr_gamma": 5.0,
    },
    "notebook's network": {
        "network": {"kind": "context-unet", "features": 8},
        "training__prediction": "eps",
        "training__optimiser": "adam",
        "training__stratified_t": False,
        "training__ema_width": 0.0,
    },
}


def settings_of(recipe: str) -> RunSettings:
    overrides = dict(RECIPES[recipe])
    network = overrides.pop("network", None)
    settings = tiny_settings(**overrides)
    if network is None:
        return settings
    return RunSettings.parse({**settings.model_dump(), "network": network})


def start(folder: Path, recipe: str = "plain", **overrides: Any) -> Run:
    settings = settings_of(recipe).override(
        {key.replace("__", "."): value for key, value in overrides.items()}
    )
    return runs.start_run(settings, folder, sprites=tiny_set())


def resume(folder: Path, overrides: dict[str, Any] | None = None) -> Run:
    return runs.resume_run(folder, overrides, sprites=tiny_set())


def finish(run: Run, **how: Any) -> list[Update]:
    return list(run.train(cpu=True, **how))
