"""``spritelab compare``: DDPM against DDIM, and the report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from spritelab.cli import console, options
from spritelab.cli.reading import reading_options
from spritelab.cli.sampling import sampler_options
from spritelab.config import SamplerSettings, Variance
from spritelab.config.sampler import GUIDANCE
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from spritelab.evaluation.comparison import Grid, Plan
    from spritelab.generate import Model

GRID = "Settings to compare"
QUICK_SPRITES, QUICK_SEEDS, QUICK_REFERENCE = 64, 2, 500


def _listed(help: str, default: str | bool) -> Any:
    """An option for several values, or for settings that stand beside these."""
    return typer.Option(help=help, show_default=default, rich_help_panel=GRID)


@sampler_options(*GUIDANCE)
@reading_options(options.REAL)
def compare(
    model: options.ModelName,
    data: options.Source = None,
    count: Annotated[
        int | None,
        typer.Option("-n", "--count", help="sprites for each setting and seed; unset: 1000"),
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="how many seeds; unset: 3")] = None,
    seed: Annotated[int, typer.Option(min=0, help="the first seed")] = 0,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="a first look, minutes on a CPU: few sprites, seeds and settings"
        ),
    ] = False,
    steps: Annotated[str | None, _listed("steps to compare", "5,10,20,50,100,250,1000")] = None,
    eta: Annotated[str | None, _listed("η of ddim to compare", "0,0.5,1")] = None,
    variance: Annotated[
        str | None, _listed("variances of ddpm to compare", "posterior,beta")
    ] = None,
    also: Annotated[
        str | None,
        _listed(
            "single settings beside these, such as ddpm-1000,dpm-5 (DPM-Solver++, in the steps "
            "calibrated for the model, if any), dpm-5-logsnr (in those of a spacing)",
            False,
        ),
    ] = None,
    palettes: options.Palettes = "training",
    held_out: options.HeldOut = None,
    split_seed: options.SplitSeed = None,
    mirror: options.Mirror = None,
    reference: options.Most = 5000,
    features: options.Features = "effnet",
    weights: options.Weights = None,
    device: options.Device = None,
    out: Annotated[
        Path | None, typer.Option(help="folder for the report", show_default="reports/MODEL")
    ] = None,
    json: options.Json = None,
    *,
    drawing: dict[str, Any],
    reading: dict[str, Any],
) -> None:
    """Compare DDPM with DDIM on the same weights and the same noise.

    Writes a report: index.html (one page, all included), report.json, report.md.
    What is drawn is kept beside it: an interrupted comparison goes on where it stopped.
    Asked again with more sprites, seeds or steps, it makes only what is missing.
    """
    from spritelab import __version__
    from spritelab.evaluation import Evaluator, Extractor
    from spritelab.evaluation.comparison import CELLS, About, check_folder, reporting
    from spritelab.evaluation.scores import check_n
    from spritelab.generate import load_model
    from spritelab.storage import check_file, write_record

    loaded = load_model(model, device)
    name = Path(model).resolve().name
    folder = out or Path("reports") / name
    check_folder(folder)
    if json is not None:
        check_file(json)
    own = loaded.sampler_settings(**drawing)
    grid = _grid(loaded, own, quick, steps, eta, variance, also)
    n = count if count is not None else QUICK_SPRITES if quick else 1000
    many = seeds if seeds is not None else QUICK_SEEDS if quick else 3
    check_n(n, range(seed, seed + many))  # before sprites are read
    extractor = Extractor(features, weights, str(loaded.device))
    real = options.given(source=data, held_out=held_out, split_seed=split_seed, mirror=mirror)
    split = options.read_split(model, loaded.config, real | reading)
    with reporting(folder):
        with console.progress("real sprites") as bar:
            most = min(reference, QUICK_REFERENCE) if quick else reference
            cells = folder / CELLS
            evaluator = Evaluator(loaded, split, extractor, folder=cells, most=most, progress=bar)
            plan = evaluator.plan(grid, n, range(seed, seed + many), palettes)
        _announce(plan)
        with console.progress("evaluations") as bar:
            comparison = plan.run(bar)
        with console.console.status("drawing the report"):
            facts = evaluator.report(comparison, folder, About(name, _command(), __version__))
    console.out.print(facts["answer"]["headline"], markup=False, highlight=False)
    for path in ("index.html", "report.json", "report.md"):
        console.wrote(folder / path)
    if json is not None:
        console.wrote(write_record(json, facts))


def _announce(plan: Plan) -> None:
    """Say how many cells are to be made, and about how long it will take."""
    from spritelab.evaluation.comparison import estimate_seconds
    from spritelab.evaluation.formatting import duration

    if not plan.missing:
        return
    with console.console.status("timing a small batch"):
        wait = duration(estimate_seconds(plan))
    console.say(
        "to do",
        f"{len(plan.missing)} of {len(plan.distinct) * len(plan.seeds)} cells of {plan.n:,} "
        f"sprites, about {wait}; Ctrl-C keeps what is done, the same command goes on",
    )


def _grid(
    model: Model,
    own: SamplerSettings,
    quick: bool,
    steps: str | None,
    eta: str | None,
    variance: str | None,
    also: str | None,
) -> Grid:
    """The settings that were asked for; the model's own among them unless the grid was."""
    from spritelab.evaluation.comparison import check_grid, make_grid, quick_grid, read_single
    from spritelab.evaluation.comparison.grid import ETAS, VARIANCES

    timesteps = model.schedule.timesteps
    if quick:
        if steps or eta or variance or also:
            raise SettingsError(
                "`quick` chooses `steps`, `eta`, `variance` and `also`; leave these out"
            )
        return quick_grid(timesteps, own, [own])
    single = [read_single(part, own) for part in also.split(",")] if also else []
    if not (steps or eta or variance):
        single.append(own)
    grid = make_grid(
        timesteps,
        options.whole_numbers(steps, "`steps`") if steps else None,
        options.numbers(eta, "`eta`") if eta else ETAS,
        cast("list[Variance]", variance.split(",")) if variance else VARIANCES,
        own,
        single,
        model.config.calibrated,
    )
    check_grid(grid)
    return grid


def _command() -> str:
    """The command line that was given, fit to be pasted."""
    import shlex

    return shlex.join(["spritelab", *sys.argv[1:]])
