"""How long sprites take to draw: by sampler and steps, by their number, by the batch.

The notebook's network stands beside, with DDPM over all steps, as the notebook draws. All steps of
a chain cost the same, so a long chain is timed over some of its steps and scaled up; ``--full``
times all of it. Weights do not matter for speed: ``preset:NAME`` takes random ones.

    python -m benchmarks.speed.sampling                           # preset rgba, minutes
    python -m benchmarks.speed.sampling --model runs/demo --full
    python -m benchmarks.speed.sampling -n 4 --numbers 1,4 --batches 1,4 --rounds 1 --part 2
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch

from benchmarks.lib import cases, harness, machine
from spritelab.config import SamplerSettings, preset
from spritelab.evaluation.comparison import step_count
from spritelab.generate import Model, load_model

MODULE = "benchmarks.speed.sampling"

NOTEBOOK = "preset:notebook"

GROWING = SamplerSettings(sampler="ddim", steps=20)
"""How sprites are drawn where their number or the batch changes."""

MANY = 1000
"""Sprites drawn where memory is measured."""


def main(argv: Sequence[str] | None = None) -> int:
    """Time everything and write the report; the exit status of ``harness.guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.prepare_device(given.device, given.threads)
    if given.memory:
        print(json.dumps(_memory(given.model, device, given.part)))
        return 0
    ours, theirs = (_open(source, device) for source in (given.model, NOTEBOOK))
    if ours.size != theirs.size or ours.channels != theirs.channels:
        theirs = cases.random_model("notebook", ours.size, ours.channels, device)
    report = machine.circumstances(device) | measure(ours, theirs, given)
    if not given.no_memory:
        words = ["--memory", "--model", given.model, "--part", str(given.part)]
        words += ["--threads", str(given.threads), "--device", str(device)]
        report["memory"] = harness.in_own_process(MODULE, words, given.threads)
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add = parser.add_argument
    add("--model", default="preset:rgba", help="a run, a model folder, a name, or preset:NAME")
    add("-n", type=harness.whole(), default=64, help="sprites drawn by every sampler")
    add(
        "--numbers",
        type=harness.wholes(),
        default="1,10,100,1000",
        help="sprites drawn at once, for the growth",
    )
    add(
        "--batches",
        type=harness.wholes(),
        default="1,8,64,256",
        help="sprites at a time, as many drawn as the largest",
    )
    add("--part", type=harness.whole(), default=10, help="steps timed of a chain that has more")
    add("--full", action="store_true", help="time every step")
    add("--rounds", type=harness.whole(), default=3, help="how often everything is timed")
    add("--no-memory", action="store_true", help=f"leave out the memory of {MANY:,} sprites")
    add("--memory", action="store_true", help=argparse.SUPPRESS)  # in a process of its own
    return parser


def _open(source: str, device: torch.device) -> Model:
    if not source.startswith("preset:"):
        return load_model(source, device)
    name = source.removeprefix("preset:")
    preset(name)  # an unknown name is told as such
    return cases.random_model(name, 16, 3, device)


def settings_for(timesteps: int) -> list[SamplerSettings]:
    """The settings that are compared, as far as T allows them."""
    few = [SamplerSettings(sampler="ddim", steps=steps) for steps in (50, 20)]
    few += [SamplerSettings(sampler="dpm", steps=steps) for steps in (8, 10, 20)]
    return [ddpm(timesteps), *(how for how in few if step_count(how) <= timesteps)]


def ddpm(timesteps: int) -> SamplerSettings:
    """DDPM over all T steps."""
    return SamplerSettings(sampler="ddpm").complete(timesteps)


def measure(
    ours: Model,
    theirs: Model,
    given: argparse.Namespace,
) -> dict[str, Any]:
    """Time everything in turns: the report without memory and circumstances."""
    tasks: dict[str, Callable[[], object]] = {}
    rows: list[dict[str, Any]] = []

    def add(
        kind: str, whose: str, model: Model, how: SamplerSettings, n: int, size: int | None = None
    ) -> None:
        steps = step_count(how)
        timed = steps if given.full else min(steps, given.part)
        part = how.changed(steps=timed)
        tasks[str(len(rows))] = lambda: draw(model, n, part, size)
        rows.append(
            {
                **{"kind": kind, "network": whose, "sampler": how.family, "n": n},
                **{"steps": steps, "timed_steps": timed, "batch_size": size},
                "evaluations": n * how.nfe,
            }
        )

    for how in settings_for(ours.schedule.timesteps):
        add("sampler", given.model, ours, how, given.n)
    add("sampler", NOTEBOOK, theirs, ddpm(theirs.schedule.timesteps), given.n)
    for n in given.numbers:
        add("number", given.model, ours, GROWING, n)
    for size in given.batches:
        add("batch", given.model, ours, GROWING, max(given.batches), size)
    timings = harness.take_turns(tasks, given.rounds)
    for key, timing in timings.items():
        row = rows[int(key)]
        scale = row["steps"] / row["timed_steps"]
        row["timing"] = timing.as_dict()
        row["seconds"] = timing.median * scale
        row["evaluations_per_second"] = row["evaluations"] / row["seconds"]
    seconds = next(row["seconds"] for row in rows if row["network"] == NOTEBOOK)
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


def draw(model: Model, n: int, how: SamplerSettings, batch_size: int | None = None) -> None:
    """Draw n sprites and wait until they are there."""
    model.sample(n, how, batch_size=batch_size)
    harness.finish_work(model.device)


def _memory(source: str, device: torch.device, steps: int) -> dict[str, Any]:
    """Draw many sprites in few steps, which take as much memory as many do."""
    model = _open(source, device)
    before = machine.peak_memory(device)
    model.sample(MANY, sampler="ddim", steps=min(steps, 2, model.schedule.timesteps))
    return {"n": MANY, "before": before, "peak": machine.peak_memory(device)}


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
        f"{size}×{size}×{channels}. × says how many times faster than the notebook's network with "
        "DDPM over all steps. “1,000, from 10” was timed over 10 steps and scaled up. The lower "
        f"tables draw with {GROWING.name}.{said}\n\n" + harness.under_table(report)
    )


if __name__ == "__main__":
    sys.exit(main())
