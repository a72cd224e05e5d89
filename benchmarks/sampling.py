"""How long sprites take to draw: by sampler and steps, by their number, by the batch.

The seed's network stands beside, with DDPM over all steps, as its page draws. All steps of a chain
cost the same, so a long chain is timed over some of its steps and scaled up; ``--full`` times
all of it. Weights do not matter for speed: ``preset:NAME`` takes random ones.

    python benchmarks/sampling.py                                  # preset small, minutes
    python benchmarks/sampling.py --model runs/demo --full
    python benchmarks/sampling.py -n 4 --numbers 1,4 --batches 1,4 --rounds 1 --part 2 --no-memory
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import harness

# isort: split
import torch

import cases
from spritelab.cli.options import whole_numbers
from spritelab.config import SamplerSettings, preset
from spritelab.errors import SettingsError
from spritelab.evaluation.comparison.grid import step_count
from spritelab.generate import Model, load_model

SEED = "preset:notebook"

GROWING = SamplerSettings(sampler="ddim", steps=20)
"""How sprites are drawn where their number or the batch changes."""

MANY = 1000
"""Sprites drawn where memory is measured."""


def main(argv: Sequence[str] | None = None) -> int:
    """Time everything and write the report; the exit status of ``harness.guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.settle(given.device, given.threads)
    if given.memory:
        print(json.dumps(_memory(given.model, device, given.part)))
        return 0
    numbers = whole_numbers(given.numbers, "--numbers")
    batches = whole_numbers(given.batches, "--batches")
    if min(*numbers, *batches, given.n, given.part, given.rounds) < 1:
        raise SettingsError("numbers, batches, parts and rounds are at least 1")
    ours, theirs = (_open(source, device) for source in (given.model, SEED))
    if ours.size != theirs.size or ours.channels != theirs.channels:
        theirs = cases.random_model("notebook", ours.size, ours.channels, device)
    report = measure(ours, theirs, numbers, batches, given)
    if not given.no_memory:
        words = ["--memory", "--model", given.model, "--part", str(given.part)]
        words += ["--threads", str(given.threads), "--device", str(device)]
        report["memory"] = harness.in_own_process(Path(__file__), words, given.threads)
    report |= harness.circumstances(device)
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser("sampling", __doc__.partition("\n")[0])
    add = parser.add_argument
    add("--model", default="preset:small", help="a run, a model folder, a name, or preset:NAME")
    add("-n", type=int, default=64, help="sprites drawn by every sampler")
    add("--numbers", default="1,10,100,1000", help="sprites drawn at once, for the growth")
    add("--batches", default="1,8,64,256", help="sprites at a time, as many drawn as the largest")
    add("--part", type=int, default=10, help="steps timed of a chain that has more")
    add("--full", action="store_true", help="time every step")
    add("--rounds", type=int, default=3, help="how often everything is timed")
    add("--no-memory", action="store_true", help=f"leave out the memory of {MANY:,} sprites")
    add("--memory", action="store_true", help=argparse.SUPPRESS)  # in a process of its own
    return parser


def _open(source: str, device: torch.device) -> Model:
    if not source.startswith("preset:"):
        return load_model(source, device)
    name = source.removeprefix("preset:")
    preset(name)  # an unknown name is told as such
    return cases.random_model(name, 16, 3, device)


DDPM = SamplerSettings(sampler="ddpm")
"""Over all steps."""


def chains(timesteps: int) -> list[SamplerSettings]:
    """The settings that are compared, as far as T allows them."""
    wanted = [SamplerSettings(sampler="ddim", steps=steps) for steps in (50, 20)]
    wanted += [SamplerSettings(sampler="dpm", steps=steps) for steps in (8, 10, 20)]
    return [
        DDPM.complete(timesteps),
        *(setting for setting in wanted if step_count(setting) <= timesteps),
    ]


