"""A trained network and the chains it walks along: what every drawing is made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from torch import Tensor, nn

from spritelab.config import SamplerChanges, SamplerSettings
from spritelab.diffusion import (
    Constraint,
    Denoiser,
    Head,
    Moments,
    Pairs,
    Schedule,
    Step,
    build_head,
    denoiser,
    gaussian_leg,
    guided_steps,
    guided_times,
    sampler_steps,
    visited_pairs,
)
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch, Steered
from spritelab.generate.finishing import check_parts, finish
from spritelab.generate.model_config import ModelConfig
from spritelab.generate.palettes import TrainingPalettes
from spritelab.generate.request import Label, Request, make_request
from spritelab.generate.students import check_jumps, check_student
from spritelab.hub import name_of
from spritelab.networks import largest_map
from spritelab.palette import Palette
from spritelab.pixels import Images
from spritelab.progress import Progress

Walk = Callable[[slice, Progress], Tensor]
"""``walk(rows, told)`` → the last x of those sprites, float ``[B,C,H,W]``; it tells ``told`` of the
network evaluations that are done, sprites × steps."""


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network with the schedule and settings it was trained under, and the chains it walks along.

    ``palettes`` are those of its training sprites, if it has a palette head: what it draws in
    unless told otherwise. ``folder`` is where it was loaded from. ``moments`` are those of its
    training sprites, if its folder has them: what a first leg needs. ``guide`` is what autoguidance
    needs: a weaker version of the network.
    """

    network: nn.Module
    schedule: Schedule
    config: ModelConfig
    device: torch.device
    palettes: TrainingPalettes | None = None
    folder: Path | None = None
    moments: Moments | None = None
    guide: nn.Module | None = None

    @property
    def name(self) -> str:
        """The name of its folder, or of the run's that it is in; empty if it has none."""
        if self.folder is None:
            return ""
        return name_of(self.folder) or self.folder.resolve().name

    @property
    def class_names(self) -> tuple[str, ...]:
        """The K classes that it can draw."""
        return self.config.class_names

    @property
    def size(self) -> int:
        """Height and width of its sprites, in pixels."""
        return self.config.size

    @property
    def channels(self) -> int:
        """3 (RGB) or 4 (RGBA)."""
        return self.config.channels

    @property
    def batch_size(self) -> int:
        """Sprites that are drawn at a time, unless told otherwise."""
        usual = 64 if self.device.type == "cpu" else 1024
        # Fewer of a network whose arrays are large, so that what is held stays the same.
        return min(usual, max(1, 2**28 // largest_map(self.config.network, self.size)))

    @cached_property
    def head(self) -> Head:
        """What the network's output means."""
        return build_head(self.config.prediction, self.schedule)

    def sampler_settings(
        self, how: SamplerSettings | None = None, **changes: Unpack[SamplerChanges]
    ) -> SamplerSettings:
        """How this model draws when it is told ``how`` and ``changes``: complete, and checked.

        Without ``how`` the model's own way is changed, see ``ModelConfig.asked_for``.

        Raises:
            SettingsError: for a value out of range, a first leg without moments, autoguidance
                without a guide, or steps that a student was not distilled for.
        """
        if how is None:
            how = self.config.asked_for(**changes)
        elif changes:
            how = how.changed(**changes)
        complete = how.complete(self.schedule.timesteps, self.config.calibrated)
        check_student(self.config, complete)
        check_parts(complete, self.moments, self.guide)
        if complete.guidance_interval is None:
            return complete
        inside = guided_steps(complete, self.schedule, visited_pairs(complete, self.schedule))
        return complete.model_copy(update={"guided_steps": inside})

    def chain(
        self,
        how: SamplerSettings,
        request: Request,
        x_T: Tensor,
        *,
        pairs: Pairs | None = None,
        constrain: Constraint | None = None,
    ) -> Iterator[Step]:
        """Walk along a chain from ``x_T``, float ``[N,C,H,W]``: the sampler at work.

        Args:
            how: complete settings.
            request: the sprites: their classes, and the noise that they draw on the way.
            x_T: noise, from which the first leg leads, if ``how`` has one; with ``pairs``, x at
                the first t of them.
            pairs, constrain: see ``diffusion.samplers``.

        Raises:
            SettingsError: for ``pairs`` or ``constrain``, if it is a student.
        """
        check_jumps(self.config, how, self.schedule, pairs, constrain)
        if pairs is None:
            x_T = self.begin(how, request, x_T)
        denoise = self.denoiser(how, request, x_T)
        return sampler_steps(
            how, denoise, self.schedule, x_T, request.noise, pairs=pairs, constrain=constrain
        )

    def begin(self, how: SamplerSettings, request: Request, x_T: Tensor) -> Tensor:
        """X at the first step that ``how`` visits: x_T itself, or where its first leg ends."""
        if how.first_leg != "gaussian":
            return x_T
        (first, _), *_ = visited_pairs(how, self.schedule)
        return self.first_leg(request, x_T, first, self.leg_guidance(how))

    def leg_guidance(self, how: SamplerSettings) -> float:
        """The guidance of a first leg: like a step, it is guided if it starts where steps are."""
        return how.guidance if guided_times(self.schedule, how.guidance_interval)[-1] else 1.0

    def first_leg(self, request: Request, x_T: Tensor, t: int, guidance: float = 1.0) -> Tensor:
        """Where the Gaussian first leg leads from x_T: x_t. Of a model with moments only."""
        assert self.moments is not None, "settings of this model's own `sampler_settings`"
        moments, palettes = self.moments.to(x_T), request.encoded_palettes()
        if palettes is not None:
            palettes = palettes.to(moments.mean)
        mean = moments.mean_of(request.context, palettes, guidance)
        return gaussian_leg(moments, self.schedule, x_T, mean, t)

    def denoiser(self, how: SamplerSettings, request: Request, like: Tensor) -> Denoiser:
        """What the samplers ask, for sprites whose x is like ``like``."""
        palettes = request.encoded_palettes()
        head = self.head.of(None if palettes is None else palettes.to(like))
        context = request.context.to(self.device)
        return denoiser(
            self.network,
            head,
            context,
            how.guidance_weight,
            how.clip,
            guide=None if how.autoguidance == 1 else self.guide,
            interval=how.guidance_interval,
        )

    def first_noise(self, request: Request) -> Tensor:
        """x_T of the sprites, float32 ``[N,C,H,W]`` on the model's device."""
        shape = (len(request), self.channels, self.size, self.size)
        return request.noise.normal(0, torch.empty(shape, device=self.device))

    def draw(
        self,
        request: Request,
        how: SamplerSettings,
        walk: Walk,
        *,
        evaluations: int,
        hard_alpha: bool | None,
        batch_size: int | None,
        progress: Progress,
        given: Palette | None = None,
        steered: Steered | None = None,
    ) -> SpriteBatch:
        """Draw the sprites of ``request`` in batches, each by a ``walk`` of so many evaluations.

        Fewer at a time where the device's memory runs out. The other arguments are those of
        ``Model.sample`` and of ``SpriteBatch``.

        Raises:
            SettingsError: for a ``batch_size`` below 1.
        """
        if batch_size is None:
            batch_size = self.batch_size
        if batch_size < 1:
            raise SettingsError(f"batch_size must be at least 1, not {batch_size}")
        size = min(batch_size, len(request))
        images: list[Images] = []
        done = 0
        start = time.perf_counter()
        while done < len(request):
            rows = slice(done, min(done + size, len(request)))
            told = progress.part(before=done * evaluations, total=len(request) * evaluations)
            try:
                x = walk(rows, told)
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                size //= 2
                continue
            images.append(self.to_pixels(x, hard_alpha))
            done = rows.stop
        return SpriteBatch(
            images=np.concatenate(images),
            labels=request.labels,
            class_names=self.class_names,
            seeds=request.noise.seeds.numpy(),
            numbers=request.noise.numbers.numpy(),
            how=how,
            seconds=time.perf_counter() - start,
            palettes=request.palettes,
            lenders=request.lenders,
            given=given,
            asked=request.asked,
            model=self.name,
            steered=steered,
        )

    def walk(
        self,
        how: SamplerSettings,
        request: Request,
        x: Tensor,
        told: Progress,
        *,
        pairs: Pairs | None = None,
        constrain: Constraint | None = None,
        before: int = 0,
    ) -> Tensor:
        """Walk to the end of a ``chain``: the last x; ``before`` it so many steps were made."""
        steps = self.chain(how, request, x, pairs=pairs, constrain=constrain)
        for number, step in enumerate(steps, start=1 + before):
            x = step.x
            told(number * len(x))
        return x

    def request(
        self,
        n: int | None = None,
        seed: int | Sequence[int] = 0,
        numbers: Sequence[int] | None = None,
        variations: Sequence[int] | None = None,
        label: Label = None,
        palette: Palette | Sequence[Palette] | None = None,
    ) -> Request:
        """Work out which sprites are asked for; the arguments are those of ``Model.sample``.

        With ``first_noise``, ``chain`` and ``to_pixels`` it is all that ``sample`` does, for who
        looks at every step.

        Raises:
            SettingsError: for a value out of range or an unknown label.
        """
        return make_request(
            n,
            seed,
            numbers,
            variations,
            label,
            self.class_names,
            self.config.trained_on.class_counts,
            palette,
            self.palettes,
        )

    def to_pixels(self, x: Tensor, hard_alpha: bool | None = None) -> Images:
        """Turn a sampler's last x, float ``[N,C,H,W]``, into sprites, uint8 ``[N,H,W,C]``.

        The second and last crossing from model values to pixels; ``hard_alpha`` as in ``sample``.

        Raises:
            ModelError: if x is not finite.
        """
        return finish(x, self.palettes is not None, self.config.hard_alpha, hard_alpha)
