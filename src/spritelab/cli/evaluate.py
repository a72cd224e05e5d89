"""``spritelab evaluate``: how good a model's sprites are, or one folder against another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from spritelab.cli import console, options
from spritelab.cli.reading import reading_options
from spritelab.config import PaletteSource
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from rich.table import Table

    from spritelab.evaluation import Evaluation, Extractor

FILES = "Two folders instead of a model"


@reading_options(options.REAL)
def evaluate(
    model: options.OptionalModelName = None,
    data: options.Source = None,
    count: Annotated[int, typer.Option("-n", "--count", help="sprites for each seed")] = 1000,
    sampler: options.SamplerName = None,
    steps: options.Steps = None,
    eta: options.Eta = None,
    variance: options.VarianceName = None,
    guidance: options.Guidance = None,
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
    device: options.Device = None,
    json: options.Json = None,
    *,
    reading: dict[str, Any],
) -> None:
    """Measure how good sprites are: a model's, or those in a folder.

    Beside every figure of a model stands the floor and the ratio to it.
    The floor is what held-out sprites get in the place of drawn ones.
    With --images and --against two folders are compared, as pytorch-fid does.
    """
    from spritelab.devices import best_device
    from spritelab.evaluation import Extractor
    from spritelab.storage import write_json

    if (images is None) != (against is None) or (images is None) == (model is None):
        raise SettingsError("give a MODEL, or both `images` and `against`")
    extractor = Extractor(features, weights, device or str(best_device()))
    if model is None:
        assert images is not None
        assert against is not None
        found = _images(images, against, extractor, options.given(size=size) | reading)
    else:
        if size is not None:
            raise SettingsError("`size` goes with `images`; a model has a size of its own")
        changes = options.given(
            sampler=sampler, steps=steps, eta=eta, variance=variance, guidance=guidance
        )
        real = options.given(source=data, held_out=held_out, split_seed=split_seed, mirror=mirror)
        found = _model(
            *(model, device, extractor, changes, real | reading),
            n=count,
            seeds=range(seed, seed + seeds),
            palettes=palettes,
            most=reference,
        )
    facts = found.as_dict()
    console.out.print(_table(found, facts))
    for line in _notes(facts):
        console.out.print(line, soft_wrap=True, markup=False, highlight=False)
    if json is not None:
        console.wrote(write_json(json, facts))


def _model(
    folder: str,
    device: str | None,
    extractor: Extractor,
    changes: dict[str, Any],
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
    how = model.sampler_settings(**changes)
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


def _table(found: Evaluation, facts: dict[str, Any]) -> Table:
    """Lay out measures with the floor and the ratio beside them."""
    from rich import box
    from rich.table import Column, Table

    from spritelab.evaluation.formatting import MEASURES, figure

    floor, ratios, spread = found.floor.held_out, facts["ratio"] or {}, facts["spread"]
    columns = [Column(found.how.name if found.how else "images")]
    columns.append(Column(f"n = {facts['n']:,}", justify="right"))
    if floor is not None:
        for title in (f"at n = {floor.n:,}", "held out", "ratio"):
            columns.append(Column(title, justify="right"))
    table = Table(*columns, box=box.SIMPLE)
    for key, name, scale in MEASURES:
        value = figure(facts[key] * scale)
        if spread is not None:
            value += f" ± {figure(spread[key] * scale)}"
        row = [name or facts["frechet_name"], value]
        if floor is not None:
            matched = facts["matched"][key] * scale
            row += [figure(matched), figure(getattr(floor, key) * scale), figure(ratios[key])]
        table.add_row(*row)
    return table


def _notes(facts: dict[str, Any]) -> list[str]:
    """What stands under the table."""
    from spritelab.evaluation.formatting import duration, figure

    name, lines = facts["frechet_name"], []
    lines.append(f"distinct sprites: {facts['distinct']:,.0f} of {facts['n']:,}")
    lines.append(
        "told apart: accuracy of a classifier, standard error "
        f"{figure(facts['told_apart_error'])}; 0.5 cannot be told"
    )
    if facts["matched"] is not None:
        lines.append(
            "differing pixels, edge distance: the lower, the nearer to the training sprites; "
            "compare with what held-out ones get"
        )
    if facts["copying_score"] is not None:
        lines.append(f"C_T: {figure(facts['copying_score'])} (0: no copying, below −3: copying)")
    floor, halves = (facts["floor"] or {}).get("halves"), facts["halves"]
    if floor and halves:
        lines.append(
            f"{name} at n = {halves['n']:,} against one half of the real sprites: "
            f"{figure(halves['frechet'])}; the other half gets {figure(floor['frechet'])}"
        )
    for label, one in facts["classes"].items():
        against = f", {figure(one['ratio']['frechet'])} times the floor" if one["ratio"] else ""
        lines.append(
            f"  {label}: n = {one['n']:,.0f}, {name} {figure(one['frechet'])}{against}, "
            f"KID × 1000 {figure(1000 * one['kid'])}, precision {figure(one['precision'])}, "
            f"recall {figure(one['recall'])}"
        )
    if facts.get("palettes") == "held-out":
        lines.append("drawn in the palettes of held-out sprites, which the model has never seen")
    if "seconds" in facts:
        lines.append(
            f"drawing took {duration(facts['seconds'])}, {facts['nfe']:,} network evaluations each"
        )
    lines.append(f"features {facts['features']}, protocol {facts['protocol']}")
    return lines
