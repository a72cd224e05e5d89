"""One call each: evaluate a model, compare its samplers, measure images against others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import spritelab
from spritelab import data
from spritelab.config import PaletteSource, SamplerChanges, SamplerSettings
from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.evaluation.comparison import (
    CELLS,
    About,
    Comparison,
    Grid,
    check_folder,
    check_grid,
    reporting,
)
from spritelab.evaluation.embedding import embed
from spritelab.evaluation.evaluator import SEEDS, Evaluator, default_grid
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.reference import MOST, build_reference, check_enough
from spritelab.evaluation.result import Evaluation
from spritelab.evaluation.scores import check_n, make_floor, score
from spritelab.evaluation.split import Split, find_split
from spritelab.generate import Model, load_model
from spritelab.progress import Progress, showing


def evaluate(
    model: Model | SpriteSet | str | Path,
    how: SamplerSettings | None = None,
    *,
    against: SpriteSet | str | Path | None = None,
    data: SpriteSet | str | Path | None = None,
    n: int = 1000,
    seeds: Sequence[int] = (0,),
    palettes: PaletteSource = "training",
    split: Split | None = None,
    extractor: Extractor | None = None,
    most: int = MOST,
    progress: Progress | None = None,
    **changes: Unpack[SamplerChanges],
) -> Evaluation:
    """Draw a model's sprites and measure them: ``evaluate("crawl-16", n=1000)``.

    ``evaluate("folder/a", against="folder/b")`` measures images, see ``evaluate_images``.

    Args:
        model: a model, or what ``load_model`` takes; with ``against``, images.
        how: as in ``Model.sample``; the model's own settings if not given.
        against: images to measure others against.
        data: the sprites of its training, or a path to them, where the model does not say.
        n, seeds, palettes: see ``Evaluator.evaluate``.
        split: the sprites of its training, split already.
        extractor, most: see ``Evaluator``.
        progress: told of all work; shown on the terminal or in the notebook if not given.
        changes: settings of ``how`` to be changed, such as ``sampler="ddim"`` and ``steps=50``.

    Raises:
        ModelError: if there is no such model; and what ``find_split``, ``Evaluator.evaluate`` and
            ``evaluate_images`` raise.
    """
    if against is not None:
        if isinstance(model, Model) or how is not None or changes or data is not None:
            raise SettingsError(
                "`against` measures images against images; give the drawn ones, saved or as a "
                "SpriteSet, and no settings of a sampler"
            )
        return evaluate_images(model, against, extractor=extractor, progress=progress)
    if isinstance(model, SpriteSet):
        raise SettingsError("sprites are measured against others; give these as `against`")
    loaded = model if isinstance(model, Model) else load_model(model)
    how = loaded.sampler_settings(how, **changes)
    check_n(n, seeds)  # before sprites are read
    split = split or _find_split(model, loaded, data)
    with showing("evaluating", progress) as told:
        evaluator = Evaluator(loaded, split, extractor, most=most, progress=told)
        return evaluator.evaluate(how, n, seeds, palettes)


def evaluate_images(
    images: SpriteSet | str | Path,
    against: SpriteSet | str | Path,
    *,
    extractor: Extractor | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure images against others, as pytorch-fid does with two folders.

    Every image counts, copies included. There is no held-out set and so no floor but the halves
    of ``against``.

    Args:
        images, against: sets of sprites, or what ``load_sprites`` takes.
        extractor: the features, ``effnet`` if not given.
        progress: told of the sprites whose features are taken; shown on the terminal or in the
            notebook if not given.

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
    with showing("evaluating", progress) as told:
        reference = build_reference(
            against, None, extractor or Extractor(), most=None, distinct=False, progress=told
        )
        floor = make_floor(reference, len(images))
        # Labels of one set of files mean nothing in the other unless the names agree.
        same = images.class_names == against.class_names
        labels = images.labels if same else images.labels * 0 - 1
        embedded = embed(images.images, labels, reference, progress=told.part("features"))
    return Evaluation(reference, floor, (score(reference, embedded, floor),))


def compare(
    model: Model | str | Path,
    grid: Grid | None = None,
    *,
    out: str | Path,
    data: SpriteSet | str | Path | None = None,
    n: int = 1000,
    seeds: Sequence[int] = SEEDS,
    palettes: PaletteSource = "training",
    split: Split | None = None,
    extractor: Extractor | None = None,
    most: int = MOST,
    progress: Progress | None = None,
) -> Comparison:
    """Compare ways of drawing and write the report: ``compare("crawl-16", out="reports/crawl")``.

    Args:
        model: a model, or what ``load_model`` takes.
        grid, n, seeds, palettes: see ``Evaluator.plan``; DDPM with the posterior variance and DDIM
            with η = 0 must be in the grid.
        out: the report's folder, whose ``index.html`` is to be looked at; what is drawn is kept
            in its ``cells``, so that an interrupted comparison goes on.
        data: the sprites of its training, or a path to them, where the model does not say.
        split: the sprites of its training, split already.
        extractor, most: see ``Evaluator``.
        progress: told of all work; shown on the terminal or in the notebook if not given.

    Raises:
        SettingsError: if the folder holds other files, or the grid lacks one of the two; and what
            ``evaluate`` raises.
        StorageError: at once, if another process compares in the folder, or it cannot be written.
    """
    out = Path(out)
    check_folder(out)
    loaded = model if isinstance(model, Model) else load_model(model)
    grid = default_grid(loaded) if grid is None else grid
    check_grid(grid)
    check_n(n, seeds)  # before sprites are read
    split = split or _find_split(model, loaded, data)
    name = loaded.name or out.resolve().name
    command = f"spritelab.compare({name!r}, out={str(out)!r})"
    with reporting(out), showing("comparing", progress) as told:
        evaluator = Evaluator(
            loaded, split, extractor, folder=out / CELLS, most=most, progress=told
        )
        comparison = evaluator.compare(grid, n, seeds, palettes)
        evaluator.report(comparison, out, About(name, command, spritelab.__version__))
    return comparison


def _find_split(
    model: Model | str | Path, loaded: Model, source: SpriteSet | str | Path | None
) -> Split:
    """The sprites of a model's training, found again."""
    folder = model.folder if isinstance(model, Model) else model
    if source is not None and not isinstance(source, SpriteSet):
        source = str(source)
    return find_split(folder, loaded.config, source)
