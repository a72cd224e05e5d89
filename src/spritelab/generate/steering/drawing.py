"""What the methods of ``Steering`` share: drawing from noise of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spritelab import pixels
from spritelab.config import SamplerChanges, SamplerSettings
from spritelab.diffusion import q_sample
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch, Steered
from spritelab.generate.request import Label, Request
from spritelab.generate.steering.given import Given, request_of
from spritelab.generate.trained import TrainedNetwork
from spritelab.palette import Palette
from spritelab.pixels import Images
from spritelab.progress import Progress

FLOW = SamplerSettings(sampler="ddim", steps=20, spacing="logsnr")
"""How real sprites are inverted, unless told otherwise."""


@dataclass(frozen=True, eq=False)
class Drawing(TrainedNetwork):
    """A network that draws from noise of one's own, and asks for sprites that are given."""

    def _how(
        self,
        how: SamplerSettings | None,
        changes: SamplerChanges,
        default: SamplerSettings | None = None,
    ) -> SamplerSettings:
        return self.sampler_settings(default if how is None else how, **changes)

    def _asked(
        self,
        given: Given,
        seed: int | Sequence[int],
        numbers: Sequence[int] | None,
        label: Label,
        palette: Palette | Sequence[Palette] | None,
        *,
        own_colours: bool = False,
    ) -> Request:
        if palette is not None and not isinstance(palette, Palette):
            raise SettingsError("sprites of your own have palettes; give one `palette` for all")
        return request_of(given, self, seed, numbers, label, palette, own_colours=own_colours)

    def _draw_from(
        self,
        x_T: Tensor,
        request: Request,
        how: SamplerSettings,
        steered: Steered,
        hard_alpha: bool | None,
        batch_size: int | None,
        progress: Progress,
        given: Palette | None = None,
    ) -> SpriteBatch:
        """Draw from noise of one's own."""
        assert how.steps is not None

        def walk(at: slice, told: Progress) -> Tensor:
            return self.walk(how, request[at], x_T[at], told)

        return self.draw(
            request,
            how,
            walk,
            evaluations=how.steps,
            hard_alpha=hard_alpha,
            batch_size=batch_size,
            progress=progress,
            given=given,
            steered=steered,
        )


def at_least_one(n: int) -> int:
    if n < 1:
        raise SettingsError(f"`n` must be at least 1, not {n}")
    return n


def sources_of(given: Given) -> tuple[dict[str, Any], ...]:
    return tuple({"source": name} for name in given.names)


def encoded(images: Images) -> Tensor:
    return pixels.encode(torch.from_numpy(np.ascontiguousarray(images)))


def noisy_at(model: TrainedNetwork, x0: Tensor, t: int, request: Request) -> Tensor:
    """q(x_t | x_0) with the sprites' named noise: √ᾱ_t·x_0 + √(1-ᾱ_t)·x_T, float ``[N,C,H,W]``."""
    times = torch.full((len(x0),), t, dtype=torch.int64, device=x0.device)
    return q_sample(model.schedule, x0, times, model.first_noise(request))
