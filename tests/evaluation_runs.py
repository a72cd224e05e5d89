"""What tests of evaluation share: a tiny run with enough held out for a floor, and settings."""

from __future__ import annotations

from pathlib import Path

import tiny
from spritelab.config import SamplerSettings, Variance
from spritelab.data import SpriteSet

N, HELD_OUT = 240, 0.2


def sprites() -> SpriteSet:
    """The set that ``make_run`` learns."""
    return tiny.tiny_set(N)


def make_run(folder: Path, mirror: bool = False) -> Path:
    """Train for a few updates; ``folder/run`` names ``folder/sprites.npz`` as its source."""
    source = tiny.save_npz(sprites(), folder / "sprites.npz")
    settings = tiny.tiny_settings(
        data__source=str(source), data__held_out=HELD_OUT, data__mirror=mirror, training__steps=4
    )
    return tiny.train_whole(settings, folder / "run")


def ddpm(steps: int, variance: Variance = "posterior", guidance: float = 1.0) -> SamplerSettings:
    """DDPM over ``steps`` steps."""
    return SamplerSettings(sampler="ddpm", steps=steps, variance=variance, guidance=guidance)


def ddim(steps: int, eta: float = 0.0, guidance: float = 1.0) -> SamplerSettings:
    """DDIM over ``steps`` steps."""
    return SamplerSettings(sampler="ddim", steps=steps, eta=eta, guidance=guidance)
