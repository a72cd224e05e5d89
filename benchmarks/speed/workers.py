"""Throughput against workers: sprites drawn, scored and learnt a second by 1, 2, … processes.

Each worker computes with one thread. Drawing and scoring are shared out as by ``--shard``: workers
know nothing of each other. Those that train share every batch through gloo, as under torchrun.

    python -m benchmarks.speed.workers
    python -m benchmarks.speed.workers --workers 1 --draw 4 --score 4 --updates 1 --rounds 1
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch

from benchmarks.lib import cases, harness, machine, workloads
from benchmarks.lib.cases import Case
from spritelab.errors import SpritelabError
from spritelab.pixels import Images

MODULE = "benchmarks.speed.workers"

BATCH = 64
REFERENCE = 500
"""Sprites that others are scored against."""


def main(argv: Sequence[str] | None = None) -> int:
    """Time all numbers of workers and write the report; the exit status of ``harness.guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    parser.add_argument("--preset", default="rgba", help="whose network draws and learns")
    parser.add_argument("--workers", type=harness.wholes(), default="1,2")
    parser.add_argument("--draw", type=harness.whole(), default=256, help="sprites drawn a round")
    parser.add_argument("--score", type=harness.whole(), default=512, help="sprites scored a round")
    parser.add_argument("--updates", type=harness.whole(), default=8, help="of 64 sprites a round")
    parser.add_argument("--features", default="effnet", help="that sprites are scored by")
    parser.add_argument("--rounds", type=harness.whole(), default=3)
    parser.add_argument("--worker", help="for the processes that this one starts")
    given = parser.parse_args(argv)
    device = harness.prepare_device("cpu", 1)
    if given.worker is not None:
        return _serve(**json.loads(given.worker))
    amounts = {"draw": given.draw, "score": given.score, "train": given.updates}
    rows = []
    for work, amount in amounts.items():
        shared = {"work": work, "amount": amount, "preset": given.preset}
        rows += measure({**shared, "features": given.features}, given.workers, given.rounds)
    report = {**machine.circumstances(device), "benchmark": "workers", "rows": rows}
    harness.write_report(given.out, report, table(report))
    return 0


def measure(share: dict[str, Any], workers: Sequence[int], rounds: int) -> list[dict[str, Any]]:
    """Time one kind of work by every number of workers, in turns: rows of the report."""
    with ExitStack() as stack:
        groups = {n: stack.enter_context(Group(share, n)) for n in workers}
        timings = harness.take_turns(
            {str(n): group.work for n, group in groups.items()}, rounds
        )  # all wait while one group works
    sprites = share["amount"] * (BATCH if share["work"] == "train" else 1)
    first = timings[str(workers[0])].median
    return [
        {
            "work": share["work"],
            "workers": n,
            "sprites": sprites,
            "seconds": timings[str(n)].as_dict(),
            "per_second": sprites / timings[str(n)].median,
            "times_the_first": first / timings[str(n)].median,
        }
        for n in workers
    ]


class Group:
    """Workers that have everything at hand, and work when they are told to."""

    def __init__(self, share: dict[str, Any], count: int) -> None:
        port = _free_port()
        self.processes = []
        for index in range(count):
            told = json.dumps({**share, "index": index, "of": count})
            environment = harness.child_environment(1)
            if share["work"] == "train" and count > 1:
                environment |= {
                    **{"RANK": str(index), "LOCAL_RANK": str(index), "WORLD_SIZE": str(count)},
                    **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)},
                    **{"ACCELERATE_USE_CPU": "1", "CUDA_VISIBLE_DEVICES": ""},
                }
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", MODULE, "--worker", told],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env=environment,
                )
            )

    def __enter__(self) -> Group:
        self._hear("ready")
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()

    def work(self) -> None:
        """Let all of them do their share, and wait for the last."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        self._hear("done")

    def _hear(self, word: str) -> None:
        for process in self.processes:
            assert process.stdout is not None
            while (line := process.stdout.readline().strip()) != word:
                if not line and process.poll() is not None:
                    raise SpritelabError(f"a worker ended with status {process.returncode}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _serve(work: str, amount: int, preset: str, features: str, index: int, of: int) -> int:
    """Be a worker: do its share of the work whenever a line is read."""
    own = len(range(index, amount, of))
    if work == "draw":
        do = _drawing(preset, own)
    elif work == "score":
        do = _scoring(features, own)
    else:
        do = _training(preset, amount)
    print("ready", flush=True)
    for _ in sys.stdin:
        do()
        print("done", flush=True)
    return 0


def _drawing(preset: str, amount: int) -> Callable[[], object]:
    model = cases.random_model(preset, 16, 4, torch.device("cpu"))
    return lambda: model.sample(amount, sampler="dpm", steps=10, batch_size=BATCH)


def _scoring(features: str, amount: int) -> Callable[[], object]:
    from spritelab.evaluation import Extractor
    from spritelab.evaluation.reference import build_reference
    from spritelab.evaluation.statistics import gather

    sprites = cases.training_sprites(16, 4)
    images = sprites.images
    reference = build_reference(sprites.select(np.arange(REFERENCE)), None, Extractor(features))  # type: ignore[arg-type]

    def some(rows: range) -> Images:
        found: Images = images[np.array(rows) % len(images)]
        return found

    return lambda: gather(some, range(amount), reference)


def _training(preset: str, amount: int) -> Callable[[], object]:
    case = Case("spritelab", "train", preset, BATCH, 16, 4)
    update = workloads.build(case, torch.device("cpu"))

    def updates() -> None:
        for _ in range(amount):
            update()

    return updates


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    titles = ("work", "workers", "sprites/s", "times one worker")
    rows = [
        (row["work"], row["workers"], f"{row['per_second']:.3g}", f"{row['times_the_first']:.2f}")
        for row in report["rows"]
    ]
    return f"{harness.markdown(titles, rows)}\n{harness.under_table(report)}"


if __name__ == "__main__":
    sys.exit(main())
