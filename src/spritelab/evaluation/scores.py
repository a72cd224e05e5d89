"""One set of sprites scored, and the floor that its figures are read against.

**The floor** says what real sprites get that nobody learnt from: the held-out ones, measured as if
they were samples. Most measures depend on how many sprites there are (the Fréchet distance falls
with N whatever the sprites), and few are held out. So the sprites are measured once more at the
floor's n (``matched``, a mean over random parts), and every ratio sets that beside the floor: 1
means that the sprites cannot be told from unseen real ones by this measure.

**The halves** are a second floor at a larger n: one half of the training sprites against the
other, and as many samples against the first. Its samples come from a model that has seen both
halves, so a ratio below 1 here points to copying and not to quality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from spritelab.errors import DataError, SettingsError
from spritelab.evaluation.embedding import Embedded, embed
from spritelab.evaluation.features import Features
from spritelab.evaluation.features.protocol import first_of_each
from spritelab.evaluation.measures import (
    Indices,
    Measures,
    copying,
    frechet_and_kid,
    measure,
    measure_at,
    parts,
)
from spritelab.evaluation.reference import LEAST, Reference

HALVINGS = 2
"""Random ways to halve the training sprites, averaged."""


@dataclass(frozen=True)
class Distance:
    """Fréchet distance and KID of n sprites against n others."""

    n: int
    frechet: float
    kid: float
    kid_std: float


@dataclass(frozen=True)
class Floor:
    """What real sprites get; see the module's head.

    Attributes:
        held_out: the held-out sprites against the training sprites, or None if too few.
        halves: one half of the training sprites against the other, or None if too few.
        classes: the same as ``held_out`` within each class that has enough sprites.
    """

    held_out: Measures | None
    halves: Distance | None
    classes: Mapping[str, Measures]


@dataclass(frozen=True)
class Score:
    """What one set of sprites gets.

    Attributes:
        whole: all of them against the training sprites.
        matched: the same at the n of ``Floor.held_out``, or None if there is none.
        halves: the same at the n of ``Floor.halves``, against one half, or None.
        classes: each class against the training sprites of that class, where both have enough.
        classes_matched: the same at the n of the class's floor.
        copying_score: C_T; about 0 without copying, -3 and less with it; None where too few.
    """

    whole: Measures
    matched: Measures | None
    halves: Distance | None
    classes: Mapping[str, Measures]
    classes_matched: Mapping[str, Measures]
    copying_score: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values; ``read_score`` reads them back."""
        return asdict(self)


def read_score(plain: Mapping[str, Any]) -> Score:
    """Read what ``Score.as_dict`` made.

    Raises:
        TypeError, KeyError: for anything else.
    """
    return Score(
        whole=Measures(**plain["whole"]),
        matched=Measures(**plain["matched"]) if plain["matched"] else None,
        halves=Distance(**plain["halves"]) if plain["halves"] else None,
        classes={name: Measures(**m) for name, m in plain["classes"].items()},
        classes_matched={name: Measures(**m) for name, m in plain["classes_matched"].items()},
        copying_score=plain["copying_score"],
    )


def score(reference: Reference, sprites: Embedded, floor: Floor) -> Score:
    """Score sprites. ``floor`` must have been made for as many: ``make_floor(reference, N)``.

    Raises:
        DataError: for fewer than ``LEAST`` sprites.
    """
    classes, matched = {}, {}
    for name, against, of in _classes(reference, sprites):
        classes[name] = measure(reference, sprites, against, of)
        if name in floor.classes:
            few = min(floor.classes[name].n, len(of))
            matched[name] = measure(
                reference, sprites, against, of[parts(len(of), few, 1, seed=0)[0]]
            )
    held_out = floor.held_out
    return Score(
        whole=measure(reference, sprites),
        matched=None if held_out is None else measure_at(reference, sprites, held_out.n),
        halves=None
        if floor.halves is None
        else _against_half(reference, floor.halves.n, sprites.features),
        classes=classes,
        classes_matched=matched,
        copying_score=copying(reference, sprites),
    )


def embed_held_out(reference: Reference) -> Embedded | None:
    """The held-out sprites as ``make_floor`` measures them, or None if there are none."""
    real = reference.held_out
    if real is None:
        return None
    return embed(real.images, real.labels, reference, reference.held_out_features)


def make_floor(reference: Reference, n: int, real: Embedded | None = None) -> Floor:
    """Measure real sprites in the place of n samples.

    The floor's own n is the number of held-out sprites, or n if that is smaller.

    Args:
        reference: the real sprites.
        n: samples to be measured beside this floor.
        real: ``embed_held_out(reference)``, where it has been made already.
    """
    held_out, classes = None, {}
    if real is None:
        real = embed_held_out(reference)
    if real is not None and n >= LEAST:
        held_out = measure_at(reference, real, min(n, len(real)))
        classes = {
            name: measure(reference, real, against, of)
            for name, against, of in _classes(reference, real)
        }
    half = len(first_of_each(reference.copy_groups)) // 2
    halves = _against_half(reference, min(n, half)) if min(n, half) >= LEAST else None
    return Floor(held_out, halves, classes)


def check_n(n: int, seeds: Sequence[int]) -> None:
    """Check that so many sprites of so many seeds can be scored.

    Raises:
        DataError: for n below ``LEAST``.
        SettingsError: for no seed, or one that is given twice.
    """
    if n < LEAST:
        raise DataError(f"at least {LEAST} sprites are needed to measure, not {n}; raise `n`")
    if not seeds or len(set(seeds)) != len(seeds):
        raise SettingsError("give at least one seed, and none twice")


def _classes(reference: Reference, sprites: Embedded) -> list[tuple[str, Indices, Indices]]:
    """The classes with enough sprites on both sides: (name, rows of reference, rows of sprites)."""
    found = []
    for k, name in enumerate(reference.class_names):
        against = np.flatnonzero(reference.labels == k)
        of = np.flatnonzero(sprites.labels == k)
        if len(reference.class_names) > 1 and min(len(against), len(of)) >= LEAST:
            found.append((name, against, of))
    return found


def _against_half(reference: Reference, n: int, features: Features | None = None) -> Distance:
    """n of ``features``, or of the other half, against n sprites of one half of the reference."""
    distinct = first_of_each(reference.copy_groups)
    found = []
    for seed in range(HALVINGS):
        one, other = parts(len(distinct), n, 2, seed)
        theirs = (
            reference.features[distinct[other]]
            if features is None
            else features[parts(len(features), n, 1, seed)[0]]
        )
        found.append(frechet_and_kid(reference.features[distinct[one]], theirs)[:3])
    frechet, kid, kid_std = np.mean(found, axis=0).tolist()
    return Distance(n, frechet, kid, kid_std)


def distance_ratio(value: Distance | None, floor: Distance | None) -> dict[str, float | None]:
    """Fréchet distance and KID divided by the floor's; see ``measures.ratio``."""
    if value is None or floor is None:
        return {}
    kid = value.kid / floor.kid if floor.kid > max(0.0, floor.kid_std) else None
    return {"frechet": value.frechet / floor.frechet if floor.frechet > 0 else None, "kid": kid}
