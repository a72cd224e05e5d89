"""Batches without a loader: the data set is one tensor, a batch is an index.

Every random draw of update k of a run with seed s is a function of (s, k) alone. A run that was
stopped and resumed therefore draws exactly what the run left alone would have drawn, with no
state of a generator to carry along, and every process of several draws the same whole batch and
takes its own share of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spritelab import pixels
from spritelab.data import SpriteSet
from spritelab.data.rows import blocks, mapped_rows
from spritelab.diffusion import Palettes
from spritelab.palette import IndexedSprites
from spritelab.pixels import Images
from spritelab.training.recolour import distract, recolour, swap


def stream_seed(*key: int) -> int:
    """A 63-bit seed from a key such as (seed, update): nearby keys give unrelated streams."""
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> np.uint64(1))


@dataclass(frozen=True)
class DeviceIndexed:
    """``IndexedSprites`` on the device.

    Attributes:
        colours: uint8 ``[N,P,C]``; the first ``sizes[i]`` are the palette of sprite i.
        sizes: int64 ``[N]``.
        indices: uint8 ``[N,H,W]``.
    """

    colours: Tensor
    sizes: Tensor
    indices: Tensor

    @classmethod
    def of(cls, indexed: IndexedSprites, device: torch.device) -> DeviceIndexed:
        """Move ``indexed`` to ``device``; on a CPU nothing is copied."""
        arrays = indexed.colours, indexed.sizes, indexed.indices
        return cls(*(torch.from_numpy(array).to(device) for array in arrays))

    def select(self, rows: Tensor) -> tuple[Palettes, Tensor]:
        """The palettes of the sprites at ``rows``, and int64 ``[B,H,W]`` indices into them."""
        palettes = Palettes.encode_tensors(self.colours[rows], self.sizes[rows])
        return palettes, self.indices[rows].long()


@dataclass(frozen=True)
class DeviceSprites:
    """A ``SpriteSet`` on the device.

    Attributes:
        images: uint8 ``[N,H,W,C]``; none of them, ``[0,H,W,C]``, where they are ``indexed``.
        context: float32 ``[N,K]``, one-hot classes.
        mirrorable: bool ``[N]``; whether a mirror image is a right sprite too.
        indexed: the sprites, where they are learnt as palettes and indices; else None.
        rows: int64 ``[N]``, which of the ``images`` of a mapped file the sprites are; None for all,
            in their order.
    """

    images: Tensor
    context: Tensor
    mirrorable: Tensor
    indexed: DeviceIndexed | None = None
    rows: Tensor | None = None

    @classmethod
    def from_set(
        cls, sprites: SpriteSet, device: torch.device, indexed: IndexedSprites | None = None
    ) -> DeviceSprites:
        """Move ``sprites`` to ``device``; as ``indexed`` sprites, if they are given so too."""
        labels = torch.from_numpy(sprites.labels)
        mapped, rows = mapped_rows(sprites.images), None
        if indexed is not None:
            images = torch.empty((0, *sprites.images.shape[1:]), dtype=torch.uint8, device=device)
        elif mapped is not None and device.type == "cpu":
            # Nothing is copied: a batch reads its rows of the file.
            images, rows = torch.from_numpy(mapped[0]), torch.from_numpy(mapped[1])
        else:
            images = _moved(sprites.images, device)
        return cls(
            images,
            functional.one_hot(labels, len(sprites.class_names)).float().to(device),
            torch.tensor(sprites.mirrorable)[labels].to(device),
            None if indexed is None else DeviceIndexed.of(indexed, device),
            rows,
        )

    def __len__(self) -> int:
        return len(self.context)

    def select(self, rows: Tensor) -> tuple[Tensor, Palettes | None]:
        """The sprites at ``rows``, float32 ``[B,C,H,W]``, and their palettes, if they have any."""
        if self.indexed is not None:
            palettes, indices = self.indexed.select(rows)
            return palettes.draw(indices), palettes
        chosen = rows if self.rows is None else self.rows[rows]
        return pixels.encode(self.images[chosen]), None


def _moved(images: Images, device: torch.device) -> Tensor:
    """Sprites on the device; of a file, a block at a time."""
    if mapped_rows(images) is None:
        return torch.from_numpy(np.ascontiguousarray(images)).to(device)
    moved = torch.empty(images.shape, dtype=torch.uint8, device=device)
    done = 0
    for block in blocks(images):
        moved[done : done + len(block)] = torch.from_numpy(block)
        done += len(block)
    return moved


@dataclass(frozen=True)
class Batch:
    """What one update learns from: x0 and eps float32 ``[B,C,H,W]``, t int64, context ``[B,K]``.

    ``palettes`` are those that the sprites of x0 are drawn from, or None.
    """

    x0: Tensor
    t: Tensor
    eps: Tensor
    context: Tensor
    palettes: Palettes | None = None

    def __getitem__(self, rows: slice) -> Batch:
        palettes = None if self.palettes is None else self.palettes[rows]
        return Batch(self.x0[rows], self.t[rows], self.eps[rows], self.context[rows], palettes)


class Batches:
    """Endless batches over shuffled passes of ``sprites``.

    The passes (epochs) are laid end to end, so that a batch may span two of them and a set may be
    smaller than a batch.

    Args:
        sprites: the training sprites.
        batch_size: B.
        timesteps: T.
        seed: of the run.
        mirror: mirror half of the sprites that may be.
        stratified_t: draw one t from each of B equal parts of 0 … T-1, which lowers the variance
            of the loss (Kingma et al. 2021, appendix I), instead of drawing all t freely.
        t_power: t = T·u^t_power with u uniform in [0, 1): 1 draws all t alike, more shows the steps
            with little noise more often. Those decide the colours of single pixels, of which pixel
            art has much and photographs, blurred by their lenses, have little.
        drop_context: share of sprites whose context is set to zeros (Ho and Salimans 2022).
        recolour: share of sprites shown in other colours (see ``recolour``); for sprites that have
            palettes, like ``swap`` and ``distract``.
        swap: share of sprites redrawn in palettes gathered from others.
        distract: share of sprites whose palette is given colours that they do not use.
    """

    def __init__(
        self,
        sprites: DeviceSprites,
        batch_size: int,
        timesteps: int,
        seed: int,
        *,
        mirror: bool,
        stratified_t: bool,
        t_power: float = 1.0,
        drop_context: float,
        recolour: float = 0.0,
        swap: float = 0.0,
        distract: float = 0.0,
    ) -> None:
        self.sprites = sprites
        self.batch_size = batch_size
        self.timesteps = timesteps
        self.seed = seed
        self.mirror = mirror
        self.stratified_t = stratified_t
        self.t_power = t_power
        self.drop_context = drop_context
        self.recolour = recolour
        self.swap = swap
        self.distract = distract
        self._order: tuple[int, Tensor] = (-1, torch.empty(0, dtype=torch.int64))

    def indices(self, step: int) -> Tensor:
        """int64 ``[B]``: which sprites update number ``step`` (from 0) learns from."""
        n = len(self.sprites)
        position, end = step * self.batch_size, (step + 1) * self.batch_size
        parts = []
        while position < end:
            epoch, first = divmod(position, n)
            last = min(n, first + end - position)
            parts.append(self._shuffled(epoch)[first:last])
            position += last - first
        return torch.cat(parts)

    def _shuffled(self, epoch: int) -> Tensor:
        if self._order[0] != epoch:
            generator = torch.Generator().manual_seed(stream_seed(self.seed, 0, epoch))
            self._order = (epoch, torch.randperm(len(self.sprites), generator=generator))
        return self._order[1]

    def draw(self, step: int) -> Batch:
        """The batch of update number ``step`` (from 0), drawn on the sprites' device."""
        device, size = self.sprites.images.device, self.batch_size
        generator = torch.Generator(device).manual_seed(stream_seed(self.seed, 1, step))

        def uniform() -> Tensor:
            return torch.rand(size, generator=generator, device=device)

        index = self.indices(step).to(device)
        x0, palettes = self._shown(index, generator)
        context = self.sprites.context[index]
        t = uniform()
        if self.stratified_t:
            t = (torch.arange(size, device=device) + t) / size
        # Rounding may lift the largest draw to 1 exactly.
        t = (t**self.t_power * self.timesteps).long().clamp(max=self.timesteps - 1)
        eps = torch.randn(x0.shape, generator=generator, device=device)
        if self.mirror:
            flip = self.sprites.mirrorable[index] & (uniform() < 0.5)
            x0 = torch.where(flip[:, None, None, None], x0.flip(3), x0)
        if self.drop_context:
            context = context * (uniform() >= self.drop_context)[:, None]
        return Batch(x0, t, eps, context, palettes)

    def _shown(self, index: Tensor, generator: torch.Generator) -> tuple[Tensor, Palettes | None]:
        """The sprites at ``index``, in other colours and with more of them where it is asked."""
        if self.sprites.indexed is None:
            return self.sprites.select(index)
        palettes, indices = self.sprites.indexed.select(index)
        if self.recolour:
            palettes = recolour(palettes, self.recolour, generator)
        if self.swap:
            palettes, indices = swap(palettes, indices, self.swap, generator)
        x0 = palettes.draw(indices)
        if self.distract:
            palettes = distract(palettes, self.distract, generator)
        return x0, palettes
