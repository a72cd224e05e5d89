"""Does the model copy its training sprites?

Three answers, from the plain to the statistical: sprites equal to a training sprite
(``find_copies``), samples nearer to a training sprite than its neighbours are
(``authentic_share``), and samples nearer to the training set as a whole than held-out sprites are
(``copying_score``). Read each beside what held-out sprites give in the samples' place.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.stats import rankdata

from spritelab.errors import DataError
from spritelab.evaluation import protocol
from spritelab.evaluation.metrics import Float64s, FloatArray, distances, nearest_others
from spritelab.pixels import Images

_ROWS = 512
"""Samples compared at a time, so that memory does not grow with their number."""


@dataclass(frozen=True, eq=False)
class Copies:
    """For each of N samples, its nearest training sprite, and whether it is a copy.

    Attributes:
        nearest: int64 ``[N]``, index of the training sprite at the smallest ``distance``; among
            equals the first, unmoved and unmirrored before moved or mirrored.
        distance: float64 ``[N]``, root mean square difference of the colour levels, 0 … 255, at
            the best of the shifts and mirror images that were asked for.
        copy: bool ``[N]``, whether some training sprite is matched.
    """

    nearest: NDArray[np.int64]
    distance: Float64s
    copy: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Share of the samples that are copies, 0 … 1."""
        return float(self.copy.mean())


def find_copies(
    samples: Images, training: Images, *, mirror: bool = True, shift: int = 1, tolerance: int = 8
) -> Copies:
    """Find samples that equal a training sprite, and the nearest training sprite of each.

    Sprites are laid on the protocol's colour and compared at every shift of up to ``shift`` pixels
    in x and y, each as it is and, with ``mirror``, mirrored left to right. At a shift only the
    pixels that overlap are compared. A sample is a copy when, at one of these positions, no
    channel of any pixel differs from a training sprite by more than ``tolerance`` levels: equality
    after quantising to steps of 2·tolerance + 1 levels (17 by default: 16 steps, 4 bits), with the
    grid centred on the training sprite's own colours. A fixed grid would call two sprites
    different when one level parts them across a step's edge.

    The distances are exact: whole numbers in float64. Time grows with N·M: about five seconds for
    3,000 samples against 3,000 16×16 sprites on one core.

    Args:
        samples, training: uint8 ``[N,H,W,C]`` and ``[M,H,W,C']``, of one size.
        mirror: compare mirror images too.
        shift: greatest shift in pixels, 0 … the smaller side - 1.
        tolerance: greatest difference of a copy's levels, 0 … 255.

    Raises ``DataError`` for sprites of different sizes, none at all, or settings out of range.
    """
    samples, training = protocol.to_rgb(samples), protocol.to_rgb(training)
    if samples.shape[1:] != training.shape[1:]:
        raise DataError(
            f"samples of {_size(samples)} pixels cannot be compared with training sprites of "
            f"{_size(training)}; bring both to one size"
        )
    if not 0 <= shift < min(samples.shape[1:3]) or not 0 <= tolerance <= 255:
        raise DataError(
            f"a shift lies in 0 … {min(samples.shape[1:3]) - 1} pixels and a tolerance in "
            f"0 … 255 levels, not {shift} and {tolerance}"
        )
    best = np.full(len(samples), np.inf)
    nearest = np.zeros(len(samples), dtype=np.int64)
    copy = np.zeros(len(samples), dtype=bool)
    moves = sorted(product(range(-shift, shift + 1), repeat=2), key=lambda yx: (yx != (0, 0), yx))
    for flipped in (False, True) if mirror else (False,):
        targets = training[:, :, ::-1] if flipped else training
        for dy, dx in moves:
            theirs = _rows(_window(targets, -dy, -dx))
            for start in range(0, len(samples), _ROWS):
                rows = slice(start, start + _ROWS)
                ours = _rows(_window(samples[rows], dy, dx))
                index, mean, copied = _compare(ours, theirs, tolerance)
                closer = mean < best[rows]
                best[rows] = np.where(closer, mean, best[rows])
                nearest[rows] = np.where(closer, index, nearest[rows])
                copy[rows] |= copied
    return Copies(nearest, np.sqrt(best), copy)


def nearest_pairs(samples: Images, training: Images, copies: Copies, count: int = 20) -> Images:
    """The picture of the question: samples beside their nearest training sprites, nearest first.

    Returns uint8 ``[P,2,H,W,3]``, P = min(count, N): for each pair the sample, then the training
    sprite as it stands in the set (not moved, not mirrored), both laid on the protocol's colour.
    """
    order = np.argsort(copies.distance, kind="stable")[:count]
    mine = protocol.to_rgb(samples[order])
    return np.stack([mine, protocol.to_rgb(training[copies.nearest[order]])], axis=1)


