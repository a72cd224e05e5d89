"""What measuring costs: seconds and memory of every stage of an evaluation, by N.

Built-in sprites stand on both sides. Every stage runs in a process of its own, so that its memory
is its own; features are taken once and handed over in a file. ``evaluation`` is all that
``spritelab evaluate`` does once sprites are drawn and the features of the real ones are known.

    python -m benchmarks.speed.evaluating
    python -m benchmarks.speed.evaluating --numbers 40 --rounds 1 --features pixels
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

import numpy as np
import torch

import spritelab
from benchmarks.lib import cases, console, harness, machine
from spritelab.config import SamplerSettings
from spritelab.data import SpriteSet
from spritelab.errors import SettingsError
from spritelab.evaluation import Evaluator, Extractor, Split
from spritelab.evaluation.metrics import (
    authentic_share,
    classifier_two_sample_test,
    copying_score,
    edge_distances,
    find_copies,
    frechet_distance,
    kernel_distance,
    neighbour_measures,
    pixel_distances,
)
from spritelab.evaluation.reference import LEAST
from spritelab.storage.arrays import load_arrays, save_arrays

MODULE = "benchmarks.speed.evaluating"

Arrays = dict[str, np.ndarray[Any, Any]]

SIDES = ("drawn", "training", "held_out")

STAGES = {
    "features": "features of one side",
    "frechet": "Fréchet distance",
    "kid": "KID",
    "neighbours": "precision, recall, density, coverage",
    "told_apart": "classifier two-sample test",
    "copies": "search for copies",
    "pixels": "nearest by differing pixels",
    "edges": "nearest by edges",
    "authentic": "authentic share",
    "C_T": "C_T, one cell",
    "evaluation": "evaluation",
}
"""By name, what the table calls it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure all stages and write the report; the exit status of ``harness.guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.prepare_device(given.device, given.threads)
    extractor = Extractor(given.features, device=str(device))
    if given.stage is not None:
        print(json.dumps(_stage(given.stage, given.inputs, extractor)))
        return 0
    report = machine.circumstances(device) | measure(given, extractor)
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add = parser.add_argument
    numbers = harness.wholes(LEAST)
    add("--numbers", type=numbers, default="500,1000,3000", help="sprites on each side")
    add("--features", default="effnet", help="as of spritelab evaluate")
    add("--rounds", type=harness.whole(), default=3, help="processes of every stage and N")
    add("--stage", choices=STAGES, help=argparse.SUPPRESS)  # in a process of its own
    add("--inputs", type=Path, help=argparse.SUPPRESS)
    return parser


def stages(arrays: Arrays, evaluator: Evaluator) -> dict[str, Callable[[], object]]:
    """The stages of an evaluation, as functions of the images (``drawn``, …) and their features."""
    drawn, real, held_out = (arrays[f"f_{side}"] for side in SIDES)
    n = len(drawn)
    return {
        "features": lambda: evaluator.extractor(arrays["drawn"]),
        "frechet": lambda: frechet_distance(real, drawn),
        "kid": lambda: kernel_distance(real, drawn, subset_size=min(1000, n // 2)),
        "neighbours": lambda: neighbour_measures(real, drawn),
        "told_apart": lambda: classifier_two_sample_test(real, drawn),
        "copies": lambda: find_copies(arrays["drawn"], arrays["training"]),
        "pixels": lambda: pixel_distances(arrays["drawn"], arrays["training"]),
        "edges": lambda: edge_distances(arrays["drawn"], arrays["training"]),
        "authentic": lambda: authentic_share(drawn, real),
        "C_T": lambda: copying_score(drawn, held_out, real, cells=1),
        "evaluation": lambda: evaluator.evaluate(QUICKEST, n),
    }


QUICKEST = SamplerSettings(sampler="ddim", steps=1)
"""Sprites that are drawn are not looked at."""


def measure(given: argparse.Namespace, extractor: Extractor) -> dict[str, Any]:
    """Run every stage at every N, a fresh process each, all of them once a round."""
    numbers: list[int] = given.numbers
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        inputs = {n: Path(folder) / f"{n}.npz" for n in numbers}
        for n, path in inputs.items():
            _prepare(n, path, extractor)
        total, done = given.rounds * len(STAGES) * len(numbers), 0
        with console.progress("stages") as progress:
            for _ in range(given.rounds):
                for n in numbers:
                    for stage in STAGES:
                        words = ["--stage", stage, "--inputs", str(inputs[n])]
                        words += ["--features", given.features, "--threads", str(given.threads)]
                        words += ["--device", extractor.device]
                        one = harness.in_own_process(MODULE, words, given.threads)
                        found.setdefault((stage, n), []).append(one)
                        done += 1
                        progress(done, total, f"{stage}, N = {n:,}")
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
    """Write n sprites for each side and their features, and what an evaluation keeps of them."""
    images = spritelab.load_sprites("builtin", n=len(SIDES) * n).images
    arrays: Arrays = {side: images[k :: len(SIDES)] for k, side in enumerate(SIDES)}
    with console.progress(f"features, N = {n:,}") as progress:
        features = extractor(images, progress)
    arrays |= {f"f_{side}": features[k :: len(SIDES)] for k, side in enumerate(SIDES)}
    save_arrays(path, **arrays)
    _evaluator(arrays, extractor, path.with_suffix("")).evaluate(QUICKEST, n)


def _evaluator(arrays: Arrays, extractor: Extractor, folder: Path | None) -> Evaluator:
    """An untrained model, with the sprites of both sides."""
    training, held_out = (SpriteSet.from_arrays(arrays[side]) for side in SIDES[1:])
    split = Split(training, held_out, mirror=False, verified=True, source="builtin")
    size, channels = training.size, training.channels
    model = cases.random_model("rgba", size, channels, torch.device(extractor.device))
    return Evaluator(model, split, extractor, folder=folder)


def _stage(name: str, inputs: Path, extractor: Extractor) -> dict[str, Any]:
    """Do one stage once; what is done once in a program's life is done before the clock starts."""
    arrays = load_arrays(inputs, *SIDES, *(f"f_{side}" for side in SIDES))
    if arrays is None:
        raise SettingsError(f"there are no sprites in {inputs}; leave out --stage")
    few = {key: value[:LEAST] for key, value in arrays.items()}
    stages(few, _evaluator(few, extractor, None))[name]()
    work = stages(arrays, _evaluator(arrays, extractor, inputs.with_suffix("")))[name]
    before = machine.peak_memory()
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "before": before, "peak": machine.peak_memory()}


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
        for stage, words in STAGES.items()
    ]
    return (
        harness.markdown(titles, rows)
        + f"\nFeatures: {report['features']}. Median seconds of fresh processes; MiB are the most "
        "memory that the process held, Python, torch and the inputs included. The evaluation is "
        "all of it, its parts and classes too, with sprites drawn and the features of the real "
        "ones known.\n\n" + harness.under_table(report)
    )


if __name__ == "__main__":
    sys.exit(main())
