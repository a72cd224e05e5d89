"""A tiny set of sprites and tiny runs over it, for tests that train."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spritelab import generate
from spritelab.config import RunSettings, preset
from spritelab.data import SpriteSet
from spritelab.errors import ModelError
from spritelab.pixels import Images
from spritelab.runs import Run, read_metrics, start_run
from spritelab.training import loop, validation_losses

Refused = Callable[..., str]
"""The fixture ``refused``: takes the words of a command that must fail, returns its one line."""

CLASSES = ("square", "disc", "side-facing")
STEPS = 12

TINY: dict[str, Any] = {
    "network.widths": [32, 32],
    "network.attention": [8],
    "schedule.timesteps": 50,
    "training.steps": STEPS,
    "training.batch_size": 8,
    "training.warmup": 3,
    "training.validate_every": 5,
    "training.checkpoint_every": 4,
}
"""Overrides of the preset ``rgba``. Validations and checkpoints fall on different updates."""


short_validation_losses = functools.partial(validation_losses, evaluations=16)
"""A validation with 16 network evaluations instead of 512."""


def tiny_settings(**overrides: Any) -> RunSettings:
    """Settings of a run of a second; ``training__steps=5`` overrides ``training.steps``."""
    named = {key.replace("__", "."): value for key, value in overrides.items()}
    return preset("rgba").override({**TINY, **named})


def tiny_set(n: int = 40, seed: int = 0) -> SpriteSet:
    """``n`` sprites, 16×16 RGBA with hard edges, of three classes; the last shows a direction."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int64) % len(CLASSES)
    images = np.stack([_sprite(int(label), rng) for label in labels])
    return SpriteSet.from_arrays(images, labels, CLASSES)


def train_whole(settings: RunSettings, folder: Path, sprites: SpriteSet | None = None) -> Path:
    """Train a run from its beginning to its end, with short validations; its folder."""
    run = start_run(settings, folder, sprites=sprites)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "validation_losses", short_validation_losses)
        for _ in run.train(cpu=True):
            pass
    assert run.finished
    return folder


def save_npz(sprites: SpriteSet, path: Path) -> Path:
    """Write a set where ``spritelab.load_sprites`` reads it."""
    np.savez(
        path,
        images=sprites.images,
        labels=sprites.labels,
        class_names=np.array(sprites.class_names),
    )
    return path


def unsealed(path: Path) -> dict[str, Any]:
    """The record in a file without its digest, to be changed: as a stranger may leave it away."""
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    record.pop("digest", None)
    return record


def refused_model(folder: Path) -> str:
    """Load a model folder that must be refused; return the one line, which names the folder."""
    with pytest.raises(ModelError) as caught:
        generate.load_model_files(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def outcome(run: Run | Path) -> dict[str, Any]:
    """All that a run leaves and that a repetition must leave alike, byte for byte."""
    folder = run if isinstance(run, Path) else run.folder
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.name in ("model.safetensors", "state.safetensors")
    }
    timed = ("seconds", "sprites_per_second")
    return {
        **found,
        "model": json.loads((folder / "model" / "config.json").read_text()),
        "metrics": [
            {key: value for key, value in record.items() if key not in timed}
            for record in read_metrics(folder)
        ],
    }


def _sprite(label: int, rng: np.random.Generator) -> Images:
    """A square, a disc or an arrow to the right, in any colour and place: uint8 ``[16,16,4]``."""
    y, x = np.mgrid[:16, :16]
    dy, dx = y - rng.integers(6, 10), x - rng.integers(6, 10)
    r = rng.integers(3, 6)
    inside = (
        np.maximum(np.abs(dy), np.abs(dx)) <= r,
        dy**2 + dx**2 <= r**2,
        (dx >= 0) & (np.abs(dy) + dx <= r),
    )
    sprite = np.zeros((16, 16, 4), dtype=np.uint8)
    sprite[inside[label]] = (*rng.integers(0, 256, 3), 255)
    return sprite


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder`` by its path, to see whether anything was touched."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
