"""Feeds damaged files to every reader in a process of bounded memory; prints what came of it.

    python tests/fuzz/fuzz_child.py --run RUN --inputs 10000 --seed 0 --seconds 3600

One line of JSON at the end: inputs and refusals by reader, the slowest input, the memory that was
taken, and every input that ended in anything but success or one line of ours.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from pathlib import Path
from typing import Any

from fuzz_mutator import mutate
from fuzz_readers import Folder, Reader, readers

from spritelab.errors import SpritelabError

HEADROOM = 3 * 2**30
"""Bytes of address space that reading may take on top of what the program has."""

SECONDS_EACH = 60
"""After which an input counts as one that hangs; generous, for machines that do other work."""


def main() -> int:
    """Run, and print the outcome."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--only", default=None)
    given = parser.parse_args()
    known = readers(given.run)
    if given.only:
        known = {given.only: known[given.only]}
    outcome: dict[str, Any] = {
        "inputs": {},
        "refused": {},
        "failures": [],
        "kinds": [],
        "slowest": [0.0, ""],
    }
    signal.signal(signal.SIGALRM, _too_long)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="fuzz") as place:
        folder = Path(place) / "input"
        for reader in known.values():  # before memory is bounded: imports, caches
            for whole in reader.wholes:
                _put(folder, whole)
                reader.read(folder)
        before = _peak()
        _bound_memory()
        total = sum(reader.share for reader in known.values())
        for name, reader in known.items():
            count = round(given.inputs * reader.share / total)
            # Its share of the time, too: or the last ones would have none.
            end = time.monotonic() + given.seconds * reader.share / total
            _feed(name, reader, count, given.seed, folder, end, outcome)
    outcome["peak_mebibytes"] = (_peak() - before) // 1024
    print(json.dumps(outcome))
    return 0


def _feed(
    name: str,
    reader: Reader,
    count: int,
    seed: int,
    folder: Path,
    end: float,
    outcome: dict[str, Any],
) -> None:
    done = refused = 0
    for number in range(count):
        if time.monotonic() > end:
            break
        chance = random.Random(f"{seed} {name} {number}")
        whole = chance.choice(reader.wholes)
        path = chance.choice(reader.damaged or tuple(whole))
        damaged = mutate(whole[path], chance, path)
        _put(folder, {**whole, path: damaged})
        start = time.perf_counter()
        signal.alarm(SECONDS_EACH)
        try:
            reader.read(folder)
        except SpritelabError as error:
            refused += 1
            if not str(error) or len(str(error)) > 4000:
                _fail(outcome, name, number, path, damaged, f"says {str(error)[:200]!r}")
        except BaseException:
            _fail(outcome, name, number, path, damaged, traceback.format_exc(limit=-6))
        finally:
            signal.alarm(0)
        seconds = time.perf_counter() - start
        if seconds > outcome["slowest"][0]:
            outcome["slowest"] = [round(seconds, 3), f"{name} {number}"]
        done += 1
    outcome["inputs"][name], outcome["refused"][name] = done, refused


def _fail(
    outcome: dict[str, Any], name: str, number: int, path: str, damaged: bytes, what: str
) -> None:
    kind = " ".join(what.split("\n")[-4:])  # the last frame and the error, once each
    if kind not in outcome["kinds"] and len(outcome["failures"]) < 20:
        outcome["kinds"].append(kind)
        packed = base64.b64encode(zlib.compress(damaged)).decode()
        outcome["failures"].append(f"{name} {number}, {path}: {what}\n{packed[:2000]}")


def _put(folder: Path, files: Folder) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS_EACH} s")


def _peak() -> int:
    """The most memory that was ever held, KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _bound_memory() -> None:
    """Let the process take no more than ``HEADROOM`` on top of what it has (Linux)."""
    status = Path("/proc/self/statm")
    if status.exists():
        limit = int(status.read_text().split()[0]) * resource.getpagesize() + HEADROOM
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    sys.exit(main())
