"""Quality against time: how good are the sprites after so many minutes of training?

Every point is a training of its own, of just that length, in a process of its own: what decays or
averages over a run does so over that length, as it does for a user who has two minutes. Then N
sprites are drawn and measured by the protocol of ``spritelab evaluate``. Finished points are kept
and not made again; an interrupted training goes on from its last checkpoint.

A run whose rate does not fall and whose weights are not averaged, such as that of ``notebook``,
never converges: a few updates more or less change its figures by half. Of such a run its last
``--states`` states, 50 updates apart, are measured, and the mean counts.

    python -m benchmarks.quality.time_to_quality                  # hours
    python -m benchmarks.quality.time_to_quality --data builtin --count 300 --minutes 0.05 -n 40
    python -m benchmarks.quality.time_to_quality --minutes 10 \\
        --contestants benchmarks/quality/ablations.toml

A contestant may begin from a model, and ``--data arcade`` is a small set in a style of its own, 200
sprites to learn and 200 held out:

    python -m benchmarks.quality.time_to_quality --data arcade --held-out 0.5 --channels 4 \\
        --contestant nothing=preset:small --contestant tuned=preset:small,init=builtin-16 \\
        --minutes 10 --baseline nothing
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.lib import console, harness
from benchmarks.lib.contestants import Contestant, read_contestants, read_minutes
from benchmarks.lib.points import (
    add_options,
    how_measured,
    lay_out,
    results_of,
    run_points,
    source_of,
)
from benchmarks.lib.report import figure, ratios, table

MODULE = "benchmarks.quality.time_to_quality"


def main(argv: Sequence[str] | None = None) -> int:
    """Make all points that are wanted and write the report; the exit status of ``guarded``."""
    return harness.guarded(
        lambda: run_points(_parser().parse_args(argv), MODULE, plan, _gather_and_draw, table)
    )


def _gather_and_draw(points: Sequence[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    found = gather(points, given)
    console.wrote(figure(found, given.out.with_suffix(".png")))
    return found


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add_options(parser)
    add = parser.add_argument
    add("--contestants", type=Path, metavar="FILE.toml", help="a table a contestant")
    add("--minutes", action="append", default=[], metavar="[NAME=]2,10,60", help="lengths")
    add("--baseline", default="notebook", help="whose longest run the others are set against")
    add("--data", default="crawl", help="builtin, sprites, crawl, arcade, or a path")
    add("--count", type=int, help="use this many sprites only")
    add("--held-out", type=float, default=0.1, help="share of the sprites never trained on")
    add("--states", type=harness.whole(), default=5, help="measured of a run without an end")
    return parser


def plan(given: argparse.Namespace, device: str) -> list[dict[str, Any]]:
    """All points, the shortest first, each with all that decides it and its place on disk."""
    contestants = read_contestants(given.contestant, given.contestants)
    minutes = read_minutes(given.minutes, [c.name for c in contestants], "2,10,60")
    source = source_of(given)
    points = []
    for seed in given.seeds:
        for contestant in contestants:
            for length in minutes[contestant.name]:
                points.append(_point(contestant, length, seed, source, given, device))
    return sorted(points, key=lambda point: float(point["minutes"]))


def _point(
    contestant: Contestant,
    minutes: float,
    seed: int,
    source: str,
    given: argparse.Namespace,
    device: str,
) -> dict[str, Any]:
    training = contestant.settings.training
    restless = training.decay_from == 1 and training.ema_width == 0
    return lay_out(
        contestant,
        given,
        device,
        length={"training.max_minutes": minutes},
        data={"source": source, "count": given.count, "held_out": given.held_out},
        labels={"contestant": contestant.name, "minutes": minutes, "seed": seed},
        name=f"{contestant.name}-{minutes:g}min-seed{seed}",
        seed=seed,
        **({"states": given.states} if restless else {}),
    )


def gather(points: Sequence[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    """The results in the order of the contestants, with ratios and the floor of every seed."""
    first_of = {name: k for k, name in reversed(list(enumerate(p["contestant"] for p in points)))}
    results = results_of(points)
    # The floor depends on the split alone, and that on the seed and the channels.
    first = {result["seed"]: result for result in reversed(results)}
    seeds = sorted(first)
    floors = [{"seed": seed, **first[seed]["floor"]} for seed in seeds]
    results.sort(key=lambda one: (first_of[one["contestant"]], one["minutes"], one["seed"]))
    return {
        "benchmark": "time_to_quality",
        **how_measured(given),
        "seeds": seeds,
        "data": {
            **{"source": given.data, "size": given.size, "channels": given.channels},
            **first[seeds[-1]]["data"],
        },
        "results": results,
        "floors": floors,
        "ratios": ratios(results, given.baseline),
    }


if __name__ == "__main__":
    sys.exit(main())
