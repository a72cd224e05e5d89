"""The runtime that a page needs, a stand-in for it, and models of any head."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch

import tiny
from programs import MODULES
from spritelab.config import Prediction
from spritelab.diffusion import build_schedule
from spritelab.generate import Model, make_network
from spritelab.generate.palettes import TrainingPalettes
from spritelab.palette import index_sprites
from spritelab.web.runtime import RUNTIME_FILES


def installed_runtime() -> Path:
    """Where npm has put ONNX Runtime Web; the test is skipped if it has not."""
    folder = MODULES / "onnxruntime-web"
    if not (folder / "dist").is_dir():
        pytest.skip(f"onnxruntime-web is not in {MODULES}: make engines, or SPRITELAB_NODE_MODULES")
    return folder


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that passes for the runtime, with its names and content of no meaning."""
    folder.mkdir()
    digests = {}
    for page_name, (name, _) in RUNTIME_FILES.items():
        content = page_name.encode()
        (folder / name).write_bytes(content)
        digests[page_name] = (name, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr("spritelab.web.runtime.RUNTIME_FILES", digests)
    return folder


def untrained(like: Model, prediction: Prediction, **changes: Any) -> Model:
    """A model with random weights in all layers, for sprites of ``tiny_set``."""
    config = like.config.model_copy(update={"prediction": prediction, **changes})
    torch.manual_seed(0)
    network = make_network(config).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    palettes = None
    if prediction == "palette":
        sprites = tiny.tiny_set()
        palettes = TrainingPalettes.of(index_sprites(sprites.images, 4), sprites.labels)
    schedule = build_schedule(config.schedule)
    return Model(network, schedule, config, torch.device("cpu"), palettes)
