"""Damaged files of every kind, fed to everything that reads them: success, or one line of ours.

10,000 inputs here, always the same ones. ``make soak`` sets ``SPRITELAB_SOAK`` to how many there
shall be, and ``SPRITELAB_SOAK_SECONDS`` to when enough is enough, and takes a seed of its own.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from fuzz_mutator import MUTATIONS, mutate

from programs import run_child

HERE = Path(__file__).parent
INPUTS = int(os.environ.get("SPRITELAB_SOAK", "10000"))
SECONDS = float(os.environ.get("SPRITELAB_SOAK_SECONDS", "3600"))
SEED = int(os.environ.get("SPRITELAB_SOAK_SEED", "0"))

MOST_MEBIBYTES = 1024
"""That reading a damaged file may take: the largest picture that is read unfolds into 256 of them,
and is cut into cells. Files whose headers lie would take far more."""


@pytest.mark.slow
def test_every_reader(tiny_run: Path) -> None:
    pytest.importorskip("resource", reason="memory is bounded where the system can")
    words = ["--run", tiny_run, "--inputs", INPUTS, "--seed", SEED, "--seconds", SECONDS]
    outcome = run_child(HERE / "fuzz_child.py", *words)
    print(outcome)  # shown by `pytest -s`: what docs/trust.md says was measured
    assert outcome["failures"] == [], "\n\n".join(outcome["failures"])
    assert outcome["peak_mebibytes"] <= MOST_MEBIBYTES
    if "SPRITELAB_SOAK" not in os.environ:
        assert sum(outcome["inputs"].values()) >= 9_990
        # Damage that nobody notices would make this test worthless, and so would damage too coarse.
        for name, count in outcome["inputs"].items():
            assert name == "cells" or 0.3 * count < outcome["refused"][name] < count, name


def test_the_mutator_is_seeded_and_changes_something() -> None:
    data = bytes(range(256)) * 4
    made = [mutate(data, random.Random(k)) for k in range(200)]
    assert made == [mutate(data, random.Random(k)) for k in range(200)]
    assert sum(one != data for one in made) > 190
    assert len(MUTATIONS) == len(set(MUTATIONS))
    assert [mutate(b"", random.Random(k)) for k in range(50)]  # nothing to damage, nothing raised
