"""One model measured against the sprites that it learnt: its figures, and its samplers compared.

An ``Evaluator`` takes the features of the real sprites once, when they are first needed, and the
floor once for each number of sprites. ``evaluate`` and ``compare`` make one for a single use.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import spritelab
from spritelab import data
from spritelab.config import SamplerSettings
from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.evaluation.comparison import (
    About,
    Comparison,
    Grid,
    Plan,
    check_folder,
    check_grid,
    make_grid,
    write_report,
)
from spritelab.evaluation.embedding import Embedded, embed
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.reference import MOST, Reference, build_reference, check_enough
from spritelab.evaluation.result import Evaluation
from spritelab.evaluation.samples import SampleStore
from spritelab.evaluation.scores import Floor, check_n, embed_held_out, make_floor, score
from spritelab.evaluation.split import Split, find_split
from spritelab.generate import Model, load_model
from spritelab.progress import SILENT, Progress

SEEDS = (0, 1, 2)
"""Seeds of a comparison, unless told otherwise."""


class Evaluator:
    """A model and the sprites of its training, with all that is computed of them once."""

    def __init__(
        self,
        model: Model,
        split: Split,
        extractor: Extractor | None = None,
        *,
        folder: str | Path | None = None,
        most: int = MOST,
        progress: Progress = SILENT,
    ) -> None:
        """Nothing is computed yet.

        Args:
            model: what draws.
            split: the sprites of its training, see ``find_split``.
            extractor: the features; ``effnet`` on the model's device if not given.
            folder: where sprites, features and figures are kept and taken up again; None keeps
                nothing, and then nothing can be compared.
            most: training sprites at most whose features are taken.
            progress: told of all work but that of a ``Plan``.
        """
        self.model = model
        self.split = split
        self.extractor = extractor or Extractor(device=str(model.device))
        self.store = SampleStore(model, None if folder is None else Path(folder))
        self.most = most
        self.progress = progress
        self._floors: dict[int, Floor] = {}

    @cached_property
    def reference(self) -> Reference:
        """The real sprites and their features."""
        return build_reference(
            self.split.training,
            self.split.held_out,
            self.extractor,
            mirror=self.split.mirror,
            most=self.most,
            cache=self.store.folder,
            progress=self.progress,
        )

    @cached_property
    def held_out(self) -> Embedded | None:
        """The held-out sprites, embedded; None if there are too few."""
        return embed_held_out(self.reference)

    def floor(self, n: int) -> Floor:
        """What real sprites get in the place of n samples."""
        if n not in self._floors:
            self._floors[n] = make_floor(self.reference, n, self.held_out)
        return self._floors[n]

    def evaluate(
        self, how: SamplerSettings | None = None, n: int = 1000, seeds: Sequence[int] = (0,)
    ) -> Evaluation:
        """Draw sprites and measure them against those that the model learnt and those it did not.

        Args:
            how: settings of the sampler; the model's own if not given.
            n: sprites for each seed.
            seeds: the figures are means over these, with their spread.

        Raises:
            DataError: for n below ``LEAST`` or too few real sprites.
            SettingsError: for a seed given twice; and what drawing raises.
        """
        check_n(n, seeds)
        how = self.model.sampler_settings(how)
        floor = self.floor(n)
        samples, features, scores = [], [], []
        for seed in seeds:
            note = f", seed {seed}" if len(seeds) > 1 else ""
            drawn = self.store.draw(how, seed, n, self.progress.part(f"drawing{note}"))
            embedded = embed(
                drawn.images,
                drawn.labels,
                self.reference,
                progress=self.progress.part(f"features{note}"),
            )
            samples.append(drawn)
            features.append(embedded.features)
            scores.append(score(self.reference, embedded, floor))
        return Evaluation(
            self.reference,
            floor,
            tuple(scores),
            how,
            tuple(seeds),
            tuple(samples),
            tuple(features),
        )

    def plan(self, grid: Grid | None = None, n: int = 1000, seeds: Sequence[int] = SEEDS) -> Plan:
        """Lay out a comparison; nothing is drawn yet. ``Plan.run`` carries it out.

        Args:
            grid: the settings; those of ``default_grid`` if not given.
            n: sprites for each setting and seed.
            seeds: of the drawing.

        Raises:
            DataError: for n below ``LEAST`` or too few real sprites.
            SettingsError: for a seed given twice, and without a folder.
        """
        check_n(n, seeds)
        if self.store.folder is None:
            raise SettingsError("a comparison keeps what it draws; give the evaluator a `folder`")
        return Plan(
            store=self.store,
            reference=self.reference,
            held_out=self.held_out,
            floor=self.floor(n),
            grid=default_grid(self.model) if grid is None else tuple(grid),
            n=n,
            seeds=tuple(seeds),
        )

    def compare(
        self, grid: Grid | None = None, n: int = 1000, seeds: Sequence[int] = SEEDS
    ) -> Comparison:
        """Draw and measure every setting of a grid; see ``plan``."""
        return self.plan(grid, n, seeds).run(self.progress)

    def report(self, comparison: Comparison, folder: str | Path, about: About) -> dict[str, Any]:
        """Write the report of a comparison, see ``comparison.write_report``."""
        return write_report(Path(folder), comparison, self.split, about)


def default_grid(model: Model) -> Grid:
    """DDPM and DDIM over the usual steps with the model's guidance, and its own settings."""
    own = model.sampler_settings()
    return make_grid(model.schedule.timesteps, guidance=own.guidance, also=[own])


