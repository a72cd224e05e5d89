"""The palettes of a batch of sprites, as a network and its head see them.

A sprite of pixel art is a palette c_1 … c_m and, for every pixel i, an index k_i into it. The
noise of a pixel is independent of all others, so what a noisy pixel says of its own index is known
exactly (``evidence``); what the others say of it is for a network to learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spritelab import pixels
from spritelab.diffusion.oklab import to_oklab
from spritelab.diffusion.schedule import Schedule
from spritelab.pixels import Images

FEATURES = 7
"""Numbers that describe a colour to a network, see ``Palettes.features``."""

RANK_AND_TRANSPARENT = slice(4, 6)
"""Those of them that say what a colour is to its palette."""


@dataclass(frozen=True, eq=False)
class Palettes:
    """One palette for each of B sprites.

    Their order means nothing: whatever is computed from palettes turns with it.

    Attributes:
        colours: float ``[B,P,C]`` in [-1, 1], as ``pixels.encode`` gives them.
        used: bool ``[B,P]``, which entries belong to a palette, at least one in each; what stands
            in the others is not read.
    """

    colours: Tensor
    used: Tensor

    @classmethod
    def encode(cls, colours: Images, sizes: NDArray[np.int64]) -> Palettes:
        """Take colours, uint8 ``[B,P,C]`` of which ``sizes[b]`` are a palette, to model values."""
        return cls.encode_tensors(
            torch.from_numpy(np.ascontiguousarray(colours)),
            torch.from_numpy(np.asarray(sizes, dtype=np.int64)),
        )

    @classmethod
    def encode_tensors(cls, colours: Tensor, sizes: Tensor) -> Palettes:
        """The same, uint8 ``[B,P,C]`` and int64 ``[B]``, on the device where they are."""
        used = torch.arange(colours.shape[1], device=sizes.device) < sizes[:, None]
        rows = pixels.encode(colours[:, :, None])
        return cls(rows[..., 0].transpose(1, 2).contiguous(), used)

    def __len__(self) -> int:
        return len(self.used)

    def __getitem__(self, rows: slice | Tensor) -> Palettes:
        return Palettes(self.colours[rows], self.used[rows])

    def repeat(self, times: int) -> Palettes:
        """The same palettes once more: B·times, the whole batch after itself."""
        return Palettes(self.colours.repeat(times, 1, 1), self.used.repeat(times, 1))

    def to(self, like: Tensor) -> Palettes:
        """The palettes on the device and in the dtype of ``like``."""
        if self.colours.dtype == like.dtype and self.colours.device == like.device:
            return self
        return Palettes(self.colours.to(like), self.used.to(like.device))

    def draw(self, indices: Tensor) -> Tensor:
        """Sprites from indices: int64 ``[B,H,W]`` → float ``[B,C,H,W]``."""
        b, height, width = indices.shape
        flat = indices.reshape(b, -1, 1).expand(-1, -1, self.colours.shape[2])
        return self.colours.gather(1, flat).transpose(1, 2).reshape(b, -1, height, width)

    def mix(self, weights: Tensor) -> Tensor:
        """Σ_j w_j·c_j for every pixel: float ``[B,P,H,W]`` → ``[B,C,H,W]``."""
        return mix(self.colours, weights)

    def nearest(self, x: Tensor) -> Tensor:
        """The index of the colour nearest to each pixel of float ``[B,C,H,W]``: int64 ``[B,H,W]``.

        Nearest in the model's own space, where the noise is added.
        """
        return self._agreement(x, 1.0).argmax(dim=1)

    def _agreement(self, x: Tensor, a: Tensor | float) -> Tensor:
        """a·⟨x_i, c_j⟩ - ½·a²·|c_j|², float ``[B,P,H,W]``; -∞ for entries that are not used.

        That is -½·|x_i - a·c_j|² less what no j changes.
        """
        square = self.colours.square().sum(dim=2, keepdim=True)
        dots = self.colours @ x.flatten(2)
        if isinstance(a, Tensor):
            a = a.reshape(-1, 1, 1)
        agreement = torch.where(self.used[:, :, None], a * dots - 0.5 * a**2 * square, -torch.inf)
        return agreement.reshape(*self.used.shape, *x.shape[2:])

    @cached_property
    def transparent(self) -> Tensor:
        """Which entries are fully transparent: bool ``[B,P]``."""
        if self.colours.shape[2] == 3:
            return torch.zeros_like(self.used)
        return self.colours[..., 3] <= -1

    @cached_property
    def mean_colour(self) -> Tensor:
        """The mean of the colours that can be seen, float ``[B,3]``; 0 where there is none."""
        seen = (self.used & ~self.transparent).to(self.colours)[..., None]
        return (self.colours[..., :3] * seen).sum(dim=1) / seen.sum(dim=1).clamp(min=1)

    @cached_property
    def features(self) -> Tensor:
        """What a network is told of each colour, float ``[B,P,FEATURES]``, all about in [-1, 1].

        OKLab (L, a, b); alpha; the rank from dark to light among the palette's colours; whether it
        is the transparent colour; the size of the palette, as log m. Colours alike in L share the
        mean of their ranks, and transparent is the darkest, so that no order of entries matters.
        """
        rgb, alpha = self.colours[..., :3], self.colours[..., 3:]
        if not alpha.shape[2]:
            alpha = torch.ones_like(rgb[..., :1])
        transparent = self.transparent[..., None]
        lab = to_oklab((rgb + 1) / 2)
        light = torch.where(transparent, -torch.inf, lab[..., :1])
        # How many of the palette's own colours are darker, and how many equally dark.
        other = light.transpose(1, 2)
        own = self.used[:, None, :]
        darker = ((other < light) & own).sum(dim=2, keepdim=True)
        equal = ((other == light) & own).sum(dim=2, keepdim=True)
        m = self.used.sum(dim=1)[:, None, None].to(rgb.dtype)
        rank = (2 * darker + equal - 1) / (m - 1).clamp(min=1) - 1
        size = (m.log() / 2 - 1).expand_as(alpha)  # 0 for m = 7, ¾ for 32
        scaled = lab * lab.new_tensor([2.0, 4.0, 4.0]) - lab.new_tensor([1.0, 0.0, 0.0])
        return torch.cat([scaled, alpha, rank, transparent.to(rgb.dtype), size], dim=2)


def mix(values: Tensor, weights: Tensor) -> Tensor:
    """Σ_j w_j·v_j for every pixel: float ``[B,P,F]`` and ``[B,P,H,W]`` → ``[B,F,H,W]``."""
    mixed = values.transpose(1, 2) @ weights.flatten(2)
    return mixed.reshape(*mixed.shape[:2], *weights.shape[2:])


def evidence(schedule: Schedule, palettes: Palettes, x_t: Tensor, t: Tensor) -> Tensor:
    """What each noisy pixel says of its own index, in nats: float ``[B,P,H,W]``.

    log N(x_t,i ; a·c_j, s²·I) less what no j changes: (a·⟨x_t,i, c_j⟩ - ½·a²·|c_j|²) / s², with
    a = √ᾱ_t and s = √(1-ᾱ_t). Its softmax is the posterior of a pixel that knows only itself and
    holds all colours of its palette equally likely. -∞ for entries that are not used.

    Args:
        schedule: of the noise.
        palettes: of the sprites.
        x_t: noisy sprites, float ``[B,C,H,W]``.
        t: int64 ``[B]``, each in 0 … T-1.
    """
    a, s = schedule.signal_and_noise(t, x_t)
    return palettes._agreement(x_t, a) / s**2
