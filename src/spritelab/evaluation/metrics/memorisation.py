"""Does the model copy its training sprites, as their features tell it?

Two answers: samples nearer to a training sprite than its neighbours are (``authentic_share``), and
samples nearer to the training set as a whole than held-out sprites are (``copying_score``). Read
each beside what held-out sprites give in the samples' place. ``copies`` looks at the pixels.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.stats import rankdata

from spritelab.errors import DataError
from spritelab.evaluation.metrics.arrays import Float64s, FloatArray
from spritelab.evaluation.metrics.neighbours import distances, nearest_other


def authentic_share(samples: FloatArray, training: FloatArray) -> float:
    """AuthPct as a share, 0 … 1: samples that are not noisy copies of one training sprite.

    With x the training sprite nearest to a sample, the sample is authentic when it is farther from
    x than x is from its own nearest training sprite (Alaa et al. 2022, "How faithful is your
    synthetic data?", section 4.3; named AuthPct by Stein et al. 2023). Independent draws from the
    training sprites' own distribution score a third (in one dimension) to a half (in many). Real
    sprites come in families and move that, so read it beside the floor: the same for held-out ones.

    Args:
        samples, training: features, float ``[N,D]`` and ``[M,D]``, M at least 2. Training sprites
            must be distinct (``features.protocol.distinct``): a twin at distance 0 makes copies
            authentic.

    Raises:
        DataError: for other shapes or too few rows.
    """
    _check(("samples", samples, 1), ("training sprites", training, 2))
    return float(authentic(distances(training, samples), nearest_other(training)).mean())


def authentic(to_training: FloatArray, nearest_own: FloatArray) -> NDArray[np.bool_]:
    """Whether each sample is authentic, see ``authentic_share``: bool ``[N]``.

    Args:
        to_training: float ``[M,N]``, the distances of the training sprites to the samples.
        nearest_own: float ``[M]``, the distance of each training sprite to its nearest other. A
            sample just as far from it is not authentic.
    """
    nearest = to_training.argmin(axis=0)
    found: NDArray[np.bool_] = to_training.min(axis=0) > nearest_own[nearest]
    return found


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

    Raises:
        DataError: for other shapes, fewer than ``least`` samples or held-out sprites, and when no
            cell holds enough of both.
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
        distances(side.astype(np.float64), centres).argmin(axis=1) for side in (samples, held_out)
    )
    scores, weights = [], []
    for cell in range(len(centres)):
        inside = training[cell_of == cell]
        ours = samples[cell_of_samples == cell]
        theirs = held_out[cell_of_held_out == cell]
        if min(len(ours), len(theirs)) < least:
            continue
        near = [distances(side, inside).min(axis=1) for side in (ours, theirs)]
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


def _check(*sides: tuple[str, FloatArray, int]) -> None:
    """Raise ``DataError`` unless every (name, features, least rows) fits the others."""
    for name, features, least in sides:
        if features.ndim != 2 or features.shape[1:] != sides[0][1].shape[1:]:
            raise DataError(f"features are float [N,D] with one D; {name}: {list(features.shape)}")
        if len(features) < least:
            raise DataError(f"at least {least} {name} are needed, not {len(features)}")
