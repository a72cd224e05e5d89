"""One call each: evaluate a model, compare its samplers, measure images against others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import spritelab
from spritelab import data
from spritelab.config import PaletteSource, SamplerSettings
from spritelab.data import SpriteSet
from spritelab.errors import DataError
from spritelab.evaluation.comparison import About, Comparison, Grid, check_folder, check_grid
from spritelab.evaluation.embedding import embed
from spritelab.evaluation.evaluator import SEEDS, Evaluator, default_grid
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.reference import MOST, build_reference, check_enough
from spritelab.evaluation.result import Evaluation
from spritelab.evaluation.scores import make_floor, score
from spritelab.evaluation.split import Split, find_split
from spritelab.generate import Model, load_model
from spritelab.progress import SILENT, Progress


def evaluate(
    model: Model | str | Path,
    how: SamplerSettings | None = None,
    *,
    split: Split | None = None,
    n: int = 1000,
    seeds: Sequence[int] = (0,),
    palettes: PaletteSource = "training",
    extractor: Extractor | None = None,
    most: int = MOST,
    progress: Progress = SILENT,
) -> Evaluation:
    """Draw a model's sprites and measure them: ``evaluate("crawl-16", n=1000)``.

    Args:
        model: a model, or what ``load_model`` takes.
        how, n, seeds, palettes: see ``Evaluator.evaluate``.
        split: the sprites of its training; found again from the model if not given.
        extractor, most, progress: see ``Evaluator``.

    Raises:
        ModelError: if there is no such model; and what ``find_split`` and ``Evaluator.evaluate``
            raise.
    """
    model, split = _model_and_split(model, split)
    evaluator = Evaluator(model, split, extractor, most=most, progress=progress)
    return evaluator.evaluate(how, n, seeds, palettes)


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
    palettes: PaletteSource = "training",
    extractor: Extractor | None = None,
    most: int = MOST,
    progress: Progress = SILENT,
) -> Comparison:
    """Compare ways of drawing and write the report: ``compare("crawl-16", out="reports/crawl")``.

    Args:
        model: a model, or what ``load_model`` takes.
        grid, n, seeds, palettes: see ``Evaluator.plan``; DDPM with the posterior variance and DDIM
            with η = 0 must be in the grid.
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
    comparison = evaluator.compare(grid, n, seeds, palettes)
    command = f"spritelab.evaluation.compare({name!r}, out={str(out)!r})"
    evaluator.report(comparison, out, About(name, command, spritelab.__version__))
    return comparison


def _model_and_split(model: Model | str | Path, split: Split | None) -> tuple[Model, Split]:
    """The model loaded and its sprites found, where they are not given."""
    if isinstance(model, Model):
        return model, split or find_split(None, model.config)
    loaded = load_model(model)
    return loaded, split or find_split(model, loaded.config)
