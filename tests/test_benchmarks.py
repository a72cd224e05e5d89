"""The benchmarks in their smallest sizes: that they run, and that their figures hang together."""

from __future__ import annotations

import importlib
import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tiny
from spritelab.config import preset
from spritelab.errors import SettingsError
from spritelab.training import checkpoints

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = ("time_to_quality", "few_steps", "throughput", "sampling", "startup", "evaluating")
ONE_THREAD = ["--threads", "1", "--device", "cpu"]

BEFORE = {
    f"training.{key}"
    for key in ("optimiser", "learning_rate", "batch_size", "warmup", "decay_from", "ema_width")
} | {"training.t_power"}
"""What preset ``small`` has changed since its first recipe."""

QUALITY = ["--data", "builtin", "--count", "300", "-n", "40", "--steps", "5"]
QUALITY += ["--features", "pixels", *ONE_THREAD]


def script(name: str) -> ModuleType:
    """One of the benchmarks' modules, imported as it is when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        return importlib.import_module(name)


def report_of(name: str, out: Path, *words: str) -> dict[str, Any]:
    """Run a benchmark: what it wrote, with what all of them write checked."""
    path = out / f"{name}.json"
    assert script(name).main([*words, "--out", str(path)]) == 0
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    assert report["benchmark"] == name
    assert report["date"]
    assert {"commit", "dirty", "format"} <= report.keys()
    assert report["machine"].keys() >= {"cpu", "cores", "memory", "threads", "device", "gpu"}
    assert report["machine"]["threads"] == 1
    assert report["versions"]["torch"].startswith("2.")
    assert path.with_suffix(".md").read_text("utf-8").startswith("| ")
    assert all(math.isfinite(value) for value in numbers(report))
    return report


def numbers(tree: Any) -> Iterator[float]:
    """All numbers in a report."""
    if isinstance(tree, Mapping):
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from numbers(branch)
    elif isinstance(tree, int | float):
        yield float(tree)


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_and_a_wrong_flag(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        script(name).main(["--help"])
    assert end.value.code == 0
    assert "--threads" in capsys.readouterr().out
    assert script(name).main(["--bogus"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: unrecognized arguments: --bogus")


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("time_to_quality", ["--contestant", "ours"], "there is no contestant 'ours'"),
        ("time_to_quality", ["--minutes", "ours=2"], "no contestant is called 'ours'"),
        ("time_to_quality", ["--minutes", "0"], "positive numbers"),
        ("time_to_quality", ["--seeds", "a"], "--seeds takes numbers"),
        ("time_to_quality", ["-n", "3"], "-n must be at least 20"),
        ("few_steps", ["--seeds", "1"], "at least two --seeds"),
        ("few_steps", ["--spacings", "linspace,even"], "`spacing`: unknown 'even'"),
        ("few_steps", ["--steps", "0"], "`steps`: must be greater than or equal to 1"),
        ("throughput", ["--presets", "tiny"], "there is no preset 'tiny'"),
        ("throughput", ["--sizes", "8"], "sizes are 16 and 32"),
        ("sampling", ["--model", "nowhere"], "there is no model at nowhere"),
        ("sampling", ["--numbers", "1,x"], "--numbers takes numbers"),
        ("startup", ["--rounds", "0"], "--rounds must be at least 1"),
        ("evaluating", ["--numbers", "3"], "numbers are at least 20"),
        ("evaluating", ["--features", "eyes"], "unknown features 'eyes'"),
    ],
)
def test_a_mistake_is_one_line(
    name: str, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script(name).main([*words, *ONE_THREAD]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert says in line


def test_contestants_from_words() -> None:
    read = script("contestants").read_contestants
    default = {c.name: c.settings for c in read([], None)}
    assert list(default) == ["notebook", "notebook-decay", "small"]
    assert default["notebook"] == preset("notebook")
    assert default["notebook-decay"].training.decay_from == 0
    assert default["small"] == preset("small").override({"data.mirror": True, "data.channels": 4})
    words = "wide=small,network.widths=[32,64],training.learning_rate=2e-3"
    (wide,) = read([words], None)
    assert wide.settings.network.widths == (32, 64)
    assert wide.settings.training.learning_rate == 2e-3
    assert wide.settings.data.mirror


def test_contestants_from_a_file_of_settings(tmp_path: Path) -> None:
    settings = preset("base").override({"training.warmup": 7})
    path = tmp_path / "mine.toml"
    path.write_text(settings.to_toml(), "utf-8")
    (mine,) = script("contestants").read_contestants([f"mine={path}"], None)
    assert mine.settings == settings


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("a=preset:huge", "there is no `preset` 'huge'"),
        ("a=nobody", "base 'nobody' is no preset"),
        ("a=a", "base 'a' is no preset"),
        ("a=small,training.foo=1", "there is no such setting"),
        ("a=small,training.seed=1", "training.seed is the same for all"),
        ("a=small,data.size=32", "data.size is the same for all"),
        ("a=small,training.steps=9", "training.steps is the same for all"),
        ("a=small,dropout", "KEY=VALUE"),
        ("a/b=small", "letters, digits"),
        ("a=nowhere.toml", "cannot read the settings in nowhere.toml"),
    ],
)
def test_a_wrong_contestant(word: str, says: str) -> None:
    with pytest.raises(SettingsError, match=r"^[^\n]*$") as error:
        script("contestants").read_contestants([word], None)
    assert says in str(error.value)


def test_minutes_for_all_and_for_one() -> None:
    read = script("contestants").read_minutes
    assert read(["2", "b=9,1"], ["a", "b"], "5") == {"a": [2], "b": [1, 9]}
    assert read([], ["a"], "5,10") == {"a": [5, 10]}


def test_every_ablation_pulls_one_lever() -> None:
    known = script("contestants").read_contestants([], BENCHMARKS / "ablations.toml")
    assert known[0].name == "centre"
    base = known[0].settings.model_dump()
    for contestant in known[1:]:
        ours = contestant.settings.model_dump()
        changed = {
            f"{room}.{key}" if room != "network" else room
            for room in ("data", "schedule", "network", "training")
            for key in ours[room].keys() | base[room].keys()
            if ours[room].get(key) != base[room].get(key)
        }
        if contestant.name == "notebook-recipe":
            recipe = preset("notebook").override({"network": base["network"]})
            assert contestant.settings == recipe
        elif contestant.name == "before":
            assert changed == BEFORE
        else:
            if "training.optimiser" in changed:
                changed -= {"training.learning_rate"}  # each optimiser has a rate of its own
            assert len(changed) == 1, (contestant.name, changed)


def test_cases_take_turns() -> None:
    calls: list[str] = []
    cases = {name: lambda name=name: calls.append(name) for name in "ab"}
    timings = script("harness").take_turns(cases, 3)
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"
    assert all(len(timing.seconds) == 3 for timing in timings.values())
    timing = script("harness").Timing((3.0, 1.0, 2.0))
    assert (timing.median, timing.best) == (2, 1)


def test_ratios_and_means() -> None:
    made = script("quality_report")

    def cell(name: str, minutes: float, seed: int, frechet: float, kid: float) -> dict[str, Any]:
        side = {"frechet": frechet, "kid": kid}
        against = {"training": side, "held_out": side}
        return {"contestant": name, "minutes": minutes, "seed": seed, "against": against}

    cells = [cell("seed", 2, 0, 30, 1), cell("seed", 60, 0, 9, 2), cell("seed", 60, 1, 11, -2)]
    cells += [cell("small", 2, seed, 5, 1) for seed in (0, 1)]
    found = {(r["contestant"], r["minutes"]): r for r in made.ratios(cells, "seed")}
    assert found["small", 2]["frechet_training"] == pytest.approx(0.5)
    assert found["seed", 2]["frechet_held_out"] == pytest.approx(3)
    assert found["seed", 60]["frechet_training"] == pytest.approx(1)
    assert found["small", 2]["kid_training"] is None  # the seed's is 0
    assert found["small", 2]["over"] == {"contestant": "seed", "minutes": 60}
    assert made.ratios(cells, "nobody") == []


@pytest.mark.slow
def test_time_to_quality(tmp_path: Path) -> None:
    words = [*QUALITY, "--work", str(tmp_path / "work"), "--contestant", "notebook"]
    words += ["--contestant", "small", "--minutes", "0.04", "--minutes", "notebook=0.02"]
    report = report_of("time_to_quality", tmp_path, *words)
    points = [(cell["contestant"], cell["minutes"]) for cell in report["cells"]]
    assert points == [("notebook", 0.02), ("small", 0.04)]
    assert report["data"]["training"] + report["data"]["held_out"] == 300
    for cell in report["cells"]:
        batch = cell["settings"]["training"]["batch_size"]
        assert cell["sprites_seen"] == cell["updates"] * batch > 0
        assert cell["seconds"] >= 60 * cell["minutes"]
        rate = cell["sprites_seen"] / cell["seconds"]
        assert cell["sprites_per_second"] == pytest.approx(rate)
        assert cell["against"]["training"]["frechet"] == cell["measures"]["frechet"] > 0
        # The same sprites stand on the other side for all, mirrored in training or not.
        assert cell["against"]["held_out"]["n"] == 40
        assert 0 <= cell["memory"]["copies"] <= 1
    seeds = report["cells"][0]["against"]["training"]["frechet"]
    for cell, ratio in zip(report["cells"], report["ratios"], strict=True):
        value = cell["against"]["training"]["frechet"]
        assert ratio["frechet_training"] == pytest.approx(value / seeds)
    floor = report["floors"][0]["against"]
    assert floor["training"]["n"] == report["data"]["held_out"]
    assert floor["training"]["frechet"] < seeds
    # The seed's own row stands at 1 of itself, in both measures.
    row = next(
        line
        for line in (tmp_path / "time_to_quality.md").read_text().splitlines()
        if line.startswith("| notebook |")
    )
    assert row.split(" | ")[-2:] == ["1.00", "1.000 |"]
    assert (tmp_path / "time_to_quality.png").stat().st_size > 10_000

    # Once more: finished points are not made again.
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").rglob("*.safetensors")}
    again = report_of("time_to_quality", tmp_path, *words)
    assert again["cells"] == report["cells"]
    assert {path: path.stat().st_mtime_ns for path in files} == files

    # More sprites: measured anew, from the same trainings.
    more = report_of("time_to_quality", tmp_path, *words, "-n", "50")
    assert [cell["updates"] for cell in more["cells"]] == [c["updates"] for c in report["cells"]]
    assert more["cells"][0]["measures"]["n"] == 50


@pytest.mark.slow
def test_a_run_that_comes_to_no_rest_is_measured_in_several_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mean over its last states counts; of a run that comes to rest, the end alone."""
    quality, making = script("time_to_quality"), script("quality_point")
    words = [*QUALITY, "--work", str(tmp_path), "--minutes", "0.2", "--states", "3"]
    words += ["--contestant", "small", "--contestant"]
    words += ["restless=small,training.decay_from=1,training.ema_width=0"]
    resting, restless = quality.plan(quality._parser().parse_args(words), "cpu")
    if resting["contestant"] != "small":
        resting, restless = restless, resting
    assert "states" not in resting
    monkeypatch.setattr(making, "APART", 2)
    order = tmp_path / "order.json"
    order.write_text(json.dumps(restless))
    making.make_point(order)
    cell = json.loads(Path(restless["cell"]).read_text())
    folder = Path(restless["run"]).with_name("states")
    kept = [int(path.name.removeprefix("step-")) for path in sorted(folder.iterdir())]
    assert kept == list(range(2, cell["updates"], 2))[-2:]
    found = [state["training"]["frechet"] for state in cell["states"]]
    assert len(set(found)) == 3
    assert found[0] == cell["measures"]["frechet"], "the end itself comes first"
    assert cell["against"]["training"]["frechet"] == pytest.approx(np.mean(found))
    # Measured again, as with more sprites: the same states.
    Path(restless["cell"]).unlink()
    making.make_point(order)
    again = json.loads(Path(restless["cell"]).read_text())
    assert again["states"] == cell["states"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM cannot be caught there")
def test_time_to_quality_goes_on_after_an_interruption(tmp_path: Path) -> None:
    """Two side by side, stopped in the middle of their trainings."""
    work, out = tmp_path / "work", tmp_path / "out.json"
    words = [sys.executable, str(BENCHMARKS / "time_to_quality.py"), *QUALITY, "--parallel"]
    words += ["--work", str(work), "--out", str(out), "--contestant", "small", "--minutes", "0.2"]
    words += ["--contestant", "other=small,training.learning_rate=2e-3"]
    words += ["--baseline", "small"]
    first = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(work.glob("*/run/tensorboard")) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(3)
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 130
    assert not out.exists()
    (begun, *_) = work.glob("small-*/run")
    (saved,) = checkpoints(begun / "checkpoints")
    assert subprocess.run(words, stderr=subprocess.DEVNULL, check=False).returncode == 0
    report = json.loads(out.read_text("utf-8"))
    assert [cell["contestant"] for cell in report["cells"]] == ["small", "other"]
    assert report["cells"][0]["updates"] > saved[0] > 0
    assert {cell["threads"] for cell in report["cells"]} == {1}


@pytest.mark.slow
def test_throughput(tmp_path: Path) -> None:
    words = ["--presets", "notebook,small", "--batches", "2", "--sizes", "16", "--channels", "3"]
    words += ["--steps", "2", "--rounds", "2", "--seconds", "0.01", "--no-memory", *ONE_THREAD]
    report = report_of("throughput", tmp_path, *words)
    rows = {
        (row["subject"], row["preset"], row["work"], row["batch"]): row for row in report["rows"]
    }
    assert ("spritelab", "small", "train", 2) in rows
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
        measured = (peer, "small", "train", 2) in rows
        assert measured != any(name.startswith(peer) for name in report["left_out"])


@pytest.mark.slow
def test_memory_of_a_case() -> None:
    case = {"subject": "spritelab", "work": "sample", "preset": "small", "batch": 1, "steps": 1}
    words = ["--case", json.dumps(case), *ONE_THREAD]
    harness = script("harness")
    found = harness.in_own_process(BENCHMARKS / "throughput.py", words, 1)
    if found["peak_memory"] is not None:
        assert 2**25 < found["memory_before"] <= found["peak_memory"] < 2**33


@pytest.mark.slow
def test_sampling(tmp_path: Path, tiny_run: Path) -> None:
    words = ["--model", str(tiny_run), "-n", "2", "--numbers", "1,3", "--batches", "1,2"]
    words += ["--part", "2", "--rounds", "1", *ONE_THREAD]
    report = report_of("sampling", tmp_path, *words)
    assert report["shape"] == [16, 16, 4]
    rows = report["rows"]
    for row in rows:
        assert row["evaluations"] == row["n"] * row["steps"]
        assert row["timed_steps"] == min(2, row["steps"])
        scale = row["steps"] / row["timed_steps"]
        assert row["seconds"] == pytest.approx(row["timing"]["median"] * scale)
    samplers = [row for row in rows if row["kind"] == "sampler"]
    # T = 50 in the tiny run, 1000 in the seed's preset.
    found = [(row["sampler"], row["steps"]) for row in samplers]
    assert found[:2] == [("DDPM", 50), ("DDIM, η = 0", 50)]
    assert found[-1] == ("DDPM", 1000)
    assert samplers[-1]["times_faster"] == 1
    assert [row["n"] for row in rows if row["kind"] == "number"] == [1, 3]
    assert [row["batch_size"] for row in rows if row["kind"] == "batch"] == [1, 2]
    assert report["memory"]["n"] == 1000
    if report["memory"]["peak"] is not None:
        assert report["memory"]["peak"] >= report["memory"]["before"] > 0


def test_few_steps(tmp_path: Path, tiny_run: Path) -> None:
    source = tiny.save_npz(tiny.tiny_set(), tmp_path / "sprites.npz")
    words = ["--model", str(tiny_run), "--data", str(source), "--work", str(tmp_path / "cells")]
    words += ["-n", "20", "--seeds", "2", "--steps", "3,5", "--ddim", "4", "--features", "pixels"]
    words += ["--part", "2", "--rounds", "1", *ONE_THREAD]
    report = report_of("few_steps", tmp_path, *words)
    rows = report["rows"]
    assert [(row["sampler"], row["steps"], row["spacing"]) for row in rows] == [
        ("DDPM", 50, "linspace"),
        ("DDIM, η = 0", 4, "linspace"),
        *(("DPM-Solver++", steps, "logsnr") for steps in (3, 5)),
        *(("DPM-Solver++, linspace spacing", steps, "linspace") for steps in (3, 5)),
    ]
    slow = rows[0]
    assert slow["difference"] == 0
    assert slow["as_good"]
    limit = np.mean(slow["frechet"]) + np.std(slow["frechet"], ddof=1)
    for row in rows:
        assert len(set(row["frechet"])) == 2
        assert row["as_good"] == (np.mean(row["frechet"]) <= limit)
        lost = np.mean(row["frechet"]) - np.mean(slow["frechet"])
        assert row["difference"] == pytest.approx(lost)
        assert row["interval"][0] <= row["difference"] <= row["interval"][1]
    (seed,) = {round(row["seconds"] * row["times_faster"], 6) for row in rows}
    assert seed > 0
    assert rows[2]["seconds"] == rows[4]["seconds"], "spacing costs nothing"
    assert rows[2]["frechet"] != rows[4]["frechet"]
    kept = {path: path.read_bytes() for path in (tmp_path / "cells").iterdir()}
    again = report_of("few_steps", tmp_path, *words)
    assert [row["frechet"] for row in again["rows"]] == [row["frechet"] for row in rows]
    assert {path: path.read_bytes() for path in (tmp_path / "cells").iterdir()} == kept


@pytest.mark.slow
def test_startup(tmp_path: Path) -> None:
    report = report_of("startup", tmp_path, "--rounds", "1", *ONE_THREAD)
    seconds = {name: timing["median"] for name, timing in report["seconds"].items()}
    assert seconds.keys() == set(script("startup").starts("", "cpu"))
    assert 0 < seconds["python"] < seconds["load_model"]


@pytest.mark.slow
def test_evaluating(tmp_path: Path) -> None:
    words = ["--numbers", "24", "--rounds", "1", "--features", "pixels", *ONE_THREAD]
    report = report_of("evaluating", tmp_path, *words)
    assert [row["stage"] for row in report["rows"]] == list(script("evaluating").stages())
    assert all(row["n"] == 24 and row["seconds"]["median"] > 0 for row in report["rows"])
