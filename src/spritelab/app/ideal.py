"""The training sprites of a model as the ideal denoiser asks for them, where they are at hand."""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from spritelab import data, pixels
from spritelab.data.arrays import SPRITES_FILE
from spritelab.data.crawl import FILE as CRAWL_FILE
from spritelab.data.download import cache_folder
from spritelab.diffusion import with_mirrored
from spritelab.errors import SettingsError, SpritelabError
from spritelab.generate import Model, find_model, read_config

_DOWNLOADS = {"crawl": CRAWL_FILE, "sprites": SPRITES_FILE}


def training_points(model: Model, label: int) -> Tensor:
    """The training sprites of a class, or all of them for -1: float ``[K,C,H,W]`` in [-1, 1].

    Sprites that training showed mirrored are there both ways. Nothing is downloaded for it.

    Raises:
        SpritelabError: if the sprites are not at hand, or not those that the model learnt.
    """
    if model.folder is None:
        raise SettingsError("this model has no folder that says where its sprites are")
    sprites, mirrored = _training_sprites(model.folder, model.config.trained_on.content_hash)
    own = torch.from_numpy(sprites.labels == label if label >= 0 else sprites.labels >= -1)
    if not own.any():
        own = torch.ones_like(own)
    images = torch.from_numpy(sprites.images)
    points = pixels.encode(images[own])
    return with_mirrored(points, mirrored[own])


@lru_cache(maxsize=2)
def _training_sprites(folder: Path, _version: str) -> tuple[data.SpriteSet, Tensor]:
    """The set, and which of its sprites were shown mirrored too, bool ``[N]``."""
    from spritelab.evaluation.split import find_split

    config = read_config(find_model(folder))
    source = config.trained_on.source
    name = _DOWNLOADS.get(source)
    if name is not None and not (cache_folder() / name).exists():
        raise SettingsError(f"its sprites ({source}) are not on this machine")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        split = find_split(folder, config)
    if not split.verified:
        raise SettingsError(f"the sprites in {source} are not those that it learnt any more")
    sprites = split.training
    return sprites, torch.from_numpy(sprites.mirrorable_sprites & split.mirror)


def points_or_why(model: Model, label: int) -> tuple[Tensor | None, str]:
    """``training_points``, or None and why there are none."""
    try:
        return training_points(model, label), ""
    except SpritelabError as error:
        return None, " ".join(str(error).split()).replace("`", "")
