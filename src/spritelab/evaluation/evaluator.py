"""How good are a model's sprites: one model, one setting, as many sprites and seeds as asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.evaluation import measures as m
from spritelab.evaluation.embedding import embed
from spritelab.evaluation.facts import (
    FORMAT,
    drawing_facts,
    floor_facts,
    protocol_facts,
    score_facts,
)
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.reference import (
    LEAST,
    MOST,
    Reference,
    build_reference,
    check_enough,
)
from spritelab.evaluation.samples import Samples, draw
from spritelab.evaluation.scores import Floor, Score, make_floor, score
from spritelab.evaluation.split import Split
from spritelab.generate import Model
from spritelab.generate.setting import Setting
from spritelab.progress import SILENT, Progress


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The figures of one model and one setting, or of one folder of images against another.

    Attributes:
        reference: the real sprites.
        floor: what real sprites get.
        scores: one a seed.
        setting: how the sprites were drawn; None for images from files.
        seeds: of the drawing.
        seconds: that drawing took, one a seed.
        drawn: the sprites themselves, one set a seed.
    """

    reference: Reference
    floor: Floor
    scores: tuple[Score, ...]
    setting: Setting | None = None
    seeds: tuple[int, ...] = ()
    seconds: tuple[float, ...] = ()
    drawn: tuple[Samples, ...] = ()

    @property
    def measures(self) -> m.Measures:
        """The mean over the seeds."""
        return m.mean([s.whole for s in self.scores])

    @property
    def nfe(self) -> int | None:
        """Network evaluations a sprite; guidance counts twice."""
        return None if self.setting is None else self.setting.nfe

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; the keys are described in ``docs/evaluation.md``."""
        return {
            "format": FORMAT,
            **protocol_facts(self.reference),
            **score_facts(self.scores, self.floor),
            **(drawing_facts(self.setting, self.seeds, self.seconds) if self.setting else {}),
            "floor": floor_facts(self.floor),
        }


def evaluate(
    model: Model,
    split: Split,
    setting: Setting | None = None,
    *,
    n: int = 1000,
    seeds: Sequence[int] = (0,),
    extractor: Extractor | None = None,
    most: int = MOST,
    progress: Progress = SILENT,
) -> Evaluation:
    """Draw sprites and measure them against those that the model learnt and those it did not.

    Args:
        model: what draws.
        split: the sprites of its training, see ``find_split``.
        setting: how; DDIM with 50 steps and η = 0 if not given.
        n: sprites for each seed.
        seeds: the figures are means over these, with their spread.
        extractor: the features, ``effnet`` if not given.
        most: training sprites at most whose features are taken.
        progress: told what is being done.

    Raises ``DataError`` for n below ``LEAST`` or too few real sprites, and what drawing raises.
    """
    check_n(n, seeds)
    setting = setting or Setting.ddim(min(50, model.schedule.timesteps))
    reference = build_reference(
        split.training,
        split.held_out,
        extractor or Extractor(),
        mirror=split.mirror,
        most=most,
        progress=progress,
    )
    floor = make_floor(reference, n)
    scores, drawn = [], []
    for k, seed in enumerate(seeds):
        note = f", seed {seed}" if len(seeds) > 1 else ""
        drawn.append(draw(model, setting, seed, n, progress=progress.part(f"drawing{note}")))
        embedded = embed(
            drawn[k].images, drawn[k].labels, reference, progress=progress.part(f"features{note}")
        )
        scores.append(score(reference, embedded, floor))
    return Evaluation(
        reference,
        floor,
        tuple(scores),
        setting,
        tuple(seeds),
        tuple(float(one.seconds.sum()) for one in drawn),
        tuple(drawn),
    )


def evaluate_images(
    images: SpriteSet,
    against: SpriteSet,
    *,
    extractor: Extractor | None = None,
    progress: Progress = SILENT,
) -> Evaluation:
    """Measure images from files against others, as pytorch-fid does with two folders.

    Every image counts, copies included. There is no held-out set and so no floor but the halves
    of ``against``.

    Raises ``DataError`` for fewer than ``LEAST`` images on a side, images of different sizes, or
    a side whose images are each of one plain colour.
    """
    if images.size != against.size:
        raise DataError(
            f"images of {images.size}×{images.size} pixels cannot be compared with "
            f"{against.size}×{against.size}; bring both to one size with --size"
        )
    check_enough(images.images, "images to measure")
    check_enough(against.images, "images to measure against")
    reference = build_reference(
        against, None, extractor or Extractor(), most=None, distinct=False, progress=progress
    )
    floor = make_floor(reference, len(images))
    # Labels of one set of files mean nothing in the other unless the names agree.
    same = images.class_names == against.class_names
    labels = images.labels if same else images.labels * 0 - 1
    embedded = embed(images.images, labels, reference, progress=progress.part("features"))
    return Evaluation(reference, floor, (score(reference, embedded, floor),))


def check_n(n: int, seeds: Sequence[int]) -> None:
    """Raise ``DataError`` or ``SettingsError`` unless so many sprites and seeds can be measured."""
    if n < LEAST:
        raise DataError(f"at least {LEAST} sprites are needed to measure, not {n}; raise -n")
    if not seeds or len(set(seeds)) != len(seeds):
        raise SettingsError("give at least one seed, and none twice")
