"""A trained model, and the sprites that it draws.

A sprite is named by a seed and its own number: its noise is a function of these two alone (see
``diffusion.noise``), so that sprite 17 of seed 0 is the same sprite whether 18 or 3,000 are drawn,
alone or in batches, and whichever sampler or class it is drawn with starts from the same x_T. "The
same" holds up to the arithmetic of batching: matrix libraries add in another order for another
batch size, which moves values in their last digits. ``BATCHING_TOLERANCE`` states the bound.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from torch import Tensor, nn

from spritelab import pixels
from spritelab.config import SamplerChanges, SamplerSettings
from spritelab.devices import best_device
from spritelab.diffusion import (
    Constraint,
    Head,
    Pairs,
    Schedule,
    Step,
    build_head,
    denoiser,
    sampler_steps,
)
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch
from spritelab.generate.folder import ModelConfig, find_model, load_model_files
from spritelab.generate.palettes import TrainingPalettes
from spritelab.generate.request import Label, Request, make_request
from spritelab.generate.trace import Frame, Trace
from spritelab.palette import Palette
from spritelab.pictures import table_html
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress

BATCHING_TOLERANCE = 1
"""Levels (of 255) by which a value may differ when a sprite is drawn in a batch of another size.

Measured on the CPU in float32, with preset ``rgba`` (random and trained weights) and batches of
1, 7, 20 and 64: x_0 moves by up to 2e-5, where half a level is 4e-3, so that about one value in
20,000 rounds to the level beside. Held by
``tests/generate/test_generate_model.py``. It is meant before alpha is
settled or made hard: a value of alpha right at the threshold may then fall to either side."""


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network with the schedule and settings it was trained under.

    ``palettes`` are those of its training sprites, if it has a palette head: what it draws in
    unless told otherwise. ``folder`` is where it was loaded from.
    """

    network: nn.Module
    schedule: Schedule
    config: ModelConfig
    device: torch.device
    palettes: TrainingPalettes | None = None
    folder: Path | None = None

    def __repr__(self) -> str:
        kind = "RGBA" if self.channels == 4 else "RGB"
        several = "class" if len(self.class_names) == 1 else "classes"
        return (
            f"<{f'Model {self.name}'.strip()}: {self.size}×{self.size} {kind}, "
            f"{len(self.class_names)} {several}, {self.config.step:,} updates, on {self.device}>"
        )

    def _repr_html_(self) -> str:
        return table_html(self.name or "Model", self.config.in_words())

    @property
    def name(self) -> str:
        """The name of its folder, or of the run's that it is in; empty if it has none."""
        return "" if self.folder is None else self.folder.resolve().name

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
        return 64 if self.device.type == "cpu" else 1024

    @cached_property
    def head(self) -> Head:
        """What the network's output means."""
        return build_head(self.config.prediction, self.schedule)

    def sample(
        self,
        n: int | None = None,
        how: SamplerSettings | None = None,
        *,
        seed: int | Sequence[int] = 0,
        numbers: Sequence[int] | None = None,
        variations: Sequence[int] | None = None,
        label: Label = None,
        palette: Palette | Sequence[Palette] | None = None,
        hard_alpha: bool | None = None,
        batch_size: int | None = None,
        progress: Progress = SILENT,
        **changes: Unpack[SamplerChanges],
    ) -> SpriteBatch:
        """Draw ``n`` sprites.

        ``model.sample(20)`` draws as the model's folder says; ``model.sample(20, sampler="ddim",
        steps=50, eta=0.0, guidance=2.0)`` as the words say.

        Args:
            n: how many; may be left out if ``numbers`` or another list says so.
            how: the sampler and its settings; the model's own, ``config.sampling``, if not given.
            seed: other seeds give other sprites; one for all, or one for each.
            numbers: which sprites of the seed; 0 … n-1 if not given.
            variations: draw sprite k with the noise of its v-th variation on the way: the same x_T
                and then other z, where the sampler adds any. 0 is the sprite itself.
            label: a class for all; a list of n classes; a mix such as ``{"food": 0.5, "spell":
                0.5}``; ``"none"`` for no class; or nothing: each sprite's seed draws its class,
                in the proportions of the training sprites.
            palette: the colours to draw in, for a model that has a palette head. If not given, each
                sprite borrows the palette of a training sprite of its class, as its seed decides.
                Of a palette, of any size, each sprite takes those colours that are nearest to the
                borrowed ones (see ``colours_nearest``); of a list of n palettes each has its own,
                whole. The same seed in another palette is the same drawing in other colours, as
                far as the model sees it so.
            hard_alpha: make every pixel opaque or transparent; if not given, just when all
                training sprites were so. Otherwise soft edges stay (see ``pixels.settle_alpha``).
                With a palette head, alpha is as the palette has it unless this asks for hard.
            batch_size: sprites at a time; if not given, what suits the device, and less when its
                memory runs out.
            progress: told of every step, in network evaluations: sprites × steps.
            changes: settings of ``how`` to be changed, see ``SamplerSettings.changed``.

        Raises:
            SettingsError: for a value out of range, an unknown sampler or an unknown label.
        """
        request = self.request(n, seed, numbers, variations, label, palette)
        how = self.sampler_settings(how, **changes)
        if batch_size is None:
            batch_size = self.batch_size
        if batch_size < 1:
            raise SettingsError(f"batch_size must be at least 1, not {batch_size}")
        size = min(batch_size, len(request))
        assert how.steps is not None
        total = len(request) * how.steps
        images: list[Images] = []
        done = 0
        start = time.perf_counter()
        while done < len(request):
            part = request[done : done + size]
            told = progress.part(before=done * how.steps, total=total)
            try:
                x = self._last_x(how, part, told)
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                size //= 2
                continue
            images.append(self.to_pixels(x, hard_alpha))
            done += len(part)
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
            given=palette if isinstance(palette, Palette) else None,
            asked=request.asked,
            model=self.name,
        )

    def trace(
        self,
        n: int | None = None,
        how: SamplerSettings | None = None,
        *,
        seed: int | Sequence[int] = 0,
        numbers: Sequence[int] | None = None,
        variations: Sequence[int] | None = None,
        label: Label = None,
        palette: Palette | Sequence[Palette] | None = None,
        **changes: Unpack[SamplerChanges],
    ) -> Trace:
        """Every moment of drawing ``n`` sprites, from x_T to the finished sprite.

        Takes the arguments of ``sample``. ``steps`` + 1 frames, over which one can iterate: the
        first is pure noise at the first step visited, the last has t = -1 and holds what
        ``sample`` returns.

        Raises:
            SettingsError: as ``sample``.
        """
        request = self.request(n, seed, numbers, variations, label, palette)
        how = self.sampler_settings(how, **changes)
        return Trace(how, len(request), self._frames(how, request))

    def _frames(self, how: SamplerSettings, request: Request) -> Iterator[Frame]:
        x = self.first_noise(request)
        for step in self.chain(how, request, x):
            yield Frame(step.t, pixels.decode(x), pixels.decode(step.x0_hat))
            x = step.x
        final = self.to_pixels(x)
        yield Frame(-1, final, final)

    def sampler_settings(
        self, how: SamplerSettings | None = None, **changes: Unpack[SamplerChanges]
    ) -> SamplerSettings:
        """How this model draws when it is told ``how`` and ``changes``: complete, and checked.

        Raises:
            SettingsError: for a value out of range.
        """
        how = self.config.sampling if how is None else how
        return (how.changed(**changes) if changes else how).complete(self.schedule.timesteps)

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
            x_T: noise; with ``pairs``, x at the first t of them.
            pairs, constrain: see ``diffusion.samplers``.
        """
        palettes = request.encoded_palettes()
        head = self.head.of(None if palettes is None else palettes.to(x_T))
        context = request.context.to(self.device)
        denoise = denoiser(self.network, head, context, how.guidance, how.clip)
        return sampler_steps(
            how, denoise, self.schedule, x_T, request.noise, pairs=pairs, constrain=constrain
        )

    def first_noise(self, request: Request) -> Tensor:
        """x_T of the sprites, float32 ``[N,C,H,W]`` on the model's device."""
        shape = (len(request), self.channels, self.size, self.size)
        return request.noise.normal(0, torch.empty(shape, device=self.device))

    def _last_x(self, how: SamplerSettings, request: Request, progress: Progress) -> Tensor:
        """The x that a chain ends in, float ``[N,C,H,W]``."""
        x = self.first_noise(request)
        for number, step in enumerate(self.chain(how, request, x), start=1):
            x = step.x
            progress(number * len(x))
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
        """Work out which sprites are asked for; the arguments are those of ``sample``.

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
        """
        images = pixels.decode(x)
        if self.palettes is not None and not hard_alpha:
            return pixels.clear_hidden(images)
        if self.config.hard_alpha if hard_alpha is None else hard_alpha:
            return pixels.harden_alpha(images)
        return pixels.settle_alpha(images)


def load_model(source: str | Path, device: str | torch.device | None = None) -> Model:
    """Load a model for sampling.

    Args:
        source: a run's folder (``runs/NAME``), a model folder, or the name of a model that comes
            with spritelab (``crawl-16``; see ``shipped_models``). A folder goes before a name.
        device: where it runs, such as ``"cpu"`` or ``"cuda:1"``; the best one found if not given.

    Raises:
        ModelError: if there is no model, or it is broken or of a later format.
        SettingsError: if ``device`` is none that torch can use here.
    """
    found = find_model(source)
    files = load_model_files(found)
    try:
        target = torch.device(device) if device is not None else best_device()
        network = files.network.to(target)
    except (RuntimeError, AssertionError, NotImplementedError):
        # Torch has no one exception for a device that it does not know, has not or cannot use.
        raise SettingsError(
            f"torch cannot use the device {str(device)!r} here; cpu always works"
        ) from None
    folder = Path(source) if Path(source).is_dir() else found
    return Model(network, files.schedule, files.config, target, files.palettes, folder)
