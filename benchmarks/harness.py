"""What the benchmarks share: the machine's facts, fair timing, fresh processes, and the report.

A figure without its circumstances is no figure: every report holds the commit and whether the tree
was clean, the machine, the versions, the threads and the date. Cases that are compared are timed in
turns, so that whatever else the machine does hits all of them alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from spritelab.cli import console
from spritelab.devices import best_device, let_idle_threads_sleep
from spritelab.errors import SettingsError, SpritelabError
from spritelab.storage import write_file

let_idle_threads_sleep()
# Peers draw their own bars.
os.environ.setdefault("TQDM_DISABLE", "1")

import torch  # noqa: E402 (its threads read the first of these when it is imported)

HERE = Path(__file__).parent
RESULTS = HERE / "results"

FORMAT = 1
"""Version of the JSON that the benchmarks write."""


class Parser(argparse.ArgumentParser):
    """The flags that all benchmarks share; a wrong command line is a ``SettingsError``."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(
            prog=f"benchmarks/{name}.py",
            description=description,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        out = RESULTS / f"{name}.json"
        self.add_argument("--out", type=Path, default=out, help="JSON; a table lies beside it")
        self.add_argument("--threads", type=int, default=cores(), help="threads of arithmetic")
        self.add_argument("--device", help="cpu, cuda, …; the best one found if not given")

    def error(self, message: str) -> NoReturn:
        """Raise what ``guarded`` tells in one line."""
        raise SettingsError(f"{message} (see {self.prog} --help)")


def guarded(work: Callable[[], int]) -> int:
    """Do ``work`` and return its exit status: 2 and one line after a mistake, 130 after Ctrl-C."""
    with warnings.catch_warnings():
        warnings.showwarning = console.show_warning
        try:
            return work()
        except SpritelabError as mistake:
            console.error(str(mistake))
            return 2
        except KeyboardInterrupt:
            console.say("interrupted")
            return 130


def settle(device: str | None, threads: int) -> torch.device:
    """Set the threads of this process and find the device.

    Raises:
        SettingsError: for fewer than one thread, and for a device that torch cannot use here.
    """
    if threads < 1:
        raise SettingsError(f"--threads must be at least 1, not {threads}")
    torch.set_num_threads(threads)
    if device is None:
        return best_device()
    try:
        found = torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, NotImplementedError):
        raise SettingsError(
            f"torch cannot use the device {device!r} here; cpu always works"
        ) from None
    return found


def cores() -> int:
    """Cores that this process may use."""
    return len(usable_cores())


def usable_cores() -> list[int]:
    """The numbers of the cores that this process may use, ascending."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


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


def peak_memory(device: torch.device | None = None) -> int | None:
    """The most memory in bytes that this process has held, on ``device`` if that is a CUDA one.

    None where the system does not tell. On Linux it is the high-water mark of the program itself:
    that of ``getrusage`` may be the parent's, inherited when the process was made.
    """
    if device is not None and device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text("utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return None


def child_environment(threads: int) -> dict[str, str]:
    """The environment of a fresh process that computes with ``threads`` threads."""
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}


def in_own_process(script: Path, words: Sequence[str], threads: int) -> dict[str, Any]:
    """Run ``script`` with ``words`` in a fresh process and read the JSON that it prints last.

    Raises:
        SpritelabError: if it fails, with its last words.
    """
    done = subprocess.run(
        [sys.executable, str(script), *words],
        env=child_environment(threads),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise SpritelabError(f"{script.name} {' '.join(words)}: status {done.returncode}: {last}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def circumstances(device: torch.device, peers: Sequence[str] = ()) -> dict[str, Any]:
    """All that a figure depends on besides the case itself, for JSON.

    Args:
        device: where the work was done.
        peers: names of other packages that were measured; None stands for one not installed.
    """
    return {
        **tree(),
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(device),
        "versions": {
            "python": platform.python_version(),
            **{name: version_of(name) for name in ("spritelab", "torch", "numpy", *peers)},
        },
    }


def tree() -> dict[str, Any]:
    """The commit, and whether anything differs from it; None where there is no git."""

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(HERE), *words], capture_output=True, text=True, check=False
            )
        except OSError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    changed = git("status", "--porcelain")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if changed is None else bool(changed)}


def machine(device: torch.device) -> dict[str, Any]:
    """What computes."""
    gpu = None
    if device.type == "cuda":
        facts = torch.cuda.get_device_properties(device)
        gpu = {"name": facts.name, "memory": facts.total_memory, "cuda": torch.version.cuda}
    return {
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cores": cores(),
        "memory": memory(),
        "threads": torch.get_num_threads(),
        "waiting": {name: os.environ.get(name) for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")},
        "device": device.type,
        "gpu": gpu,
    }


def cpu_model() -> str:
    """The CPU's name as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory() -> int | None:
    """The machine's memory in bytes, or None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def version_of(package: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def markdown(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; the first column is text, the others are figures."""
    lines = [f"| {' | '.join(titles)} |", f"|---|{'---:|' * (len(titles) - 1)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def under_which(facts: Mapping[str, Any]) -> str:
    """The circumstances in a line, to stand under a table."""
    its = facts["machine"]
    where = its["gpu"]["name"] if its["gpu"] else f"{its['cpu']}, {its['threads']} threads"
    commit = (facts["commit"] or "unknown")[:10] + (" with changes" if facts["dirty"] else "")
    return f"{where}; torch {facts['versions']['torch']}; commit {commit}; {facts['date']}.\n"


def write_report(out: Path, report: Mapping[str, Any], table: str) -> None:
    """Write ``report`` as JSON and ``table`` as Markdown beside it, and print the table.

    Raises:
        StorageError: if a file cannot be written.
    """
    text = json.dumps({"format": FORMAT, **report}, indent=2, ensure_ascii=False, allow_nan=False)
    beside = out.with_suffix(".md")
    write_file(out, text + "\n")
    write_file(beside, table)
    print(table)
    console.wrote(out)
    console.wrote(beside)
