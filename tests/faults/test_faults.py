"""Killed at any moment, on a full disk: nothing is lost, and runs end in the bytes they had.

A short form here; ``make soak`` sets ``SPRITELAB_SOAK_KILLS`` to how many kills there shall be.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from programs import run_child

HERE = Path(__file__).parent
KILLS = os.environ.get("SPRITELAB_SOAK_KILLS")
SEED = os.environ.get("SPRITELAB_SOAK_SEED", "0")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked"),
]


def drive(what: str, run: Path, kills: int = 1) -> Any:
    """Run the driver and return what it prints."""
    child = HERE / "fault_driver.py"
    outcome = run_child(child, what, "--run", run, "--kills", kills, "--seed", SEED)
    print(what, outcome)  # shown by `pytest -s`: what docs/trust.md says was measured
    return outcome


def test_training_is_killed_at_random_moments(tiny_run: Path) -> None:
    wanted = int(KILLS or 5)
    outcome = drive("training", tiny_run, wanted)
    assert outcome["kills"] >= wanted
    assert outcome["runs"] >= 1
    assert outcome["different"] == 0


def test_every_kind_of_write_is_killed(tiny_run: Path) -> None:
    outcome = drive("writes", tiny_run, 10_000 if KILLS else 4)
    assert outcome["wrong"] == []
    assert outcome["left"] == []
    assert outcome["kills"] >= 3 * len(outcome["moments"])
    assert min(outcome["moments"].values()) >= 3


def test_every_kind_of_write_onto_a_full_disk(tiny_run: Path) -> None:
    outcome = drive("full", tiny_run)
    assert outcome["wrong"] == []
    assert min(outcome["refused"].values()) >= 1
