"""Few evaluations of the network: which sampler, in which steps, draws best with them.

One table: for each model DDIM with 50 steps as the reference, DPM-Solver++ in its usual steps, both
in those that were calibrated for the model, and its students; all from the same x_T. A picture a
model shows the same noises under every row. What is drawn and measured is kept in ``--work``, as
``spritelab compare`` keeps it in ``reports/MODEL/cells``; asked again, what is missing is made.

    python -m benchmarks.quality.few_steps --model crawl-16 --model builtin-16
    python -m benchmarks.quality.few_steps --student crawl-16=runs/quick --also dpm-10-linspace
    python -m benchmarks.quality.few_steps --reference ddpm-1000 -n 1000        # hours
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lib import console, harness, machine
from benchmarks.speed.sampling import draw
from spritelab import pictures
from spritelab.config import SamplerSettings
from spritelab.errors import SettingsError
from spritelab.evaluation import Evaluator, Extractor, find_split
from spritelab.evaluation.comparison import Cell, Plan, paired_difference, read_single
from spritelab.evaluation.formatting import figure
from spritelab.evaluation.samples import SampleStore
from spritelab.generate import Model, load_model

MODULE = "benchmarks.quality.few_steps"

TIMED = 64
"""Sprites drawn where time is measured: a CPU's batch."""

MANY = 1000
"""Sprites whose seconds are given."""

SHOWN = 10
"""Sprites of the first seed that are pictured."""

MEASURES = ("frechet", "kid", "recall", "authentic", "copies", "colours", "partly_transparent")


@dataclass(frozen=True, eq=False)
class Row:
    """One way of drawing.

    Attributes:
        model: that draws.
        how: complete settings.
        steps: which these are, in a word.
        sampler: its name.
    """

    model: Model
    how: SamplerSettings
    steps: str
    sampler: str

    @property
    def label(self) -> str:
        """All of it in words."""
        return f"{self.sampler}, {self.steps}, {self.how.nfe}".replace("`", "")


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, measure and time everything and write the report; the status of ``guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    given.model = given.model or ["crawl-16"]
    students = [_student(text, given.model) for text in given.student]
    device = harness.prepare_device(given.device, given.threads)
    facts = machine.circumstances(device)
    extractor = Extractor(given.features, device=str(device))
    models = []
    for name in given.model:
        teacher = load_model(name, device)
        own = [load_model(folder, device) for model, folder in students if model == name]
        models.append(_measure(name, rows_of(teacher, own, given), extractor, given))
    report = {
        **facts,
        "benchmark": "few_steps",
        "n": given.n,
        "seeds": given.seeds,
        "frechet_name": extractor.frechet_name,
        "models": models,
    }
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add = parser.add_argument
    add("--model", action="append", help="a run, a model folder, or a name; may be repeated")
    add("--student", action="append", default=[], metavar="MODEL=FOLDER", help="may be repeated")
    add("--data", help="the models' sprites, if they do not say where these are")
    add("-n", type=harness.whole(), default=400, help="sprites of every row and seed")
    add("--seeds", type=harness.whole(2), default=3, help="how many")
    add("--reference", default="ddim-50", help="what all are held against")
    add("--steps", type=harness.wholes(), default="4,5,6,8,10", help="of DPM-Solver++, as usual")
    add("--calibrated", default="dpm,ddim", help="samplers in the steps calibrated for the model")
    add("--also", default="", help="single settings beside these, as of spritelab compare")
    add("--features", default="effnet", help="as of spritelab evaluate")
    add("--work", type=Path, default=Path("runs/benchmarks/few_steps"), help="what is kept")
    add("--part", type=harness.whole(), default=10, help="steps timed of a row that has more")
    add("--rounds", type=harness.whole(), default=3, help="how often everything is timed")
    return parser


def _student(text: str, models: Sequence[str]) -> tuple[str, str]:
    """Read ``MODEL=FOLDER``."""
    model, found, folder = text.partition("=")
    if not found or model not in models:
        raise SettingsError(
            f"--student takes a model that is measured and a folder, such as "
            f"{models[0]}=runs/quick, not {text!r}"
        )
    return model, folder


def rows_of(model: Model, students: Sequence[Model], given: argparse.Namespace) -> list[Row]:
    """The ways of drawing that are held against the first of them."""
    usual = [SamplerSettings(sampler="dpm", steps=n, spacing="logsnr") for n in given.steps]
    also = [read_single(text) for text in given.also.split(",") if text]
    # The steps that were chosen are those of the flow, and DDIM follows the same.
    samplers = [sampler for sampler in given.calibrated.split(",") if sampler]
    chosen = [
        SamplerSettings.parse(
            {"sampler": sampler, "times": one.times, "first_leg": one.first_leg}, "--calibrated"
        )
        for sampler in samplers
        for one in sorted(model.config.calibrated, key=lambda one: len(one.times))
        if one.sampler == "dpm"
    ]
    try:
        first, *others = (
            model.sampler_settings(how)
            for how in (read_single(given.reference), *usual, *chosen, *also)
        )
    except SettingsError as error:
        raise SettingsError(f"--reference, --steps or --also: {error}") from None
    known = dict.fromkeys([first, *others])
    rows = [Row(model, how, how.spacing or "calibrated", _sampler(how)) for how in known]
    return rows + [
        Row(student, how, "its own", f"student `{student.name}`")
        for student in students
        for how in [student.sampler_settings()]
    ]


