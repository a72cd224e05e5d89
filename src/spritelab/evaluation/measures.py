"""All measures of one set of sprites against the real ones, for the whole set or any part of it.

The formulas are those of ``metrics``; here they are given their rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.evaluation.embedding import Embedded
from spritelab.evaluation.features import Features
from spritelab.evaluation.features.protocol import first_of_each
from spritelab.evaluation.metrics import (
    NEAR,
    classifier_two_sample_test,
    copying_score,
    frechet_distance,
    kernel_distance,
    neighbour_measures_from_distances,
    pixel_statistics,
)
from spritelab.evaluation.reference import LEAST, Reference

K_PRECISION, K_DENSITY = 3, 5
KID_SUBSET = 1000
FOLDS = 5
DRAWS = 5
"""Random parts whose measures are averaged where a set is measured at a smaller number."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Measures:
    """What is measured of N sprites; the names of the fields are the keys in JSON.

    Attributes:
        n: sprites.
        distinct: different ones among them, byte for byte.
        frechet: Fréchet distance of the features; lower is better, comparable at equal n only.
        kid: kernel distance, about 0 for sprites like the real ones.
        kid_std: standard deviation of ``kid`` over its subsets.
        kid_subset: sprites in such a subset: half the smaller side, 1000 at most.
        precision: share of the sprites among the real ones' neighbours (k = 3).
        recall: share of the real sprites among these sprites' neighbours (k = 3).
        density: the same as precision, counting how often (k = 5); can pass 1.
        coverage: share of the real sprites with one of these as neighbour (k = 5).
        told_apart: share that a classifier tells from the real ones, or these from them, by their
            features; 0.5 cannot be told.
        told_apart_error: its standard error.
        copies: share equal to a training sprite up to mirroring, a shift of 1 pixel and 8 levels.
        near_copies: share at a pixel distance of at most ``metrics.NEAR``.
        pixel_distance: median share of the visible pixels that differ from the most alike training
            sprite.
        recoloured_copies: share at an edge distance of at most ``metrics.NEAR``.
        edge_distance: median distance of the edges, whatever the colours, from those of the most
            alike training sprite: 1 - their correlation.
        authentic: share farther from its nearest training sprite than that one is from its own
            nearest; about a half or less for new draws.
        colours: mean number of colours in a sprite.
        partly_transparent: mean share of pixels that are neither opaque nor clear.
        stray_pixels: mean number of pixels that touch no other.
    """

    n: int
    distinct: float
    frechet: float
    kid: float
    kid_std: float
    kid_subset: int
    precision: float
    recall: float
    density: float
    coverage: float
    told_apart: float
    told_apart_error: float
    copies: float
    near_copies: float
    pixel_distance: float
    recoloured_copies: float
    edge_distance: float
    authentic: float
    colours: float
    partly_transparent: float
    stray_pixels: float


def measure(
    reference: Reference,
    sprites: Embedded,
    against: Indices | None = None,
    of: Indices | None = None,
) -> Measures:
    """Measure a set, or the part ``of`` it, against the real sprites, or some of them.

    Raises:
        DataError: for fewer than ``LEAST`` sprites on either side, and for real sprites that are
            all copies of one.
    """
    against = np.arange(len(reference)) if against is None else against
    of = np.arange(len(sprites)) if of is None else of
    if min(len(against), len(of)) < LEAST:
        raise DataError(
            f"at least {LEAST} sprites are needed on each side to measure, "
            f"not {len(of)} against {len(against)}; draw more with `n`"
        )
    frechet, kid, kid_std, subset = frechet_and_kid(
        reference.features[against], sprites.features[of]
    )
    # A copy among the real sprites would have an empty neighbourhood.
    distinct = against[first_of_each(reference.copy_groups[against])]
    if len(distinct) < 2:
        raise DataError("all real sprites are copies of one; there is nothing to measure against")
    near = neighbour_measures_from_distances(
        reference.distances_within[np.ix_(distinct, distinct)],
        sprites.distances_to_real[np.ix_(distinct, of)],
        sprites.distances_within[np.ix_(of, of)],
        k_precision=min(K_PRECISION, len(distinct) - 1),
        k_density=min(K_DENSITY, len(distinct) - 1),
    )
    told_apart, told_apart_error = classifier_two_sample_test(
        reference.features[distinct],
        sprites.features[of],
        copies=(reference.copy_groups[distinct], sprites.copy_groups[of]),
        folds=min(FOLDS, len(distinct)),
    )
    pixel, edge = sprites.pixel_distances[of], sprites.edge_distances[of]
    return Measures(
        n=len(of),
        distinct=len(np.unique(sprites.copy_groups[of])),
        frechet=frechet,
        kid=kid,
        kid_std=kid_std,
        kid_subset=subset,
        **asdict(near),
        told_apart=told_apart,
        told_apart_error=told_apart_error,
        copies=float(sprites.copies.copy[of].mean()),
        near_copies=float((pixel <= NEAR).mean()),
        pixel_distance=float(np.median(pixel)),
        recoloured_copies=float((edge <= NEAR).mean()),
        edge_distance=float(np.median(edge)),
        authentic=float(sprites.authentic[of].mean()),
        **pixel_statistics(sprites.images[of]),
    )


