"""How few steps draw as well as DDPM's thousand, and in what part of the seconds.

Quality is measured against the same model's own DDPM over all T steps, several seeds each, all from
the same x_T: a setting is as good if its Fréchet distance lies no farther above than DDPM's own
scatters from seed to seed. Time is measured against the seed's network with DDPM over all T, as its
notebook draws. What is drawn and measured is kept in ``--work``, as ``spritelab compare`` keeps it
in ``reports/MODEL/cells``, and is shared with it where that folder is named.

    python benchmarks/few_steps.py                                  # crawl-16: an hour on one core
    python benchmarks/few_steps.py --model runs/demo --steps 8,10 --work reports/demo/cells
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import harness

# isort: split
import numpy as np

import cases
from sampling import drawn
from spritelab.cli import console, options
from spritelab.config import SamplerSettings
from spritelab.errors import SettingsError
from spritelab.evaluation import Evaluator, Extractor, find_split
from spritelab.evaluation.comparison.answer import paired_difference, plus_minus
from spritelab.evaluation.comparison.cells import Cell
from spritelab.evaluation.comparison.grid import Grid, step_count
from spritelab.evaluation.formatting import figure
from spritelab.evaluation.scores import check_n
from spritelab.generate import Model, load_model

TIMED = 64
"""Sprites drawn where time is measured: a CPU's batch."""

MANY = 3000
"""Sprites whose seconds are given."""


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, measure and time everything and write the report; the status of ``guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = harness.Parser("few_steps", __doc__.partition("\n")[0])
    add = parser.add_argument
    add("--model", default="crawl-16", help="a run, a model folder, or a name")
    add("--data", help="its sprites, if the model does not say where they are")
    add("-n", type=int, default=300, help="sprites of every setting and seed")
    add("--seeds", type=int, default=3, help="how many")
    add("--steps", default="5,6,8,10,14,20", help="of DPM-Solver++")
    add("--spacings", default="logsnr,linspace", help="of its steps")
    add("--ddim", default="10,20,50", help="steps of DDIM, η = 0, beside it")
    add("--features", default="effnet", help="as of spritelab evaluate")
    add("--work", type=Path, default=Path("runs/benchmarks/few_steps"), help="what is kept")
    add("--part", type=int, default=10, help="steps timed of DDPM's")
    add("--rounds", type=int, default=5, help="how often everything is timed")
    given = parser.parse_args(argv)
    device = harness.settle(given.device, given.threads)
    if given.seeds < 2:
        raise SettingsError("a scatter needs at least two --seeds")
    if min(given.part, given.rounds) < 1:
        raise SettingsError("parts and rounds are at least 1")
    check_n(given.n, range(given.seeds))
    model = load_model(given.model, device)
    grid = _grid(model, given.steps, given.spacings, given.ddim)
    split = find_split(given.model, model.config, given.data)
    extractor = Extractor(given.features, device=str(device))
    with console.progress("real sprites") as bar:
        evaluator = Evaluator(model, split, extractor, folder=given.work, progress=bar)
        plan = evaluator.plan(grid, given.n, range(given.seeds))
    with console.progress("evaluations") as bar:
        cells = plan.run(bar).cells
    report = {
        "benchmark": "few_steps",
        "model": given.model,
        "n": given.n,
        "seeds": given.seeds,
        "frechet_name": extractor.frechet_name,
        "rows": _rows(cells, _timings(model, [cell.how for cell in cells], given)),
    }
    report |= harness.circumstances(device)
    harness.write_report(given.out, report, table(report))
    return 0


def _grid(model: Model, steps: str, spacings: str, ddim: str) -> Grid:
    """DDPM over all steps first, then what is held against it."""
    few = options.whole_numbers(steps, "--steps")
    others = options.whole_numbers(ddim, "--ddim") if ddim else []
    return tuple(
        model.sampler_settings(how)
        for how in (
            SamplerSettings(sampler="ddpm"),
            *(SamplerSettings(sampler="ddim", steps=count) for count in others),
            *(
                SamplerSettings.parse({"sampler": "dpm", "steps": count, "spacing": spacing})
                for spacing in spacings.split(",")
                for count in few
            ),
        )
    )


def _timings(
    model: Model, settings: Sequence[SamplerSettings], given: Any
) -> list[dict[str, float]]:
    """Seconds for ``MANY`` sprites by each setting, and the seed's over them; all in turns.

    Spacing does not matter for speed: settings of one sampler and number of steps share a time.
    """
    seed = cases.random_model("notebook", model.size, 3, model.device)
    tasks: dict[str, Callable[[], object]] = {}
    scale: dict[str, float] = {}

    def add(name: str, drawer: Model, how: SamplerSettings) -> None:
        if name in tasks:
            return
        steps = step_count(how)
        timed = min(steps, given.part) if how.sampler == "ddpm" else steps
        scale[name] = MANY / TIMED * steps / timed
        tasks[name] = partial(drawn, drawer, TIMED, None, how.changed(steps=timed))

    names = [f"{how.sampler}-{how.steps}" for how in settings]
    for name, how in zip(names, settings, strict=True):
        add(name, model, how)
    add("the seed", seed, seed.sampler_settings(SamplerSettings(sampler="ddpm")))
    found = harness.take_turns(tasks, given.rounds)
    seconds = {name: timing.median * scale[name] for name, timing in found.items()}
    return [
        {"seconds": seconds[name], "times_faster": seconds["the seed"] / seconds[name]}
        for name in names
    ]


def _rows(cells: Sequence[Cell], timings: Sequence[dict[str, float]]) -> list[dict[str, Any]]:
    slow = cells[0]
    values = slow.values("frechet")
    limit = float(np.mean(values) + np.std(values, ddof=1))
    rows = []
    for cell, timing in zip(cells, timings, strict=True):
        found = paired_difference(values, cell.values("frechet"))
        rows.append(
            {
                "sampler": cell.how.family,
                "steps": cell.steps,
                "spacing": cell.how.spacing,
                "frechet": cell.values("frechet"),
                "kid": cell.values("kid"),
                "recall": cell.values("recall"),
                "difference": found.mean,
                "interval": [found.low, found.high],
                "as_good": cell.mean("frechet") <= limit,
                "said": {key: plus_minus(cell, key) for key in ("frechet", "recall")},
                **timing,
            }
        )
    return rows


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    name = report["frechet_name"]
    titles = ["sampler", "steps", "spacing", name, "less that of DDPM (95 %)", "KID × 1000"]
    titles += ["recall", "as good", f"seconds for {MANY:,}", "× the seed's DDPM"]
    body = harness.markdown(
        titles,
        [
            [
                *(row["sampler"], f"{row['steps']:,}", row["spacing"], row["said"]["frechet"]),
                f"{figure(row['difference'])} ({' to '.join(map(figure, row['interval']))})",
                figure(1000 * float(np.mean(row["kid"]))),
                row["said"]["recall"],
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
        "seed's network with DDPM over all steps over these seconds, timed in turns.\n\n"
        + harness.under_which(report)
    )


if __name__ == "__main__":
    sys.exit(main())
