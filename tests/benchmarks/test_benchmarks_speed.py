"""The benchmarks of speed in their smallest sizes: that their figures hang together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmark_reports import ONE_THREAD, report_of

from benchmarks.lib.harness import in_own_process
from benchmarks.speed import evaluating, sampling, startup, throughput, workers


@pytest.mark.slow
def test_throughput(tmp_path: Path) -> None:
    words = [
        "--presets",
        "notebook,rgba,small",
        "--batches",
        "2",
        "--sizes",
        "16",
        "--channels",
        "3",
    ]
    words += ["--steps", "2", "--rounds", "2", "--seconds", "0.01", "--no-memory", *ONE_THREAD]
    report = report_of(throughput, tmp_path, *words)
    rows = {
        (row["subject"], row["preset"], row["work"], row["batch"]): row for row in report["rows"]
    }
    for name in ("rgba", "small"):
        assert ("spritelab", name, "train", 2) in rows
    assert ("notebook's loop", "notebook", "train", 100) in rows
    for (_, name, work, batch), row in rows.items():
        done = batch * (1 if work == "train" else 2) * row["repeats"]
        assert row["per_second"] == pytest.approx(done / row["seconds"]["median"])
        assert row["best_per_second"] >= row["per_second"]
        speed = report["product"]["flops_per_second"]
        assert row["share_of_product"] == pytest.approx(row["flops"] * row["per_second"] / speed)
        if (name, work) == ("notebook", "train"):
            assert row["notebook_minutes"] == pytest.approx(40_000 / row["per_second"])
    # The notebook's network: about 0.301 GFLOP a sprite, forward.
    forward = rows["spritelab", "notebook", "sample", 2]["flops"]
    assert forward == pytest.approx(0.301e9, rel=0.03)
    assert 2.5 < rows["spritelab", "notebook", "train", 2]["flops"] / forward < 3.1
    # Every peer is either measured or named.
    for peer in ("diffusers", "smalldiffusion"):
        measured = (peer, "rgba", "train", 2) in rows
        assert measured != any(name.startswith(peer) for name in report["left_out"])


@pytest.mark.slow
def test_memory_of_a_case() -> None:
    case = {"subject": "spritelab", "work": "sample", "preset": "small", "batch": 1, "steps": 1}
    words = ["--case", json.dumps(case), *ONE_THREAD]
    found = in_own_process(throughput.MODULE, words, 1)
    if found["peak_memory"] is not None:
        assert 2**25 < found["memory_before"] <= found["peak_memory"] < 2**33


@pytest.mark.slow
def test_sampling(tmp_path: Path, tiny_run: Path) -> None:
    words = ["--model", str(tiny_run), "-n", "2", "--numbers", "1,3", "--batches", "1,2"]
    words += ["--part", "2", "--rounds", "1", *ONE_THREAD]
    report = report_of(sampling, tmp_path, *words)
    assert report["shape"] == [16, 16, 4]
    rows = report["rows"]
    for row in rows:
        assert row["evaluations"] == row["n"] * row["steps"]
        assert row["timed_steps"] == min(2, row["steps"])
        scale = row["steps"] / row["timed_steps"]
        assert row["seconds"] == pytest.approx(row["timing"]["median"] * scale)
    samplers = [row for row in rows if row["kind"] == "sampler"]
    # T = 50 in the tiny run, 1000 in the notebook's preset.
    found = [(row["sampler"], row["steps"]) for row in samplers]
    assert found[:2] == [("DDPM", 50), ("DDIM, η = 0", 50)]
    assert found[-1] == ("DDPM", 1000)
    assert samplers[-1]["times_faster"] == 1
    assert [row["n"] for row in rows if row["kind"] == "number"] == [1, 3]
    assert [row["batch_size"] for row in rows if row["kind"] == "batch"] == [1, 2]
    assert report["memory"]["n"] == 1000
    if report["memory"]["peak"] is not None:
        assert report["memory"]["peak"] >= report["memory"]["before"] > 0


@pytest.mark.slow
def test_startup(tmp_path: Path) -> None:
    report = report_of(startup, tmp_path, "--rounds", "1", *ONE_THREAD)
    seconds = {name: timing["median"] for name, timing in report["seconds"].items()}
    assert seconds.keys() == set(startup.starts("", "cpu"))
    assert 0 < seconds["python"] < seconds["load_model"]


@pytest.mark.slow
def test_evaluating(tmp_path: Path) -> None:
    words = ["--numbers", "24", "--rounds", "1", "--features", "pixels", *ONE_THREAD]
    report = report_of(evaluating, tmp_path, *words)
    assert [row["stage"] for row in report["rows"]] == list(evaluating.STAGES)
    assert all(row["n"] == 24 and row["seconds"]["median"] > 0 for row in report["rows"])


@pytest.mark.slow
def test_workers(tmp_path: Path) -> None:
    """Two of every kind: those that train speak to each other."""
    words = ["--workers", "2", "--draw", "4", "--score", "4", "--updates", "1", "--rounds", "1"]
    report = report_of(workers, tmp_path, *words, "--features", "pixels", *ONE_THREAD)
    rows = {row["work"]: row for row in report["rows"]}
    assert {work: row["sprites"] for work, row in rows.items()} == {
        **{"draw": 4, "score": 4, "train": workers.BATCH}
    }
    for row in rows.values():
        assert row["per_second"] == pytest.approx(row["sprites"] / row["seconds"]["median"])
        assert (row["workers"], row["times_the_first"]) == (2, 1)
