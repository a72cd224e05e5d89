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
        --contestant nothing=preset:small --contestant tuned=preset:small,init=crawl-16 \\
        --minutes 10 --baseline nothing
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from benchmarks.lib import arcade, console, harness, machine
from benchmarks.lib.contestants import Contestant, read_contestants, read_minutes
from benchmarks.lib.point import RESULT, SAMPLE_SEED, make_point
from benchmarks.lib.report import figure, ratios, table
from spritelab.errors import SettingsError
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.features.protocol import PROTOCOL
from spritelab.evaluation.reference import LEAST
from spritelab.generate import weights_hash
from spritelab.storage import digest, load_json, write_json

MODULE = "benchmarks.quality.time_to_quality"

NEVER = 10**9
"""Updates between validations and between sample grids: neither takes time from the training."""

CHECKPOINTS = 250
"""Updates between checkpoints: all that an interruption can lose."""


def main(argv: Sequence[str] | None = None) -> int:
    """Make all points that are wanted and write the report; the exit status of ``guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.prepare_device(given.device, 1 if given.parallel else given.threads)
    if given.point is not None:
        make_point(given.point)
        return 0
    if given.parallel and device.type != "cpu":
        raise SettingsError("--parallel shares out cores; leave it out on an accelerator")
    facts = machine.circumstances(device)
    points = plan(given, device.type)
    if status := make_points(points, given):
        return status
    report = facts | gather(points, given)
    harness.write_report(given.out, report, table(report))
    console.wrote(figure(report, given.out.with_suffix(".png")))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add = parser.add_argument
    add("--work", type=Path, default=Path("runs/benchmarks"), help="of trainings and results")
    add("--contestant", action="append", default=[], metavar="NAME[=BASE,KEY=VALUE…]")
    add("--contestants", type=Path, metavar="FILE.toml", help="a table a contestant")
    add("--minutes", action="append", default=[], metavar="[NAME=]2,10,60", help="lengths")
    add("--baseline", default="notebook", help="whose longest run the others are set against")
    add(
        "--seeds",
        type=harness.wholes(0),
        default="0",
        help="of training; each splits anew",
    )
    add("--parallel", action="store_true", help="a point a core, side by side, one thread each")
    add("--data", default="crawl", help="builtin, sprites, crawl, arcade, or a path")
    add("--size", type=int, choices=(16, 32), default=16)
    add("--channels", type=int, choices=(3, 4), default=3, help="of those who do not say")
    add("--count", type=int, help="use this many sprites only")
    add("--held-out", type=float, default=0.1, help="share of the sprites never trained on")
    add("-n", type=harness.whole(LEAST), default=1000, help="sprites drawn at every point")
    add("--steps", type=harness.whole(), default=50, help="of DDIM")
    add("--states", type=harness.whole(), default=5, help="measured of a run without an end")
    add("--features", default="effnet", help="as of spritelab evaluate")
    add("--point", type=Path, help=argparse.SUPPRESS)  # one point, in a process of its own
    return parser


def plan(given: argparse.Namespace, device: str) -> list[dict[str, Any]]:
    """All points, the shortest first, each with all that decides it and its place on disk."""
    contestants = read_contestants(given.contestant, given.contestants)
    minutes = read_minutes(given.minutes, [c.name for c in contestants], "2,10,60")
    source = str(arcade.save(given.work)) if given.data == arcade.NAME else given.data
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
    if contestant.init is not None and contestant.settings.data.size != given.size:
        raise SettingsError(
            f"contestant {contestant.name}: {contestant.init} draws sprites of "
            f"{contestant.settings.data.size} pixels, but --size is {given.size}"
        )
    settings = contestant.settings.override(
        {
            "data.source": source,
            "data.size": given.size,
            "data.channels": contestant.settings.data.channels or given.channels,
            "data.count": given.count,
            "data.held_out": given.held_out,
            "training.max_minutes": minutes,
            "training.seed": seed,
            "training.validate_every": NEVER,
            "training.sample_every": NEVER,
            "training.checkpoint_every": CHECKPOINTS,
        }
    ).model_dump(mode="json")
    how = {"threads": torch.get_num_threads(), "parallel": given.parallel, "device": device}
    measured = {"n": given.n, "steps": given.steps, "features": given.features}
    training = contestant.settings.training
    if training.decay_from == 1 and training.ema_width == 0:
        measured["states"] = given.states
    parent = () if contestant.init is None else (weights_hash(contestant.init),)
    key = digest(settings, how, *parent)[:8]
    folder = given.work / f"{contestant.name}-{minutes:g}min-seed{seed}-{key}"
    result = folder / f"result-{digest(measured, PROTOCOL, SAMPLE_SEED, RESULT)[:8]}.json"
    return {
        "contestant": contestant.name,
        "minutes": minutes,
        "seed": seed,
        "settings": settings,
        "init": contestant.init,
        **how,
        **measured,
        "run": str(folder / "run"),
        "kept": str(given.work / "kept"),
        "result": str(result),
    }


def make_points(points: Sequence[dict[str, Any]], given: argparse.Namespace) -> int:
    """Make the points that are not there yet, each in a fresh process; 0, or what failed first."""
    children: set[subprocess.Popen[bytes]] = set()
    cores = machine.usable_cores()
    free = list(cores)
    stop = threading.Event()

    def make(point: dict[str, Any]) -> int:
        if stop.is_set() or load_json(Path(point["result"])) is not None:
            return 0
        file = Path(point["result"]).with_suffix(".point.json")
        write_json(file, point)
        words = [sys.executable, "-m", MODULE, "--point", str(file)]
        words += ["--threads", str(point["threads"]), "--device", point["device"]]
        if pins := given.parallel and hasattr(os, "sched_setaffinity"):
            # Of this thread alone; the process that it starts inherits it.
            core = free.pop()
            os.sched_setaffinity(0, {core})
        child = subprocess.Popen(words, env=harness.child_environment(point["threads"]))
        children.add(child)
        status = child.wait()
        children.discard(child)
        if pins:
            free.append(core)
        if status:
            stop.set()
        return status

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    in_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, interrupt) if in_main else None
    with ThreadPoolExecutor(len(cores) if given.parallel else 1) as pool:
        try:
            return next((status for status in list(pool.map(make, points)) if status), 0)
        except KeyboardInterrupt:
            stop.set()
            for child in list(children):
                child.terminate()  # it saves its training and ends
            console.say("stopping", "run the same command again to go on")
            raise
        finally:
            if in_main:
                signal.signal(signal.SIGTERM, before)


def gather(points: Sequence[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    """The results in the order of the contestants, with ratios and the floor of every seed."""
    first_of = {name: k for k, name in reversed(list(enumerate(p["contestant"] for p in points)))}
    found = [load_json(Path(point["result"])) for point in points]
    results = [result for result in found if result is not None]
    # The floor depends on the split alone, and that on the seed and the channels.
    first = {result["seed"]: result for result in reversed(results)}
    seeds = sorted(first)
    floors = [{"seed": seed, **first[seed]["floor"]} for seed in seeds]
    results.sort(key=lambda one: (first_of[one["contestant"]], one["minutes"], one["seed"]))
    return {
        "benchmark": "time_to_quality",
        "frechet_name": Extractor(given.features).frechet_name,
        "protocol": PROTOCOL,
        "n": given.n,
        "sampling": f"DDIM, {given.steps} steps",
        "seeds": seeds,
        "parallel": given.parallel,
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
