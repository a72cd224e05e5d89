"""How good are a model's sprites: one model, one setting, as many sprites and seeds as asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.evaluation import measures as m
from spritelab.evaluation.drawing import Drawn, draw
from spritelab.evaluation.extract import Extractor
from spritelab.evaluation.protocol import PROTOCOL
from spritelab.evaluation.reference import (
    LEAST,
    MOST,
    Progress,
    Reference,
    build_reference,
    check_enough,
)
from spritelab.evaluation.score import Floor, Score, distance_ratio, make_floor, score
from spritelab.evaluation.sources import Split
from spritelab.generate import Model
from spritelab.generate.setting import Setting

FORMAT = 1
"""Version of the JSON that ``evaluate`` and ``compare`` write."""


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
    drawn: tuple[Drawn, ...] = ()

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
    progress: Progress | None = None,
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

        def drawing(done: int, what: str = f"drawing{note}") -> None:
            if progress is not None:
                progress(what, done, n * setting.steps)

        def extracting(done: int, total: int, what: str = f"features{note}") -> None:
            if progress is not None:
                progress(what, done, total)

        drawn.append(draw(model, setting, seed, n, progress=drawing))
        described = m.describe(drawn[k].images, drawn[k].labels, reference, progress=extracting)
        scores.append(score(reference, described, floor))
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
    progress: Progress | None = None,
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

    def extracting(done: int, total: int) -> None:
        if progress is not None:
            progress("features", done, total)

    # Labels of one set of files mean nothing in the other unless the names agree.
    same = images.class_names == against.class_names
    labels = images.labels if same else images.labels * 0 - 1
    described = m.describe(images.images, labels, reference, progress=extracting)
    return Evaluation(reference, floor, (score(reference, described, floor),))


def check_n(n: int, seeds: Sequence[int]) -> None:
    """Raise ``DataError`` or ``SettingsError`` unless so many sprites and seeds can be measured."""
    if n < LEAST:
        raise DataError(f"at least {LEAST} sprites are needed to measure, not {n}; raise -n")
    if not seeds or len(set(seeds)) != len(seeds):
        raise SettingsError("give at least one seed, and none twice")


def protocol_facts(reference: Reference) -> dict[str, Any]:
    """What the figures were measured with and against."""
    return {
        "features": reference.extractor.name,
        "frechet_name": reference.extractor.frechet_name,
        "protocol": PROTOCOL,
        "reference": {
            "n": len(reference),
            "training": len(reference.training),
            "held_out": None if reference.held_out is None else len(reference.held_out),
            "mirrored": len(reference.both_ways) > len(reference),
        },
    }


def drawing_facts(
    setting: Setting, seeds: Sequence[int], seconds: Sequence[float]
) -> dict[str, Any]:
    """How sprites were drawn and what it cost; ``seconds`` is the mean over the seeds."""
    return {
        **asdict(setting),
        "seeds": list(seeds),
        "nfe": setting.nfe,
        "seconds": sum(seconds) / len(seconds),
    }


def score_facts(scores: Sequence[Score], floor: Floor) -> dict[str, Any]:
    """The measures, means over the seeds, with spread, ratios and classes."""
    matched = [s.matched for s in scores if s.matched is not None]
    halves = [s.halves for s in scores if s.halves is not None]
    deviation = m.spread([s.whole for s in scores])
    c_t = [s.copying_score for s in scores if s.copying_score is not None]
    facts: dict[str, Any] = {
        **asdict(m.mean([s.whole for s in scores])),
        "copying_score": sum(c_t) / len(c_t) if c_t else None,
        "spread": None if deviation is None else _figures(deviation),
        "by_seed": [{**asdict(s.whole), "copying_score": s.copying_score} for s in scores],
        "matched": None,
        "ratio": None,
        "halves": None,
        "classes": {},
    }
    if matched and floor.held_out is not None:
        facts["matched"] = asdict(m.mean(matched))
        facts["ratio"] = m.ratio(m.mean(matched), floor.held_out)
    if halves and floor.halves is not None:
        keys = ("frechet", "kid", "kid_std")
        mean = type(halves[0])(
            halves[0].n, *(sum(getattr(h, key) for h in halves) / len(halves) for key in keys)
        )
        facts["halves"] = {**asdict(mean), "ratio": distance_ratio(mean, floor.halves)}
    for name in scores[0].classes:
        within = [s.classes[name] for s in scores if name in s.classes]
        # Seeds draw different numbers of a class, so n is their mean too.
        facts["classes"][name] = _class_facts(within)
        if name in floor.classes:
            at_floor = [s.classes_matched[name] for s in scores if name in s.classes_matched]
            if all(one.n == floor.classes[name].n for one in at_floor):
                facts["classes"][name]["floor"] = asdict(floor.classes[name])
                facts["classes"][name]["ratio"] = m.ratio(m.mean(at_floor), floor.classes[name])
    return facts


def floor_facts(floor: Floor) -> dict[str, Any] | None:
    """The held-out sprites' measures, and those of one half against the other under ``halves``."""
    if floor.held_out is None and floor.halves is None:
        return None
    return {
        **(asdict(floor.held_out) if floor.held_out else {}),
        "halves": asdict(floor.halves) if floor.halves else None,
    }


def _class_facts(within: Sequence[m.Measures]) -> dict[str, Any]:
    keys = asdict(within[0])
    means = {key: sum(getattr(one, key) for one in within) / len(within) for key in keys}
    return {**means, "floor": None, "ratio": None}


def _figures(measures: m.Measures) -> dict[str, float]:
    return {key: value for key, value in asdict(measures).items() if key not in ("n", "kid_subset")}
