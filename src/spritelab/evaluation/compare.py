"""DDPM against DDIM: the same weights, the same x_T, a grid of settings, several seeds.

A **cell** is one setting and one seed. Its sprites and its figures are files in ``cells/``, named
by a hash of all that decides them (weights, sprites, setting, seed, features, protocol), so that a
comparison that was interrupted goes on where it stopped, and one that is asked again with more
steps, seeds or sprites makes only what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spritelab.diffusion import Variance
from spritelab.errors import SettingsError
from spritelab.evaluation import measures
from spritelab.evaluation.drawing import (
    draw,
    drawn_file,
    load_drawn,
    model_identity,
)
from spritelab.evaluation.evaluate import FORMAT, check_n
from spritelab.evaluation.protocol import PROTOCOL
from spritelab.evaluation.reference import Reference
from spritelab.evaluation.score import Floor, Score, make_floor, read_score, score
from spritelab.generate import Model
from spritelab.generate.setting import Setting
from spritelab.storage import digest, load_json, write_json

STEPS = (5, 10, 20, 50, 100, 250, 1000)
ETAS = (0.0, 0.5, 1.0)
VARIANCES: tuple[Variance, ...] = ("posterior", "beta")

Progress = Callable[[int, int, str], None]
"""Called with network evaluations done and to do (sprites × steps), and what is being done."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One setting over all seeds.

    Attributes:
        setting: how the sprites were drawn.
        seeds: of the drawing.
        scores: one a seed.
        seconds: that drawing took, one a seed.
        device: what drew, in words.
        threads: CPU threads while drawing.
    """

    setting: Setting
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
    def nfe(self) -> int:
        """Network evaluations a sprite."""
        return self.setting.nfe

    @property
    def seconds_each(self) -> float:
        """Seconds a sprite, mean over the seeds."""
        return float(np.mean(self.seconds)) / self.scores[0].whole.n


@dataclass(frozen=True, eq=False)
class Comparison:
    """All that a comparison is to measure.

    Attributes:
        model: what draws.
        reference: the real sprites.
        floor: what real sprites get in the place of ``n`` samples.
        grid: the settings, cheapest first.
        n: sprites for each setting and seed.
        seeds: of the drawing.
        folder: where cells are kept.
    """

    model: Model
    reference: Reference
    floor: Floor
    grid: tuple[Setting, ...]
    n: int
    seeds: tuple[int, ...]
    folder: Path
    identity: str

    def sprites_file(self, setting: Setting, seed: int) -> Path:
        """Where the sprites of a cell are kept."""
        return drawn_file(self.folder, self.identity, setting, seed)

    def record_file(self, setting: Setting, seed: int) -> Path:
        """Where the figures of a cell are kept."""
        stem = self.sprites_file(setting, seed).stem
        key = digest(stem, self.reference.identity, self.n, PROTOCOL, FORMAT)[:12]
        return self.folder / f"{stem}-n{self.n}-{key}.json"

    def missing(self) -> list[tuple[Setting, int, int]]:
        """The cells without figures: (setting, seed, sprites that are still to be drawn)."""
        out = []
        for setting in chains(self.grid):
            for seed in self.seeds:
                if not self.record_file(setting, seed).is_file():
                    drawn = load_drawn(self.sprites_file(setting, seed), self.model)
                    out.append((setting, seed, max(0, self.n - (len(drawn) if drawn else 0))))
        return out


def make_grid(
    timesteps: int,
    steps: Sequence[int] | None = None,
    etas: Sequence[float] = ETAS,
    variances: Sequence[Variance] = VARIANCES,
    guidance: float = 1.0,
    also: Sequence[Setting] = (),
) -> tuple[Setting, ...]:
    """Every sampler at every number of steps, and the settings in ``also``, cheapest first.

    ``steps`` of None are those of ``STEPS`` below T, and T itself.

    Raises ``SettingsError`` for steps beyond T, and if nothing is left to compare.
    """
    if steps is None:
        steps = sorted({*(s for s in STEPS if s < timesteps), timesteps})
    if any(not 1 <= s <= timesteps for s in steps):
        raise SettingsError(f"this model has {timesteps} steps; --steps takes 1 … {timesteps}")
    grid = [
        setting
        for count in sorted(set(steps))
        for setting in (
            *(Setting.ddpm(count, variance, guidance) for variance in dict.fromkeys(variances)),
            *(Setting.ddim(count, eta, guidance) for eta in dict.fromkeys(etas)),
        )
    ]
    grid = sorted(dict.fromkeys([*grid, *also]), key=lambda setting: setting.steps)
    if len(chains(grid)) < 2:
        raise SettingsError("a comparison needs at least two settings; give more --steps or --eta")
    return tuple(grid)


def quick_grid(timesteps: int, guidance: float = 1.0) -> tuple[Setting, ...]:
    """A small grid for a first look on a CPU: few steps for all, all T for DDPM alone."""
    few = [s for s in (10, 50) if s < timesteps] or [max(1, timesteps // 2)]
    small = make_grid(timesteps, few, guidance=guidance)
    return (*small, Setting.ddpm(timesteps, "posterior", guidance))


def chains(grid: Sequence[Setting]) -> list[Setting]:
    """The settings that are to be drawn: those that are one chain (η = 1 and DDPM) once."""
    return list(dict.fromkeys(setting.same_chain for setting in grid))


def prepare(
    model: Model,
    reference: Reference,
    grid: Sequence[Setting],
    folder: Path,
    *,
    n: int,
    seeds: Sequence[int],
) -> Comparison:
    """Lay out a comparison; nothing is drawn yet.

    Raises ``DataError`` for an n too small to measure, ``SettingsError`` for seeds given twice.
    """
    check_n(n, seeds)
    floor = make_floor(reference, n)
    identity = model_identity(model)
    return Comparison(model, reference, floor, tuple(grid), n, tuple(seeds), Path(folder), identity)


def estimate_seconds(comparison: Comparison) -> float:
    """Estimate the time for the missing cells, by timing a small batch of each kind of work."""
    missing = comparison.missing()
    if not missing:
        return 0.0
    model, reference, n = comparison.model, comparison.reference, comparison.n
    batch = min(n, 64 if model.device.type == "cpu" else 1024)
    few = min(3, model.schedule.timesteps)
    model.sample(batch, steps=1)
    drawing = model.sample(batch, steps=few).seconds / (batch * few)
    some = reference.images[:8]
    reference.extractor(some)
    extracting = _timed(lambda: reference.extractor(some)) / len(some)
    # A part of the real sprites stands for a cell; half as much again for its parts and classes.
    part = min(len(reference), max(64, n // 4))
    labels, features = reference.labels[:part], reference.features[:part]
    measuring = _timed(
        lambda: measures.measure(
            reference, measures.describe(reference.images[:part], labels, reference, features)
        )
    )
    evaluations = sum(count * setting.nfe for setting, _, count in missing)
    return evaluations * drawing + len(missing) * n * (extracting + 1.5 * measuring / part)


def run_cells(comparison: Comparison, progress: Progress | None = None) -> tuple[Cell, ...]:
    """Draw and measure what is missing, and return all cells in the grid's order.

    What is done is kept, so that an interrupted call goes on the next time.

    Raises ``StorageError`` if a cell cannot be kept, and what drawing raises.
    """
    settings = chains(comparison.grid)
    left = {(setting, seed): count for setting, seed, count in comparison.missing()}
    total = comparison.n * len(comparison.seeds) * sum(s.steps for s in settings)
    done = total - sum(count * setting.steps for (setting, _), count in left.items())
    records: dict[tuple[Setting, int], dict[str, Any]] = {}
    for setting in settings:
        for seed in comparison.seeds:
            what = setting.name + (f", seed {seed}" if len(comparison.seeds) > 1 else "")

            def drawing(evaluations: int, what: str = what, before: int = done) -> None:
                if progress is not None:
                    progress(before + evaluations, total, what)

            drawing(0)
            records[setting, seed] = _cell(comparison, setting, seed, drawing)
            done += left.get((setting, seed), 0) * setting.steps
    if progress is not None:
        progress(total, total, "done")
    cells = []
    for setting in comparison.grid:
        ours = [records[setting.same_chain, seed] for seed in comparison.seeds]
        cells.append(
            Cell(
                setting,
                comparison.seeds,
                tuple(read_score(record["score"]) for record in ours),
                tuple(float(record["seconds"]) for record in ours),
                str(ours[0]["device"]),
                int(ours[0]["threads"]),
            )
        )
    return tuple(cells)


def _cell(
    comparison: Comparison, setting: Setting, seed: int, progress: Callable[[int], None]
) -> dict[str, Any]:
    """Return the record of one cell, from its file if it is there."""
    path = comparison.record_file(setting, seed)
    record = load_json(path)
    if record is not None:
        try:
            read_score(record["score"])
            float(record["seconds"]), str(record["device"]), int(record["threads"])
            return record
        except (KeyError, TypeError, ValueError, AttributeError):
            pass  # written by another version: measured again
    drawn = draw(
        comparison.model,
        setting,
        seed,
        comparison.n,
        comparison.sprites_file(setting, seed),
        progress,
    )
    described = measures.describe(drawn.images, drawn.labels, comparison.reference)
    record = {
        "format": FORMAT,
        "setting": asdict(setting),
        "seed": seed,
        "n": comparison.n,
        "seconds": float(drawn.seconds.sum()),
        "device": device_name(comparison.model.device),
        "threads": torch.get_num_threads(),
        "score": score(comparison.reference, described, comparison.floor).as_dict(),
    }
    write_json(path, record)
    return record


def device_name(device: torch.device) -> str:
    """The device in words, such as ``NVIDIA H100 PCIe`` or ``CPU``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
