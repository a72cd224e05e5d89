"""The sprites that a comparison shows: from the cells' own files, and a few drawn for show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spritelab.config import SamplerSettings
from spritelab.evaluation.comparison.answer import Answer
from spritelab.evaluation.comparison.cells import Comparison, Plan, nearest_training
from spritelab.evaluation.comparison.grid import step_count
from spritelab.evaluation.comparison.same_noise import (
    Variety,
    draw_variations,
    picture_difference,
    unrelated_difference,
    variety_of,
)
from spritelab.evaluation.metrics import nearest_pairs
from spritelab.evaluation.samples import DRAWING, Samples
from spritelab.pictures import evenly
from spritelab.pixels import Images
from spritelab.storage import digest
from spritelab.storage.arrays import load_arrays, save_arrays

SHOWN = 8
"""Sprites in a row."""
FRAMES = 8
VARIETY_NOISES, VARIETY_DRAWS = 4, 6
NEAREST = 12


@dataclass(frozen=True, eq=False)
class Strip:
    """One sprite coming out of the noise: ``t`` of F frames, and x_t and x̂_0 ``[F,H,W,C]``."""

    how: SamplerSettings
    t: tuple[int, ...]
    x_t: Images
    x0_hat: Images


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
        how: [plan.samples(how, seed) for seed in plan.seeds]
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
        strips=tuple(_strip(plan, how) for how in (slow, fast)),
        varieties=tuple(_variety(plan, fast.changed(eta=eta), first) for eta in etas),
        nearest=nearest_pairs(first.images, training, copies, NEAREST),
        nearest_held_out=None
        if real is None
        else nearest_pairs(real.images, training, real.copies, NEAREST),
    )


def _strip(plan: Plan, how: SamplerSettings) -> Strip:
    """Trace the first sprite of the first seed."""
    file = _beside(plan, "strip", how)
    found = load_arrays(file, "t", "x_t", "x0_hat")
    if found is None:
        frames = list(plan.model.trace(1, how.canonical, seed=plan.seeds[0]))
        chosen = [frames[i] for i in evenly(len(frames), FRAMES)]
        found = {
            "t": np.array([frame.t for frame in chosen]),
            "x_t": np.stack([frame.x_t[0] for frame in chosen]),
            "x0_hat": np.stack([frame.x0_hat[0] for frame in chosen]),
        }
        save_arrays(file, **found)
    return Strip(how, tuple(found["t"].tolist()), found["x_t"], found["x0_hat"])


def _variety(plan: Plan, how: SamplerSettings, samples: Samples) -> Variety:
    """Draw again and again from the x_T of the first sprites of the first seed."""
    file = _beside(plan, "variety", how)
    found = load_arrays(file, "images")
    if found is None:
        labels = samples.labels[:VARIETY_NOISES]
        images = draw_variations(plan.model, how, plan.seeds[0], labels, VARIETY_DRAWS)
        found = {"images": images}
        save_arrays(file, **found)
    return variety_of(how, found["images"])


def _beside(plan: Plan, what: str, how: SamplerSettings) -> Path:
    """The file beside the cells for sprites drawn to be shown."""
    shape = (FRAMES, VARIETY_NOISES, VARIETY_DRAWS)
    key = digest(plan.identity, how.model_dump(mode="json"), plan.seeds[0], DRAWING, shape)[:12]
    return plan.folder / f"{what}-{how.sampler}-{how.steps:04d}-{key}.npz"
