"""From a network to what samplers ask for: ``denoise(x_t, t)`` → (x̂_0, ε̂)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from spritelab.config import Interval
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
    *,
    guide: Network | None = None,
    interval: Interval | None = None,
) -> Denoiser:
    """Turn a network into what the samplers ask for.

    Args:
        network: ``net(x_t, t, context)``, or what else the head asks.
        head: what its output means; for the batch that will be sampled, see ``Head.of``.
        context: float ``[B,K]`` for the batch that will be sampled, or None for no class.
        guidance: w of f = f_weak + w·(f(c) - f_weak), on the network's output f: 1 is the plain
            model and 0 the weak one, at one evaluation a step; any other value costs two. The weak
            one is the network without a class, f(∅): classifier-free guidance, in one call on a
            batch of 2·B. Source: Ho and Salimans 2022, whose weight is w - 1.
        clip: see ``Denoiser``.
        guide: another network to be the weak one, with the same class, a worse version of the
            first: autoguidance. Source: Karras et al. 2024, equation 3. Of a palette head the
            scores are what is extrapolated, so that a pixel's p_j ∝ p_j(c)^w / p_j,weak^(w-1).
        interval: the λ at which it is guided; elsewhere w is 1. None: at all. Source: Kynkäänniemi
            et al. 2024.
    """

    def plain(x_t: Tensor, t: Tensor) -> Tensor:
        return head.ask(network, x_t, t, context)

    if guidance == 1 or (context is None and guide is None):
        return Denoiser(plain, head, clip)
    if guide is not None:
        guided = _by_guide(network, guide, head, context, guidance)
    else:
        assert context is not None
        guided = _by_no_class(network, head, context, guidance)
    if interval is not None:
        guided = _within(guided, plain, guided_times(head.schedule, interval))
    return Denoiser(guided, head, clip)


def _by_no_class(network: Network, head: Head, context: Tensor, weight: float) -> Predictor:
    no_class = torch.zeros_like(context)
    head_of_both = head.repeat(2) if weight else head

    def output(x_t: Tensor, t: Tensor) -> Tensor:
        if weight == 0:
            return head.ask(network, x_t, t, no_class)
        twice = torch.cat([x_t, x_t]), torch.cat([t, t]), torch.cat([context, no_class])
        conditional, unconditional = head_of_both.ask(network, *twice).chunk(2)
        return unconditional + weight * (conditional - unconditional)

    return output


def _by_guide(
    network: Network, guide: Network, head: Head, context: Tensor | None, weight: float
) -> Predictor:
    def output(x_t: Tensor, t: Tensor) -> Tensor:
        weak = head.ask(guide, x_t, t, context)
        if weight == 0:
            return weak
        return weak + weight * (head.ask(network, x_t, t, context) - weak)

    return output


def _within(guided: Predictor, plain: Predictor, times: Tensor) -> Predictor:
    """``guided`` at the t where ``times``, bool ``[T]``, is true, ``plain`` at all others."""

    def output(x_t: Tensor, t: Tensor) -> Tensor:
        inside = times[t.cpu()]
        if inside.all():
            return guided(x_t, t)
        if not inside.any():
            return plain(x_t, t)
        # No sampler comes here: all sprites of a chain are at the same t.
        rows = inside.to(x_t.device).view(-1, 1, 1, 1)
        return torch.where(rows, guided(x_t, t), plain(x_t, t))

    return output


def guided_times(schedule: Schedule, interval: Interval | None) -> Tensor:
    """At which of the T steps t it is guided: bool ``[T]``, on the CPU."""
    lambdas = torch.from_numpy(schedule.lambdas)
    low, high = interval or (-torch.inf, torch.inf)
    return (low <= lambdas) & (lambdas <= high)


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
