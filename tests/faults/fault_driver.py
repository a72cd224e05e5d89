"""Kills children at chosen moments; a process of its own, so that each costs no import.

    python fault_driver.py training --run RUN --kills 5 --seed 0
    python fault_driver.py writes --run RUN --kills 60 --seed 0
    python fault_driver.py full --run RUN

``training``: a run is killed at random moments and resumed until it is done, again and again, and
ends in the bytes of one left alone. ``writes``: every kind of write is killed at its k-th request
to the system that changes a disk (Python's audit events), then done again. ``full``: every kind of
write onto a disk that is full, and into one that is nearly so. Prints a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from fault_writes import NEW, OLD, Write, emptied, writes

import tiny
from spritelab import runs
from spritelab.errors import DownloadError, SpritelabError
from spritelab.generate import load_model
from spritelab.training import loop

LONG = {"training.steps": 18, "training.checkpoint_every": 3, "training.validate_every": 8}

CHANGING = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate")
"""Audit events of what changes a disk; ``open`` for writing is one too."""


def main() -> int:
    """Run one of the three, and print the outcome."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("training", "writes", "full"))
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    loop.validation_losses = tiny.short_validation_losses  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(prefix="faults") as place:
        if given.what == "training":
            outcome = kill_training(Path(place), given.kills, random.Random(given.seed))
        else:
            with serving() as address:
                kinds = writes(load_model(given.run, "cpu"), address)
                if given.what == "writes":
                    outcome = kill_writes(kinds, Path(place), given.kills, given.seed)
                else:
                    outcome = fill_disks(kinds, Path(place))
    print(json.dumps(outcome))
    return 0


def kill_training(place: Path, kills: int, chance: random.Random) -> dict[str, Any]:
    """Kill and resume runs until there were so many kills."""
    alone = place / "alone"
    start = time.perf_counter()
    assert in_child(lambda: train(alone)) == 0
    seconds = time.perf_counter() - start
    expected = tiny.outcome(alone)
    done = ended = broken = 0
    while done < kills:
        folder = emptied(place / "killed")
        while True:
            moment = chance.uniform(0, 0.7 * seconds)
            status = in_child(lambda folder=folder: train(folder), moment)  # type: ignore[misc]
            if status == 0:
                break
            assert status == -signal.SIGKILL, status
            done += 1
            if done >= kills:
                assert in_child(lambda folder=folder: train(folder)) == 0  # type: ignore[misc]
                break
        ended += 1
        broken += tiny.outcome(folder) != expected
    return {"kills": done, "runs": ended, "different": broken}


def train(folder: Path) -> None:
    """Begin the run in ``folder``, or go on with it, to its end."""
    if runs.record_file(folder) is None:
        run = runs.start_run(tiny.tiny_settings().override(LONG), folder, sprites=tiny.tiny_set())
    else:
        run = runs.resume_run(folder)
    for _ in run.train(cpu=True):
        pass


