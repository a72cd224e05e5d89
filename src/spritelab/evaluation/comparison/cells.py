"""The cells of a comparison: drawn, measured, kept, and taken up again.

A **cell** is one setting of the sampler and one seed. Its sprites and its figures are files in one
folder, named by a hash of all that decides them (weights, sprites, settings, seed, features,
protocol), so that a comparison that was interrupted goes on where it stopped, and one that is
asked again with more steps, seeds or sprites makes only what is missing.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spritelab.config import SamplerSettings
from spritelab.config.sampler import distinct_settings
from spritelab.evaluation.comparison.grid import Grid, step_count
from spritelab.evaluation.embedding import Embedded, embed
from spritelab.evaluation.facts import FORMAT
from spritelab.evaluation.features.protocol import PROTOCOL
from spritelab.evaluation.measures import measure
from spritelab.evaluation.metrics import Copies, find_copies
from spritelab.evaluation.reference import Reference
from spritelab.evaluation.samples import Samples, SampleStore
from spritelab.evaluation.scores import Floor, Score, read_score, score
from spritelab.progress import SILENT, Progress
from spritelab.storage import digest, is_damaged, load_json, sealed, write_json
from spritelab.storage.arrays import load_arrays, save_arrays
from spritelab.storage.locks import alone

LOCK = "cells.lock"
"""The file that is locked while cells are made; it means nothing by being there."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One setting of the sampler over all seeds.

    Attributes:
        how: how the sprites were drawn.
        seeds: of the drawing.
        scores: one a seed.
        seconds: that drawing took, one a seed.
        device: what drew, by name.
        threads: CPU threads while drawing.
    """

    how: SamplerSettings
    seeds: tuple[int, ...]
    scores: tuple[Score, ...]
    seconds: tuple[float, ...]
    device: str
    threads: int

    def values(self, measure: str) -> list[float]:
        """One measure of every seed."""
        return [float(getattr(one.whole, measure)) for one in self.scores]

    def mean(self, measure: str) -> float:
        """The mean of one measure over the seeds."""
        return float(np.mean(self.values(measure)))

    @property
    def steps(self) -> int:
        """The number of steps."""
        return step_count(self.how)

    @property
    def nfe(self) -> int:
        """Network evaluations a sprite."""
        return self.how.nfe

    @property
    def seconds_each(self) -> float:
        """Seconds a sprite, mean over the seeds."""
        return float(np.mean(self.seconds)) / self.scores[0].whole.n


@dataclass(frozen=True)
class Missing:
    """A cell without figures, and the sprites that are still to be drawn for it."""

    how: SamplerSettings
    seed: int
    sprites: int


@dataclass(frozen=True, eq=False)
class Plan:
    """All that a comparison is to measure.

    Attributes:
        store: draws and keeps the sprites; has a folder, where the figures are kept too.
        reference: the real sprites.
        held_out: the held-out sprites among them, embedded; None if there are none.
        floor: what real sprites get in the place of ``n`` samples.
        grid: complete settings, cheapest first.
        n: sprites for each setting and seed.
        seeds: of the drawing.
    """

    store: SampleStore
    reference: Reference
    held_out: Embedded | None
    floor: Floor
    grid: Grid
    n: int
    seeds: tuple[int, ...]

    @cached_property
    def distinct(self) -> list[SamplerSettings]:
        """The settings that are to be drawn: those that are one chain once."""
        return distinct_settings(self.grid)

    @cached_property
    def missing(self) -> list[Missing]:
        """The cells that had no figures when this was first asked."""
        missing = []
        for how in self.distinct:
            for seed in self.seeds:
                if not self.record_file(how, seed).is_file():
                    left = max(0, self.n - self.store.count(how, seed))
                    missing.append(Missing(how, seed, left))
        return missing

    def record_file(self, how: SamplerSettings, seed: int) -> Path:
        """Where the figures of a cell are kept; its nearest training sprites lie beside them."""
        samples = self.store.file(how, seed)
        assert samples is not None, "a comparison takes a store with a folder"
        key = digest(samples.stem, self.reference.identity, self.n, PROTOCOL, FORMAT)[:12]
        return samples.with_name(f"{samples.stem}-{self.n}-{key}.json")

    def run(self, progress: Progress = SILENT) -> Comparison:
        """Draw and measure what is missing.

        What is done is kept, so that an interrupted call goes on the next time.

        Raises:
            StorageError: if a cell cannot be kept, or another process makes cells in the folder;
                and what drawing raises.
        """
        with comparing(self.folder):
            return Comparison(self, run_cells(self, progress))

    @property
    def folder(self) -> Path:
        """Where the cells are kept."""
        assert self.store.folder is not None, "a comparison takes a store with a folder"
        return self.store.folder


def comparing(cells: Path) -> AbstractContextManager[None]:
    """Keep other processes from making cells in a folder, and the report of them, meanwhile.

    Raises:
        StorageError: at once, if one does, or if the folder cannot be written.
    """
    return alone(cells / LOCK, f"the comparison in {cells.parent} is being made", nested=True)


@dataclass(frozen=True, eq=False)
class Comparison:
    """A plan that was carried out, with one cell for each setting of its grid, in its order."""

    plan: Plan
    cells: tuple[Cell, ...]

    def __repr__(self) -> str:
        plan = self.plan
        return f"<Comparison: {len(self.cells)} settings, {len(plan.seeds)} seeds of {plan.n:,}>"


def run_cells(plan: Plan, progress: Progress = SILENT) -> tuple[Cell, ...]:
    """Draw and measure what a plan misses; see ``Plan.run``. Returns cells in the grid's order."""
    left = {(one.how, one.seed): one.sprites for one in plan.missing}
    total = plan.n * len(plan.seeds) * sum(map(step_count, plan.distinct))
    done = total - sum(sprites * step_count(how) for (how, _), sprites in left.items())
    records: dict[tuple[SamplerSettings, int], dict[str, Any]] = {}
    for how in plan.distinct:
        for seed in plan.seeds:
            note = how.name + (f", seed {seed}" if len(plan.seeds) > 1 else "")
            drawing = progress.part(note, before=done, total=total)
            drawing(0)
            records[how, seed] = _read_record(plan, how, seed) or _make_record(
                plan, how, seed, drawing
            )
            done += left.get((how, seed), 0) * step_count(how)
    progress(total, total, "done")
    return tuple(
        _cell(how, plan.seeds, [records[how.canonical, seed] for seed in plan.seeds])
        for how in plan.grid
    )