def evaluate(
    model: Model | str | Path,
    how: SamplerSettings | None = None,
    *,
    split: Split | None = None,
    n: int = 1000,
    seeds: Sequence[int] = (0,),
    extractor: Extractor | None = None,
    most: int = MOST,
    progress: Progress = SILENT,
) -> Evaluation:
    """Draw a model's sprites and measure them: ``evaluate("crawl-16", n=1000)``.

    Args:
        model: a model, or what ``load_model`` takes.
        how, n, seeds: see ``Evaluator.evaluate``.
        split: the sprites of its training; found again from the model if not given.
        extractor, most, progress: see ``Evaluator``.

    Raises:
        ModelError: if there is no such model; and what ``find_split`` and ``Evaluator.evaluate``
            raise.
    """
    model, split = _model_and_split(model, split)
    evaluator = Evaluator(model, split, extractor, most=most, progress=progress)
    return evaluator.evaluate(how, n, seeds)


def evaluate_images(
    images: SpriteSet | str | Path,
    against: SpriteSet | str | Path,
    *,
    extractor: Extractor | None = None,
    progress: Progress = SILENT,
) -> Evaluation:
    """Measure images against others, as pytorch-fid does with two folders.

    Every image counts, copies included. There is no held-out set and so no floor but the halves
    of ``against``.

    Args:
        images, against: sets of sprites, or what ``load_sprites`` takes.
        extractor: the features, ``effnet`` if not given.
        progress: told of the sprites whose features are taken.

    Raises:
        DataError: for fewer than ``LEAST`` images on a side, images of different sizes, or a side
            whose images are each of one plain colour.
    """
    images, against = (
        side if isinstance(side, SpriteSet) else data.load(side) for side in (images, against)
    )
    if images.size != against.size:
        raise DataError(
            f"images of {images.size}×{images.size} pixels cannot be compared with "
            f"{against.size}×{against.size}; bring both to one `size`"
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


def compare(
    model: Model | str | Path,
    grid: Grid | None = None,
    *,
    out: str | Path,
    split: Split | None = None,
    n: int = 1000,
    seeds: Sequence[int] = SEEDS,
    extractor: Extractor | None = None,
    most: int = MOST,
    progress: Progress = SILENT,
) -> Comparison:
    """Compare ways of drawing and write the report: ``compare("crawl-16", out="reports/crawl")``.

    Args:
        model: a model, or what ``load_model`` takes.
        grid, n, seeds: see ``Evaluator.plan``; DDPM with the posterior variance and DDIM with
            η = 0 must be in the grid.
        out: the report's folder; what is drawn is kept in its ``cells``.
        split: the sprites of its training; found again from the model if not given.
        extractor, most, progress: see ``Evaluator``.

    Raises:
        SettingsError: if the folder holds other files, or the grid lacks one of the two; and what
            ``evaluate`` raises.
    """
    out = Path(out)
    check_folder(out)
    name = out.resolve().name if isinstance(model, Model) else Path(model).resolve().name
    model, split = _model_and_split(model, split)
    grid = default_grid(model) if grid is None else grid
    check_grid(grid)
    evaluator = Evaluator(
        model, split, extractor, folder=out / "cells", most=most, progress=progress
    )
    comparison = evaluator.compare(grid, n, seeds)
    command = f"spritelab.evaluation.compare({name!r}, out={str(out)!r})"
    evaluator.report(comparison, out, About(name, command, spritelab.__version__))
    return comparison


def _model_and_split(model: Model | str | Path, split: Split | None) -> tuple[Model, Split]:
    """The model loaded and its sprites found, where they are not given."""
    if isinstance(model, Model):
        return model, split or find_split(None, model.config)
    loaded = load_model(model)
    return loaded, split or find_split(model, loaded.config)
