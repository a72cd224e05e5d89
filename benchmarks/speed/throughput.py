"""How fast: sprites learnt a second and evaluations drawn a second, beside peers and the machine.

Every figure is also given as a share of what this machine's own float32 matrix product reaches in
the same minutes. Peers that are not installed are named and left out.

    python -m benchmarks.speed.throughput                           # presets × batches, minutes
    python -m benchmarks.speed.throughput --all                     # every combination
    python -m benchmarks.speed.throughput --presets rgba --batches 8 --seconds 0.05 --no-memory
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, get_args

import torch

from benchmarks.lib import cases, console, harness, machine, workloads
from benchmarks.lib.cases import Case, Variant, Work
from spritelab.config import PRESETS
from spritelab.errors import SettingsError

MODULE = "benchmarks.speed.throughput"

NOTEBOOK_SPRITES = 40 * 60_000
"""Sprites that the notebook's training sees."""

NOTEBOOK_BATCH = 100


def main(argv: Sequence[str] | None = None) -> int:
    """Time all cases and write the report; the exit status of ``harness.guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.prepare_device(given.device, given.threads)
    if given.case is not None:
        print(json.dumps(_memory_of(Case(**json.loads(given.case)), device)))
        return 0
    report = machine.circumstances(device, ("diffusers", "smalldiffusion"))
    report |= measure(_cases(given, device), given, device)
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add = parser.add_argument
    add("--presets", default="notebook,rgba,small,base")
    add("--batches", type=harness.wholes(), default="1,8,64,256")
    add("--sizes", type=harness.wholes(), default="16,32")
    add("--channels", type=harness.wholes(), default="3,4")
    add("--all", action="store_true", help="every combination, not only one change at a time")
    add("--variants", help="arithmetic on CUDA; all of float32,tf32,bf16,bf16 compile,bf16 graphs")
    add("--steps", type=harness.whole(), default=5, help="of DDIM, every time sprites are drawn")
    add("--rounds", type=harness.whole(), default=3, help="how often every case is timed")
    add("--seconds", type=float, default=0.5, help="least length of one timing")
    add("--no-peers", action="store_true", help="spritelab alone")
    add("--no-memory", action="store_true", help="leave out peak memory, a fresh process a case")
    add("--case", help=argparse.SUPPRESS)  # the memory of one case, in a process of its own
    return parser


def _cases(given: argparse.Namespace, device: torch.device) -> list[Case]:
    presets = given.presets.split(",")
    if unknown := [name for name in presets if name not in PRESETS]:
        raise SettingsError(f"there is no preset {unknown[0]!r}; choose of {', '.join(PRESETS)}")
    batches, sizes, channels = given.batches, given.sizes, given.channels
    if not set(sizes) <= {16, 32} or not set(channels) <= {3, 4}:
        raise SettingsError("sizes are 16 and 32, channels 3 and 4")
    middle = 64 if 64 in batches else batches[0]
    found = []
    for work, name, batch, size, depth in product(
        get_args(Work), presets, batches, sizes, channels
    ):
        changes = sum((batch != middle, size != sizes[0], depth != channels[0]))
        if given.all or changes <= 1:
            for variant in _variants(given, device):
                found.append(
                    Case("spritelab", work, name, batch, size, depth, variant, given.steps)
                )
    if not given.no_peers:
        shape = (sizes[0], channels[0])
        if "notebook" in presets:
            found.append(Case("notebook's loop", "train", "notebook", NOTEBOOK_BATCH, *shape))
            found.append(Case("spritelab", "train", "notebook", NOTEBOOK_BATCH, *shape))
        for peer, work, name, batch in product(
            ("diffusers", "smalldiffusion"), get_args(Work), ("rgba", "base"), batches
        ):
            if name in presets and (name == "rgba" or batch == middle or given.all):
                found.append(Case(peer, work, name, batch, *shape, steps=given.steps))  # type: ignore[arg-type]
    return list(dict.fromkeys(found))


def _variants(given: argparse.Namespace, device: torch.device) -> list[Variant]:
    if device.type != "cuda":
        return ["float32"]
    wanted = given.variants.split(",") if given.variants else list(get_args(Variant))
    if unknown := set(wanted) - set(get_args(Variant)):
        raise SettingsError(
            f"there is no variant {min(unknown)!r}; choose of {', '.join(get_args(Variant))}"
        )
    return wanted


def measure(
    wanted: Sequence[Case], given: argparse.Namespace, device: torch.device
) -> dict[str, Any]:
    """Time all cases in turns with the matrix product: the report without its circumstances."""
    if device.type == "cuda":
        # Every case compiles the same code for another network and another batch.
        torch._dynamo.config.cache_size_limit = 16 + len(wanted)
    left_out: dict[str, str] = {}
    timed: dict[str, Callable[[], object]] = {}
    counts: dict[str, int] = {}
    with console.progress("cases built") as progress:
        for done, case in enumerate(wanted, start=1):
            try:
                work = workloads.build(case, device)
                timed[case.name], counts[case.name] = _long_enough(work, given.seconds)
            except (ImportError, RuntimeError) as reason:
                # A peer that is not there, or an arithmetic that this machine has not.
                left_out[case.name] = f"{type(reason).__name__}: {reason}".splitlines()[0]
                console.say("left out", f"{case.name}: {left_out[case.name]}")
            progress(done, len(wanted), case.name)
    multiply, flop = machine.matrix_product(device)
    timed["product"], counts["product"] = _long_enough(multiply, given.seconds)
    timings = harness.take_turns(timed, given.rounds)
    speed = flop * counts["product"] / timings["product"].median
    rows = []
    for case in wanted:
        if case.name not in timings:
            continue
        timing = timings[case.name]
        rate = case.amount * counts[case.name] / timing.median
        work_flops = cases.flops(case)
        row = {
            **dataclasses.asdict(case),
            "repeats": counts[case.name],
            "seconds": timing.as_dict(),
            "per_second": rate,
            "best_per_second": case.amount * counts[case.name] / timing.best,
            "parameters": workloads.parameters(case),
            "flops": work_flops,
            "share_of_product": work_flops * rate / speed,
            "peak_memory": None,
        }
        if case.work == "train" and case.preset == "notebook":
            row["notebook_minutes"] = NOTEBOOK_SPRITES / rate / 60
        rows.append(row)
    report = {
        "benchmark": "throughput",
        "product": {"side": machine.PRODUCT, "flops_per_second": speed},
        "rows": rows,
        "left_out": left_out,
    }
    if not given.no_memory:
        _add_memory(report, wanted, given, device)
    return report


def _long_enough(work: Callable[[], object], seconds: float) -> tuple[Callable[[], object], int]:
    """Repeat ``work`` so often that one timing lasts ``seconds``; the first call warms it up."""
    work()
    start = time.perf_counter()
    work()
    count = max(1, round(seconds / max(time.perf_counter() - start, 1e-6)))

    def repeated() -> None:
        for _ in range(count):
            work()

    return repeated, count


def _add_memory(
    report: dict[str, Any], wanted: Sequence[Case], given: argparse.Namespace, device: torch.device
) -> None:
    rows = {Case(**{key: row[key] for key in _KEYS}).name: row for row in report["rows"]}
    with console.progress("memory of cases") as progress:
        for done, case in enumerate((case for case in wanted if case.name in rows), start=1):
            words = ["--case", json.dumps(dataclasses.asdict(case))]
            words += ["--threads", str(given.threads), "--device", str(device)]
            found = harness.in_own_process(MODULE, words, given.threads)
            rows[case.name] |= found
            progress(done, len(rows), case.name)


_KEYS = [field.name for field in dataclasses.fields(Case)]


def _memory_of(case: Case, device: torch.device) -> dict[str, Any]:
    """Do the work twice and say what it took; ``before`` is what the imports took."""
    before = machine.peak_memory(device)
    work = workloads.build(case, device)
    work()
    work()
    return {"memory_before": before, "peak_memory": machine.peak_memory(device)}


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    product_speed = report["product"]["flops_per_second"]
    parts = []
    for work, unit in (("train", "sprites learnt/s"), ("sample", "evaluations/s")):
        titles = ["code", "preset", "arithmetic", "sprites", "batch", "parameters (M)", unit]
        titles += ["best", "of the matrix product", "peak memory (MiB)"]
        if work == "train":
            titles.append("the notebook's 40 epochs (min)")
        rows = [_cells(row) for row in report["rows"] if row["work"] == work]
        parts.append(harness.markdown(titles, [cells[: len(titles)] for cells in rows]))
    words = (
        f"Medians of rounds in which all cases took turns. The machine's own product of two "
        f"{machine.PRODUCT}×{machine.PRODUCT} matrices reached {product_speed / 1e9:,.0f} GFLOP/s "
        "in float32 in the same rounds; shares count the operations of spritelab's network of "
        "that preset. Peak memory is of a process with this case alone, torch included (on CUDA: "
        "of the device). Peers keep no average of the weights and have no classes. The "
        "notebook's loop: Adam, sprites one by one through transforms and a loader.\n"
    )
    skipped = [f"{name}: {reason}\n" for name, reason in report["left_out"].items()]
    left = "\nLeft out:\n\n- " + "- ".join(skipped) if skipped else ""
    return "\n".join(parts) + "\n" + words + left + "\n" + harness.under_table(report)


def _cells(row: dict[str, Any]) -> list[object]:
    peak, minutes = row["peak_memory"], row.get("notebook_minutes")
    return [
        "**spritelab**" if row["subject"] == "spritelab" else row["subject"],
        row["preset"],
        row["variant"],
        f"{row['size']}×{row['size']}×{row['channels']}",
        row["batch"],
        f"{row['parameters'] / 1e6:.2f}",
        f"{row['per_second']:,.0f}",
        f"{row['best_per_second']:,.0f}",
        f"{row['share_of_product']:.0%}",
        "–" if peak is None else f"{peak / 2**20:,.0f}",
        "" if minutes is None else f"{minutes:,.0f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
