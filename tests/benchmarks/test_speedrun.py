"""The public clock: the test over the runs, what keeps them from being an entry, a tiny entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmark_reports import ONE_THREAD, report_of

from benchmarks.lib import machine
from benchmarks.quality import speedrun
from spritelab.errors import SettingsError


def result(seed: int, kid: float, **changes: Any) -> dict[str, Any]:
    """What a run of an entry reports, as far as a speedrun reads it."""
    memory = {"copies": 0.0, "copying_score": -1.9}
    where = {"commit": "c" * 40, "dirty": False, "date": "2026-11-28", "machine": {"cpu": "a CPU"}}
    return {
        "contestant": "rgba",
        "seed": seed,
        "seconds": 600.0 + seed,
        "updates": 3000,
        "against": {"training": {"kid": kid / 1000}},
        "memory": memory,
        "floor": {"memory": {"copies": 0.0}},
        "matrix_speed": 5e10,
        "circumstances": where,
        **changes,
    }


def given(*words: str) -> Any:
    return speedrun._parser().parse_args(["--minutes", "10", *words])


def test_p_is_that_of_a_one_sided_t_test_below_the_threshold() -> None:
    """With three runs Student's t has 2 degrees of freedom, and a distribution in closed form."""
    kids = [1.7, 1.8, 1.75]
    t = (np.mean(kids) - 2) / (np.std(kids, ddof=1) / np.sqrt(3))
    found = speedrun.below_threshold(kids)
    assert found["p"] == pytest.approx(0.5 + t / (2 * np.sqrt(2 + t**2)))
    assert found["mean"] == pytest.approx(1.75)
    assert found["deviation"] == pytest.approx(0.05)
    above = speedrun.below_threshold([2.3, 2.2, 2.25])
    assert above["p"] is not None
    assert above["p"] > 0.99
    assert speedrun.below_threshold([1.5]) == {"mean": 1.5, "deviation": None, "p": None}
    assert speedrun.below_threshold([2.0, 2.0])["p"] == 1
    assert speedrun.below_threshold([1.5, 1.5])["p"] == 0


def test_runs_that_keep_the_rules_are_an_entry() -> None:
    words = given("--seeds", "0,1,2")
    results = [result(seed, 1.7) for seed in range(3)]
    assert speedrun.objections(results, 0.001, words) == []


@pytest.mark.parametrize(
    ("words", "change", "p", "says"),
    [
        (["--seeds", "1,2,3"], {}, 0.001, "the seeds are not 0, 1, 2"),
        (["--seeds", "0,1"], {}, 0.001, "the seeds are not 0, 1, 2"),
        ([], {}, 0.01, "p is 0.01, not below 0.01"),
        ([], {}, None, "p is –, not below 0.01"),
        (["-n", "500"], {}, 0.001, "`--n` is 500, not 1000"),
        (["--count", "300"], {}, 0.001, "`--count` is 300, not left out"),
        ([], {"circumstances": {"commit": "d" * 40, "dirty": False}}, 0.001, "not all of one"),
        ([], {"circumstances": {"commit": "c" * 40, "dirty": True}}, 0.001, "not all of one"),
        ([], {"memory": {"copies": 0.02, "copying_score": -1}}, 0.001, "0.67% of the sprites are"),
        ([], {"memory": {"copies": 0.0, "copying_score": -9.0}}, 0.001, "C_T is -4.3"),
    ],
)
def test_what_keeps_runs_from_being_an_entry(
    words: list[str], change: dict[str, Any], p: float | None, says: str
) -> None:
    seeds = given("--seeds", "0,1,2", *words)
    results = [result(0, 1.7), result(1, 1.7), result(2, 1.7, **change)]
    (objection,) = speedrun.objections(results, p, seeds)
    assert says in objection


def test_the_row_holds_what_the_table_of_the_page_asks_for() -> None:
    report = {
        "minutes": 12.04,
        "matrix_speed": 5e10,
        "work": 12.04 * 60 * 5e10,
        "mean": 1.7,
        "deviation": 0.08,
        "kid": [1.7] * 5,
        "p": 0.0004,
        "contestant": "rgba",
        "results": [result(0, 1.7)],
    }
    row = speedrun.row(report)
    assert row == (
        "| 12.0 | 36 | 1.70 ± 0.08 (5) | 0.0004 | `rgba` | cccccccccc | 2026-11-28 "
        "| a CPU, 50 GFLOP/s |"
    )
    page = (machine.ROOT / "docs" / "speedrun.md").read_text("utf-8")
    (titles,) = [line for line in page.splitlines() if line.startswith("| minutes |")]
    assert titles.count("|") == row.count("|")
    assert f"KID × 1000 ≤ {speedrun.THRESHOLD:g}" in page
    assert f"p < {speedrun.SIGNIFICANCE:g}" in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "give --minutes"),
        (["--minutes", "1,2"], "an entry has one length"),
        (["--minutes", "1", "--contestant", "rgba", "--contestant", "small"], "of one contestant"),
        (["--minutes", "1", "--contestant", "a=preset:rgba,init=crawl-16"], "begins from nothing"),
        (["--minutes", "1", "--contestant", "a=small,sampling.steps=51"], "at most 50 evaluations"),
        (["--minutes", "1", "--threads", "2"], "of one core"),
        (["--minutes", "1", "--seeds", "0,0"], "names one twice"),
    ],
)
def test_what_no_speedrun_can_be(words: list[str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        speedrun.plan(speedrun._parser().parse_args(words), "cpu")


def test_every_seed_is_a_training_of_its_own() -> None:
    points = speedrun.plan(given(), "cpu")
    assert [point["settings"]["training"]["seed"] for point in points] == [0, 1, 2, 3, 4]
    assert len({point["run"] for point in points}) == 5
    for point in points:
        assert point["settings"]["data"]["source"] == "crawl"
        assert point["settings"]["training"]["max_minutes"] == 10
        assert (point["n"], point["steps"], point["features"]) == (1000, "own", "effnet")
        assert point["speed"]


@pytest.mark.slow
def test_a_tiny_speedrun(tmp_path: Path) -> None:
    words = ["--minutes", "0.01", "--seeds", "0,1", "--data", "builtin", "--count", "300"]
    words += ["-n", "40", "--features", "pixels", *ONE_THREAD]
    report = report_of(speedrun, tmp_path, *words, "--work", str(tmp_path / "work"))
    assert len(report["kid"]) == 2
    assert report["mean"] == pytest.approx(np.mean(report["kid"]))
    assert report["p"] > 0.5
    assert report["matrix_speed"] > 1e8
    assert report["work"] == pytest.approx(60 * report["minutes"] * report["matrix_speed"])
    for one, kid in zip(report["results"], report["kid"], strict=True):
        assert kid == pytest.approx(1000 * one["against"]["training"]["kid"])
        assert one["seconds"] >= 60 * one["minutes"]
    assert any("not crawl" in objection for objection in report["objections"])
    text = (tmp_path / "speedrun.md").read_text("utf-8")
    assert "No entry:" in text
    assert "Its row" not in text
