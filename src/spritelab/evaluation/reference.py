"""The real sprites that others are measured against, with all that is computed of them once.

A run that mirrors half of its sprites learns the mirrored distribution, so that is what it is
measured against (as StyleGAN2-ADA's metrics do): with ``mirror`` every sprite of a class that may
be mirrored is turned with probability ½, training and held-out alike. The search for copies looks
at both orientations of every training sprite.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spritelab.data import SpriteSet
from spritelab.data.duplicates import exact_copies
from spritelab.errors import DataError
from spritelab.evaluation.features import Extractor, Features, protocol
from spritelab.evaluation.metrics import distances, nearest_other
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress
from spritelab.storage.arrays import cached

LEAST = 20
"""Sprites on each side without which no measure is given."""
MOST = 5000
"""Training sprites that features are taken of, unless told otherwise."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Real sprites and their features, M of them, A ≥ M with mirror images.

    Attributes:
        training: all real sprites, for the search for copies among their pixels.
        images: uint8 ``[M,H,W,C]``, those that features are taken of, as training shows them.
        labels: int64 ``[M]``.
        class_names: of the labels.
        features: float32 ``[M,D]``, of ``images``.
        distances_within: float32 ``[M,M]``, distances between ``features``.
        copy_groups: int64 ``[M]``, equal for sprites whose ``images`` are equal.
        with_mirrors: float32 ``[A,D]``, features of the same sprites and, with mirroring, of their
            mirror images.
        rows: int64 ``[M]``, the rows of ``with_mirrors`` that ``features`` are.
        nearest_own: float32 ``[A]``, from each of ``with_mirrors`` to the nearest that is neither
            itself nor its mirror image.
        held_out: sprites that the model has never seen, as training would show them, or None.
        held_out_features: float32 ``[H,D]``, or None.
        extractor: what took the features.
        identity: SHA-256 of all that decides the above.
    """

    training: SpriteSet
    images: Images
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    features: Features
    distances_within: NDArray[np.float32]
    copy_groups: NDArray[np.int64]
    with_mirrors: Features
    rows: NDArray[np.int64]
    nearest_own: NDArray[np.float32]
    held_out: SpriteSet | None
    held_out_features: Features | None
    extractor: Extractor
    identity: str

    def __len__(self) -> int:
        return len(self.images)


def build_reference(
    training: SpriteSet,
    held_out: SpriteSet | None,
    extractor: Extractor,
    *,
    mirror: bool = False,
    most: int | None = MOST,
    distinct: bool = True,
    cache: Path | None = None,
    progress: Progress = SILENT,
) -> Reference:
    """Take the features of the real sprites.

    Args:
        training: what was learnt, or any real sprites.
        held_out: sprites of the same kind that were not learnt.
        extractor: takes the features.
        mirror: whether training mirrored half of the sprites.
        most: take features of this many training sprites at most, drawn at random; None: of all.
        distinct: take copies of a sprite for one.
        cache: a folder that keeps features for the next time.
        progress: told of the sprites whose features are taken.

    Raises:
        DataError: for fewer than ``LEAST`` sprites, and for sprites that are all of one plain
            colour; and what the extractor raises.
    """
    if distinct:
        training = training.select(protocol.distinct(training.images))
        held_out = held_out and held_out.select(protocol.distinct(held_out.images))
    check_enough(training.images, "training sprites" if held_out else "real sprites")
    if held_out is not None and len(held_out) < LEAST:
        held_out = None
    chosen = training
    if most is not None and len(training) > most:
        some = np.random.default_rng(0).permutation(len(training))[: max(most, LEAST)]
        chosen = training.select(np.sort(some))

    flags = np.array(chosen.mirrorable, dtype=bool) & mirror
    twins = np.flatnonzero(flags[chosen.labels])
    turned = chosen.images[twins][:, :, ::-1]
    # A sprite that is its own mirror image is no second sprite.
    differs = (turned != chosen.images[twins]).any(axis=(1, 2, 3))
    twins, turned = twins[differs], turned[differs]
    both = np.concatenate([chosen.images, turned])
    rows = np.arange(len(chosen))
    coin = np.random.default_rng(1).random(len(twins)) < 0.5
    rows[twins[coin]] = len(chosen) + np.flatnonzero(coin)
    twin = np.arange(len(both))
    twin[len(chosen) :] = twins
    twin[twins] = len(chosen) + np.arange(len(twins))
    if held_out is not None:
        held_out = _turn_half(held_out, flags)

    def extract(images: Images, note: str) -> Features:
        key = hashlib.sha256(np.ascontiguousarray(images).data)
        key.update(f"{images.shape} {extractor.identity} {protocol.PROTOCOL}".encode())
        return cached(
            cache and cache / f"features-{extractor.name}-{key.hexdigest()[:16]}.npz",
            lambda: extractor(images, progress.part(note)),
        )

    with_mirrors = extract(both, "features of the real sprites")
    held_features = (
        None if held_out is None else extract(held_out.images, "features of held-out sprites")
    )
    key = hashlib.sha256(f"{extractor.identity} {protocol.PROTOCOL} {mirror}".encode())
    for part in (training, chosen, *((held_out,) if held_out is not None else ())):
        key.update(part.content_hash.encode())
    images, features = both[rows], with_mirrors[rows]
    return Reference(
        training=training,
        images=images,
        labels=chosen.labels,
        class_names=chosen.class_names,
        features=features,
        distances_within=distances(features, features),
        copy_groups=exact_copies(images),
        with_mirrors=with_mirrors,
        rows=rows,
        nearest_own=nearest_other(with_mirrors, twin),
        held_out=held_out,
        held_out_features=held_features,
        extractor=extractor,
        identity=key.hexdigest(),
    )


def check_enough(images: Images, what: str) -> None:
    """Check that sprites can be measured; ``what`` they are goes into the error.

    Raises:
        DataError: for fewer than ``LEAST`` sprites, or if each is of one plain colour.
    """
    if len(images) < LEAST:
        raise DataError(f"a measure needs at least {LEAST} {what}, not {len(images)}")
    if (images == images[:, :1, :1]).all():
        raise DataError(
            f"each of the {len(images):,} {what} is of one plain colour, so there is nothing to "
            "measure; are they the right ones?"
        )


def _turn_half(sprites: SpriteSet, flags: NDArray[np.bool_]) -> SpriteSet:
    coin = flags[sprites.labels] & (np.random.default_rng(2).random(len(sprites)) < 0.5)
    images = np.where(coin[:, None, None, None], sprites.images[:, :, ::-1], sprites.images)
    return replace(sprites, images=images)
