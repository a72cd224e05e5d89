"""What the benchmarks share: the command line, fair timing, fresh processes, and the report.

Cases that are compared are timed in turns, so that whatever else the machine does hits all of them
alike.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch

from benchmarks.lib import console
from benchmarks.lib.machine import ROOT, circumstances_line, usable_cores
from spritelab.devices import best_device
from spritelab.errors import SettingsError, SpritelabError
from spritelab.storage import write_file, write_json

RESULTS = ROOT / "benchmarks" / "results"

FORMAT = 1
"""Version of the JSON that the benchmarks write."""


class Parser(argparse.ArgumentParser):
    """The options that all benchmarks share; a wrong command line is a ``SettingsError``.

    Args:
        module: what is run, such as ``benchmarks.speed.sampling``.
        description: in a line.
        reports: it writes a report.
    """

    def __init__(self, module: str, description: str, reports: bool = True) -> None:
        super().__init__(
            prog=f"python -m {module}",
            description=description,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        if reports:
            out = RESULTS / f"{module.rpartition('.')[2]}.json"
            self.add_argument("--out", type=Path, default=out, help="JSON; a table lies beside it")
        cores = len(usable_cores())
        self.add_argument("--threads", type=whole(), default=cores, help="threads of arithmetic")
        self.add_argument("--device", help="cpu, cuda, …; the best one found if not given")

    def error(self, message: str) -> NoReturn:
        """Raise what ``guarded`` tells in one line."""
        raise SettingsError(f"{message} (see {self.prog} --help)")


def whole(least: int = 1) -> Callable[[str], int]:
    """A type of option: a whole number, ``least`` or more."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"takes a whole number, not {text!r}") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}, not {value}")
        return value

    return read


def wholes(least: int = 1) -> Callable[[str], list[int]]:
    """A type of option: whole numbers with commas between them, ``least`` or more each."""
    read = whole(least)

    def read_all(text: str) -> list[int]:
        try:
            return [read(part) for part in text.split(",")]
        except argparse.ArgumentTypeError:
            raise argparse.ArgumentTypeError(
                f"takes whole numbers from {least} on, such as 2,10,50, not {text!r}"
            ) from None

    return read_all


def guarded(work: Callable[[], int]) -> int:
    """Do ``work`` and return its exit status: 2 and one line after a mistake, 130 after Ctrl-C."""
    with warnings.catch_warnings():
        warnings.showwarning = console.show_warning
        try:
            return work()
        except SpritelabError as mistake:
            console.say("error", str(mistake))
            return 2
        except KeyboardInterrupt as interrupt:
            console.say("interrupted", str(interrupt))
            return 130


def prepare_device(device: str | None, threads: int) -> torch.device:
    """Set the threads of this process and find the device.

    Raises:
        SettingsError: for a device that torch cannot use here.
    """
    torch.set_num_threads(threads)
    if device is None:
        return best_device()
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, NotImplementedError):
        raise SettingsError(
            f"torch cannot use the device {device!r} here; cpu always works"
        ) from None


@dataclass(frozen=True)
class Timing:
    """The seconds of one case, one figure a round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def best(self) -> float:
        return min(self.seconds)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"median": self.median, "best": self.best, "rounds": list(self.seconds)}


def take_turns(cases: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """Time all cases once a round, for ``rounds`` rounds, after one call of each to warm up.

    The order is reversed every other round, so that no case always follows the same neighbour.
    On an accelerator a case must wait for its own work to be done (see ``finish_work``).
    """
    for case in cases.values():
        case()
    found: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds):
        for name in list(cases)[:: -1 if number % 2 else 1]:
            start = time.perf_counter()
            cases[name]()
            found[name].append(time.perf_counter() - start)
    return {name: Timing(tuple(seconds)) for name, seconds in found.items()}


def finish_work(device: torch.device) -> None:
    """Wait until an accelerator has done all that it was told to; a CPU always has."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def child_environment(threads: int) -> dict[str, str]:
    """The environment of a fresh process that computes with ``threads`` threads.

    It finds the package of benchmarks from any folder.
    """
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
    counts = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    return {**os.environ, **counts, "PYTHONPATH": path}


def in_own_process(module: str, words: Sequence[str], threads: int) -> dict[str, Any]:
    """Run ``module`` with ``words`` in a fresh process and read the JSON that it prints last.

    Raises:
        SpritelabError: if it fails, with the last line that it printed.
    """
    done = run_python(["-m", module, *words], threads)
    answer: dict[str, Any] = json.loads(done.strip().splitlines()[-1])
    return answer


def run_python(words: Sequence[str], threads: int) -> str:
    """Run ``python`` with ``words`` in a fresh process and return what it prints.

    Raises:
        SpritelabError: if it fails, with the last line that it printed.
    """
    done = subprocess.run(
        [sys.executable, *words],
        env=child_environment(threads),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise SpritelabError(f"python {' '.join(words)}: status {done.returncode}: {last}")
    return done.stdout


def markdown(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; the first column is text, the others are figures."""
    lines = [f"| {' | '.join(titles)} |", f"|---|{'---:|' * (len(titles) - 1)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def under_table(report: Mapping[str, Any]) -> str:
    """The circumstances of a report, in the paragraph under its table."""
    return f"{circumstances_line(report)}\n"


def write_report(out: Path, report: Mapping[str, Any], table: str) -> None:
    """Write ``report`` as JSON and ``table`` as Markdown beside it, and print the table.

    Raises:
        StorageError: if a file cannot be written.
    """
    beside = out.with_suffix(".md")
    write_json(out, {"format": FORMAT, **report})
    write_file(beside, table)
    print(table)
    console.wrote(out)
    console.wrote(beside)
