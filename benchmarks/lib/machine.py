"""The circumstances of a figure: the commit, the machine and its speed, the versions, the date.

A figure without its circumstances is no figure: every report holds them.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).parents[2]
"""The repository."""

PRODUCT = 1024
"""Rows and columns of the matrices whose product measures the machine."""


def circumstances(
    device: torch.device, packages: Sequence[str] = (), root: Path = ROOT
) -> dict[str, Any]:
    """All that a figure depends on besides the case itself, for JSON.

    Ask before anything is written into the repository: ``dirty`` says whether it is as committed.

    Args:
        device: where the work is done.
        packages: names of more packages that are measured; None stands for one not installed.
        root: the repository whose commit counts.
    """
    return {
        **commit(root),
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(device),
        "versions": {
            "python": platform.python_version(),
            **{name: version_of(name) for name in ("spritelab", "torch", "numpy", *packages)},
        },
    }


def circumstances_line(facts: Mapping[str, Any]) -> str:
    """What ``circumstances`` found in one line, to stand under a table."""
    its = facts["machine"]
    threads = f"{its['threads']} {'thread' if its['threads'] == 1 else 'threads'}"
    where = its["gpu"]["name"] if its["gpu"] else f"{its['cpu']}, {threads}"
    at = (facts["commit"] or "unknown")[:10] + (" with changes" if facts["dirty"] else "")
    return f"{where}; torch {facts['versions']['torch']}; commit {at}; {facts['date']}."


def commit(root: Path = ROOT) -> dict[str, Any]:
    """The commit, and whether anything differs from it; None where there is no git."""

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
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
        "cores": len(usable_cores()),
        "memory": memory(),
        "threads": torch.get_num_threads(),
        "waiting": {name: os.environ.get(name) for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")},
        "device": device.type,
        "gpu": gpu,
    }


def matrix_product(device: torch.device) -> tuple[Callable[[], object], int]:
    """The float32 product of two square matrices on ``device``, and the operations it takes."""
    a, b = torch.randn(2, PRODUCT, PRODUCT, device=device)
    out = torch.empty_like(a)

    def multiply() -> None:
        if device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = False
        torch.mm(a, b, out=out)
        if device.type != "cpu":
            torch.accelerator.synchronize(device)

    return multiply, 2 * PRODUCT**3


def matrix_speed(
    device: torch.device, clock: Callable[[], float] = time.perf_counter, seconds: float = 1.0
) -> float:
    """Operations a second of ``matrix_product`` with the threads that torch has: the median.

    Args:
        device: that multiplies.
        clock: gives seconds.
        seconds: to go on for, after one product to warm up.
    """
    multiply, operations = matrix_product(device)
    multiply()
    taken: list[float] = []
    begin = clock()
    while not taken or clock() - begin < seconds:
        start = clock()
        multiply()
        taken.append(clock() - start)
    return operations / statistics.median(taken)


def usable_cores() -> list[int]:
    """The numbers of the cores that this process may use, ascending."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


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


def version_of(package: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
