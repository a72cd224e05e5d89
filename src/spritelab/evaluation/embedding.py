"""Sprites in the space of features, with the distances that all measures are taken from.

Distances are computed once for a set; every part of it (a class, as many sprites as were held out)
is then measured by picking rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spritelab import pixels
from spritelab.data.duplicates import exact_copies
from spritelab.evaluation.features import Features
from spritelab.evaluation.metrics import (
    Copies,
    authentic,
    distances,
    edge_distances,
    find_copies,
    pixel_distances,
)
from spritelab.evaluation.metrics.arrays import Float64s
from spritelab.evaluation.reference import Reference
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress


@dataclass(frozen=True, eq=False)
class Embedded:
    """N sprites with all that measures need; D and M as in ``Reference``.

    Attributes:
        images: uint8 ``[N,H,W,C]``.
        labels: int64 ``[N]``, -1 for none.
        features: float32 ``[N,D]``.
        distances_to_real: float32 ``[M,N]``, from the reference's features.
        distances_within: float32 ``[N,N]``, between ``features``.
        copy_groups: int64 ``[N]``, equal for equal sprites, and for a real sprite and its copy the
            same number as in ``Reference.copy_groups``.
        copies: the nearest training sprite of each by its pixels.
        pixel_distances: float64 ``[N]``, see ``metrics.pixel_distances``; from training sprites.
        edge_distances: float64 ``[N]``, see ``metrics.edge_distances``; from training sprites.
        authentic: bool ``[N]``, see ``metrics.authentic_share``.
    """

    images: Images
    labels: NDArray[np.int64]
    features: Features
    distances_to_real: NDArray[np.float32]
    distances_within: NDArray[np.float32]
    copy_groups: NDArray[np.int64]
    copies: Copies
    pixel_distances: Float64s
    edge_distances: Float64s
    authentic: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.images)


def embed(
    images: Images,
    labels: NDArray[np.int64],
    reference: Reference,
    features: Features | None = None,
    progress: Progress = SILENT,
) -> Embedded:
    """Compute what measures need of N sprites; memory grows with N·(N + M).

    Args:
        images: uint8 ``[N,H,W,C]``.
        labels: int64 ``[N]``, into the reference's classes; -1 for none.
        reference: the real sprites.
        features: float32 ``[N,D]``, where they are known.
        progress: told of the sprites whose features are taken.

    Raises:
        DataError: if the sprites are of another size than the real ones.
    """
    training = reference.training.images
    copies = find_copies(images, training)
    if features is None:
        features = reference.extractor(images, progress)
    to_training = distances(reference.with_mirrors, features)
    return Embedded(
        images=images,
        labels=labels,
        features=features,
        distances_to_real=to_training[reference.rows],
        distances_within=distances(features, features),
        copy_groups=_copy_groups(reference.images, images),
        copies=copies,
        pixel_distances=pixel_distances(images, training),
        edge_distances=edge_distances(images, training),
        authentic=authentic(to_training, reference.nearest_own),
    )


def _copy_groups(real: Images, images: Images) -> NDArray[np.int64]:
    """Number the sprites as ``exact_copies`` numbers the real ones, and new ones after these."""
    both = np.concatenate([pixels.with_channels(side, 4) for side in (real, images)])
    return exact_copies(both)[len(real) :]
