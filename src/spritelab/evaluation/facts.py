"""The figures as plain values for JSON; the keys are described in ``docs/evaluation.md``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from spritelab.config import PaletteSource, SamplerSettings
from spritelab.evaluation import measures as m
from spritelab.evaluation.features.protocol import PROTOCOL
from spritelab.evaluation.reference import Reference
from spritelab.evaluation.scores import Floor, Score, distance_ratio

FORMAT = 3
"""Version of the JSON that ``evaluate`` and ``compare`` write.

2: ``times`` and ``start`` say more of how sprites were drawn. 3: near copies and ``told_apart``.
"""


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
            "mirrored": len(reference.with_mirrors) > len(reference),
        },
    }


def drawing_facts(
    how: SamplerSettings,
    seeds: Sequence[int],
    seconds: Sequence[float],
    palettes: PaletteSource | None,
) -> dict[str, Any]:
    """How sprites were drawn and what it cost; ``seconds`` is the mean over the seeds."""
    return {
        **how.model_dump(mode="json"),
        "palettes": palettes,
        "seeds": list(seeds),
        "nfe": how.nfe,
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
