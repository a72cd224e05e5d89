"""From a network to what samplers ask for: ``denoise(x_t, t)`` → (x̂_0, ε̂)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from spritelab.diffusion.heads import EpsHead, Head, Network
from spritelab.diffusion.process import eps_from_x0
from spritelab.diffusion.schedule import Schedule

Predictor = Callable[[Tensor, Tensor], Tensor]
"""``predict(x_t, t)`` → ε̂, a tensor like ``x_t``, with t int64 ``[B]``."""


class Denoised(NamedTuple):
    """What is seen in x_t. Both float64 ``[B,C,H,W]``; x_t = √ᾱ_t·x̂_0 + √(1-ᾱ_t)·ε̂."""

    x0_hat: Tensor
    eps_hat: Tensor


@dataclass(frozen=True)
class Denoiser:
    """``denoise(x_t, t)`` → ``Denoised``; made by ``denoiser`` or by ``from_eps``.

    Attributes:
        output: ``output(x_t, t)``: what the head reads, guidance included.
        head: what it means.
        clip: hold x̂_0 in [-1, 1], where the data lies. ε̂ is what x̂_0 leaves, so that both agree.
    """

    output: Predictor
    head: Head
    clip: bool = True

    def __call__(self, x_t: Tensor, t: Tensor, last: bool = False) -> Denoised:
        """Denoise float ``[B,C,H,W]`` at the steps ``t``, int64 ``[B]``, each in 0 … T-1.

        In the ``last`` step of a chain, which ends clean, x̂_0 is the head's most probable sprite.
        """
        return self.read(self.output(x_t, t), x_t, t, last)

    def read(self, output: Tensor, x_t: Tensor, t: Tensor, last: bool = False) -> Denoised:
        """The same, of an ``output`` that is there already."""
        output, x_t = as_float64(output), as_float64(x_t)
        x0_hat = (self.head.x0_mode if last else self.head.x0_hat)(output, x_t, t)
        if self.clip:
            x0_hat = x0_hat.clamp(-1, 1)
        return Denoised(x0_hat, eps_from_x0(self.head.schedule, x_t, t, x0_hat))


def denoiser(
    network: Network,
    head: Head,
    context: Tensor | None = None,
    guidance: float = 1.0,
    clip: bool = True,
) -> Denoiser:
    """Turn a network into what the samplers ask for.

    Args:
        network: ``net(x_t, t, context)``, or what else the head asks.
        head: what its output means; for the batch that will be sampled, see ``Head.of``.
        context: float ``[B,K]`` for the batch that will be sampled, or None for no class.
        guidance: w of classifier-free guidance, f = f(∅) + w·(f(c) - f(∅)) on the network's output
            f. Source: Ho and Salimans 2022, whose weight is w - 1. 1 is the plain conditional model
            and 0 the unconditional one, at one evaluation a step; any other value costs two, made
            in one call on a batch of 2·B.
        clip: see ``Denoiser``.
    """
    no_class = None if context is None else torch.zeros_like(context)
    guided = context is not None and guidance not in (0, 1)
    head_of_both = head.repeat(2) if guided else head

    def output(x_t: Tensor, t: Tensor) -> Tensor:
        if context is None or no_class is None or guidance == 1:
            return head.ask(network, x_t, t, context)
        if guidance == 0:
            return head.ask(network, x_t, t, no_class)
        twice = torch.cat([x_t, x_t]), torch.cat([t, t]), torch.cat([context, no_class])
        both = head_of_both.ask(network, *twice)
        conditional, unconditional = both.chunk(2)
        return unconditional + guidance * (conditional - unconditional)

    return Denoiser(output, head, clip)


def from_eps(predict: Predictor, schedule: Schedule, clip: bool = True) -> Denoiser:
    """The denoiser of a function ``predict(x_t, t)`` → ε̂."""
    return Denoiser(predict, EpsHead(schedule), clip)


def as_float64(x: Tensor) -> Tensor:
    """Return ``x`` as float64, or as it is on a device that has none (MPS).

    ε-prediction divides by a = √ᾱ_t, 0.006 at the last step of the linear schedule and 5e-5 at that
    of the cosine one, which magnifies float32's rounding as much; DPM-Solver++ takes differences.
    The arithmetic of a sampler is nothing beside its network's, so it can afford the digits.
    """
    return x if x.device.type == "mps" else x.double()
