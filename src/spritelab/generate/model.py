"""A trained model, and the sprites that it draws.

A sprite is named by the run's seed and its own number k: its noise comes from a generator of its
own, so that sprite 17 of seed 0 is the same sprite whether 18 or 3,000 are drawn, alone or in
batches, and whichever sampler or class it is drawn with starts from the same x_T. "The same" holds
up to the arithmetic of batching: matrix libraries add in another order for another batch size,
which moves values in their last digits. ``BATCHING_TOLERANCE`` states the bound.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spritelab import pixels
from spritelab.devices import best_device
from spritelab.diffusion import Schedule, Spacing, Step, Variance, eps_predictor, noise_like
from spritelab.errors import SettingsError
from spritelab.generate.folder import ModelConfig, find_model, load_model_files
from spritelab.generate.setting import Sampler, Setting
from spritelab.pixels import Images

Label = str | Sequence[str] | Mapping[str, float] | None
Progress = Callable[[int, int], None]
"""Called with the network evaluations done and to do, counted in sprites × steps."""

NO_CLASS = "none"
"""The label that asks for a sprite of no class in particular."""

BATCHING_TOLERANCE = 1
"""Levels (of 255) by which a value may differ when a sprite is drawn in a batch of another size.

Measured on the CPU in float32, with preset ``small`` (random and trained weights) and batches of
1, 7, 20 and 64: x_0 moves by up to 2e-5, where half a level is 4e-3, so that about one value in
20,000 rounds to the level beside. Held by
``tests/generate/test_generate_model.py``. It is meant before alpha is
settled or made hard: a value of alpha right at the threshold may then fall to either side."""


@dataclass(frozen=True)
class SpriteBatch:
    """Sprites drawn by a model.

    Attributes:
        images: uint8 ``[N,H,W,C]``; fully transparent pixels are black underneath.
        labels: int64 ``[N]``, an index into ``class_names``; -1 for no class and for mixes.
        class_names: of the model.
        seeds: int64 ``[N]``, one a sprite; ``sample(seeds=…)`` draws the same sprites again.
        sampler, steps: how they were drawn.
        nfe: network evaluations a sprite; guidance counts twice.
        seconds: that drawing took, all together.
    """

    images: Images
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    seeds: NDArray[np.int64]
    sampler: Sampler
    steps: int
    nfe: int
    seconds: float

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Frame:
    """One moment of the denoising.

    Attributes:
        t: the step that ``x_t`` is at; -1 is the finished sprite.
        x_t: the noisy sprites at t, uint8 ``[N,H,W,C]``.
        x0_hat: the clean sprites that the network sees in them, uint8 ``[N,H,W,C]``.
    """

    t: int
    x_t: Images
    x0_hat: Images


@dataclass(frozen=True)
class Model:
    """A trained network with the schedule and settings it was trained under."""

    network: nn.Module
    schedule: Schedule
    config: ModelConfig
    device: torch.device

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

    def sample(
        self,
        n: int | None = None,
        *,
        sampler: Sampler = "ddim",
        steps: int | None = None,
        eta: float = 0.0,
        variance: Variance = "posterior",
        spacing: Spacing | None = None,
        clip: bool = True,
        seed: int = 0,
        seeds: Sequence[int] | None = None,
        label: Label = None,
        guidance: float = 1.0,
        hard_alpha: bool | None = None,
        batch_size: int | None = None,
        progress: Progress | None = None,
    ) -> SpriteBatch:
        """Draw ``n`` sprites.

        Args:
            n: how many; may be left out if ``seeds`` or a list of labels says so.
            sampler: ``ddpm``, ``ddim``, or ``dpm`` (DPM-Solver++(2M)).
            steps: how many of the T steps to visit; if not given, all T for DDPM, 50 for DDIM and
                10 for DPM-Solver++.
            eta: η of DDIM, in [0, 1].
            variance: σ² of DDPM, ``posterior`` or ``beta``.
            spacing: which steps are visited, see ``Schedule.pairs``; if not given, ``logsnr`` for
                DPM-Solver++ and ``linspace`` for the others.
            clip: hold x̂_0 in [-1, 1] at every step.
            seed: decides all n sprites; other seeds give other sprites.
            seeds: the sprites' own seeds instead, as found in ``SpriteBatch.seeds``.
            label: a class for all; a list of n classes; a mix such as ``{"food": 0.5, "spell":
                0.5}``; ``"none"`` for no class; or nothing: each sprite's seed draws its class,
                in the proportions of the training sprites.
            guidance: w of classifier-free guidance; 1 is the plain conditional model.
            hard_alpha: make every pixel opaque or transparent; if not given, just when all
                training sprites were so. Otherwise soft edges stay (see ``pixels.settle_alpha``).
            batch_size: sprites at a time; if not given, what suits the device, and less when its
                memory runs out.
            progress: told of every step.

        Raises:
            SettingsError: for a value out of range, an unknown sampler or an unknown label.
        """
        own_seeds, labels, context = self._request(n, seed, seeds, label)
        setting = self.setting(sampler, steps, eta, variance, guidance, spacing, clip)
        steps = setting.steps
        total = len(own_seeds) * steps
        images: list[Images] = []
        done = 0
        if batch_size is None:
            batch_size = 64 if self.device.type == "cpu" else 1024
        if batch_size < 1:
            raise SettingsError(f"batch_size must be at least 1, not {batch_size}")
        size = min(batch_size, len(own_seeds))
        start = time.perf_counter()
        while done < len(own_seeds):
            rows = slice(done, done + size)
            try:
                x = None
                chain = self._chain(setting, own_seeds[rows], context[rows])
                for number, step in enumerate(chain, start=1):
                    x = step.x
                    if progress is not None:
                        progress(done * steps + number * len(x), total)
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                size //= 2
                continue
            assert x is not None
            images.append(self.finish(x, hard_alpha))
            done += len(x)
        return SpriteBatch(
            images=np.concatenate(images),
            labels=labels,
            class_names=self.class_names,
            seeds=own_seeds,
            sampler=setting.sampler,
            steps=steps,
            nfe=setting.nfe,
            seconds=time.perf_counter() - start,
        )

    def trace(
        self,
        n: int | None = None,
        *,
        sampler: Sampler = "ddim",
        steps: int | None = None,
        eta: float = 0.0,
        variance: Variance = "posterior",
        spacing: Spacing | None = None,
        clip: bool = True,
        seed: int = 0,
        seeds: Sequence[int] | None = None,
        label: Label = None,
        guidance: float = 1.0,
    ) -> Iterator[Frame]:
        """Yield every moment of drawing ``n`` sprites, from x_T to the finished sprite.

        Takes the arguments of ``sample``. ``steps`` + 1 frames: the first is pure noise at the
        first step visited, the last has t = -1 and holds what ``sample`` returns.
        """
        own_seeds, _, context = self._request(n, seed, seeds, label)
        setting = self.setting(sampler, steps, eta, variance, guidance, spacing, clip)
        x = x_t = self._noise(own_seeds)[0]
        for step in self._chain(setting, own_seeds, context):
            yield Frame(step.t, pixels.decode(x_t), pixels.decode(step.x0_hat))
            x = x_t = step.x
        final = self.finish(x, None)
        yield Frame(-1, final, final)

    def setting(
        self,
        sampler: str = "ddim",
        steps: int | None = None,
        eta: float = 0.0,
        variance: str = "posterior",
        guidance: float = 1.0,
        spacing: str | None = None,
        clip: bool = True,
    ) -> Setting:
        """One way for this model to draw, checked; the arguments are those of ``sample``.

        Raises:
            SettingsError: for a value out of range.
        """
        T = self.schedule.timesteps
        return Setting.of(sampler, T, steps, eta, variance, guidance, spacing, clip)

    def context(self, label: str | Mapping[str, float]) -> Tensor:
        """The context vector, float32 ``[K]``, of a class, of ``"none"`` or of a mix of classes.

        Raises:
            SettingsError: if a class is unknown, or a mix has a negative or no weight.
        """
        mix = {label: 1.0} if isinstance(label, str) else dict(label)
        context = torch.zeros(len(self.class_names))
        if label == NO_CLASS and NO_CLASS not in self.class_names:
            return context
        for name, weight in mix.items():
            if name not in self.class_names:
                raise SettingsError(
                    f"unknown label {name!r}; this model knows {', '.join(self.class_names)} "
                    f"(and {NO_CLASS!r})"
                )
            if not weight >= 0:
                raise SettingsError(f"the weight of {name!r} must not be negative, but is {weight}")
            context[self.class_names.index(name)] += weight
        if not 0 < float(context.sum()) < float("inf"):
            raise SettingsError("a mix of classes needs a finite, positive weight")
        return context / context.sum()

    def _request(
        self, n: int | None, seed: int, seeds: Sequence[int] | None, label: Label
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Tensor]:
        """Work out each sprite's seed ``[n]``, label ``[n]`` and context ``[n,K]``."""
        listed = label if isinstance(label, Sequence) and not isinstance(label, str) else None
        counts = {len(given) for given in (seeds, listed) if given is not None}
        if n is not None:
            counts.add(n)
        if len(counts) != 1:
            raise SettingsError(
                "say how many sprites to draw: n, the seeds and the labels must agree, "
                f"not {sorted(counts) or 'be left out'}"
            )
        count = counts.pop()
        if count < 1:
            raise SettingsError(f"the number of sprites must be at least 1, not {count}")
        if seeds is not None:
            if not all(0 <= own < 2**32 for own in seeds):
                raise SettingsError("a sprite's own seed must lie in 0 … 2^32 - 1")
            own_seeds = np.asarray(seeds, dtype=np.int64)
        else:
            if not 0 <= seed < 2**63:
                raise SettingsError(f"the seed must lie in 0 … 2^63 - 1, not {seed}")
            own_seeds = np.array([sprite_seed(seed, k) for k in range(count)], dtype=np.int64)

        if label is None:
            names: list[str | Mapping[str, float]] = [self._draw_class(own) for own in own_seeds]
        elif isinstance(label, str | Mapping):
            names = [label] * count
        else:
            names = list(label)
        labels = [
            self.class_names.index(name)
            if isinstance(name, str) and name in self.class_names
            else -1
            for name in names
        ]
        context = torch.stack([self.context(name) for name in names])
        return own_seeds, np.array(labels, dtype=np.int64), context

    def _draw_class(self, own_seed: np.int64) -> str:
        # A stream of its own, so that x_T is the same whether or not a label is given.
        u = np.random.SeedSequence((int(own_seed), 1)).generate_state(1, np.uint64)[0] / 2.0**64
        shares = np.cumsum(self.config.trained_on.class_counts)
        return self.class_names[int(np.searchsorted(shares, u * shares[-1], side="right"))]

    def _noise(self, own_seeds: NDArray[np.int64]) -> tuple[Tensor, list[torch.Generator]]:
        """x_T ``[n,C,H,W]`` and the generators, one a sprite, that all further noise comes from."""
        generators = [torch.Generator().manual_seed(int(own)) for own in own_seeds]
        shape = (len(own_seeds), self.channels, self.size, self.size)
        return noise_like(torch.empty(shape, device=self.device), generators), generators

    def _chain(
        self, setting: Setting, own_seeds: NDArray[np.int64], context: Tensor
    ) -> Iterator[Step]:
        x_T, generators = self._noise(own_seeds)
        predict = eps_predictor(
            self.network,
            self.schedule,
            self.config.prediction,
            context.to(self.device),
            setting.guidance,
        )
        return setting.chain(predict, self.schedule, x_T, generators)

    def finish(self, x: Tensor, hard_alpha: bool | None = None) -> Images:
        """Turn a sampler's last x, float ``[N,C,H,W]``, into sprites, uint8 ``[N,H,W,C]``.

        The second and last crossing from model values to pixels; ``hard_alpha`` as in ``sample``.
        """
        images = pixels.decode(x)
        if self.config.hard_alpha if hard_alpha is None else hard_alpha:
            return pixels.harden_alpha(images)
        return pixels.settle_alpha(images)


def sprite_seed(seed: int, k: int) -> int:
    """The own seed of sprite ``k`` of ``seed``: 32 bits, never the same for two k of one seed.

    torch's CPU generator looks at 32 bits of its seed only, so hashing (seed, k) would repeat a
    sprite about once in 100,000. Counting on from a hash of the seed cannot.
    """
    first = int(np.random.SeedSequence(seed).generate_state(1, np.uint32)[0])
    return (first + k) % 2**32


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
    files = load_model_files(find_model(source))
    try:
        target = torch.device(device) if device is not None else best_device()
        network = files.network.to(target)
    except (RuntimeError, AssertionError, NotImplementedError):
        # Torch has no one exception for a device that it does not know, has not or cannot use.
        raise SettingsError(
            f"torch cannot use the device {str(device)!r} here; cpu always works"
        ) from None
    return Model(network, files.schedule, files.config, target)
