"""What measuring costs: seconds and memory of every stage of an evaluation, by N.

Built-in sprites stand on both sides. Every stage runs in a process of its own, so that its memory
is its own; features are taken once and handed over in a file.

    python benchmarks/evaluating.py
    python benchmarks/evaluating.py --numbers 40 --rounds 1 --features pixels
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import harness

# isort: split
import numpy as np

import spritelab
from spritelab.cli import console
from spritelab.cli.options import whole_numbers
from spritelab.errors import SettingsError
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.metrics import (
    authentic_share,
    copying_score,
    find_copies,
    frechet_distance,
    kernel_distance,
    neighbour_measures,
)
from spritelab.evaluation.reference import LEAST
from spritelab.storage.arrays import load_arrays, save_arrays

Arrays = dict[str, np.ndarray[Any, Any]]

SIDES = ("drawn", "training", "held_out")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure all stages and write the report; the exit status of ``harness.guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.settle(given.device, given.threads)
    extractor = Extractor(given.features, device=str(device))
    if given.stage is not None:
        print(json.dumps(_stage(given.stage, given.inputs, extractor)))
        return 0
    numbers = whole_numbers(given.numbers, "--numbers")
    if min(numbers) < LEAST or given.rounds < 1:
        raise SettingsError(f"numbers are at least {LEAST}, rounds at least 1")
    report = measure(numbers, given, extractor) | harness.circumstances(device)
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser("evaluating", __doc__.partition("\n")[0])
    add = parser.add_argument
    add("--numbers", default="500,1000,3000", help="sprites on each side")
    add("--features", default="effnet", help="as of spritelab evaluate")
    add("--rounds", type=int, default=3, help="processes of every stage and N")
    add("--stage", choices=stages(), help=argparse.SUPPRESS)  # in a process of its own
    add("--inputs", type=Path, help=argparse.SUPPRESS)
    return parser


def stages() -> dict[str, Callable[[Arrays, Extractor], object]]:
    """The stages of an evaluation: each takes the images (``drawn``, …) and their features."""
    return {
        "features": lambda a, extract: extract(a["drawn"]),
        "frechet": lambda a, _: frechet_distance(a["f_training"], a["f_drawn"]),
        "kid": lambda a, _: kernel_distance(
            a["f_training"], a["f_drawn"], subset_size=min(1000, len(a["drawn"]) // 2)
        ),
        "neighbours": lambda a, _: neighbour_measures(a["f_training"], a["f_drawn"]),
        "copies": lambda a, _: find_copies(a["drawn"], a["training"]),
        "authentic": lambda a, _: authentic_share(a["f_drawn"], a["f_training"]),
        "C_T": lambda a, _: copying_score(a["f_drawn"], a["f_held_out"], a["f_training"], cells=1),
    }


WORDS = {
    "features": "features of one side",
    "frechet": "Fréchet distance",
    "kid": "KID",
    "neighbours": "precision, recall, density, coverage",
    "copies": "search for copies",
    "authentic": "authentic share",
    "C_T": "C_T, one cell",
}


def measure(
    numbers: Sequence[int], given: argparse.Namespace, extractor: Extractor
) -> dict[str, Any]:
    """Run every stage at every N, a fresh process each, all of them once a round."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        inputs = {n: Path(folder) / f"{n}.npz" for n in numbers}
        for n, path in inputs.items():
            _prepare(n, path, extractor)
        total = given.rounds * len(stages()) * len(numbers)
        with console.progress("stages", total) as tell:
            done = 0
            for _ in range(given.rounds):
                for n in numbers:
                    for stage in stages():
                        words = ["--stage", stage, "--inputs", str(inputs[n])]
                        words += ["--features", given.features, "--threads", str(given.threads)]
                        words += ["--device", extractor.device]
                        one = harness.in_own_process(Path(__file__), words, given.threads)
                        found.setdefault((stage, n), []).append(one)
                        done += 1
                        tell(done, total, f"{stage}, N = {n:,}")
    rows = []
    for (stage, n), runs in found.items():
        peaks = [run["peak"] for run in runs if run["peak"] is not None]
        before = [run["before"] for run in runs if run["before"] is not None]
        rows.append(
            {
                "stage": stage,
                "n": n,
                "seconds": harness.Timing(tuple(run["seconds"] for run in runs)).as_dict(),
                "peak_memory": max(peaks, default=None),
                "memory_before": max(before, default=None),
            }
        )
    return {"benchmark": "evaluating", "features": given.features, "rows": rows}


def _prepare(n: int, path: Path, extractor: Extractor) -> None:
    """Write n sprites for each side, and their features."""
    images = spritelab.load_sprites("builtin", n=len(SIDES) * n).images
    arrays: Arrays = {side: images[k :: len(SIDES)] for k, side in enumerate(SIDES)}
    with console.progress(f"features, N = {n:,}", len(images)) as tell:
        features = extractor(images, tell)
    arrays |= {f"f_{side}": features[k :: len(SIDES)] for k, side in enumerate(SIDES)}
    save_arrays(path, **arrays)


def _stage(name: str, inputs: Path, extractor: Extractor) -> dict[str, Any]:
    """Do one stage once; what is done once in a program's life is done before the clock starts."""
    arrays = load_arrays(inputs, *SIDES, *(f"f_{side}" for side in SIDES))
    if arrays is None:
        raise SettingsError(f"there are no sprites in {inputs}; leave out --stage")
    work = stages()[name]
    work({key: value[:LEAST] for key, value in arrays.items()}, extractor)
    before = harness.peak_memory()
    start = time.perf_counter()
    work(arrays, extractor)
    return {
        "seconds": time.perf_counter() - start,
        "before": before,
        "peak": harness.peak_memory(),
    }


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    numbers = list(dict.fromkeys(row["n"] for row in report["rows"]))
    found = {(row["stage"], row["n"]): row for row in report["rows"]}

    def peak(row: dict[str, Any]) -> str:
        memory = row["peak_memory"]
        return "–" if memory is None else f"{memory / 2**20:,.0f}"

    titles = ["stage", *(f"s, N = {n:,}" for n in numbers), *(f"MiB, N = {n:,}" for n in numbers)]
    rows = [
        [words, *(f"{found[stage, n]['seconds']['median']:.3g}" for n in numbers)]
        + [peak(found[stage, n]) for n in numbers]
        for stage, words in WORDS.items()
    ]
    return (
        harness.markdown(titles, rows)
        + f"\nFeatures: {report['features']}. Median seconds of fresh processes; MiB are the most "
        "memory that the process held, Python, torch and the inputs included.\n\n"
        + harness.under_which(report)
    )


if __name__ == "__main__":
    sys.exit(main())
