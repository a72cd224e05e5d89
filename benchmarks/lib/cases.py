"""What ``speed.throughput`` times: its cases, the sprites and untrained models they work with.

Sprites are random pixels in a few random colours each, since speed does not look at them.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

import spritelab
from spritelab.config import preset
from spritelab.data import SpriteSet
from spritelab.diffusion import FEATURES, build_schedule, palette_channels
from spritelab.generate import Model, ModelConfig, TrainedOn, TrainingPalettes, make_network
from spritelab.palette import IndexedSprites, index_sprites

Subject = Literal["spritelab", "notebook's loop", "diffusers", "smalldiffusion"]
Work = Literal["train", "sample"]
Variant = Literal["float32", "tf32", "bf16", "bf16 compile", "bf16 graphs"]

SPRITES, CLASSES = 512, 5
"""Training sprites, and the classes they have."""

COLOURS = 15
"""Colours of a training sprite, about as many as the built-in ones have."""


@dataclass(frozen=True)
class Case:
    """One row of the table; ``steps`` are those of sampling."""

    subject: Subject
    work: Work
    preset: str
    batch: int
    size: int = 16
    channels: int = 3
    variant: Variant = "float32"
    steps: int = 5

    @property
    def name(self) -> str:
        """In words, different for every case."""
        shape = f"{self.size}×{self.size}×{self.channels}"
        return f"{self.subject} {self.preset} {self.work} {self.batch} {shape} {self.variant}"

    @property
    def amount(self) -> int:
        """Sprites learnt from, or network evaluations made, every time the work is done."""
        return self.batch * (1 if self.work == "train" else self.steps)


def random_config(name: str, size: int, channels: int) -> ModelConfig:
    """What a model of preset ``name`` says of itself, had it learnt random sprites."""
    settings = preset(name)
    return ModelConfig(
        version=spritelab.__version__,
        network=settings.network,
        schedule=settings.schedule,
        prediction=settings.training.prediction,
        size=size,
        channels=3 if channels == 3 else 4,
        class_names=tuple(f"class-{k}" for k in range(CLASSES)),
        hard_alpha=False,
        trained_on=TrainedOn(
            source="memory", licence="none", content_hash="", class_counts=(1,) * CLASSES
        ),
        step=0,
    )


def random_model(name: str, size: int, channels: int, device: torch.device) -> Model:
    """An untrained model of a preset: as fast as a trained one."""
    config = random_config(name, size, channels)
    torch.manual_seed(0)
    network = make_network(config).to(device).eval()
    palettes = None
    if (indexed := training_indices(name, size, channels)) is not None:
        palettes = TrainingPalettes.of(indexed, training_sprites(size, channels).labels)
    return Model(network, build_schedule(config.schedule), config, device, palettes)


@functools.cache
def training_sprites(size: int, channels: int) -> SpriteSet:
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (SPRITES, COLOURS, channels), dtype=np.uint8)
    if channels == 4:
        colours[:, 0] = 0  # the transparent one
        colours[:, 1:, 3] = 255
    indices = rng.integers(0, COLOURS, (SPRITES, size, size))
    images = colours[np.arange(SPRITES)[:, None, None], indices]
    names = tuple(f"class-{k}" for k in range(CLASSES))
    return SpriteSet.from_arrays(images, np.arange(SPRITES, dtype=np.int64) % CLASSES, names)


@functools.cache
def training_indices(name: str, size: int, channels: int) -> IndexedSprites | None:
    """The same sprites as palettes and indices, if that is how preset ``name`` learns them."""
    if preset(name).training.prediction != "palette":
        return None
    return index_sprites(training_sprites(size, channels).images, COLOURS)


def flops(case: Case) -> int:
    """Floating-point operations of one sprite in one evaluation, or in one update (with backward).

    Counted by torch on spritelab's own network: matrix products, convolutions and attention.
    """
    from torch.utils.flop_counter import FlopCounterMode

    batch = 4
    config = random_config(case.preset, case.size, case.channels)
    network = make_network(config)
    channels, palettes = case.channels, tuple[Tensor, ...]()
    if config.prediction == "palette":
        channels = palette_channels(case.channels)
        used = torch.ones(batch, COLOURS, dtype=torch.bool)
        evidence = torch.zeros(batch, COLOURS, case.size, case.size)
        palettes = (torch.randn(batch, COLOURS, FEATURES), used, evidence)
    x = torch.randn(batch, channels, case.size, case.size)
    t, context = torch.zeros(batch, dtype=torch.int64), torch.zeros(batch, CLASSES)
    counter = FlopCounterMode(display=False)
    with warnings.catch_warnings(), counter:
        warnings.simplefilter("ignore")
        if case.work == "train":
            network.train()(x, t, context, *palettes).square().mean().backward()
        else:
            with torch.no_grad():
                network.eval()(x, t, context, *palettes)
    return int(counter.get_total_flops()) // batch
