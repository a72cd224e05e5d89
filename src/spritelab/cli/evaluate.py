"""``spritelab evaluate``: how good a model's sprites are, or one folder against another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spritelab.cli import console, measured, options
from spritelab.cli.reading import reading_options
from spritelab.cli.sampling import OPTIONS, sampler_options
from spritelab.config import PaletteSource
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from spritelab.evaluation import Evaluation, Evaluator, Extractor

DRAWN = "Sprites that were drawn before, and many workers"
FILES = "Two folders instead of a model"


# `--spacing` is that of the tiles of a sheet here.
@sampler_options(*(name for name in OPTIONS if name != "spacing"))
@reading_options(options.REAL)
def evaluate(
    model: options.OptionalModelName = None,
    data: options.Source = None,
    count: Annotated[int, typer.Option("-n", "--count", help="sprites for each seed")] = 1000,
    palettes: options.Palettes = "training",
    seed: Annotated[int, typer.Option(min=0, help="the first seed")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="how many seeds")] = 1,
    held_out: options.HeldOut = None,
    split_seed: options.SplitSeed = None,
    mirror: options.Mirror = None,
    reference: options.Most = 5000,
    features: options.Features = "effnet",
    weights: options.Weights = None,
    images: Annotated[
        str | None,
        typer.Option(
            help="measure these images, a folder or any other source of sprites",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="measure them against these", show_default=False, rich_help_panel=FILES),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(min=1, help="bring both to this many pixels", rich_help_panel=FILES),
    ] = None,
    sprites: Annotated[
        str | None,
        typer.Option(
            help="measure these, drawn by MODEL before: a folder of shards, of samples, or a "
            "packed file; the first -n by every measure, and all of them by those that workers "
            "can share",
            show_default=False,
            rich_help_panel=DRAWN,
        ),
    ] = None,
    statistics: Annotated[
        Path | None,
        typer.Option(
            help="folder of what workers have gathered of all sprites",
            show_default=False,
            rich_help_panel=DRAWN,
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            help="gather one worker's part: 0/8 … 7/8, or auto, as torchrun, srun or a Slurm "
            "array says",
            show_default=False,
            rich_help_panel=DRAWN,
        ),
    ] = None,
    device: options.Device = None,
    json: options.Json = None,
    *,
    drawing: dict[str, Any],
    reading: dict[str, Any],
) -> None:
    """Measure how good sprites are: a model's, or those in a folder.

    Beside every figure of a model stands the floor and the ratio to it.
    The floor is what held-out sprites get in the place of drawn ones.
    With --images and --against two folders are compared, as pytorch-fid does.
    With --sprites, what the model drew before is measured, millions of sprites by many workers.
    """
    from spritelab.devices import best_device
    from spritelab.evaluation import Extractor
    from spritelab.storage import check_file, check_writable, write_record

    if (images is None) != (against is None) or (images is None) == (model is None):
        raise SettingsError("give a MODEL, or both `images` and `against`")
    if json is not None:
        check_file(json)
    if shard is not None and statistics is not None:
        check_writable(statistics)
    extractor = Extractor(features, weights, device or str(best_device()))
    real = options.given(source=data, held_out=held_out, split_seed=split_seed, mirror=mirror)
    if sprites is not None or statistics is not None or shard is not None:
        if model is None or sprites is None or drawing or size is not None:
            raise SettingsError(
                "`statistics` and `shard` go with a MODEL and the `sprites` that it drew; leave "
                "out how to draw them"
            )
        if shard is not None and statistics is None:
            raise SettingsError("a `shard` is gathered into a folder; name it by `statistics`")
        evaluator = _evaluator(model, device, extractor, real | reading, reference)
        facts = _drawn(evaluator, sprites, count, statistics, shard)
        if json is not None and facts is not None:
            console.wrote(write_record(json, facts))
        return
    if model is None:
        assert images is not None
        assert against is not None
        found = _images(images, against, extractor, options.given(size=size) | reading)
    else:
        if size is not None:
            raise SettingsError("`size` goes with `images`; a model has a size of its own")
        found = _model(
            *(model, device, extractor, drawing, real | reading),
            n=count,
            seeds=range(seed, seed + seeds),
            palettes=palettes,
            most=reference,
        )
    facts = found.as_dict()
    measured.show(found, facts)
    if json is not None:
        console.wrote(write_record(json, facts))


def _evaluator(
    folder: str, device: str | None, extractor: Extractor, real: dict[str, Any], most: int
) -> Evaluator:
    from spritelab.evaluation import Evaluator
    from spritelab.generate import load_model

    model = load_model(folder, device)
    split = options.read_split(folder, model.config, real)
    return Evaluator(model, split, extractor, most=most)


def _drawn(
    evaluator: Evaluator, sprites: str, n: int, statistics: Path | None, shard: str | None
) -> dict[str, Any] | None:
    """Measure sprites that were drawn before, or gather one worker's part of their statistics."""
    from spritelab.evaluation.drawn import Drawn, evaluate_drawn, gather_shard
    from spritelab.generate import Shard

    drawn = Drawn(sprites)
    if shard is not None:
        assert statistics is not None
        part = Shard.parse(shard)
        with console.progress("sprites") as bar:
            path, done = gather_shard(evaluator, drawn, part, statistics, bar)
        if not done:
            console.say("done before", f"shard {part} is whole; nothing was gathered")
        console.wrote(path)
        return None
    with console.progress("evaluating") as bar:
        found = evaluate_drawn(evaluator, drawn, n, statistics, bar)
    facts = found.as_dict()
    measured.show(found.first, facts)
    return facts


def _model(
    folder: str,
    device: str | None,
    extractor: Extractor,
    drawing: dict[str, Any],
    real: dict[str, Any],
    *,
    n: int,
    seeds: range,
    palettes: PaletteSource,
    most: int,
) -> Evaluation:
    from spritelab.evaluation import Evaluator
    from spritelab.evaluation.scores import check_n
    from spritelab.generate import load_model

    model = load_model(folder, device)
    check_n(n, seeds)  # before sprites are read
    how = model.sampler_settings(**drawing)
    split = options.read_split(folder, model.config, real)
    with console.progress("evaluating") as bar:
        evaluator = Evaluator(model, split, extractor, most=most, progress=bar)
        return evaluator.evaluate(how, n, seeds, palettes)


def _images(images: str, against: str, extractor: Extractor, read: dict[str, Any]) -> Evaluation:
    from spritelab import data
    from spritelab.evaluation import evaluate_images

    with console.console.status("reading the images"):
        one, other = (data.load(source, **read) for source in (images, against))
    with console.progress("evaluating") as bar:
        return evaluate_images(one, other, extractor=extractor, progress=bar)