def measure(
    ours: Model,
    theirs: Model,
    numbers: Sequence[int],
    batches: Sequence[int],
    given: argparse.Namespace,
) -> dict[str, Any]:
    """Time everything in turns: the report without memory and circumstances."""
    tasks: dict[str, Callable[[], object]] = {}
    rows: list[dict[str, Any]] = []

    def add(
        kind: str,
        whose: str,
        model: Model,
        setting: SamplerSettings,
        n: int,
        size: int | None = None,
    ) -> None:
        steps = step_count(setting)
        timed = steps if given.full else min(steps, given.part)
        tasks[str(len(rows))] = lambda: drawn(model, n, size, setting.changed(steps=timed))
        rows.append(
            {
                **{"kind": kind, "network": whose, "sampler": setting.family, "n": n},
                **{"steps": steps, "timed_steps": timed, "batch_size": size},
                "evaluations": n * setting.nfe,
            }
        )

    for setting in chains(ours.schedule.timesteps):
        add("sampler", given.model, ours, setting, given.n)
    add("sampler", SEED, theirs, DDPM.complete(theirs.schedule.timesteps), given.n)
    for n in numbers:
        add("number", given.model, ours, GROWING, n)
    for size in batches:
        add("batch", given.model, ours, GROWING, max(batches), size)
    timings = harness.take_turns(tasks, given.rounds)
    for key, timing in timings.items():
        row = rows[int(key)]
        scale = row["steps"] / row["timed_steps"]
        row["timing"] = timing.as_dict()
        row["seconds"] = timing.median * scale
        row["evaluations_per_second"] = row["evaluations"] / row["seconds"]
    seconds = next(row["seconds"] for row in rows if row["network"] == SEED)
    for row in rows:
        if row["kind"] == "sampler":
            row["times_faster"] = seconds / row["seconds"]
    return {
        "benchmark": "sampling",
        "model": given.model,
        "parameters": sum(p.numel() for p in ours.network.parameters()),
        "shape": [ours.size, ours.size, ours.channels],
        "rows": rows,
        "memory": None,
    }


def drawn(model: Model, n: int, batch_size: int | None, how: SamplerSettings) -> None:
    """Draw n sprites and wait until they are there."""
    model.sample(n, how, batch_size=batch_size)
    harness.finish_work(model.device)


def _memory(source: str, device: torch.device, steps: int) -> dict[str, Any]:
    """Draw many sprites in few steps, which take as much memory as many do."""
    model = _open(source, device)
    before = harness.peak_memory(device)
    model.sample(MANY, sampler="ddim", steps=min(steps, 2, model.schedule.timesteps))
    return {"n": MANY, "before": before, "peak": harness.peak_memory(device)}


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    rows = {
        kind: [row for row in report["rows"] if row["kind"] == kind]
        for kind in ("sampler", "number", "batch")
    }

    def scaled(row: dict[str, Any]) -> str:
        note = f", from {row['timed_steps']}" if row["timed_steps"] < row["steps"] else ""
        return f"{row['steps']:,}{note}"

    def speed(row: dict[str, Any]) -> list[str]:
        return [f"{row['seconds']:.3g}", f"{row['evaluations_per_second']:,.0f}"]

    n = rows["sampler"][0]["n"]
    samplers = harness.markdown(
        ["network", "sampler", "steps", f"seconds for {n}", "evaluations/s", "sprites/s", "×"],
        [
            [
                *(row["network"], row["sampler"], scaled(row), *speed(row)),
                *(f"{n / row['seconds']:,.2f}", f"{row['times_faster']:.1f}"),
            ]
            for row in rows["sampler"]
        ],
    )
    how = ["seconds", "evaluations/s"]
    numbers = harness.markdown(
        ["sprites", *how], [[f"{row['n']:,}", *speed(row)] for row in rows["number"]]
    )
    most = rows["batch"][0]["n"]
    batches = harness.markdown(
        [f"{most:,} sprites, at a time", *how],
        [[row["batch_size"], *speed(row)] for row in rows["batch"]],
    )
    memory = report["memory"]
    peak = memory and memory["peak"]
    said = f" {MANY:,} sprites took {peak / 2**20:,.0f} MiB at the peak." if peak else ""
    size, _, channels = report["shape"]
    return (
        f"{samplers}\n{numbers}\n{batches}\n"
        f"Model {report['model']}, {report['parameters'] / 1e6:.2f} M parameters, sprites of "
        f"{size}×{size}×{channels}. × says how many times faster than the seed's network with DDPM "
        "over all steps. “1,000, from 10” was timed over 10 steps and scaled up. The lower tables "
        f"draw with {GROWING.name}.{said}\n\n" + harness.under_which(report)
    )


if __name__ == "__main__":
    sys.exit(main())