def _sampler(how: SamplerSettings) -> str:
    """The sampler in words; which steps it visits has a column of its own."""
    return how.changed(steps=1).changed(spacing=None, first_leg=None).family


def _measure(
    name: str, rows: Sequence[Row], extractor: Extractor, given: argparse.Namespace
) -> dict[str, Any]:
    """All rows of a model: its part of the report. Writes its picture."""
    model = rows[0].model
    split = find_split(name, model.config, given.data)
    with console.progress("real sprites") as progress:
        evaluator = Evaluator(model, split, extractor, folder=given.work, progress=progress)
        plan = evaluator.plan((rows[0].how,), given.n, range(given.seeds))
    cells = [_cell(plan, row) for row in rows]
    seconds = _timings(rows, given)
    return {
        "model": model.name,
        "picture": _picture(plan, rows, given.out.with_name(f"{given.out.stem}-{model.name}.png")),
        "rows": [
            _figures(row, cell, cells[0], spent)
            for row, cell, spent in zip(rows, cells, seconds, strict=True)
        ],
    }


def _cell(plan: Plan, row: Row) -> Cell:
    with console.progress("evaluations") as progress:
        own = replace(plan, store=_store(plan, row), grid=(row.how,))
        (cell,) = own.run(progress.part(row.label)).cells
    return cell


def _store(plan: Plan, row: Row) -> SampleStore:
    """The sprites of a row: of the model itself, or of a student of it, in the same folder."""
    return SampleStore(row.model, plan.store.folder)


def _timings(rows: Sequence[Row], given: argparse.Namespace) -> list[float]:
    """Seconds for ``MANY`` sprites by every row, all drawn in turns."""
    tasks: dict[str, Callable[[], object]] = {}
    scale = []
    for number, row in enumerate(rows):
        how, steps = row.how, row.how.steps or 1
        if row.how.times is None:
            how = row.how.changed(steps=min(steps, given.part))
        scale.append(MANY / TIMED * steps / (how.steps or 1))
        tasks[str(number)] = partial(draw, row.model, TIMED, how)
    found = harness.take_turns(tasks, given.rounds)
    return [one.median * factor for one, factor in zip(found.values(), scale, strict=True)]


def _figures(row: Row, cell: Cell, reference: Cell, seconds: float) -> dict[str, Any]:
    values = {measure: cell.values(measure) for measure in MEASURES}
    ratios = np.divide(cell.values("frechet"), reference.values("frechet"))
    spread = {key: _interval(found) for key, found in values.items()}
    return {
        "sampler": row.sampler,
        "steps": row.steps,
        "times": row.how.times,
        "evaluations": row.how.nfe,
        **values,
        "intervals": spread,
        "ratio": _interval([float(one) for one in ratios]),
        "seconds": seconds,
    }


def _interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean of the seeds and the ends of its 95 % interval."""
    found = paired_difference([0.0] * len(values), values)
    assert found.low is not None
    assert found.high is not None
    return found.mean, found.low, found.high


def _picture(plan: Plan, rows: Sequence[Row], path: Path) -> str:
    """The same noises under every row; its file's name."""
    drawn = [_store(plan, row).draw(row.how, plan.seeds[0], plan.n).images for row in rows]
    strips = [images[:SHOWN] for images in drawn]
    return pictures.save_png(pictures.labelled_rows(strips, [row.label for row in rows]), path).name


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    titles = ["model", "sampler", "steps", "evaluations", report["frechet_name"], "× the first's"]
    titles += ["KID × 1000", "recall", "authentic", "copies", "colours", "partial alpha"]
    titles += [f"seconds for {MANY:,}"]
    lines = [[model["model"], *_line(row)] for model in report["models"] for row in model["rows"]]
    return (
        f"{harness.markdown(titles, lines)}\n{report['n']:,} sprites a row and seed, "
        f"{report['seeds']} seeds from the same noise; means ± half of their 95 % interval over "
        "the seeds (Student's t), and for each seed the ratio to the model's first row. Seconds "
        f"are scaled up from {TIMED} sprites, drawn in turns.\n\n" + harness.under_table(report)
    )


def _line(row: dict[str, Any]) -> list[str]:
    def spread(key: str, scale: float = 1.0) -> str:
        mean, low, _ = (scale * value for value in row["intervals"][key])
        return f"{figure(mean)} ± {figure(mean - low)}"

    mean, low, high = row["ratio"]
    means = {key: row["intervals"][key][0] for key in MEASURES}
    return [
        *(row["sampler"], row["steps"], str(row["evaluations"]), spread("frechet")),
        f"{mean:.2f} ({low:.2f} to {high:.2f})",
        *(spread("kid", 1000), spread("recall"), f"{means['authentic']:.2f}"),
        *(f"{100 * means['copies']:.1f} %", f"{means['colours']:.0f}"),
        f"{100 * means['partly_transparent']:.0f} %",
        f"{row['seconds']:,.1f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
