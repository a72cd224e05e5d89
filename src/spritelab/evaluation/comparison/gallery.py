"""The sprites that a comparison shows: from the cells' own files, and a few drawn for show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spritelab.config import SamplerSettings
from spritelab.evaluation.comparison.answer import Answer
from spritelab.evaluation.comparison.cells import Comparison, Plan, nearest_training
from spritelab.evaluation.comparison.grid import step_count
from spritelab.evaluation.comparison.same_noise import (
    Variety,
    picture_difference,
    unrelated_difference,
    variety_of,
)
from spritelab.evaluation.metrics import nearest_pairs
from spritelab.evaluation.samples import Strip
from spritelab.pixels import Images

SHOWN = 8
"""Sprites in a row."""
FRAMES = 8
VARIETY_NOISES, VARIETY_DRAWS = 4, 6
NEAREST = 12


@dataclass(frozen=True, eq=False)
class Fewer:
    """The fast setting at another number of steps, from the same x_T as at the most.

    ``images`` are the first ``SHOWN`` of the first seed; ``difference`` is the mean
    ``picture_difference`` to the most steps, over all sprites of all seeds.
    """

    steps: int
    images: Images
    difference: float


@dataclass(frozen=True, eq=False)
class Gallery:
    """All that is shown.

    Attributes:
        slow, fast: the first ``SHOWN`` sprites of the answer's two settings, uint8 ``[K,H,W,C]``.
        apart: mean ``picture_difference`` between these two settings, over all their sprites.
        fewer: from the most steps to the fewest.
        unrelated: ``unrelated_difference`` at the most steps: what another picture means.
        strips: of both settings, from the same x_T.
        varieties: one for each η.
        nearest: uint8 ``[P,2,H,W,3]``, samples of ``fast`` beside their nearest training sprites.
        nearest_held_out: the same for held-out sprites, or None.
    """

    slow: Images
    fast: Images
    apart: float
    fewer: tuple[Fewer, ...]
    unrelated: float
    strips: tuple[Strip, ...]
    varieties: tuple[Variety, ...]
    nearest: Images
    nearest_held_out: Images | None


def make_gallery(comparison: Comparison, answer: Answer) -> Gallery:
    """Gather the sprites to show; the few that have to be drawn are kept beside the cells."""
    plan, cells = comparison.plan, comparison.cells
    # Each set of sprites is read from its file once.
    family = answer.fast.how.family
    fewer_steps = sorted(
        (cell.how for cell in cells if cell.how.family == family), key=step_count, reverse=True
    )
    samples = {
        how: [plan.store.draw(how, seed, plan.n) for seed in plan.seeds]
        for how in dict.fromkeys([answer.slow.how, answer.fast.how, *fewer_steps])
    }
    images = {
        how: np.concatenate([one.images for one in by_seed]) for how, by_seed in samples.items()
    }
    slow, fast, most = answer.slow.how, answer.fast.how, fewer_steps[0]
    etas = sorted({cell.how.eta for cell in cells if cell.how.eta is not None})
    training, first = plan.reference.training.images, samples[fast][0]
    copies = nearest_training(plan, fast, plan.seeds[0], first)
    real = plan.held_out
    return Gallery(
        slow=images[slow][:SHOWN],
        fast=images[fast][:SHOWN],
        apart=float(picture_difference(images[slow], images[fast]).mean()),
        fewer=tuple(
            Fewer(
                step_count(how),
                images[how][:SHOWN],
                float(picture_difference(images[how], images[most]).mean()),
            )
            for how in fewer_steps
        ),
        unrelated=unrelated_difference(images[most]),
        strips=tuple(plan.store.strip(how, plan.seeds[0], FRAMES) for how in (slow, fast)),
        varieties=tuple(_variety(plan, fast.changed(eta=eta)) for eta in etas),
        nearest=nearest_pairs(first.images, training, copies, NEAREST),
        nearest_held_out=None
        if real is None
        else nearest_pairs(real.images, training, real.copies, NEAREST),
    )


def _variety(plan: Plan, how: SamplerSettings) -> Variety:
    """Draw again and again from the x_T of the first sprites of the first seed."""
    sprites = min(VARIETY_NOISES, plan.n)
    return variety_of(how, plan.store.variations(how, plan.seeds[0], sprites, VARIETY_DRAWS))
