"""Noise that another language can repeat: a sprite's noise is a pure function of its name.

Sprite number k of seed s draws its noise from the counter-based generator Philox4x32-10 (Salmon et
al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3) by Box and Muller's transform.
There is no state: any process, device or program gives the same sprite the same noise, in any
order, and a chain that is entered at t draws there what the whole chain draws. ``docs/formats.md``
writes the algorithm out, with test vectors.

- **key**: the 64 bits of the seed, (low word, high word).
- **counter**: (block, draw, number, stream); block b holds the normals 4b … 4b+3 of a draw.
- **draw**: 0 is x_T; t + 1 is the z that the step from t adds.
- **stream**: 0 is the sprite's own noise, 1 decides its class (draw 0) and its palette (draw 1),
  1 + v is variation v ≥ 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from spritelab.errors import SettingsError

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_WORD = 0xFFFFFFFF

CHOICE_STREAM, FIRST_VARIATION = 1, 2


def philox(counter: Sequence[Tensor], key: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Philox4x32-10: four words from a counter of four words and a key of two.

    Words are int64 tensors holding 0 … 2^32 - 1, broadcast against each other. Source: Salmon et
    al. 2011; the same figures as the reference implementation, Random123.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        # int64 holds the 64 bits of a product, if not its sign: the mask takes the words apart.
        a, b = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            ((b >> 32) & _WORD) ^ c1 ^ k0,
            b & _WORD,
            ((a >> 32) & _WORD) ^ c3 ^ k1,
            a & _WORD,
        )
        k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
    return c0, c1, c2, c3


@dataclass(frozen=True, eq=False)
class Noise:
    """The noise of B sprites.

    Attributes:
        seeds: int64 ``[B]``, each in 0 … 2^63 - 1.
        numbers: int64 ``[B]``, each in 0 … 2^32 - 1.
        variations: int64 ``[B]``, each in 0 … 2^32 - 3, or None, which is 0 for all. Variation 0 is
            the sprite's own noise; v > 0 has the same x_T and other noise on the way.

    Raises:
        SettingsError: for lengths that differ.
    """

    seeds: Tensor
    numbers: Tensor
    variations: Tensor | None = None

    def __post_init__(self) -> None:
        for values in (self.numbers, self.variations):
            if values is not None and values.shape != self.seeds.shape:
                raise SettingsError("every sprite needs one seed, one number and one variation")

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, rows: slice) -> Self:
        variations = None if self.variations is None else self.variations[rows]
        return replace(
            self, seeds=self.seeds[rows], numbers=self.numbers[rows], variations=variations
        )

    def normal(self, draw: int, like: Tensor) -> Tensor:
        """Standard normal noise of the shape, dtype and device of ``like``, ``[B, …]``.

        Computed where ``like`` lies, in float64 (float32 on MPS, which has no float64), and then
        rounded to its dtype. Devices differ in the last digits of log, sin and cos: by about 1e-15,
        or 1e-6 on MPS. With 32 bits for the radius no value is beyond 6.76.

        Args:
            draw: which noise of these sprites: 0 for x_T, t + 1 for the z of the step from t.
            like: float ``[B, …]``; element e of a sprite, in row-major order, is normal number e.
        """
        return self._normal(draw, self._streams(draw), like)

    def start_of_variation(self, like: Tensor) -> Tensor:
        """Standard normal noise like ``normal(0, like)``, but of the variation and not the sprite.

        It is draw 0 of the variation's own stream, which nothing else takes; x_T itself for
        variation 0.
        """
        variations = torch.zeros_like(self.numbers) if self.variations is None else self.variations
        streams = torch.where(variations > 0, variations + (FIRST_VARIATION - 1), 0)
        return self._normal(0, streams, like)

    def _normal(self, draw: int, streams: Tensor, like: Tensor) -> Tensor:
        if len(like) != len(self):
            raise SettingsError(f"{len(like)} sprites need noise for as many, not {len(self)}")
        count = math.prod(like.shape[1:])
        words = self._words(draw, streams, -(-count // 4), like.device)
        accurate = torch.float32 if like.device.type == "mps" else torch.float64
        # (r + ½)·2^-32 lies inside (0, 1): the logarithm is finite.
        u = [(word.to(accurate) + 0.5) * 2.0**-32 for word in words]
        normals = []
        for radius_u, angle_u in ((u[0], u[1]), (u[2], u[3])):
            radius = (-2 * radius_u.log()).sqrt()
            angle = 2 * math.pi * angle_u
            normals += [radius * angle.cos(), radius * angle.sin()]
        flat = torch.stack(normals, dim=-1).flatten(1)[:, :count]
        return flat.reshape(like.shape).to(like.dtype)

    def uniform(self, draw: int = 0) -> Tensor:
        """One number in (0, 1) a sprite, float64 ``[B]`` on the CPU: a choice of the sprite's own.

        From a stream of its own, so that x_T is the same whether or not a class is given.

        Args:
            draw: which choice: 0 is that of its class, 1 that of its palette.
        """
        streams = torch.full_like(self.numbers, CHOICE_STREAM)
        words = self._words(draw, streams, 1, torch.device("cpu"))
        return (words[0][:, 0].double() + 0.5) * 2.0**-32

    def _streams(self, draw: int) -> Tensor:
        """Variations share x_T with the sprite itself, and nothing after it."""
        if self.variations is None or draw == 0:
            return torch.zeros_like(self.numbers)
        varied = self.variations + (FIRST_VARIATION - 1)
        return torch.where(self.variations > 0, varied, 0)

    def _words(
        self, draw: int, streams: Tensor, blocks: int, device: torch.device
    ) -> tuple[Tensor, ...]:
        """The four words of every block, int64 ``[B,blocks]`` each."""
        seeds, numbers = self.seeds.to(device)[:, None], self.numbers.to(device)[:, None]
        block = torch.arange(blocks, device=device)[None]
        counter = (block, torch.full_like(block, draw), numbers, streams.to(device)[:, None])
        return philox(counter, (seeds & _WORD, seeds >> 32))


@dataclass(frozen=True, eq=False)
class TurnedNoise(Noise):
    """Noise between B sprites and their variations: cos θ·z + sin θ·z_v, for x_T and every z.

    It is standard normal for every θ. Of variation v all is its own: draw 0 is that of
    ``start_of_variation``.

    Attributes:
        angle: θ in [0, π/2]; 0 is the noise of the sprites themselves.
    """

    angle: float = 0.0

    def normal(self, draw: int, like: Tensor) -> Tensor:
        """See ``Noise.normal``."""
        own = Noise(self.seeds, self.numbers).normal(draw, like)
        if self.angle == 0:
            return own
        other = self.start_of_variation(like) if draw == 0 else super().normal(draw, like)
        return math.cos(self.angle) * own + math.sin(self.angle) * other


Generators = Noise | torch.Generator | Sequence[torch.Generator] | None
"""Where a sampler's noise comes from: ``Noise``, whose draws do not depend on what was drawn
before; or torch's generators, one for the batch or one for every sprite of it, None for the global
one."""


def noise_like(x: Tensor, generator: Generators, draw: int) -> Tensor:
    """Standard normal noise of the shape, dtype and device of ``x`` ``[B, …]``.

    ``draw`` says which noise of a ``Noise`` it is: 0 for x_T, t + 1 for the z of the step from t. A
    generator gives its next. It draws on its own device, so that a CPU generator gives the same
    noise for every device; with B generators, row b comes from generator b alone.

    Raises:
        SettingsError: if there are not as many generators as sprites.
    """
    if isinstance(generator, Noise):
        return generator.normal(draw, x)
    if generator is None or isinstance(generator, torch.Generator):
        return _randn(x.shape, x, generator)
    if len(generator) != len(x):
        raise SettingsError(f"{len(x)} sprites need {len(x)} generators, not {len(generator)}")
    return torch.stack([_randn(x.shape[1:], x, g) for g in generator])


def _randn(shape: torch.Size, like: Tensor, generator: torch.Generator | None) -> Tensor:
    device = like.device if generator is None else generator.device
    return torch.randn(shape, dtype=like.dtype, device=device, generator=generator).to(like.device)
