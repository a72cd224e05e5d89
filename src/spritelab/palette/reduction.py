"""Many colours gathered into few, in OKLab with alpha, each weighing by its pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spritelab.palette.oklab import Floats

Indices = NDArray[np.intp]

_SWEEPS = 32  # of k-means: a sprite needs 2 to 4, a set that needs more hardly gains from them
_MERGED = 256  # colours from which pairs are merged; the table of pairs grows with the square
_CELLS = 1 << 20  # distances held at a time


def reduce_colours(points: Floats, weights: NDArray[np.int64], most: int) -> Indices:
    """Choose at most ``most`` of the colours so that the others lie near them.

    Clusters come from merging, pair by pair, those whose union costs least in the weighted sum of
    squared distances (Ward 1963; in vector quantisation Equitz 1989), then from k-means (Lloyd
    1982). Nothing is drawn at random. Of each cluster the colour nearest to its mean is chosen, not
    the mean: the result is made of the artist's own colours, a black outline stays black, and where
    all colours are opaque or transparent so are the chosen ones.

    The fully transparent colour, if there is one, is always chosen, and no opaque one is gathered
    into it: a sprite keeps its outline.

    Args:
        points: float64 ``[m,4]``, see ``to_points``; a fully transparent one can only be the first.
        weights: pixels of each colour, int64 ``[m]``, at least 1.
        most: at least 1; at least 2 if a transparent colour is among others.

    Returns:
        Positions in ``points``, ascending.
    """
    if len(points) <= most:
        return np.arange(len(points))
    fixed = 1 if points[0, 3] == 0 else 0
    merged = _merge(*_gather(points[fixed:], weights[fixed:], most - fixed), most - fixed)
    centres = np.concatenate([points[:fixed], merged])
    nearest = nearest_points(points, centres)
    for _ in range(_SWEEPS):
        means, used = _means(points, weights, nearest, len(centres))
        used[:fixed] = False
        centres[used] = means[used]
        before, nearest = nearest, nearest_points(points, centres)
        if np.array_equal(before, nearest):
            break
    gaps = ((points - centres[nearest]) ** 2).sum(axis=1)
    order = np.lexsort((np.arange(len(points)), gaps, nearest))
    first = np.diff(nearest[order], prepend=-1) != 0
    return np.sort(order[first])


def nearest_points(points: Floats, centres: Floats) -> Indices:
    """For each of ``points`` ``[m,4]``, return the nearest of ``centres`` ``[k,4]``: int ``[m]``.

    An opaque point never goes to a transparent centre unless there is no other. Of several that
    are equally near it is the first.
    """
    found = [d.argmin(axis=1) for d in _distances(points, centres)]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.intp)


def _distances(points: Floats, centres: Floats) -> Iterator[Floats]:
    """Yield squared distances ``[rows,k]``, some rows at a time, exact where they are 0."""
    transparent = centres[:, 3] == 0
    rows = max(1, _CELLS // len(centres))
    for start in range(0, len(points), rows):
        some = points[start : start + rows]
        squared = np.zeros((len(some), len(centres)))
        for of_point, of_centre in zip(some.T, centres.T, strict=True):
            squared += (of_point[:, None] - of_centre) ** 2
        if transparent.any():
            squared[np.ix_(some[:, 3] == 0.5, transparent)] = np.inf
        yield squared


def _means(
    points: Floats, weights: NDArray[np.int64], cluster: Indices, k: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the weighted mean of each of ``k`` clusters ``[k,4]``, and which have members."""
    total = np.bincount(cluster, weights, minlength=k)
    sums = [np.bincount(cluster, weights * column, minlength=k) for column in points.T]
    return np.stack(sums, axis=1) / np.maximum(total, 1.0)[:, None], total > 0


def _gather(
    points: Floats, weights: NDArray[np.int64], most: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Gather too many colours to merge pair by pair around enough of them.

    Those are taken one by one, each where weight times squared distance to the ones before is
    largest: k-means++ (Arthur and Vassilvitskii 2007), with its most probable choice as the choice.
    """
    seeds = max(_MERGED, 2 * most)
    if len(points) <= seeds:
        return points, weights
    taken = int(weights.argmax())
    gaps = np.full(len(points), np.inf)
    cluster = np.zeros(len(points), dtype=np.intp)
    for seed in range(seeds):
        nearer = ((points - points[taken]) ** 2).sum(axis=1)
        cluster[nearer < gaps] = seed
        gaps = np.minimum(gaps, nearer)
        taken = int((weights * gaps).argmax())
    means, _ = _means(points, weights, cluster, seeds)
    return means, np.bincount(cluster, weights, minlength=seeds).astype(np.int64)


def _merge(points: Floats, weights: NDArray[np.int64], most: int) -> Floats:
    """Merge pairs until ``most`` clusters are left; return their weighted means.

    The table of what each union would cost is kept up to date by the formula of Lance and Williams
    1967 for Ward's method.
    """
    n = len(points)
    means, weight = points.copy(), weights.astype(np.float64)
    squared = ((points[:, None] - points) ** 2).sum(axis=-1)
    cost = squared * (weight[:, None] * weight / (weight[:, None] + weight))
    np.fill_diagonal(cost, np.inf)
    alive = np.ones(n, dtype=np.bool_)
    for _ in range(n - most):
        i, j = divmod(int(cost.argmin()), n)
        wi, wj = weight[i], weight[j]
        united = (wi + weight) * cost[i] + (wj + weight) * cost[j] - weight * cost[i, j]
        united /= wi + wj + weight
        means[i] = (wi * means[i] + wj * means[j]) / (wi + wj)
        weight[i] = wi + wj
        cost[i] = cost[:, i] = united
        cost[j] = cost[:, j] = np.inf
        alive[j] = False
    return means[alive]
