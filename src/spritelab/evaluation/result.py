"""The figures of one model and one way of drawing, or of one set of images against another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spritelab.config import PaletteSource, SamplerSettings
from spritelab.evaluation import measures as m
from spritelab.evaluation.facts import (
    FORMAT,
    drawing_facts,
    floor_facts,
    protocol_facts,
    score_facts,
)
from spritelab.evaluation.features import Features
from spritelab.evaluation.formatting import figure
from spritelab.evaluation.reference import Reference
from spritelab.evaluation.samples import Samples
from spritelab.evaluation.scores import Floor, Score


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What an evaluation has found.

    Attributes:
        reference: the real sprites.
        floor: what real sprites get.
        scores: one a seed.
        how: how the sprites were drawn; None for images from files.
        seeds: of the drawing.
        samples: the sprites themselves, one set a seed; none for images from files.
        features: float32 ``[N,D]`` of these, one array a seed.
        palettes: whose palettes they were drawn in; None for a model without a palette head.
        weights_hash: of the model's file, see ``generate.weights_hash``; None for what was not
            drawn by it here, and for a model of no folder.
    """

    reference: Reference
    floor: Floor
    scores: tuple[Score, ...]
    how: SamplerSettings | None = None
    seeds: tuple[int, ...] = ()
    samples: tuple[Samples, ...] = ()
    features: tuple[Features, ...] = ()
    palettes: PaletteSource | None = None
    weights_hash: str | None = None

    def __repr__(self) -> str:
        n = sum(score.whole.n for score in self.scores)
        how = f" drawn with {self.how.name}" if self.how else ""
        found, floor = self.measures, self.floor.held_out
        distance = f"{self.reference.extractor.frechet_name} {figure(found.frechet)}"
        if floor is not None:
            distance += f" (floor {figure(floor.frechet)})"
        kid = f"KID × 1000 {figure(1000 * found.kid)}"
        return f"<Evaluation: {n:,} sprites{how}: {distance}, {kid}, copies {found.copies:.1%}>"

    @property
    def measures(self) -> m.Measures:
        """The mean over the seeds."""
        return m.mean([s.whole for s in self.scores])

    @property
    def seconds(self) -> tuple[float, ...]:
        """What drawing took, one a seed."""
        return tuple(float(one.seconds.sum()) for one in self.samples)

    @property
    def nfe(self) -> int | None:
        """Network evaluations a sprite; guidance counts twice."""
        return None if self.how is None else self.how.nfe

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the keys are described in ``docs/evaluation.md``."""
        return {
            "format": FORMAT,
            "weights_hash": self.weights_hash,
            **protocol_facts(self.reference),
            **score_facts(self.scores, self.floor),
            **(
                drawing_facts(self.how, self.seeds, self.seconds, self.palettes) if self.how else {}
            ),
            "floor": floor_facts(self.floor),
        }
