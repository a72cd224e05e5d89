"""``spritelab compare``: DDPM against DDIM, and the report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spritelab.cli import console, measuring
from spritelab.cli.drawing import Device, ModelName
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from spritelab.diffusion import Variance
    from spritelab.generate import Model, Setting

GRID = "Settings to compare"
QUICK_SPRITES, QUICK_SEEDS, QUICK_REFERENCE = 64, 2, 500


def compare(
    model: ModelName,
    data: measuring.Data = None,
    count: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--count",
            help="Sprites for each setting and seed; 1000 if not given.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="How many seeds; 3 if not given.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="A first look, minutes on a CPU: few sprites, seeds and settings."
        ),
    ] = False,
    steps: Annotated[
        str | None,
        typer.Option(
            help="Steps to compare.",
            show_default="5,10,20,50,100,250,1000",
            rich_help_panel=GRID,
        ),
    ] = None,
    eta: Annotated[
        str | None,
        typer.Option(help="η of ddim to compare.", show_default="0,0.5,1", rich_help_panel=GRID),
    ] = None,
    variance: Annotated[
        str | None,
        typer.Option(
            help="Variances of ddpm to compare.",
            show_default="posterior,beta",
            rich_help_panel=GRID,
        ),
    ] = None,
    also: Annotated[
        str | None,
        typer.Option(
            help="Single settings beside these, such as ddpm-1000,dpm-20 (DPM-Solver++).",
            show_default=False,
            rich_help_panel=GRID,
        ),
    ] = None,
    guidance: Annotated[
        float,
        typer.Option(
            help="Weight of classifier-free guidance; 1 is without.", rich_help_panel=GRID
        ),
    ] = 1.0,
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
    device: Device = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the report.", show_default="reports/MODEL"),
    ] = None,
    json: measuring.Json = None,
) -> None:
    """Compare DDPM with DDIM on the same weights and the same noise.

    Writes a report: index.html (one page, all included), report.json, report.md.
    What is drawn is kept beside it: an interrupted comparison goes on where it stopped.
    Asked again with more sprites, seeds or steps, it makes only what is missing.
    """
    from spritelab import __version__, generate
    from spritelab.evaluation import compare as comparing
    from spritelab.evaluation import evaluate as evaluating
    from spritelab.evaluation import reference as real
    from spritelab.evaluation import report as reporting
    from spritelab.evaluation import sources
    from spritelab.evaluation.extract import Extractor
    from spritelab.evaluation.verdict import duration
    from spritelab.storage import write_json

    loaded = generate.load_model(model, device)
    name = Path(model).resolve().name
    folder = out or Path("reports") / name
    reporting.check_folder(folder)
    timesteps = loaded.schedule.timesteps
    if quick:
        if steps or eta or variance or also:
            raise SettingsError(
                "--quick chooses --steps, --eta, --variance and --also; leave these out"
            )
        grid = comparing.quick_grid(timesteps, guidance)
        reference = min(reference, QUICK_REFERENCE)
    else:
        grid = comparing.make_grid(
            timesteps,
            measuring.whole_numbers(steps, "--steps") if steps else None,
            measuring.numbers(eta, "--eta") if eta else comparing.ETAS,
            [_variance(part) for part in variance.split(",")] if variance else comparing.VARIANCES,
            guidance,
            [_setting(loaded, part, guidance) for part in also.split(",")] if also else (),
        )
    reporting.check_grid(grid)
    n = count if count is not None else QUICK_SPRITES if quick else 1000
    many = seeds if seeds is not None else QUICK_SEEDS if quick else 3
    asked = range(seed, seed + many)
    evaluating.check_n(n, asked)
    extractor = Extractor(features.value, weights, str(loaded.device))
    with console.console.status("reading the sprites"):
        split = sources.find_split(
            model,
            loaded.config,
            data,
            held_out=held_out,
            split_seed=split_seed,
            mirror=mirror,
            labels=str(labels) if labels else None,
            tile=tile,
            margin=margin,
            spacing=spacing,
        )
    cells = folder / "cells"
    with console.progress("real sprites") as bar:
        known = real.build_reference(
            split.training,
            split.held_out,
            extractor,
            mirror=split.mirror,
            most=reference,
            cache=cells,
            progress=measuring.staged(bar),
        )
    comparison = comparing.prepare(loaded, known, grid, cells, n=n, seeds=asked)
    missing, total = len(comparison.missing()), len(comparing.chains(grid)) * many
    if missing:
        with console.console.status("timing a small batch"):
            wait = duration(comparing.estimate_seconds(comparison))
        console.say(
            "to do",
            f"{missing} of {total} cells of {n:,} sprites, about {wait}; Ctrl-C keeps what is "
            "done, the same command goes on",
        )
    with console.progress("evaluations") as bar:
        done = comparing.run_cells(comparison, bar)
    with console.console.status("drawing the report"):
        about = reporting.About(name, _command(), __version__)
        facts = reporting.write_report(folder, comparison, done, split, about)
    console.out.print(facts["answer"]["headline"], markup=False, highlight=False)
    for path in ("index.html", "report.json", "report.md"):
        console.wrote(folder / path)
    if json is not None:
        console.wrote(write_json(json, facts))


def _variance(name: str) -> Variance:
    from spritelab.evaluation.compare import VARIANCES

    for known in VARIANCES:
        if name == known:
            return known
    raise SettingsError(f"unknown variance {name!r}; choose from {', '.join(VARIANCES)}")


def _setting(model: Model, text: str, guidance: float) -> Setting:
    """Read ``ddpm-1000``."""
    sampler, _, steps = text.strip().partition("-")
    if not steps.isascii() or not steps.isdecimal():
        raise SettingsError(f"--also takes settings such as ddpm-1000,dpm-20, not {text!r}")
    from spritelab.generate import Setting

    return Setting.of(sampler, model.schedule.timesteps, int(steps), guidance=guidance)


def _command() -> str:
    """The command line that was given, fit to be pasted."""
    import shlex

    return shlex.join(["spritelab", *sys.argv[1:]])
