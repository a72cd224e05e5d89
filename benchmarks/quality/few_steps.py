"""How few steps draw as well as DDPM's thousand, and in what part of the seconds.

Quality is measured against the same model's own DDPM over all T steps, several seeds each, all from
the same x_T: a setting is as good if its Fréchet distance lies no farther above than DDPM's own
scatters from seed to seed. Time is measured against the notebook's network with DDPM over all T, as
the notebook draws. What is drawn and measured is kept in ``--work``, as ``spritelab compare`` keeps
it in ``reports/MODEL/cells``, and is shared with it where that folder is named.

    python -m benchmarks.quality.few_steps                        # crawl-16: an hour on one core
    python -m benchmarks.quality.few_steps --model runs/demo --steps 8,10 --work reports/demo/cells
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lib import cases, console, harness, machine
from benchmarks.speed.sampling import draw
from spritelab.config import SamplerSettings
from spritelab.errors import SettingsError
from spritelab.evaluation import Evaluator, Extractor, find_split
from spritelab.evaluation.comparison import Cell, Grid, paired_difference, plus_minus, step_count
from spritelab.evaluation.formatting import figure
from spritelab.generate import Model, load_model

MODULE = "benchmarks.quality.few_steps"

TIMED = 64
"""Sprites drawn where time is measured: a CPU's batch."""

MANY = 3000
"""Sprites whose seconds are given."""

DDPM = SamplerSettings(sampler="ddpm")


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, measure and time everything and write the report; the status of ``guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.prepare_device(given.device, given.threads)
    facts = machine.circumstances(device)
    model = load_model(given.model, device)
    grid = _grid(model, given)
    split = find_split(given.model, model.config, given.data)
    extractor = Extractor(given.features, device=str(device))
    with console.progress("real sprites") as progress:
        evaluator = Evaluator(model, split, extractor, folder=given.work, progress=progress)
        plan = evaluator.plan(grid, given.n, range(given.seeds))
    with console.progress("evaluations") as progress:
        cells = plan.run(progress).cells
    report = {
        **facts,
        "benchmark": "few_steps",
        "model": given.model,
        "n": given.n,
        "seeds": given.seeds,
        "frechet_name": extractor.frechet_name,
        "rows": _rows(cells, _timings(model, grid, given)),
    }
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add = parser.add_argument
    add("--model", default="crawl-16", help="a run, a model folder, or a name")
    add("--data", help="its sprites, if the model does not say where they are")
    add("-n", type=harness.whole(), default=300, help="sprites of every setting and seed")
    add("--seeds", type=harness.whole(2), default=3, help="how many")
    add("--steps", type=harness.wholes(), default="5,6,8,10,14,20", help="of DPM-Solver++")
    add("--spacings", default="logsnr,linspace", help="of its steps")
    add("--ddim", type=harness.wholes(), default="10,20,50", help="steps of DDIM, η = 0, beside it")
    add("--features", default="effnet", help="as of spritelab evaluate")
    add("--work", type=Path, default=Path("runs/benchmarks/few_steps"), help="what is kept")
    add("--part", type=harness.whole(), default=10, help="steps timed of DDPM's")
    add("--rounds", type=harness.whole(), default=5, help="how often everything is timed")
    return parser


def _grid(model: Model, given: argparse.Namespace) -> Grid:
    """DDPM over all steps first, then what is held against it."""
    others = [SamplerSettings(sampler="ddim", steps=steps) for steps in given.ddim]
    others += [
        SamplerSettings.parse({"sampler": "dpm", "steps": steps, "spacing": spacing}, "--spacings")
        for spacing in given.spacings.split(",")
        for steps in given.steps
    ]
    try:
        return tuple(model.sampler_settings(how) for how in (DDPM, *others))
    except SettingsError as error:
        raise SettingsError(f"--steps or --ddim: {error}") from None


def _timings(model: Model, grid: Grid, given: argparse.Namespace) -> list[dict[str, float]]:
    """Seconds for ``MANY`` sprites by each setting, and the notebook's over them; all in turns.

    Spacing does not matter for speed: settings of one sampler and number of steps share a time.
    """
    notebook = cases.random_model("notebook", model.size, 3, model.device)
    tasks: dict[str, Callable[[], object]] = {}
    scale: dict[str, float] = {}

    def add(name: str, drawer: Model, how: SamplerSettings) -> None:
        steps = step_count(how)
        timed = min(steps, given.part) if how.sampler == "ddpm" else steps
        scale[name] = MANY / TIMED * steps / timed
        tasks[name] = partial(draw, drawer, TIMED, how.changed(steps=timed))

    names = [f"{how.sampler}-{how.steps}" for how in grid]
    for name, how in zip(names, grid, strict=True):
        add(name, model, how)
    add("notebook", notebook, notebook.sampler_settings(DDPM))
    found = harness.take_turns(tasks, given.rounds)
    seconds = {name: timing.median * scale[name] for name, timing in found.items()}
    return [
        {"seconds": seconds[name], "times_faster": seconds["notebook"] / seconds[name]}
        for name in names
    ]


def _rows(cells: Sequence[Cell], timings: Sequence[dict[str, float]]) -> list[dict[str, Any]]:
    values = cells[0].values("frechet")
    limit = float(np.mean(values) + np.std(values, ddof=1))
    rows = []
    for cell, timing in zip(cells, timings, strict=True):
        found = paired_difference(values, cell.values("frechet"))
        rows.append(
            {
                # The spacing has a column of its own.
                "sampler": cell.how.changed(spacing=None).family,
                "steps": cell.steps,
                "spacing": cell.how.spacing,
                "frechet": cell.values("frechet"),
                "kid": cell.values("kid"),
                "recall": cell.values("recall"),
                "difference": found.mean,
                "interval": [found.low, found.high],
                "as_good": cell.mean("frechet") <= limit,
                "text": {key: plus_minus(cell, key) for key in ("frechet", "recall")},
                **timing,
            }
        )
    return rows


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    name = report["frechet_name"]
    titles = ["sampler", "steps", "spacing", name, "less that of DDPM (95 %)", "KID × 1000"]
    titles += ["recall", "as good", f"seconds for {MANY:,}", "× the notebook's DDPM"]
    body = harness.markdown(
        titles,
        [
            [
                *(row["sampler"], f"{row['steps']:,}", row["spacing"], row["text"]["frechet"]),
                f"{figure(row['difference'])} ({' to '.join(map(figure, row['interval']))})",
                figure(1000 * float(np.mean(row["kid"]))),
                row["text"]["recall"],
                "yes" if row["as_good"] else "no",
                f"{row['seconds']:,.0f}",
                f"{row['times_faster']:.1f}",
            ]
            for row in report["rows"]
        ],
    )
    return (
        f"{body}\n{report['model']}, {report['n']:,} sprites a setting and seed, {report['seeds']} "
        "seeds from the same noise; mean ± standard deviation over them. As good: no farther above "
        "DDPM's mean than its standard deviation. Seconds are scaled up from "
        f"{TIMED} sprites, those of DDPM from a part of its steps too. The last column holds the "
        "seconds of the notebook's network with DDPM over all steps over these, timed in turns.\n\n"
        + harness.under_table(report)
    )


if __name__ == "__main__":
    sys.exit(main())
