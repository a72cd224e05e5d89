"""Drawing around what is known: the rest of a sprite, or the inside of a silhouette.

The known values are put back after every step, as noisy as x is there (Lugmayr et al. 2022,
RePaint, equation 8a): √ᾱ_t·known + √(1-ᾱ_t)·ε. So that what is drawn agrees with them, parts of the
chain are walked several times (section 4.2): after ``jump`` steps x is made as noisy as it was
before them, by q(x_t | x_t'), and they are taken again. Every pass has noise of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from spritelab.config import SamplerSettings
from spritelab.diffusion import Noise, Pairs, q_sample, visited_pairs
from spritelab.generate.request import Request
from spritelab.generate.trained import TrainedNetwork
from spritelab.progress import Progress


class Known(NamedTuple):
    """What is known of N sprites.

    Attributes:
        x0: the clean values, float ``[N,C,H,W]`` in [-1, 1].
        where: bool ``[N,C,H,W]``, which of them are known; the others are not read.
    """

    x0: Tensor
    where: Tensor

    def rows(self, rows: slice) -> Known:
        """The same of some sprites."""
        return Known(self.x0[rows], self.where[rows])


def passes(pairs: Pairs, jump: int, resamplings: int) -> Iterator[list[tuple[int, int]]]:
    """The walks that RePaint makes of a chain, each ending where the next begins or jumps back.

    All steps but the last, which ends clean, in pieces of ``jump``, each ``resamplings`` times.
    """
    pairs = list(pairs)
    pieces = [pairs[i : min(i + jump, len(pairs) - 1)] for i in range(0, len(pairs) - 1, jump)]
    for piece in pieces:
        for _ in range(resamplings):
            yield piece
    yield pairs[-1:]


def walked(pairs: Pairs, resamplings: int) -> Pairs:
    """The steps that ``passes`` makes in all, whatever their order."""
    return [*list(pairs[:-1]) * resamplings, pairs[-1]]


def draw_around(
    model: TrainedNetwork,
    how: SamplerSettings,
    request: Request,
    known: Known,
    jump: int,
    resamplings: int,
    told: Progress,
) -> Tensor:
    """Draw what is not known: the last x, float ``[N,C,H,W]``, with the known values in it."""
    x = model.begin(how, request, model.first_noise(request))
    known = Known(known.x0.to(x), known.where.to(x.device))
    at, done = -1, 0
    pairs = visited_pairs(how, model.schedule)
    for number, piece in enumerate(passes(pairs, jump, resamplings)):
        # A variation for every pass: none draws noise that another one drew.
        named = replace(request, noise=_variation(request.noise, number))
        eps = named.noise.start_of_variation(x)

        def put_back(x: Tensor, t_prev: int, eps: Tensor = eps) -> Tensor:
            times = torch.full((len(x),), t_prev, dtype=torch.int64, device=x.device)
            return torch.where(known.where, q_sample(model.schedule, known.x0, times, eps), x)

        if number and at != piece[0][0]:
            x = _noisier(model, x, at, piece[0][0], eps)
        x = put_back(x, piece[0][0])
        x = model.walk(how, named, x, told, pairs=piece, constrain=put_back, before=done)
        at, done = piece[-1][1], done + len(piece)
    return x


def _variation(noise: Noise, number: int) -> Noise:
    return Noise(noise.seeds, noise.numbers, torch.full_like(noise.numbers, number))


def _noisier(model: TrainedNetwork, x: Tensor, t: int, t_later: int, eps: Tensor) -> Tensor:
    """q(x_t_later | x_t): Ho et al. 2020, equation 2, over several steps."""
    kept = model.schedule.alpha_bar(t_later) / model.schedule.alpha_bar(t)
    return math.sqrt(kept) * x + math.sqrt(1 - kept) * eps
