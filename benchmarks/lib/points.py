"""The points of a benchmark of quality: laid out, and made, each in a process of its own.

Finished points are kept and not made again; an interrupted training goes on from its last
checkpoint. What a point is and what is measured of it: ``lib.point``.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from benchmarks.lib import arcade, console, harness, machine
from benchmarks.lib.contestants import Contestant
from benchmarks.lib.point import OWN, RESULT, SAMPLE_SEED, make_point
from spritelab.errors import SettingsError
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.features.protocol import PROTOCOL
from spritelab.evaluation.reference import LEAST
from spritelab.generate import weights_hash
from spritelab.storage import digest, load_json, write_json

NEVER = 10**9
"""Updates between validations and between sample grids: neither takes time from the training."""

CHECKPOINTS = 250
"""Updates between checkpoints: all that an interruption can lose."""


def add_options(parser: harness.Parser) -> None:
    """The options of all benchmarks that train points."""
    add = parser.add_argument
    add("--work", type=Path, default=Path("runs/benchmarks"), help="of trainings and results")
    add("--contestant", action="append", default=[], metavar="NAME[=BASE,KEY=VALUE…]")
    add("--seeds", type=harness.wholes(0), default="0", help="of training; each splits anew")
    add("--parallel", action="store_true", help="a point a core, side by side, one thread each")
    add("--size", type=int, choices=(16, 32), default=16)
    add("--channels", type=int, choices=(3, 4), default=3, help="of those who do not say")
    add("-n", type=harness.whole(LEAST), default=1000, help="sprites drawn at every point")
    add("--steps", type=_steps, default=50, help="of DDIM; own: as each model does")
    add("--features", default="effnet", help="as of spritelab evaluate")
    add("--point", type=Path, help=argparse.SUPPRESS)  # one point, in a process of its own


def _steps(text: str) -> int | str:
    return text if text == OWN else harness.whole()(text)


def how_measured(given: argparse.Namespace) -> dict[str, Any]:
    """What a report says of how all its points are drawn and measured."""
    own = "each model's own sampler"
    return {
        "frechet_name": Extractor(given.features).frechet_name,
        "protocol": PROTOCOL,
        "n": given.n,
        "sampling": own if given.steps == OWN else f"DDIM, {given.steps} steps",
        "parallel": given.parallel,
    }


def source_of(given: argparse.Namespace) -> str:
    """Where the sprites of ``--data`` are; those of ``arcade`` are drawn into ``--work``."""
    return str(arcade.save(given.work)) if given.data == arcade.NAME else given.data


def run_points(
    given: argparse.Namespace,
    module: str,
    plan: Callable[[argparse.Namespace, str], Sequence[dict[str, Any]]],
    gather: Callable[[Sequence[dict[str, Any]], argparse.Namespace], dict[str, Any]],
    table: Callable[[Mapping[str, Any]], str],
) -> int:
    """Carry out a benchmark of points, or the one point that its child process is to make.

    Args:
        given: the command line.
        module: of the benchmark, which its child processes run.
        plan: lays out the points for a kind of device.
        gather: makes the report of the points, all made.
        table: of the report.

    Returns:
        The exit status.

    Raises:
        SettingsError: for ``--parallel`` on an accelerator.
    """
    device = harness.prepare_device(given.device, 1 if given.parallel else given.threads)
    if given.point is not None:
        make_point(given.point)
        return 0
    if given.parallel and device.type != "cpu":
        raise SettingsError("--parallel shares out cores; leave it out on an accelerator")
    facts = machine.circumstances(device)
    points = plan(given, device.type)
    if status := make_points(points, module, given.parallel):
        return status
    found = gather(points, given)
    whole = facts | found
    harness.write_report(given.out, whole, f"{table(found)}\n{harness.under_table(whole)}")
    return 0


def lay_out(
    contestant: Contestant,
    given: argparse.Namespace,
    device: str,
    *,
    length: Mapping[str, Any],
    data: Mapping[str, Any],
    labels: Mapping[str, Any],
    name: str,
    seed: int,
    **measured: Any,
) -> dict[str, Any]:
    """One point with all that decides it and its place on disk.

    Args:
        contestant: who is trained.
        given: the command line.
        device: the kind of device.
        length: the setting that ends its training.
        data: settings of its sprites.
        labels: what tells it from other points in the report.
        name: for people and for its folder.
        seed: of the training.
        measured: what else decides its result: entries of a point that ``make_point`` reads.

    Raises:
        SettingsError: if the model that it begins from draws sprites of another size.
    """
    if contestant.init is not None and contestant.settings.data.size != given.size:
        raise SettingsError(
            f"contestant {contestant.name}: {contestant.init} draws sprites of "
            f"{contestant.settings.data.size} pixels, but --size is {given.size}"
        )
    settings = contestant.settings.override(
        {
            **{f"data.{key}": value for key, value in data.items()},
            "data.size": given.size,
            "data.channels": contestant.settings.data.channels or given.channels,
            **length,
            "training.seed": seed,
            "training.validate_every": NEVER,
            "training.sample_every": NEVER,
            "training.checkpoint_every": CHECKPOINTS,
        }
    ).model_dump(mode="json")
    how = {"threads": torch.get_num_threads(), "parallel": given.parallel, "device": device}
    measured = {"n": given.n, "steps": given.steps, "features": given.features, **measured}
    parent = () if contestant.init is None else (weights_hash(contestant.init),)
    key = digest(settings, how, *parent)[:8]
    folder = given.work / f"{name}-{key}"
    result = folder / f"result-{digest(measured, PROTOCOL, SAMPLE_SEED, RESULT)[:8]}.json"
    return {
        **labels,
        "labels": list(labels),
        "name": name,
        "settings": settings,
        "init": contestant.init,
        **how,
        **measured,
        "run": str(folder / "run"),
        "kept": str(given.work / "kept"),
        "result": str(result),
    }


def results_of(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results that are there, in the order of the points."""
    found = [load_json(Path(point["result"])) for point in points]
    return [result for result in found if result is not None]


def make_points(points: Sequence[dict[str, Any]], module: str, parallel: bool) -> int:
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
        words = [sys.executable, "-m", module, "--point", str(file)]
        words += ["--threads", str(point["threads"]), "--device", point["device"]]
        if pins := parallel and hasattr(os, "sched_setaffinity"):
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
    with ThreadPoolExecutor(len(cores) if parallel else 1) as pool:
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
