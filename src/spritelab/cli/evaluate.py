"""``spritelab evaluate``: how good a model's sprites are, or one folder against another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from spritelab.cli import console, measuring
from spritelab.cli.drawing import (
    Device,
    Eta,
    Guidance,
    Sampler,
    SamplerChoice,
    Steps,
    Variance,
    VarianceChoice,
)
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from rich.table import Table

    from spritelab.evaluation.evaluate import Evaluation
    from spritelab.evaluation.extract import Extractor

FILES = "Two folders instead of a model"

ROWS = (
    ("frechet", "", 1),
    ("kid", "KID × 1000", 1000),
    ("precision", "precision", 1),
    ("recall", "recall", 1),
    ("density", "density", 1),
    ("coverage", "coverage", 1),
    ("copies", "copies of training sprites, %", 100),
    ("authentic", "authentic, %", 100),
    ("colours", "colours in a sprite", 1),
    ("partly_transparent", "partly transparent pixels, %", 100),
    ("stray_pixels", "stray pixels", 1),
)
"""Measure, its name on the terminal, and what it is multiplied by there."""


def evaluate(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="A run's folder, a model folder, or crawl-16."),
    ] = None,
    data: measuring.Data = None,
    count: Annotated[int, typer.Option("-n", "--count", help="Sprites for each seed.")] = 1000,
    sampler: SamplerChoice = Sampler.ddim,
    steps: Steps = None,
    eta: Eta = 0.0,
    variance: VarianceChoice = Variance.posterior,
    guidance: Guidance = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 1,
    held_out: measuring.HeldOut = None,
    split_seed: measuring.SplitSeed = None,
    mirror: measuring.Mirror = None,
    reference: measuring.Most = 5000,
    tile: measuring.Tile = None,
    margin: measuring.Margin = 0,
    spacing: measuring.Spacing = 0,
    labels: measuring.Labels = None,
    features: measuring.Features = measuring.FeatureChoice.effnet,
    weights: measuring.Weights = None,
    images: Annotated[
        str | None,
        typer.Option(
            help="Measure these images, a folder or any other source of sprites.",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Measure them against these.", show_default=False, rich_help_panel=FILES),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(min=1, help="Bring both to this many pixels.", rich_help_panel=FILES),
    ] = None,
    device: Device = None,
    json: measuring.Json = None,
) -> None:
    """Measure how good sprites are: a model's, or those in a folder.

    Beside every figure of a model stands the floor and the ratio to it.
    The floor is what held-out sprites get in the place of drawn ones.
    With --images and --against two folders are compared, as pytorch-fid does.
    """
    from spritelab.devices import best_device
    from spritelab.evaluation.extract import Extractor
    from spritelab.storage import write_json

    if (images is None) != (against is None) or (images is None) == (model is None):
        raise SettingsError("give a MODEL, or both --images and --against")
    extractor = Extractor(features.value, weights, device or str(best_device()))
    if images is not None and against is not None:
        read = {"size": size, "tile": tile, "margin": margin, "spacing": spacing}
        found = _files(images, against, read, extractor)
    else:
        assert model is not None
        if size is not None:
            raise SettingsError("--size goes with --images; a model has a size of its own")
        found = _model(
            model,
            extractor,
            {
                "sampler": sampler.value,
                "steps": steps,
                "eta": eta,
                "variance": variance.value,
                "guidance": guidance,
            },
            {"n": count, "seeds": range(seed, seed + seeds), "most": reference},
            {
                "source": data,
                "held_out": held_out,
                "split_seed": split_seed,
                "mirror": mirror,
                "labels": str(labels) if labels else None,
                "tile": tile,
                "margin": margin,
                "spacing": spacing,
            },
            device,
        )
    facts = found.as_dict()
    console.out.print(_table(found, facts))
    for line in _notes(facts):
        console.out.print(line, soft_wrap=True, markup=False, highlight=False)
    if json is not None:
        console.wrote(write_json(json, facts))


def _model(
    folder: str,
    extractor: Extractor,
    how: dict[str, Any],
    asked: dict[str, Any],
    real: dict[str, Any],
    device: str | None,
) -> Evaluation:
    from spritelab import generate
    from spritelab.evaluation import evaluate as evaluating
    from spritelab.evaluation import sources
    from spritelab.generate import Setting

    loaded = generate.load_model(folder, device)
    evaluating.check_n(asked["n"], asked["seeds"])
    setting = Setting.of(timesteps=loaded.schedule.timesteps, **how)
    with console.console.status("reading the sprites"):
        split = sources.find_split(folder, loaded.config, **real)
    with console.progress("evaluating") as bar:
        return evaluating.evaluate(
            loaded,
            split,
            setting,
            extractor=extractor,
            progress=measuring.staged(bar),
            **asked,
        )


def _files(images: str, against: str, read: dict[str, Any], extractor: Extractor) -> Evaluation:
    from spritelab import data
    from spritelab.evaluation.evaluate import evaluate_images

    with console.console.status("reading the images"):
        one, other = (data.load(source, **read) for source in (images, against))
    with console.progress("evaluating") as bar:
        return evaluate_images(one, other, extractor=extractor, progress=measuring.staged(bar))


def _table(found: Evaluation, facts: dict[str, Any]) -> Table:
    """Lay out measures with the floor and the ratio beside them."""
    from rich import box
    from rich.table import Column, Table

    from spritelab.evaluation.verdict import figure

    floor, ratios, spread = found.floor.held_out, facts["ratio"] or {}, facts["spread"]
    columns = [Column(found.setting.name if found.setting else "images")]
    columns.append(Column(f"n = {facts['n']:,}", justify="right"))
    if floor is not None:
        for title in (f"at n = {floor.n:,}", "held out", "ratio"):
            columns.append(Column(title, justify="right"))
    table = Table(*columns, box=box.SIMPLE)
    for key, name, scale in ROWS:
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
    from spritelab.evaluation.verdict import duration, figure

    name, lines = facts["frechet_name"], []
    lines.append(f"distinct sprites: {facts['distinct']:,.0f} of {facts['n']:,}")
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
    if "seconds" in facts:
        lines.append(
            f"drawing took {duration(facts['seconds'])}, {facts['nfe']:,} network evaluations each"
        )
    lines.append(f"features {facts['features']}, protocol {facts['protocol']}")
    return lines