def authentic_share(samples: FloatArray, training: FloatArray) -> float:
    """AuthPct as a share, 0 … 1: samples that are not noisy copies of one training sprite.

    With x the training sprite nearest to a sample, the sample is authentic when it is farther from
    x than x is from its own nearest training sprite (Alaa et al. 2022, "How faithful is your
    synthetic data?", section 4.3; named AuthPct by Stein et al. 2023). Independent draws from the
    training sprites' own distribution score a third (in one dimension) to a half (in many). Real
    sprites come in families and move that, so read it beside the floor: the same for held-out ones.

    Args:
        samples, training: features, float ``[N,D]`` and ``[M,D]``, M at least 2. Training sprites
            must be distinct (``protocol.distinct``): a twin at distance 0 makes copies authentic.

    Raises ``DataError`` for other shapes or too few rows.
    """
    _check(("samples", samples, 1), ("training sprites", training, 2))
    x, g = _tensor(training), _tensor(samples)
    to_nearest, nearest = distances(g, x).min(dim=1)
    own = nearest_others(x, 1)[:, 0]
    return (to_nearest > own[nearest]).double().mean().item()


def copying_score(
    samples: FloatArray,
    held_out: FloatArray,
    training: FloatArray,
    *,
    cells: int | None = None,
    least: int = 20,
    seed: int = 0,
) -> float:
    """C_T, the data-copying score of Meehan et al. 2020 ("A non-parametric test to detect
    data-copying in generative models", section 3).

    The space is cut into cells by k-means on the training features. In each cell π a Mann–Whitney
    test compares the distances of samples and of held-out sprites to their nearest training sprite
    of that cell: Z_π is the z-score of the number of pairs in which the sample is farther. Then

        C_T = Σ_π P(π) Z_π / Σ_π P(π),

    P(π) being the share of held-out sprites in the cell. C_T is about 0 when samples lie as near
    to the training set as held-out sprites do, far below 0 (-3 and less) when they lie nearer,
    which is copying, and far above 0 when they lie farther, which is underfitting.

    The variant: ties count a half and shrink the variance (the usual correction), there is no
    continuity correction, and a cell takes part when at least ``least`` samples and ``least``
    held-out sprites fall into it (the paper asks it of samples alone). A z-score grows with the
    number of sprites: compare at equal N.

    Args:
        samples, held_out, training: features, float ``[N,D]``, ``[M,D]``, ``[L,D]``.
        cells: number of k-means cells; None is one for every 50 held-out sprites, at most 50.
        least: sprites of each side that a cell needs to take part.
        seed: draws the first centres of k-means.

    Raises ``DataError`` for other shapes, fewer than ``least`` samples or held-out sprites, and
    when no cell holds enough of both.
    """
    _check(
        ("samples", samples, least),
        ("held-out sprites", held_out, least),
        ("training sprites", training, 1),
    )
    if cells is None:
        cells = min(50, max(1, len(held_out) // 50), len(training))
    if not 1 <= cells <= len(training):
        raise DataError(f"k-means makes 1 … {len(training)} cells of this set, not {cells}")
    centres, cell_of = _k_means(training.astype(np.float64), cells, seed)
    cell_of_samples, cell_of_held_out = (
        distances(_tensor(side).double(), _tensor(centres)).argmin(dim=1).numpy()
        for side in (samples, held_out)
    )
    scores, weights = [], []
    for cell in range(len(centres)):
        inside = _tensor(training[cell_of == cell])
        ours = _tensor(samples[cell_of_samples == cell])
        theirs = _tensor(held_out[cell_of_held_out == cell])
        if min(len(ours), len(theirs)) < least:
            continue
        near = [distances(side, inside).min(dim=1).values.numpy() for side in (ours, theirs)]
        scores.append(mann_whitney_z(near[0], near[1]))
        weights.append(len(theirs))
    if not scores:
        raise DataError(
            f"no cell of C_T holds {least} samples and {least} held-out sprites; give more of "
            f"both, or fewer cells than {cells}"
        )
    return float(np.average(scores, weights=weights))


def mann_whitney_z(a: FloatArray, b: FloatArray) -> float:
    """z-score of the Mann–Whitney U of ``a`` ``[N]`` over ``b`` ``[M]``: above 0 when a is larger.

    U counts the pairs with a > b, ties a half; its mean without a difference is NM/2, its variance
    NM/12 · (N + M + 1 - Σ (t³ - t) / ((N + M)(N + M - 1))), t the sizes of the groups of ties. Two
    sides that are all one value give 0. Source: Mann and Whitney 1947; Lehmann 1975, section 1.2.
    """
    n, m = len(a), len(b)
    both = np.concatenate([a, b])
    u = rankdata(both)[:n].sum() - n * (n + 1) / 2
    _, ties = np.unique(both, return_counts=True)
    tied = (ties.astype(np.float64) ** 3 - ties).sum() / ((n + m) * (n + m - 1))
    variance = n * m / 12 * (n + m + 1 - tied)
    return float((u - n * m / 2) / np.sqrt(variance)) if variance > 0 else 0.0


def _k_means(x: Float64s, cells: int, seed: int) -> tuple[Float64s, NDArray[np.int64]]:
    """Cut float64 ``[N,D]`` into at most ``cells`` cells: centres ``[K,D]``, cell of each ``[N]``.

    Lloyd's iterations from k-means++ centres (Arthur and Vassilvitskii 2007): each next centre is
    a point drawn with a probability in proportion to its squared distance from those chosen.
    """
    rng = np.random.default_rng(seed)
    chosen = [int(rng.integers(len(x)))]
    squared = ((x - x[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < cells and squared.any():  # all zero: no more distinct points
        chosen.append(int(rng.choice(len(x), p=squared / squared.sum())))
        squared = np.minimum(squared, ((x - x[chosen[-1]]) ** 2).sum(axis=1))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "One of the clusters is empty")  # left out below
        centres, cell_of = kmeans2(x, x[chosen], iter=50, minit="matrix")
    kept, cell_of = np.unique(cell_of, return_inverse=True)
    return centres[kept], cell_of.astype(np.int64)


def _compare(
    ours: torch.Tensor, theirs: torch.Tensor, tolerance: int
) -> tuple[NDArray[np.int64], Float64s, NDArray[np.bool_]]:
    """For each row of ``ours`` float64 ``[N,D]``: its nearest of ``theirs`` ``[M,D]``, their mean
    squared difference, and whether some row of theirs is within ``tolerance`` in every value."""
    lengths = torch.linalg.vecdot(theirs, theirs) + torch.linalg.vecdot(ours, ours)[:, None]
    squared = lengths.addmm_(ours, theirs.T, alpha=-2)
    least, index = squared.min(dim=1)
    copied = (theirs[index] - ours).abs().amax(dim=1) <= tolerance
    # Mostly the nearest is the one copied. Where it is not, another may be: any whose distance
    # does not rule it out.
    limit = tolerance**2 * ours.shape[1]
    for i in torch.nonzero((least <= limit) & ~copied).flatten().tolist():
        differences = (theirs[squared[i] <= limit] - ours[i]).abs()
        copied[i] = (differences.amax(dim=1) <= tolerance).any()
    return index.numpy(), (least / ours.shape[1]).numpy(), copied.numpy()


def _window(images: Images, dy: int, dx: int) -> Images:
    """What is left of ``images`` ``[N,H,W,C]`` after cutting dy rows and dx columns.

    Positive counts cut at the top and left, negative at the bottom and right, so that the windows
    at (dy, dx) and (-dy, -dx) overlap as two sprites do of which one is moved.
    """
    height, width = images.shape[1:3]
    rows = slice(max(dy, 0), height + min(dy, 0))
    columns = slice(max(dx, 0), width + min(dx, 0))
    return images[:, rows, columns]


def _rows(images: Images) -> torch.Tensor:
    """uint8 ``[N,H,W,C]`` → float64 ``[N,H·W·C]``, in which sums of squares are exact."""
    return _tensor(images).reshape(len(images), -1).double()


def _tensor(array: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def _size(images: Images) -> str:
    return f"{images.shape[2]}×{images.shape[1]}"


def _check(*sides: tuple[str, FloatArray, int]) -> None:
    """Raise ``DataError`` unless every (name, features, least rows) fits the others."""
    for name, features, least in sides:
        if features.ndim != 2 or features.shape[1:] != sides[0][1].shape[1:]:
            raise DataError(f"features are float [N,D] with one D; {name}: {list(features.shape)}")
        if len(features) < least:
            raise DataError(f"at least {least} {name} are needed, not {len(features)}")
