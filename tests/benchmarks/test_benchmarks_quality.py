"""The benchmarks of quality in their smallest sizes: that their figures hang together."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
from benchmark_reports import ONE_THREAD, report_of
from PIL import Image

import tiny
from benchmarks.lib import palettes
from benchmarks.lib import point as points
from benchmarks.lib.harness import child_environment
from benchmarks.lib.report import ratios
from benchmarks.quality import few_steps, given_palettes, memorisation, time_to_quality
from spritelab.config import Calibrated, SamplerSettings
from spritelab.errors import SettingsError
from spritelab.evaluation import Extractor, find_split
from spritelab.generate import Distilled, load_model, save_model
from spritelab.generate.calibration import save_calibrated
from spritelab.generate.palettes import fit_channels
from spritelab.palette import apply
from spritelab.training import checkpoints

QUALITY = ["--data", "builtin", "--count", "300", "-n", "40", "--steps", "5"]
QUALITY += ["--features", "pixels", *ONE_THREAD]


def test_ratios_and_means() -> None:
    def result(name: str, minutes: float, seed: int, frechet: float, kid: float) -> dict[str, Any]:
        side = {"frechet": frechet, "kid": kid}
        against = {"training": side, "held_out": side}
        return {"contestant": name, "minutes": minutes, "seed": seed, "against": against}

    results = [
        result("notebook", 2, 0, 30, 1),
        result("notebook", 60, 0, 9, 2),
        result("notebook", 60, 1, 11, -2),
    ]
    results += [result("small", 2, seed, 5, 1) for seed in (0, 1)]
    found = {(r["contestant"], r["minutes"]): r for r in ratios(results, "notebook")}
    assert found["small", 2]["frechet_training"] == pytest.approx(0.5)
    assert found["notebook", 2]["frechet_held_out"] == pytest.approx(3)
    assert found["notebook", 60]["frechet_training"] == pytest.approx(1)
    assert found["small", 2]["kid_training"] is None  # the notebook's is 0
    assert found["small", 2]["over"] == {"contestant": "notebook", "minutes": 60}
    assert ratios(results, "nobody") == []


@pytest.mark.slow
def test_time_to_quality(tmp_path: Path) -> None:
    words = [*QUALITY, "--work", str(tmp_path / "work"), "--contestant", "notebook"]
    words += ["--contestant", "small", "--minutes", "0.04", "--minutes", "notebook=0.02"]
    report = report_of(time_to_quality, tmp_path, *words)
    points = [(result["contestant"], result["minutes"]) for result in report["results"]]
    assert points == [("notebook", 0.02), ("small", 0.04)]
    assert report["data"]["training"] + report["data"]["held_out"] == 300
    for result in report["results"]:
        batch = result["settings"]["training"]["batch_size"]
        assert result["sprites_seen"] == result["updates"] * batch > 0
        assert result["seconds"] >= 60 * result["minutes"]
        rate = result["sprites_seen"] / result["seconds"]
        assert result["sprites_per_second"] == pytest.approx(rate)
        assert result["against"]["training"]["frechet"] == result["measures"]["frechet"] > 0
        # The same sprites stand on the other side for all, mirrored in training or not.
        assert result["against"]["held_out"]["n"] == 40
        assert 0 <= result["memory"]["copies"] <= result["memory"]["near_copies"] <= 1
        assert 0 < result["told_apart"] <= 1
    seeds = report["results"][0]["against"]["training"]["frechet"]
    for result, ratio in zip(report["results"], report["ratios"], strict=True):
        value = result["against"]["training"]["frechet"]
        assert ratio["frechet_training"] == pytest.approx(value / seeds)
    floor = report["floors"][0]["against"]
    assert floor["training"]["n"] == report["data"]["held_out"]
    assert floor["training"]["frechet"] < seeds
    # The notebook's own row stands at 1 of itself, in both measures.
    row = next(
        line
        for line in (tmp_path / "time_to_quality.md").read_text().splitlines()
        if line.startswith("| notebook |")
    )
    assert row.split(" | ")[-2:] == ["1.00", "1.000 |"]
    assert (tmp_path / "time_to_quality.png").stat().st_size > 10_000

    # Once more: finished points are not made again.
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").rglob("*.safetensors")}
    again = report_of(time_to_quality, tmp_path, *words)
    assert again["results"] == report["results"]
    assert {path: path.stat().st_mtime_ns for path in files} == files

    # More sprites: measured anew, from the same trainings.
    more = report_of(time_to_quality, tmp_path, *words, "-n", "50")
    assert [result["updates"] for result in more["results"]] == [
        c["updates"] for c in report["results"]
    ]
    assert more["results"][0]["measures"]["n"] == 50


def test_a_point_that_begins_from_a_model(tmp_path: Path, tiny_run: Path) -> None:
    """On the set that is drawn for it; another parent, or none, is another point."""
    parents = [tmp_path / "one", tmp_path / "other"]
    for parent in parents:
        shutil.copytree(tiny_run / "model", parent)
    weights = parents[1] / "model.safetensors"
    changed = safetensors.torch.load_file(weights)
    changed["stem.bias"] += 1
    safetensors.torch.save_file(changed, weights)
    words = [*QUALITY[4:], "--data", "arcade", "--held-out", "0.5", "-n", "20"]
    words += ["--work", str(tmp_path / "work"), "--minutes", "0.001"]
    for name in ("one", "other"):
        words += ["--contestant", f"{name}=preset:small,init={tmp_path / name}"]
    one, other = time_to_quality.plan(time_to_quality._parser().parse_args(words), "cpu")
    assert one["settings"] == other["settings"]
    assert one["result"].split("-")[-3:] != other["result"].split("-")[-3:]
    assert one["init"] == str(parents[0])
    file = tmp_path / "point.json"
    file.write_text(json.dumps(one))
    points.make_point(file)
    result = json.loads(Path(one["result"]).read_text())
    assert result["data"] == {"training": 200, "held_out": 200}
    assert result["parent"]["name"] == "one"
    assert result["settings"]["network"]["widths"] == [32, 32]

    refused = time_to_quality._parser().parse_args([*words, "--size", "32"])
    with pytest.raises(SettingsError, match="draws sprites of 16 pixels, but --size is 32"):
        time_to_quality.plan(refused, "cpu")


@pytest.mark.slow
def test_a_run_that_does_not_converge_is_measured_in_several_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mean over its last states counts; of one that converges, the end alone."""
    words = [*QUALITY, "--work", str(tmp_path), "--minutes", "0.2", "--states", "3"]
    words += ["--contestant", "small", "--contestant"]
    words += ["restless=small,training.decay_from=1,training.ema_width=0"]
    resting, restless = time_to_quality.plan(time_to_quality._parser().parse_args(words), "cpu")
    if resting["contestant"] != "small":
        resting, restless = restless, resting
    assert "states" not in resting
    monkeypatch.setattr(points, "APART", 2)
    file = tmp_path / "point.json"
    file.write_text(json.dumps(restless))
    points.make_point(file)
    result = json.loads(Path(restless["result"]).read_text())
    folder = Path(restless["run"]).with_name("states")
    kept = [int(path.name.removeprefix("step-")) for path in sorted(folder.iterdir())]
    assert kept == list(range(2, result["updates"], 2))[-2:]
    found = [state["training"]["frechet"] for state in result["states"]]
    assert len(set(found)) == 3
    assert found[0] == result["measures"]["frechet"], "the end itself comes first"
    assert result["against"]["training"]["frechet"] == pytest.approx(np.mean(found))
    # Measured again, as with more sprites: the same states.
    Path(restless["result"]).unlink()
    points.make_point(file)
    again = json.loads(Path(restless["result"]).read_text())
    assert again["states"] == result["states"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM cannot be caught there")
def test_time_to_quality_goes_on_after_an_interruption(tmp_path: Path) -> None:
    """Two side by side, stopped in the middle of their trainings."""
    work, out = tmp_path / "work", tmp_path / "out.json"
    words = [sys.executable, "-m", time_to_quality.MODULE, *QUALITY, "--parallel"]
    words += ["--work", str(work), "--out", str(out), "--contestant", "small", "--minutes", "0.2"]
    words += ["--contestant", "other=small,training.learning_rate=2e-3"]
    words += ["--baseline", "small"]
    environment = child_environment(1)
    first = subprocess.Popen(words, stderr=subprocess.DEVNULL, env=environment)
    deadline = time.monotonic() + 120
    while not list(work.glob("*/run/tensorboard")) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(3)
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 130
    assert not out.exists()
    (begun, *_) = work.glob("small-*/run")
    (saved,) = checkpoints(begun / "checkpoints")
    again = subprocess.run(words, stderr=subprocess.DEVNULL, env=environment, check=False)
    assert again.returncode == 0
    report = json.loads(out.read_text("utf-8"))
    assert [result["contestant"] for result in report["results"]] == ["small", "other"]
    assert report["results"][0]["updates"] > saved[0] > 0
    assert {result["threads"] for result in report["results"]} == {1}


def test_memorisation_is_laid_out_over_sets_of_so_many_training_sprites(tmp_path: Path) -> None:
    words = ["--sprites", "50,all", "--held-out", "150", "--updates", "4,8"]
    words += ["--work", str(tmp_path)]
    points = memorisation.plan(memorisation._parser().parse_args(words), "cpu")
    told = [(point["sprites"], point["length"], point["contestant"]) for point in points]
    assert told == [
        (size, f"{updates} updates", name)
        for size in (50, "all")
        for updates in (4, 8)
        for name in ("plain", "augmented")
    ]
    data = [point["settings"]["data"] for point in points]
    assert (data[0]["count"], data[0]["held_out"]) == (200, 0.75)
    assert (data[-1]["count"], data[-1]["held_out"]) == (None, 0.1)
    plain, augmented = (point["settings"]["training"] for point in points[:2])
    assert {plain["prediction"], augmented["prediction"]} == {"palette"}
    assert (plain["recolour"], plain["distract"]) == (0, 0)
    assert (augmented["recolour"], augmented["distract"]) == (0.8, 0.6)
    assert len({point["result"] for point in points}) == len(points)
    of_minutes = memorisation._parser().parse_args(["--minutes", "2,10"])
    points = memorisation.plan(of_minutes, "cpu")
    assert {point["length"] for point in points} == {"2 min", "10 min"}
    assert [point["sprites"] for point in points[::4]] == [50, 200, 1000, "all"]


@pytest.mark.slow
def test_memorisation(tmp_path: Path) -> None:
    words = ["--work", str(tmp_path / "work"), "--sprites", "40", "--held-out", "24", "-n", "20"]
    words += ["--updates", "3", "--steps", "2", "--features", "pixels", *ONE_THREAD]
    contestants = tmp_path / "contestants.toml"
    contestants.write_text(
        '[tiny]\nbase = "preset:small"\ntraining.prediction = "palette"\n'
        "training.recolour = 0\ntraining.distract = 0\n"
        "network.widths = [32]\nnetwork.attention = []\n"
        '[rgba]\nbase = "tiny"\ntraining.prediction = "v"\n'
    )
    words += ["--contestants", str(contestants)]
    report = report_of(memorisation, tmp_path, *words)
    palette, rgba = report["rows"]
    assert (palette["contestant"], rgba["contestant"]) == ("tiny", "rgba")
    for row in report["rows"]:
        assert (row["sprites"], row["length"], row["updates"]) == (40, "3 updates", 3)
        assert row["training"] + row["held_out"] == 64
        assert row["views"] == pytest.approx(3 * 32 / row["training"])
        assert row["floor"] == palette["floor"]
    assert palette["drawn"].keys() == palette["unseen_palettes"].keys() == palette["floor"].keys()
    assert palette["unseen_palettes"] != palette["drawn"]
    assert rgba["unseen_palettes"] is None, "it has no palettes"
    lines = (tmp_path / "memorisation.md").read_text("utf-8").splitlines()
    assert lines[0].count("unseen palettes") == 3
    assert lines[3].startswith("| rgba | ")
    assert lines[3].count("–") == 3
    again = report_of(memorisation, tmp_path, *words)
    assert again["results"] == report["results"]


def test_few_steps(tmp_path: Path, tiny_run: Path) -> None:
    """A row for each way of drawing, held against the first seed by seed, and drawn once."""
    source = tiny.save_npz(tiny.tiny_set(), tmp_path / "sprites.npz")
    model = load_model(tiny_run, "cpu")
    chosen = Calibrated(sampler="dpm", times=(40, 20, 3), first_leg="none")
    folder = save_calibrated(model, [chosen], tiny_run / "model", tmp_path / "calibrated")
    own = SamplerSettings(sampler="ddim", times=(40, 5))
    config = model.config.model_copy(update={"sampling": own, "distilled": Distilled(guidance=1.0)})
    save_model(tmp_path / "quick", model.network.state_dict(), config, model.palettes)
    words = ["--model", str(folder), "--student", f"{folder}={tmp_path / 'quick'}"]
    words += ["--data", str(source), "--work", str(tmp_path / "cells"), "-n", "20", "--seeds", "2"]
    words += ["--reference", "ddim-8", "--steps", "3", "--also", "dpm-3-linspace,ddim-8"]
    words += ["--features", "pixels", "--part", "2", "--rounds", "1", *ONE_THREAD]
    report = report_of(few_steps, tmp_path, *words)
    (found,) = report["models"]
    rows = found["rows"]
    assert [(row["sampler"], row["steps"], row["evaluations"]) for row in rows] == [
        ("DDIM, η = 0", "linspace", 8),
        ("DPM-Solver++", "logsnr", 3),
        ("DPM-Solver++", "calibrated", 3),
        ("DDIM, η = 0", "calibrated", 3),
        ("DPM-Solver++", "linspace", 3),
        ("student `quick`", "its own", 2),
    ]
    first = np.array(rows[0]["frechet"])
    for row in rows:
        assert len(set(row["frechet"])) == 2
        mean, low, high = row["ratio"]
        assert mean == pytest.approx(np.mean(np.array(row["frechet"]) / first))
        assert low <= mean <= high
        assert row["intervals"]["kid"][0] == pytest.approx(np.mean(row["kid"]))
    assert rows[0]["ratio"] == [1, 1, 1]
    assert len({tuple(row["frechet"]) for row in rows}) == 6
    with Image.open(tmp_path / found["picture"]) as picture:
        scale = (picture.height - 8) // 6 - 8
        assert scale == 16 * (scale // 16) > 0, "six rows of whole pixels"
    kept = {path: path.read_bytes() for path in (tmp_path / "cells").iterdir()}
    again = report_of(few_steps, tmp_path, *words)
    assert [row["frechet"] for row in again["models"][0]["rows"]] == [r["frechet"] for r in rows]
    assert {path: path.read_bytes() for path in (tmp_path / "cells").iterdir()} == kept


@pytest.fixture(scope="module")
def palette_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a palette head whose sprites lie in a file."""
    folder = tmp_path_factory.mktemp("palette")
    source = tiny.save_npz(tiny.tiny_set(100), folder / "sprites.npz")
    settings = tiny.tiny_settings(
        data__source=str(source), data__palette=17, training__prediction="palette"
    )
    return tiny.train_whole(settings, folder / "run")


def test_real_sprites_in_given_palettes(palette_run: Path) -> None:
    """Held-out sprites are their own floor; training sprites lie at no distance from themselves."""
    model = load_model(palette_run, "cpu")
    split = find_split(palette_run, model.config)
    assert model.palettes is not None
    for given in palettes.public().values():
        palette = fit_channels(given, model.palettes)
        held_out, learnt = (
            given_palettes.figures(
                (apply(side.images, palette), side.labels), split, palette, Extractor("pixels")
            )
            for side in (split.held_out, split.training)
        )
        assert held_out["drawn"] == held_out["held_out"] == learnt["held_out"]
        assert learnt["drawn"]["frechet"] == pytest.approx(0, abs=1e-6)
        assert held_out["drawn"]["frechet"] > 0.01
        assert 1 < learnt["drawn"]["colours"] <= len(palette)
    other = (split.training.images, (split.training.labels + 1) % 2)
    lent = given_palettes.figures(other, split, None, Extractor("pixels"))
    assert lent["drawn"]["in_class"] == 0
    assert lent["held_out"]["in_class"] > 0


def test_given_palettes(palette_run: Path, tiny_run: Path, tmp_path: Path) -> None:
    """A row a palette and one without; a model that regresses has none."""
    words = ["--model", str(palette_run), "--features", "pixels", "-n", "20", *ONE_THREAD]
    report = report_of(given_palettes, tmp_path, *words)
    (found,) = report["models"]
    rows = {row["palette"]: row for row in found["rows"]}
    assert list(rows) == [given_palettes.LENT, "four greens", "eight of dusk", "PICO-8"]
    assert found["n"] == 20
    assert rows["four greens"]["drawn"]["colours"] <= 5
    assert rows["four greens"]["held_out"]["colours"] <= 5
    assert len({row["held_out"]["frechet"] for row in rows.values()}) == 4
    with Image.open(tmp_path / found["picture"]) as picture:
        assert picture.width == given_palettes.SHOWN * (64 + 8) + 8
    greens = tmp_path / "greens.hex"
    greens.write_text("\n".join(colour.removeprefix("#") for colour in palettes.GREENS))
    (alone,) = report_of(given_palettes, tmp_path, *words, "--palette", str(greens))["models"]
    assert [row["palette"] for row in alone["rows"]] == [given_palettes.LENT, str(greens)]
    assert alone["rows"][1]["drawn"] == rows["four greens"]["drawn"]
    with pytest.raises(SettingsError, match="has no palette head: it draws in no given colours"):
        given_palettes.measure(
            load_model(tiny_run, "cpu"),
            palettes.public(),
            Extractor("pixels"),
            given_palettes._parser().parse_args([]),
        )