def kill_writes(kinds: dict[str, Write], place: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill every kind of write at moments spread over it; then do it again."""
    outcome: dict[str, Any] = {"moments": {}, "kills": 0, "left": [], "wrong": []}
    for name, kind in kinds.items():
        folder = emptied(place / name)
        kind.write(folder, OLD)
        moments = count_moments(lambda: kind.write(folder, NEW))  # noqa: B023
        outcome["moments"][name] = moments
        every = list(range(1, moments + 1))
        chosen = random.Random(f"{seed} {name}").sample(every, min(moments, max(1, kills)))
        for moment in sorted(chosen):
            folder = emptied(place / name)
            kind.write(folder, OLD)
            status = in_child(lambda: killed_at(moment, lambda: kind.write(folder, NEW)))  # noqa: B023
            outcome["kills"] += status == -signal.SIGKILL
            try:
                if kind.check(folder) == "none" and name not in ("shard",):
                    raise AssertionError("what was there is lost")
                kind.write(folder, NEW)
                if kind.check(folder) != "new":
                    raise AssertionError("it cannot be written again")
            except Exception:
                outcome["wrong"].append(f"{name} at {moment}: {traceback.format_exc(limit=-3)}")
            left = [
                path.name for path in folder.rglob(".*") if path.name.endswith((".part", ".old"))
            ]
            if left:
                outcome["left"].append(f"{name} at {moment}: {left}")
    return outcome


def fill_disks(kinds: dict[str, Write], place: Path) -> dict[str, Any]:
    """Write every kind where there is no room: one line of ours, and what was there stays whole."""
    outcome: dict[str, Any] = {"disk": "", "refused": {}, "wrong": []}
    with small_disk(place / "disk") as real:
        outcome["disk"] = "tmpfs" if real else "RLIMIT_FSIZE"
        for name, kind in kinds.items():
            refusals = 0
            for room in (0, 1, 3, 9, 20):  # KiB that are left
                folder = emptied(place / "disk" / name)
                kind.write(folder, OLD)
                try:
                    with only(place / "disk", room if real else room / 8, real):
                        kind.write(folder, NEW)
                except (SpritelabError, DownloadError) as error:
                    refusals += 1
                    if "\n" in str(error):
                        outcome["wrong"].append(f"{name}: {error}")
                except Exception:
                    outcome["wrong"].append(f"{name}, {room}: {traceback.format_exc(limit=-3)}")
                try:
                    if kind.check(folder) == "none" and name != "shard":
                        raise AssertionError("what was there is lost")
                except Exception:
                    outcome["wrong"].append(f"{name}, {room}: {traceback.format_exc(limit=-3)}")
            emptied(place / "disk" / name)
            outcome["refused"][name] = refusals
    return outcome


class small_disk:  # noqa: N801 (used like a function)
    """A disk of its own, of two mebibytes, where one may be mounted; says whether it was."""

    def __init__(self, path: Path) -> None:
        self.path, self.mounted = emptied(path), False

    def __enter__(self) -> bool:
        words = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(self.path)]
        try:
            self.mounted = subprocess.run(words, capture_output=True, check=False).returncode == 0
        except OSError:
            self.mounted = False
        return self.mounted

    def __exit__(self, *_: object) -> None:
        if self.mounted:
            subprocess.run(["umount", str(self.path)], check=True)


class only:  # noqa: N801 (used like a function)
    """Leave so many KiB free on a small disk; or, elsewhere, let no file be longer."""

    def __init__(self, disk: Path, kibibytes: float, real: bool) -> None:
        self.disk, self.bytes, self.real = disk, int(1024 * kibibytes), real

    def __enter__(self) -> None:
        if self.real:
            free = os.statvfs(self.disk)
            take = free.f_bavail * free.f_frsize - self.bytes
            (self.disk / "ballast").write_bytes(bytes(max(0, take)))
        else:
            self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.bytes, self.before[1]))

    def __exit__(self, *_: object) -> None:
        if self.real:
            (self.disk / "ballast").unlink()
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


class serving:  # noqa: N801 (used like a function)
    """A web server as another process: a child that is forked beside a thread is a risk."""

    def __enter__(self) -> str:
        code = (
            "import http.server as h\n"
            "class H(h.BaseHTTPRequestHandler):\n"
            "    def do_GET(self):\n"
            "        self.send_response(200); self.send_header('Content-Length', '1000')\n"
            "        self.end_headers(); self.wfile.write(bytes([int(self.path[1:])]) * 1000)\n"
            "    def log_message(self, *a): pass\n"
            "s = h.HTTPServer(('127.0.0.1', 0), H); print(s.server_port, flush=True)\n"
            "s.serve_forever()\n"
        )
        self.process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        return f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def count_moments(work: Callable[[], object]) -> int:
    """How many requests that change a disk ``work`` makes, in a child that does it."""
    read, write = os.pipe()
    status = in_child(lambda: os.write(write, str(watched(work, 0)).encode()))
    os.close(write)
    with os.fdopen(read) as told:
        count = int(told.read())
    assert status == 0
    return count


def killed_at(moment: int, work: Callable[[], object]) -> None:
    """Do ``work``; die at its ``moment``-th request."""
    watched(work, moment)


def watched(work: Callable[[], object], moment: int) -> int:
    """Do ``work`` and count its requests; at the ``moment``-th, before it is carried out, die."""
    count = 0

    def look(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count
        writing = (
            event == "open"
            and isinstance(args[2], int)
            and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        if writing or event in CHANGING:
            count += 1
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)  # for the rest of this process, which is a child
    fsync = os.fsync

    def counted(fd: Any) -> None:
        look("os.truncate", ())
        fsync(fd)

    os.fsync = counted
    work()
    return count


def in_child(work: Callable[[], object], kill_after: float | None = None) -> int:
    """Do ``work`` in a child, killed after so many seconds if it still lives; its exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