def estimate_seconds(plan: Plan) -> float:
    """Estimate the time for the missing cells, by timing a small batch of each kind of work."""
    if not plan.missing:
        return 0.0
    drawing = plan.store.seconds_an_evaluation(plan.n)
    reference = plan.reference
    some = reference.images[:8]
    reference.extractor(some)
    extracting = _timed(lambda: reference.extractor(some)) / len(some)
    # A part of the real sprites stands for a cell; half as much again for its parts and classes.
    part = min(len(reference), max(64, plan.n // 4))
    labels, features = reference.labels[:part], reference.features[:part]
    measuring = _timed(
        lambda: measure(reference, embed(reference.images[:part], labels, reference, features))
    )
    evaluations = sum(one.sprites * one.how.nfe for one in plan.missing)
    return evaluations * drawing + len(plan.missing) * plan.n * (
        extracting + 1.5 * measuring / part
    )


def nearest_training(plan: Plan, how: SamplerSettings, seed: int, samples: Samples) -> Copies:
    """The nearest training sprites of a cell that has been measured, from their file."""
    file = plan.record_file(how, seed).with_suffix(".npz")
    found = load_arrays(file, "nearest", "distance", "copy")
    if found is None or {len(part) for part in found.values()} != {len(samples)}:
        return find_copies(samples.images, plan.reference.training.images)
    return Copies(**found)


def _read_record(plan: Plan, how: SamplerSettings, seed: int) -> dict[str, Any] | None:
    """The record of a cell, or None if there is none that can be read."""
    path = plan.record_file(how, seed)
    record = load_json(path)
    if record is None:
        return None
    if is_damaged(record):
        warnings.warn(f"{path} is broken (its content is not that of its digest)", stacklevel=2)
        return None
    try:
        _cell(how, (seed,), [record])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # written by another version: measured again
    return record


def _make_record(plan: Plan, how: SamplerSettings, seed: int, progress: Progress) -> dict[str, Any]:
    """Draw and measure a cell and keep its record."""
    samples = plan.store.draw(how, seed, plan.n, progress)
    embedded = embed(samples.images, samples.labels, plan.reference)
    record = {
        "format": FORMAT,
        "sampling": how.model_dump(mode="json"),
        "seed": seed,
        "n": plan.n,
        "seconds": float(samples.seconds.sum()),
        "device": device_name(plan.store.device),
        "threads": torch.get_num_threads(),
        "score": score(plan.reference, embedded, plan.floor).as_dict(),
    }
    path = plan.record_file(how, seed)
    found = embedded.copies
    save_arrays(
        path.with_suffix(".npz"), nearest=found.nearest, distance=found.distance, copy=found.copy
    )
    write_json(path, sealed(record))
    return record


def _cell(how: SamplerSettings, seeds: Sequence[int], records: Sequence[dict[str, Any]]) -> Cell:
    return Cell(
        how,
        tuple(seeds),
        tuple(read_score(record["score"]) for record in records),
        tuple(float(record["seconds"]) for record in records),
        str(records[0]["device"]),
        int(records[0]["threads"]),
    )


def device_name(device: torch.device) -> str:
    """The device by name, such as ``NVIDIA H100 PCIe`` or ``CPU``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
