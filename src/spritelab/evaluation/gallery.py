"""The sprites that a comparison shows: from the cells' own files, and a few drawn for show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spritelab.evaluation.compare import Cell, Comparison
from spritelab.evaluation.drawing import DRAWING, Drawn, draw
from spritelab.evaluation.memorisation import find_copies, nearest_pairs
from spritelab.evaluation.same_noise import (
    Variety,
    picture_difference,
    redraw,
    unrelated_difference,
    variety_of,
)
from spritelab.evaluation.verdict import Answer
from spritelab.generate.setting import Setting
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

    setting: Setting
    t: tuple[int, ...]
    x_t: Images
    x0_hat: Images


@dataclass(frozen=True, eq=False)
class Fewer:
    """DDIM with η = 0 at fewer steps, from the same x_T as at the most.

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


def make_gallery(comparison: Comparison, cells: Sequence[Cell], answer: Answer) -> Gallery:
    """Gather the sprites to show; the few that have to be drawn are kept beside the cells."""
    slow, fast = (
        _all(comparison, answer.slow.setting),
        _all(comparison, answer.fast.setting),
    )
    smooth = sorted(
        (cell.setting for cell in cells if cell.setting.eta == 0), key=lambda s: -s.steps
    )
    most = _all(comparison, smooth[0])
    fewer = []
    for setting in smooth:
        drawn = _all(comparison, setting)
        apart = float(picture_difference(_images(drawn), _images(most)).mean())
        fewer.append(Fewer(setting.steps, drawn[0].images[:SHOWN], apart))
    etas = sorted({cell.setting.eta for cell in cells if cell.setting.eta is not None})
    training, real = comparison.reference.training.images, comparison.reference.held_out
    samples = fast[0].images
    return Gallery(
        slow=slow[0].images[:SHOWN],
        fast=fast[0].images[:SHOWN],
        apart=float(picture_difference(_images(slow), _images(fast)).mean()),
        fewer=tuple(fewer),
        unrelated=unrelated_difference(_images(most)),
        strips=tuple(_strip(comparison, s.setting) for s in (answer.slow, answer.fast)),
        varieties=tuple(
            _variety(comparison, replace(answer.fast.setting, eta=eta), fast[0]) for eta in etas
        ),
        nearest=nearest_pairs(samples, training, find_copies(samples, training), NEAREST),
        nearest_held_out=None
        if real is None
        else nearest_pairs(real.images, training, find_copies(real.images, training), NEAREST),
    )


def _all(comparison: Comparison, setting: Setting) -> list[Drawn]:
    """The sprites of every seed, from their files."""
    return [
        draw(
            comparison.model,
            setting,
            seed,
            comparison.n,
            comparison.sprites_file(setting, seed),
        )
        for seed in comparison.seeds
    ]


def _images(drawn: Sequence[Drawn]) -> Images:
    return np.concatenate([one.images for one in drawn])


def _strip(comparison: Comparison, setting: Setting) -> Strip:
    """Trace the first sprite of the first seed."""
    file = _beside(comparison, "strip", setting)
    found = load_arrays(file, "t", "x_t", "x0_hat")
    if found is None:
        seed = comparison.seeds[0]
        frames = list(comparison.model.trace(1, seed=seed, **setting.same_chain.request))
        shown = [frames[i] for i in evenly(len(frames), FRAMES)]
        found = {
            "t": np.array([frame.t for frame in shown]),
            "x_t": np.stack([frame.x_t[0] for frame in shown]),
            "x0_hat": np.stack([frame.x0_hat[0] for frame in shown]),
        }
        save_arrays(file, **found)
    return Strip(setting, tuple(found["t"].tolist()), found["x_t"], found["x0_hat"])


def _variety(comparison: Comparison, setting: Setting, drawn: Drawn) -> Variety:
    """Draw again and again from the x_T of the first sprites of the first seed."""
    file = _beside(comparison, "variety", setting)
    found = load_arrays(file, "images")
    if found is None:
        labels: NDArray[np.int64] = drawn.labels[:VARIETY_NOISES]
        images = redraw(comparison.model, setting, comparison.seeds[0], labels, VARIETY_DRAWS)
        found = {"images": images}
        save_arrays(file, images=images)
    return variety_of(setting, found["images"])


def _beside(comparison: Comparison, what: str, setting: Setting) -> Path:
    """The file beside the cells for sprites drawn to be shown."""
    shape = (FRAMES, VARIETY_NOISES, VARIETY_DRAWS)
    key = digest(comparison.identity, asdict(setting), comparison.seeds[0], DRAWING, shape)[:12]
    return comparison.folder / f"{what}-{setting.sampler}-{setting.steps:04d}-{key}.npz"