def frechet_and_kid(real: Features, generated: Features) -> tuple[float, float, float, int]:
    """Fréchet distance, KID, its deviation over subsets, and the size of these."""
    subset = min(KID_SUBSET, min(len(real), len(generated)) // 2)
    kid, kid_std = kernel_distance(real, generated, subset_size=subset)
    return frechet_distance(real, generated), kid, kid_std, subset


def measure_at(
    reference: Reference, sprites: Embedded, n: int, draws: int = DRAWS, seed: int = 0
) -> Measures:
    """Measure a set as if it held n sprites: the mean over random parts of that size.

    Parts are disjoint as long as the set lasts. A set of just n sprites is measured once.
    """
    if n == len(sprites):
        return measure(reference, sprites)
    return mean([measure(reference, sprites, of=of) for of in parts(len(sprites), n, draws, seed)])


def parts(total: int, n: int, draws: int, seed: int) -> list[Indices]:
    """Random parts of n out of ``total`` ≥ n, disjoint as far as possible.

    Raises:
        DataError: for an n that is not in 1 … ``total``.
    """
    if not 1 <= n <= total:
        raise DataError(f"{total:,} sprites hold no part of {n:,}; draw more with `n`")
    rng = np.random.default_rng(seed)
    order: list[Indices] = []
    while sum(len(piece) for piece in order) < draws * n:
        order.append(rng.permutation(total)[: total // n * n])
    return [np.sort(part) for part in np.concatenate(order).reshape(-1, n)[:draws]]


def copying(reference: Reference, sprites: Embedded) -> float | None:
    """C_T of the sprites, see ``metrics.copying_score``; None where too few allow it."""
    if reference.held_out_features is None:
        return None
    try:
        return copying_score(sprites.features, reference.held_out_features, reference.with_mirrors)
    except DataError:
        return None


def mean(measures: Sequence[Measures]) -> Measures:
    """The mean of every measure; n and the size of KID's subsets must be the same in all."""
    return _combine(measures, lambda values: sum(values) / len(values))


def spread(measures: Sequence[Measures]) -> Measures | None:
    """The sample standard deviation (N - 1) of every measure; None for fewer than two."""
    if len(measures) < 2:
        return None
    return _combine(measures, lambda values: float(np.std(values, ddof=1)))


def _combine(measures: Sequence[Measures], over: Callable[[list[float]], float]) -> Measures:
    names = [field.name for field in fields(Measures) if field.name not in ("n", "kid_subset")]
    combined: dict[str, Any] = {name: over([getattr(m, name) for m in measures]) for name in names}
    return replace(measures[0], **combined)


def ratio(value: Measures, floor: Measures) -> dict[str, float | None]:
    """Every measure divided by the floor's, taken at the same n; None where that says nothing.

    That is where the floor is 0, and for KID where the floor lies within its own deviation of 0.
    """
    out: dict[str, float | None] = {}
    for name in RATIOS:
        one, other = getattr(value, name), getattr(floor, name)
        if other <= 0 or (name == "kid" and other <= floor.kid_std):
            out[name] = None
        else:
            out[name] = one / other
    return out


RATIOS = (
    "distinct",
    "frechet",
    "kid",
    "precision",
    "recall",
    "density",
    "coverage",
    "told_apart",
    "copies",
    "near_copies",
    "pixel_distance",
    "recoloured_copies",
    "edge_distance",
    "authentic",
    "colours",
    "partly_transparent",
    "stray_pixels",
)
