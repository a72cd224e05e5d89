"""How long until something happens: help, import, a model, the first sprite; in fresh processes.

python -m benchmarks.speed.startup
python -m benchmarks.speed.startup --rounds 1
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.lib import cases, harness, machine
from spritelab.generate import load_model, save_model

MODULE = "benchmarks.speed.startup"

LOAD = "import spritelab; model = spritelab.load_model({source!r}, {device!r})"


def main(argv: Sequence[str] | None = None) -> int:
    """Time all starts and write the report; the exit status of ``harness.guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.prepare_device(given.device, given.threads)
    facts = machine.circumstances(device)
    with tempfile.TemporaryDirectory() as folder:
        source = given.model or str(_random_model(Path(folder)))
        load_model(source, device)
        timings = harness.take_turns(
            {
                name: _fresh(words, given.threads)
                for name, words in starts(source, str(device)).items()
            },
            given.rounds,
        )
    report = {
        **facts,
        "benchmark": "startup",
        "model": given.model or "preset:rgba, random weights",
        "seconds": {name: timing.as_dict() for name, timing in timings.items()},
    }
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    parser.add_argument("--model", help="a run, a model folder or a name; else random weights")
    parser.add_argument("--rounds", type=harness.whole(), default=9, help="processes of every kind")
    return parser


def _random_model(folder: Path) -> Path:
    model = cases.random_model("rgba", 16, 3, torch.device("cpu"))
    save_model(folder, model.network.state_dict(), model.config)
    return folder


def starts(source: str, device: str) -> dict[str, list[str]]:
    """The words after ``python``, by name. Python and torch alone are the floor."""
    load = LOAD.format(source=source, device=device)
    code = {
        "python": "pass",
        "import torch": "import torch",
        "import spritelab": "import spritelab",
        "load_model": load,
        "the first sprite": f"{load}; model.sample(1, sampler='ddim', steps=20)",
    }
    found = {name: ["-c", text] for name, text in code.items()}
    return {**found, "spritelab --help": ["-m", "spritelab", "--help"]}


def _fresh(words: Sequence[str], threads: int) -> Callable[[], object]:
    return lambda: harness.run_python(words, threads)


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    rows = [
        [name, f"{timing['median']:.2f}", f"{timing['best']:.2f}"]
        for name, timing in report["seconds"].items()
    ]
    rounds = len(next(iter(report["seconds"].values()))["rounds"])
    return (
        harness.markdown(["start", "seconds, median", "best"], rows)
        + f"\nMedians of {rounds} fresh processes of each kind, in turns, after one that fills the "
        f"disk's cache. Model: {report['model']}. The first sprite is DDIM's, 20 steps, with "
        "loading.\n\n" + harness.under_table(report)
    )


if __name__ == "__main__":
    sys.exit(main())
