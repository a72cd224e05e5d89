"""Which model to begin from: the one that already denoises the sprites best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from spritelab.config import preset
from spritelab.data import Inspection, SpriteSet, fit
from spritelab.data.inspection import FEW
from spritelab.diffusion import build_head, build_schedule
from spritelab.errors import SettingsError
from spritelab.generate import load_parent, shipped_models
from spritelab.palette import fitting_size, index_sprites
from spritelab.runs.fine_tuning import fine_tuning_settings
from spritelab.runs.record import describe_model
from spritelab.training import DeviceSprites, validation_losses

EVALUATIONS = 128
"""Network evaluations for each model: a second at 16×16, and the order of models is settled."""


def parent_losses(
    sprites: SpriteSet, parents: Sequence[str | Path] | None = None
) -> dict[str | Path, float]:
    """The loss on ε of each model on sprites that it never saw: least first.

    It is that of a run at update 0 which begins from the model (``train``'s ``init``), on the
    sprites' own palettes where the model has a palette head, with t uniform over 0 … T-1. A model
    that cannot learn such sprites (see ``fine_tuning_settings``) is left out.

    Args:
        sprites: 16×16 or 32×32 ones.
        parents: as ``init`` of ``train``; all that come with spritelab if not given.

    Raises:
        ModelError: if one of them is no model, or a broken one.
    """
    rows = np.linspace(0, len(sprites) - 1, min(len(sprites), EVALUATIONS)).astype(np.int64)
    sprites = sprites.select(rows)
    losses = {}
    for parent in shipped_models() if parents is None else parents:
        try:
            losses[parent] = _loss(sprites, parent)
        except SettingsError:
            continue
    return dict(sorted(losses.items(), key=lambda item: item[1]))


def parents_of_few(sprites: SpriteSet, facts: Inspection) -> dict[str, float]:
    """``parent_losses`` of few sprites, to which alone a parent matters much; none for many.

    Args:
        sprites: of any size.
        facts: what ``data.inspect`` says of them.
    """
    square = sprites.images.shape[1] == sprites.images.shape[2]
    if facts.distinct_up_to_mirror >= FEW or facts.size not in (16, 32) or not square:
        return {}
    return {str(name): loss for name, loss in parent_losses(sprites).items()}


def _loss(sprites: SpriteSet, parent: str | Path) -> float:
    settings = fine_tuning_settings(preset("small"), parent, {"data.size": sprites.size})
    sprites = fit(sprites, settings.data)
    config = describe_model(settings, sprites)
    network, _ = load_parent(parent, config)
    head = build_head(config.prediction, build_schedule(config.schedule))
    indexed = None
    if config.prediction == "palette":
        indexed = index_sprites(sprites.images, fitting_size(sprites.images))
    shown = DeviceSprites.from_set(sprites, torch.device("cpu"), indexed)
    return validation_losses(network, head, shown, EVALUATIONS).eps
