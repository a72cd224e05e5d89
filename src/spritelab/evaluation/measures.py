"""All measures of one set of sprites against the real ones, for the whole set or any part of it.

Distances between features are computed once for a set (``describe``); every part of it (a class,
as many sprites as were held out) is then measured by picking rows and columns. The formulas are
those of ``metrics`` and ``memorisation``, to which the tests hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spritelab.data.duplicates import exact_copies
from spritelab.errors import DataError
from spritelab.evaluation import sprite_measures
from spritelab.evaluation.features import Features
from spritelab.evaluation.memorisation import Copies, copying_score, find_copies
from spritelab.evaluation.metrics import (
    NeighbourMeasures,
    distances,
    frechet_distance,
    kernel_distance,
)
from spritelab.evaluation.reference import LEAST, Reference
from spritelab.pixels import Images

K_PRECISION, K_DENSITY = 3, 5
KID_SUBSET = 1000
DRAWS = 5
"""Random parts whose measures are averaged where a set is measured at a smaller number."""

Indices = NDArray[np.int64]
Distances = NDArray[np.float32]


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
        copies: share equal to a training sprite up to mirroring, a shift of 1 pixel and 8 levels.
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
    copies: float
    authentic: float
    colours: float
    partly_transparent: float
    stray_pixels: float


@dataclass(frozen=True, eq=False)
class Described:
    """N sprites with all that measures need; D and M as in ``Reference``.

    Attributes:
        images: uint8 ``[N,H,W,C]``.
        labels: int64 ``[N]``, -1 for none.
        features: float32 ``[N,D]``.
        across: float32 ``[M,N]``, distances from the reference's features.
        among: float32 ``[N,N]``, distances between ``features``.
        kinds: int64 ``[N]``, equal for equal sprites.
        copies: the nearest training sprite of each by its pixels.
        authentic: bool ``[N]``, see ``memorisation.authentic_share``.
    """

    images: Images
    labels: Indices
    features: Features
    across: Distances
    among: Distances
    kinds: Indices
    copies: Copies
    authentic: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.images)


def describe(
    images: Images,
    labels: Indices,
    reference: Reference,
    features: Features | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Described:
    """Compute what measures need of N sprites; memory grows with N·(N + M).

    Raises ``DataError`` if they are of another size than the real ones.
    """
    copies = find_copies(images, reference.training.images)
    if features is None:
        features = reference.extractor(images, progress)
    theirs = torch.from_numpy(np.ascontiguousarray(features))
    across = distances(torch.from_numpy(reference.both_ways), theirs).numpy()
    nearest = across.argmin(axis=0)
    authentic = across.min(axis=0) > reference.own_distance[nearest]
    return Described(
        images=images,
        labels=labels,
        features=features,
        across=across[reference.shown],
        among=distances(theirs, theirs).numpy(),
        kinds=exact_copies(images),
        copies=copies,
        authentic=authentic,
    )


def measure(
    reference: Reference,
    sprites: Described,
    against: Indices | None = None,
    of: Indices | None = None,
) -> Measures:
    """Measure a set, or the part ``of`` it, against the real sprites, or some of them.

    Raises ``DataError`` for fewer than ``LEAST`` sprites on either side.
    """
    against = np.arange(len(reference)) if against is None else against
    of = np.arange(len(sprites)) if of is None else of
    if min(len(against), len(of)) < LEAST:
        raise DataError(
            f"at least {LEAST} sprites are needed on each side to measure, "
            f"not {len(of)} against {len(against)}; draw more with -n"
        )
    frechet, kid, kid_std, subset = gaussian_and_kernel(
        reference.features[against], sprites.features[of]
    )
    # A copy among the real sprites would have an empty neighbourhood.
    first = np.unique(exact_copies(reference.images[against]), return_index=True)[1]
    kinds = against[np.sort(first)]
    near = neighbours(
        reference.among[np.ix_(kinds, kinds)],
        sprites.across[np.ix_(kinds, of)],
        sprites.among[np.ix_(of, of)],
    )
    images = sprites.images[of]
    return Measures(
        n=len(of),
        distinct=len(np.unique(sprites.kinds[of])),
        frechet=frechet,
        kid=kid,
        kid_std=kid_std,
        kid_subset=subset,
        **asdict(near),
        copies=float(sprites.copies.copy[of].mean()),
        authentic=float(sprites.authentic[of].mean()),
        **looks(images),
    )


def looks(images: Images) -> dict[str, float]:
    """The means of the sprite measures of uint8 ``[N,H,W,C]``, see ``sprite_measures``."""
    return {
        "colours": float(sprite_measures.colours_per_sprite(images).mean()),
        "partly_transparent": float(sprite_measures.partly_transparent_share(images).mean()),
        "stray_pixels": float(sprite_measures.stray_pixels(images).mean()),
    }


def gaussian_and_kernel(real: Features, generated: Features) -> tuple[float, float, float, int]:
    """Return (Fréchet distance, KID, its deviation over subsets, the size of these)."""
    subset = min(KID_SUBSET, min(len(real), len(generated)) // 2)
    kid, kid_std = kernel_distance(real, generated, subset_size=subset)
    return frechet_distance(real, generated), kid, kid_std, subset


def neighbours(real: Distances, across: Distances, generated: Distances) -> NeighbourMeasures:
    """``metrics.neighbour_measures`` from distances: ``[M,M]``, ``[M,N]`` and ``[N,N]``.

    Where fewer than k + 1 sprites are left on the real side (copies), k is what there is.
    """
    k_precision, k_density = (min(k, len(real) - 1) for k in (K_PRECISION, K_DENSITY))
    if k_precision < 1:
        raise DataError("all real sprites are copies of one; there is nothing to measure against")
    narrow = across <= _radii(real, k_precision)[:, None]
    wide = across <= _radii(real, k_density)[:, None]
    theirs = across <= _radii(generated, K_PRECISION)
    return NeighbourMeasures(
        precision=float(narrow.any(axis=0).mean()),
        recall=float(theirs.any(axis=1).mean()),
        density=float(wide.sum(axis=0).mean() / k_density),
        coverage=float(wide.any(axis=1).mean()),
    )


def _radii(among: Distances, k: int) -> Distances:
    """Distance of each to its k-th nearest other, ``[N]``."""
    others = among.copy()
    np.fill_diagonal(others, np.inf)
    return np.partition(others, k - 1, axis=1)[:, k - 1]


def measure_at(
    reference: Reference, sprites: Described, n: int, draws: int = DRAWS, seed: int = 0
) -> Measures:
    """Measure a set as if it held n sprites: the mean over random parts of that size.

    Parts are disjoint as long as the set lasts. A set of just n sprites is measured once.
    """
    if n == len(sprites):
        return measure(reference, sprites)
    return mean([measure(reference, sprites, of=of) for of in parts(len(sprites), n, draws, seed)])


def parts(total: int, n: int, draws: int, seed: int) -> list[Indices]:
    """Return random parts of n out of ``total`` ≥ n, disjoint as far as possible."""
    if not 1 <= n <= total:
        raise DataError(f"{total:,} sprites hold no part of {n:,}; draw more with -n")
    rng = np.random.default_rng(seed)
    order: list[Indices] = []
    while sum(len(piece) for piece in order) < draws * n:
        order.append(rng.permutation(total)[: total // n * n])
    return [np.sort(part) for part in np.concatenate(order).reshape(-1, n)[:draws]]


def copying(reference: Reference, sprites: Described) -> float | None:
    """C_T of the sprites, see ``memorisation.copying_score``; None where too few allow it."""
    if reference.held_out_features is None:
        return None
    try:
        return copying_score(sprites.features, reference.held_out_features, reference.both_ways)
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
    "copies",
    "authentic",
    "colours",
    "partly_transparent",
    "stray_pixels",
)
