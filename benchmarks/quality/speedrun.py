"""Speedrun: minutes of one core until new sprites are close to the real ones.

An entry trains ``crawl`` at 16×16 for a length that is fixed beforehand, once for every seed, each
time from nothing, on one thread of a CPU. Its models draw by their own sampler, and KID to the
training sprites is measured as in ``time_to_quality``. The entry counts if the mean over the seeds
is shown to be at most the threshold: p < 0.01 by a one-sided t-test over the runs. The rules are in
``docs/speedrun.md``.

    python -m benchmarks.quality.speedrun --minutes 12 --parallel            # 5 seeds
    python -m benchmarks.quality.speedrun --minutes 12 --seeds 0             # one, to find a length
    python -m benchmarks.quality.speedrun --minutes 0.05 --seeds 0,1 --data builtin --count 300 \\
        -n 40 --steps 5 --features pixels                                    # seconds, no entry
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from scipy import stats

from benchmarks.lib import harness
from benchmarks.lib.contestants import Contestant, read_contestants, read_minutes
from benchmarks.lib.point import OWN
from benchmarks.lib.points import add_options, lay_out, results_of, run_points
from benchmarks.lib.report import mean, shown
from spritelab.errors import SettingsError
from spritelab.evaluation.features.protocol import PROTOCOL

MODULE = "benchmarks.quality.speedrun"

THRESHOLD = 2.0
"""KID × 1000 to the training sprites, of 1,000 drawn ones."""

SIGNIFICANCE = 0.01
"""What p of the t-test must lie below."""

COPYING = -3.0
"""C_T at which sprites are copied (``docs/evaluation.md``); the mean over the runs lies above."""

RULES: dict[str, Any] = {
    **{"data": "crawl", "count": None, "size": 16, "held_out": 0.1},
    **{"n": 1000, "steps": OWN, "features": "effnet", "threads": 1, "device": "cpu"},
}
"""What all entries have in common."""

MOST_EVALUATIONS = 50
"""Of the network for a sprite that is measured."""

LEAST_RUNS = 3
"""Seeds of an entry, from 0 on, none left out."""


def main(argv: Sequence[str] | None = None) -> int:
    """Make all runs of an entry and write the report; the exit status of ``guarded``."""
    return harness.guarded(
        lambda: run_points(_parser().parse_args(argv), MODULE, plan, gather, table)
    )


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add_options(parser)
    add = parser.add_argument
    add("--minutes", help="of every training; decided before the runs")
    add("--data", help="another source is no entry")
    add("--count", type=int, help="use this many sprites only; no entry")
    add("--held-out", type=float, help="share of the sprites never trained on")
    parser.set_defaults(seeds="0,1,2,3,4", **RULES)
    return parser


def _contestant(given: argparse.Namespace) -> Contestant:
    """Who runs: one, ``small`` unless told otherwise.

    Raises:
        SettingsError: for several, for one that begins from a model, for more than one core, and
            for a seed that is given twice.
    """
    found = read_contestants(given.contestant or ["small"], None)
    if len(found) > 1:
        raise SettingsError("an entry is of one contestant; give --contestant once")
    if found[0].init is not None:
        raise SettingsError("a speedrun begins from nothing; leave out init")
    own = found[0].settings
    how = own.sampling.changed(guidance_interval=None).complete(own.schedule.timesteps)
    if how.nfe > MOST_EVALUATIONS:
        raise SettingsError(
            f"a sprite is drawn in at most {MOST_EVALUATIONS} evaluations, not {how.nfe}; give the "
            "contestant fewer sampling.steps"
        )
    if given.threads != 1 or given.device != "cpu":
        raise SettingsError("a speedrun is of one core: leave out --threads and --device")
    if len(set(given.seeds)) < len(given.seeds):
        raise SettingsError("--seeds names one twice; every run needs a seed of its own")
    return found[0]


def plan(given: argparse.Namespace, device: str) -> list[dict[str, Any]]:
    """A point for every seed.

    Raises:
        SettingsError: for what no speedrun can be, see ``_contestant``, and for another number of
            lengths than one.
    """
    contestant = _contestant(given)
    if given.minutes is None:
        raise SettingsError("give --minutes, the length of every training, such as --minutes 12")
    lengths = read_minutes([], [contestant.name], given.minutes)[contestant.name]
    if len(lengths) > 1:
        raise SettingsError("an entry has one length; give --minutes one number")
    minutes = lengths[0]
    return [
        lay_out(
            contestant,
            given,
            device,
            length={"training.max_minutes": minutes},
            data={"source": given.data, "count": given.count, "held_out": given.held_out},
            labels={"contestant": contestant.name, "minutes": minutes, "seed": seed},
            name=f"speedrun-{contestant.name}-{minutes:g}min-seed{seed}",
            seed=seed,
            speed=True,
        )
        for seed in given.seeds
    ]


def gather(points: Sequence[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    """The results, the test over the runs, and what keeps them from being an entry."""
    results = results_of(points)
    kids = [1000 * result["against"]["training"]["kid"] for result in results]
    tested = below_threshold(kids)
    speed = fmean(result["matrix_speed"] for result in results)
    minutes = fmean(result["seconds"] for result in results) / 60
    return {
        "benchmark": "speedrun",
        "protocol": PROTOCOL,
        "threshold": THRESHOLD,
        "contestant": results[0]["contestant"],
        "minutes": minutes,
        "matrix_speed": speed,
        "work": 60 * minutes * speed,
        "seeds": given.seeds,
        "parallel": given.parallel,
        "rules": {key: getattr(given, key) for key in RULES},
        "kid": kids,
        **tested,
        "copies": mean(results, "memory", "copies"),
        "copying_score": mean(results, "memory", "copying_score"),
        "objections": objections(results, tested["p"], given),
        "results": results,
    }


def below_threshold(kids: Sequence[float]) -> dict[str, float | None]:
    """The mean KID × 1000, its deviation over the runs, and p of a one-sided t-test.

    p is the chance of a mean as low as this if the true one were ``THRESHOLD``. Deviation and p are
    None for a single run.
    """
    if len(kids) < 2:
        return {"mean": fmean(kids), "deviation": None, "p": None}
    deviation = stdev(kids)
    if deviation == 0:
        return {"mean": fmean(kids), "deviation": 0.0, "p": float(kids[0] >= THRESHOLD)}
    test = stats.ttest_1samp(kids, THRESHOLD, alternative="less")
    return {"mean": fmean(kids), "deviation": deviation, "p": float(test.pvalue)}


def objections(
    results: Sequence[Mapping[str, Any]], p: float | None, given: argparse.Namespace
) -> list[str]:
    """What keeps the runs from being an entry, in words; an empty list for one that counts."""
    found = [
        f"`--{key.replace('_', '-')}` is {getattr(given, key)}, not {value or 'left out'}"
        for key, value in RULES.items()
        if getattr(given, key) != value
    ]
    if sorted(given.seeds) != list(range(len(given.seeds))) or len(given.seeds) < LEAST_RUNS:
        found.append(f"the seeds are not 0, 1, 2, …, at least {LEAST_RUNS} of them")
    where = [result["circumstances"] for result in results]
    if len({one["commit"] for one in where}) > 1 or any(one["dirty"] is not False for one in where):
        found.append("the runs are not all of one commit without changes")
    if p is None or p >= SIGNIFICANCE:
        found.append(f"p is {shown(p, '{:.2g}')}, not below {SIGNIFICANCE:g}")
    ours, floor = (mean(results, *path, "copies") for path in (("memory",), ("floor", "memory")))
    assert ours is not None
    assert floor is not None
    if ours > floor:
        found.append(f"{ours:.2%} of the sprites are copies, {floor:.2%} of the held-out ones")
    score = mean(results, "memory", "copying_score")
    if score is not None and score <= COPYING:
        found.append(f"C_T is {score:.1f}: training sprites are copied")
    return found


def table(report: Mapping[str, Any]) -> str:
    """A row a run, what the test says, and the row for ``docs/speedrun.md``."""
    titles = ["seed", "minutes", "updates", "KID × 1000", "copies", "C_T", "GFLOP/s of the core"]
    rows = [
        [
            result["seed"],
            f"{result['seconds'] / 60:.2f}",
            f"{result['updates']:,}",
            f"{kid:.2f}",
            f"{result['memory']['copies']:.1%}",
            shown(result["memory"]["copying_score"], "{:+.1f}"),
            f"{result['matrix_speed'] / 1e9:.0f}",
        ]
        for result, kid in zip(report["results"], report["kid"], strict=True)
    ]
    faults = "".join(f"- {objection}\n" for objection in report["objections"])
    says = f"No entry:\n\n{faults}" if faults else f"An entry. Its row:\n\n{row(report)}\n"
    beside = "Trainings ran side by side, a core each." if report["parallel"] else "One at a time."
    return (
        f"{harness.markdown(titles, rows)}\n{report['contestant']}: mean KID × 1000 "
        f"{report['mean']:.2f}, threshold {report['threshold']:g}, p = "
        f"{shown(report['p'], '{:.2g}')}. {beside}\n\n{says}"
    )


def row(report: Mapping[str, Any]) -> str:
    """The line of an entry in the table of ``docs/speedrun.md``."""
    where = report["results"][0]["circumstances"]
    cells = [
        f"{report['minutes']:.1f}",
        f"{report['work'] / 1e12:,.0f}",
        f"{report['mean']:.2f} ± {shown(report['deviation'], '{:.2f}')} ({len(report['kid'])})",
        shown(report["p"], "{:.1g}"),
        f"`{report['contestant']}`",
        (where["commit"] or "unknown")[:10],
        where["date"],
        f"{where['machine']['cpu']}, {report['matrix_speed'] / 1e9:.0f} GFLOP/s",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
