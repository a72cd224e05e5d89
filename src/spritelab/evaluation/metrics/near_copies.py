"""Near copies: how far each sample lies from the most alike training sprite, pixel by pixel.

Nearest neighbours in pixel space are the oldest look at memorisation. A model that has learnt its
sprites by heart draws them with a few pixels wrong, or, where palettes change, in other colours;
``find_copies`` asks for all pixels and sees neither. Two distances do:

- ``pixel_distances`` compares colours: the share of pixels that differ visibly;
- ``edge_distances`` is blind to colour: it compares where neighbouring pixels differ, and so finds
  a drawing in other colours.

Both look only at what can be seen in either sprite: empty background makes no two sprites alike.
Both try mirror images and shifts of up to one pixel, as ``find_copies`` does.

What real sprites of the same kind get is not known beforehand: art comes in families, and in some
sets a sprite stands beside itself in other colours. So a distance says nothing alone. Read it, and
the share of near copies, beside what held-out sprites get. ``NEAR`` is fixed, and no quantile of
the held-out sprites' distances: so a near copy is the same in every set, it needs no held-out
sprites, and the floor says how many unseen sprites come as near.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from spritelab.evaluation.features import protocol
from spritelab.evaluation.metrics.arrays import Float64s
from spritelab.evaluation.metrics.overlaps import check_sizes, overlaps
from spritelab.pixels import Images

LEVELS = 24
"""Two pixels differ when a channel does by more than this; 9 % of the range, seen at a glance."""

NEAR = 0.25
"""A near copy is a sample at most this far from a training sprite: by ``pixel_distances`` three of
four visible pixels are that sprite's, by ``edge_distances`` its edges are, whatever the colours.
Most training sprites pass the first with a tenth of their pixels replaced, the second with their
hues turned."""

_SHIFT = 1
_ROWS = 512
_PIXELS = 2**21
"""Pixels compared at a time, so that memory does not grow with the number of sprites."""


def pixel_distances(samples: Images, training: Images, *, candidates: int = 20) -> Float64s:
    """Share of the visible pixels that differ from the most alike training sprite: ``[N]``, 0 … 1.

    Pixels differ when alpha, or a colour channel with the sprite laid on white, does by more than
    ``LEVELS``. They are visible when the alpha of either sprite is above ``LEVELS``; without alpha
    all are. (No two invisible pixels differ.) At a shift the pixels that overlap are compared.

    The shares are exact for the ``candidates`` training sprites nearest by their squared difference
    at each position, and the least of these is returned. It is an upper bound of the least over
    all training sprites, above it by less than 0.01 on average. Time grows with N·M: about 20
    seconds for 3,000 samples against 4,500 16×16 sprites on one core.

    Args:
        samples, training: uint8 ``[N,H,W,C]`` and ``[M,H,W,C']``, of one size.
        candidates: training sprites compared pixel by pixel at each position, at least 1.

    Raises:
        DataError: for sprites of different sizes, and for none at all.
    """
    best: Float64s = np.ones(len(samples))
    for ours, theirs in _positions(samples, training):
        # Two empty sprites are equal. Where a shift has moved all that is visible out of the frame
        # there is nothing to compare, and no likeness in that.
        empty = 0.0 if ours.shape[1:3] == samples.shape[1:3] else 1.0
        targets = _vectors(theirs)
        lengths = torch.linalg.vecdot(targets, targets)
        count = min(candidates, len(theirs))
        step = max(1, _PIXELS // (count * ours.shape[1] * ours.shape[2]))
        for start in range(0, len(ours), step):
            rows = slice(start, start + step)
            squared = torch.addmm(lengths, _vectors(ours[rows]), targets.T, alpha=-2)
            nearest = squared.topk(count, dim=1, largest=False).indices.numpy()
            shares = _differing_share(ours[rows, None], theirs[nearest], empty)
            best[rows] = np.minimum(best[rows], shares.min(axis=1))
    return best


def edge_distances(samples: Images, training: Images) -> Float64s:
    """1 - φ of the edges of each sample and of the most alike training sprite: ``[N]``, 0 … 1.

    Of every pair of neighbouring pixels, side by side or one above the other, there is an edge
    between the two or there is none; there is when they differ as in ``pixel_distances``. φ is the
    correlation of the two sprites' edges over the pairs of which a pixel is visible in either (the
    phi coefficient, Pearson's correlation of two binary values; Matthews 1975). Any change of
    colours that leaves different ones different leaves φ at 1; edges that agree as often as chance
    has it are at 0, or noisy sprites, with edges nearly everywhere, would all be alike. A sprite
    with edges everywhere or nowhere is like none, not even itself.

    It is exact. Time grows with N·M: about 15 seconds for 3,000 samples against 4,500 16×16 sprites
    on one core.

    Args:
        samples, training: uint8 ``[N,H,W,C]`` and ``[M,H,W,C']``, of one size.

    Raises:
        DataError: for sprites of different sizes, and for none at all.
    """
    best: Float64s = np.ones(len(samples))
    for ours, theirs in _positions(samples, training):
        targets, their_pairs = _edges(theirs)
        b, m = targets.sum(dim=1), their_pairs.sum(dim=1)
        for start in range(0, len(ours), _ROWS):
            rows = slice(start, start + _ROWS)
            edges, pairs = _edges(ours[rows])
            # Counts, exact in float32; their products need float64.
            both, a = (edges @ targets.T).double(), edges.sum(dim=1, keepdim=True)
            n = (pairs.sum(dim=1, keepdim=True) + m - pairs @ their_pairs.T).double()
            scale = (a * (n - a) * b * (n - b)).sqrt_()
            phi = torch.where(scale > 0, (n * both - a * b) / scale, 0.0)
            best[rows] = np.minimum(best[rows], 1 - phi.amax(dim=1).numpy())
    return best


def _positions(samples: Images, training: Images) -> Iterator[tuple[Images, Images]]:
    """The layers of the sprites at all positions, the unmoved one first."""
    samples, training = _layers(samples), _layers(training)
    check_sizes(samples, training)
    return overlaps(samples, training, mirror=True, shift=_SHIFT)


def _layers(images: Images) -> Images:
    """The colours as they look on white, and alpha: uint8 ``[N,H,W,4]``."""
    alpha = images[..., 3:] if images.shape[-1] == 4 else np.full_like(images[..., :1], 255)
    return np.concatenate([protocol.to_rgb(images), alpha], axis=-1)


def _differ(a: Images, b: Images) -> NDArray[np.bool_]:
    """Whether two pixels ``[...,4]`` differ by more than ``LEVELS`` in some channel: ``[...]``."""
    apart = np.maximum(a, b) - np.minimum(a, b)
    differ: NDArray[np.bool_] = np.any(apart > LEVELS, axis=-1)
    return differ


def _visible(a: Images, b: Images) -> NDArray[np.bool_]:
    """Whether one of two pixels ``[...,4]`` can be seen: ``[...]``."""
    visible: NDArray[np.bool_] = np.asarray(np.maximum(a[..., 3], b[..., 3]) > LEVELS)
    return visible


def _differing_share(a: Images, b: Images, empty: float) -> Float64s:
    """Share of the pixels visible in either of ``[...,H,W,4]`` that differ: float64 ``[...]``."""
    differing = _differ(a, b).sum(axis=(-2, -1))
    visible = _visible(a, b).sum(axis=(-2, -1))
    share: Float64s = np.where(visible > 0, differing / np.maximum(visible, 1), empty)
    return share


def _edges(layers: Images) -> tuple[torch.Tensor, torch.Tensor]:
    """For all pairs of neighbours in ``[N,H,W,4]``: is there an edge, and is one of them visible?

    Returns:
        float32 ``[N,P]``, 0 or 1, twice; P = (H - 1)·W + H·(W - 1).
    """
    edges, pairs = [], []
    for one, other in (
        (layers[:, 1:], layers[:, :-1]),
        (layers[:, :, 1:], layers[:, :, :-1]),
    ):
        edges.append(_differ(one, other).reshape(len(layers), -1))
        pairs.append(_visible(one, other).reshape(len(layers), -1))
    first, second = (torch.from_numpy(np.concatenate(side, axis=1)) for side in (edges, pairs))
    return first.float(), second.float()


def _vectors(images: Images) -> torch.Tensor:
    """uint8 ``[N,H,W,C]`` → float32 ``[N,H·W·C]``."""
    return torch.from_numpy(np.ascontiguousarray(images)).reshape(len(images), -1).float()
