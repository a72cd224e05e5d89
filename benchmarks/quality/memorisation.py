"""Memorisation: what do small sets bear before their sprites are learnt by heart?

Every point is a training over so many sprites, in a process of its own. Then N sprites are drawn
twice, in palettes of training sprites and in those of held-out sprites, which the model has never
seen, and set against the training sprites: how many are near copies, how far the others lie, how
many are authentic. Held-out sprites measured in the same way are the floor of every row. Finished
points are kept and not made again; an interrupted training goes on from its last checkpoint.

    python -m benchmarks.quality.memorisation --parallel                       # hours
    python -m benchmarks.quality.memorisation --updates 190,750 --sprites 200
    python -m benchmarks.quality.memorisation --sprites 50 --updates 4 --held-out 30 -n 20 \\
        --features pixels --steps 5 --contestant plain
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.lib import harness
from benchmarks.lib.contestants import Contestant, read_contestants, read_minutes
from benchmarks.lib.point import MEMORY
from benchmarks.lib.points import (
    add_options,
    how_measured,
    lay_out,
    results_of,
    run_points,
    source_of,
)
from benchmarks.lib.report import mean, shown
from spritelab.evaluation.reference import LEAST

MODULE = "benchmarks.quality.memorisation"

CONTESTANTS = Path(__file__).with_name("memorisation.toml")

ALL = "all"
"""In the place of a number: all sprites of the source but those that are held out."""

SHARE = 0.1
"""Held out of all sprites of a source."""

TITLES = {
    "near_copies": "near copies",
    "pixel_distance": "differing pixels",
    "authentic": "authentic",
}
"""The measures of the table; the JSON has all of ``MEMORY``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Make all points that are wanted and write the report; the exit status of ``guarded``."""
    return harness.guarded(
        lambda: run_points(_parser().parse_args(argv), MODULE, plan, gather, table)
    )


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add_options(parser)
    add = parser.add_argument
    add("--contestants", type=Path, default=CONTESTANTS, metavar="FILE.toml")
    add("--sprites", type=_sizes, default=f"50,200,1000,{ALL}", help="training sprites of the sets")
    add("--held-out", type=harness.whole(LEAST), default=200, help="sprites beside these, unseen")
    lengths = parser.add_mutually_exclusive_group()
    lengths.add_argument("--minutes", default="10", metavar="2,10", help="lengths of training")
    lengths.add_argument("--updates", type=harness.wholes(), help="lengths, in updates")
    add("--data", default="builtin", help="builtin, sprites, crawl, arcade, or a path")
    return parser


def _sizes(text: str) -> list[int | None]:
    """Read ``50,200,all``; None stands for all."""
    *numbers, last = text.split(",")
    read = harness.whole(LEAST)
    return [read(part) for part in numbers] + [None if last == ALL else read(last)]


def plan(given: argparse.Namespace, device: str) -> list[dict[str, Any]]:
    """All points, the smallest sets first, each with all that decides it and its place on disk."""
    contestants = read_contestants(given.contestant, given.contestants)
    if given.updates:
        lengths = [(f"{count} updates", {"training.steps": count}) for count in given.updates]
    else:
        minutes = read_minutes([given.minutes], [ALL], given.minutes)[ALL]
        lengths = [(f"{count:g} min", {"training.max_minutes": count}) for count in minutes]
    source = source_of(given)
    return [
        _point(contestant, sprites, length, ends, seed, source, given, device)
        for sprites in given.sprites
        for length, ends in lengths
        for contestant in contestants
        for seed in given.seeds
    ]


def _point(
    contestant: Contestant,
    sprites: int | None,
    length: str,
    ends: dict[str, Any],
    seed: int,
    source: str,
    given: argparse.Namespace,
    device: str,
) -> dict[str, Any]:
    # As many are held out beside every small set, so that their floors are of one number.
    count = None if sprites is None else sprites + given.held_out
    data = {
        "source": source,
        "count": count,
        "held_out": SHARE if count is None else given.held_out / count,
    }
    size = ALL if sprites is None else sprites
    return lay_out(
        contestant,
        given,
        device,
        length=ends,
        data=data,
        labels={"contestant": contestant.name, "sprites": size, "length": length, "seed": seed},
        name=f"memorisation-{contestant.name}-{size}-{length.replace(' ', '')}-seed{seed}",
        seed=seed,
        unseen_palettes=True,
    )


def gather(points: Sequence[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    """The results, a row for every set, length and contestant: the means over the seeds."""
    results = results_of(points)
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for result in results:
        key = tuple(result[name] for name in ("contestant", "sprites", "length"))
        groups.setdefault(key, []).append(result)
    rows = []
    for (contestant, sprites, length), ours in groups.items():
        training = mean(ours, "data", "training")
        assert training is not None
        unseen = "unseen_palettes" in ours[0]
        rows.append(
            {
                "contestant": contestant,
                "sprites": sprites,
                "length": length,
                "training": training,
                "held_out": mean(ours, "data", "held_out"),
                "updates": mean(ours, "updates"),
                "minutes": fmean(one["seconds"] for one in ours) / 60,
                "views": fmean(one["sprites_seen"] for one in ours) / training,
                "drawn": {key: mean(ours, "memory", key) for key in MEMORY},
                "unseen_palettes": {key: mean(ours, "unseen_palettes", key) for key in MEMORY}
                if unseen
                else None,
                "floor": {key: mean(ours, "floor", "memory", key) for key in MEMORY},
            }
        )
    return {
        "benchmark": "memorisation",
        **how_measured(given),
        "seeds": given.seeds,
        "data": {"source": given.data, "size": given.size},
        "rows": rows,
        "results": results,
    }


def table(report: Mapping[str, Any]) -> str:
    """The report as Markdown: every measure in palettes seen and unseen, and its floor."""
    titles = ["contestant", "training sprites", "length", "updates", "views a sprite"]
    for measure in TITLES.values():
        titles += [measure, "unseen palettes", "held-out"]
    rows = []
    for row in report["rows"]:
        cells = [
            row["contestant"],
            f"{row['training']:,.0f}",
            row["length"],
            f"{row['updates']:,.0f}",
            f"{row['views']:,.1f}",
        ]
        for key in TITLES:
            for side in ("drawn", "unseen_palettes", "floor"):
                cells.append(shown(row[side] and row[side][key], "{:.1%}"))
        rows.append(cells)
    data, seeds = report["data"], ", ".join(map(str, report["seeds"]))
    held_out = sorted({f"{row['held_out']:,.0f}" for row in report["rows"]})
    return (
        harness.markdown(titles, rows)
        + f"\nSprites of {data['source']}, {data['size']}×{data['size']}; {' or '.join(held_out)} "
        f"held out beside each set. {report['n']:,} sprites by {report['sampling']}; means over "
        f"training seeds {seeds}. A view is one showing of a sprite, mirrored or recoloured ones "
        "included. Each measure stands three times: of sprites drawn in palettes of training "
        "sprites, of those drawn in palettes of held-out sprites, which the model has never seen, "
        "and of the held-out sprites themselves. Both orientations of the training sprites are "
        "searched. Differing pixels below those of the held-out sprites, or shares of near copies "
        "above theirs, say that sprites were learnt by heart.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
