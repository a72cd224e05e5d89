"""``make reproduce``: on stand-ins of both downloads, in their true formats, from end to end."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import evaluation_rules
import spritelab
from benchmarks.lib import machine
from benchmarks.quality import reproduce
from spritelab.config import preset
from spritelab.data import arrays
from spritelab.data.download import CACHE_VARIABLE
from spritelab.evaluation.features import pytorch_fid_features
from spritelab.evaluation.features.inception import FIDInception
from spritelab.evaluation.metrics import frechet_distance
from spritelab.generate import BATCHING_TOLERANCE, load_model
from spritelab.pixels import Images
from spritelab.runs import Run, start_run

ROOT = Path(__file__).parents[2]
LABELS = ROOT.parent / "shared" / "data" / arrays.SPRITES_LABELS_FILE

ROWS, PERIOD, CLASSES = 89_400, 894, 5
N, EPOCHS, TIMESTEPS = 6, 0.01, 8
TINY = ["--set", f"schedule.timesteps={TIMESTEPS}", "--set", "network.features=8"]


def write_labels(path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The real labels if they are there, else labels that repeat as the real ones do."""
    if LABELS.is_file():
        shutil.copy(LABELS, path)
        real: np.ndarray[Any, np.dtype[np.float64]] = np.load(path, allow_pickle=False)
        return real
    block = np.eye(CLASSES)[np.random.default_rng(0).integers(CLASSES, size=PERIOD)]
    made = np.tile(block, (ROWS // PERIOD, 1))
    np.save(path, made)
    return made


def write_sprites(folder: Path) -> None:
    """Both files of the data set, with built-in sprites for images, repeated as the labels are."""
    labels = write_labels(folder / arrays.SPRITES_LABELS_FILE)[:PERIOD].argmax(axis=1)
    builtin = spritelab.load_sprites("builtin", n=2600, channels=3)
    pools = [iter(builtin.images[builtin.labels == k]) for k in range(CLASSES)]
    block = np.stack([next(pools[k]) for k in labels])
    shape = (ROWS, 16, 16, 3)
    # Written through the file, so that the whole array never sits in memory.
    images = np.lib.format.open_memmap(
        folder / arrays.SPRITES_FILE, mode="w+", dtype=np.uint8, shape=shape
    )
    for start in range(0, ROWS, PERIOD):
        images[start : start + PERIOD] = block
    images.flush()


def write_weights(path: Path) -> None:
    """A weights file as pytorch-fid publishes it, with weights by the rule of the golden tests."""
    with torch.device("meta"):
        state = FIDInception().state_dict()
    # The published file holds the classifier too.
    state |= {"fc.weight": torch.empty(1008, 2048), "fc.bias": torch.empty(1008)}
    torch.save(evaluation_rules.fill(state), path)


def make(*variables: str, cache: Path) -> subprocess.CompletedProcess[str]:
    # "-o": the environment that runs the tests is the one that make would install.
    words = ["make", "-o", ".venv/installed", "reproduce", f"BIN={Path(sys.executable).parent}"]
    environment = {
        "PATH": "/usr/bin:/bin",
        CACHE_VARIABLE: str(cache),
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    return subprocess.run(
        [*words, *variables], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_reproduce_from_end_to_end(tmp_path: Path) -> None:
    cache, out, weights = tmp_path / "cache", tmp_path / "run", tmp_path / "inception.pth"
    cache.mkdir()
    write_sprites(cache)
    write_weights(weights)
    variables = (
        f"EPOCHS={EPOCHS}",
        f"N={N}",
        f"OUT={out}",
        f"WEIGHTS={weights}",
        f"FLAGS={' '.join(TINY)}",
    )
    first = make(*variables, cache=cache)
    assert first.returncode == 0, first.stderr
    report = json.loads((out / "reproduce.json").read_text("utf-8"))

    # The data: what was written above, and a split near the notebook's that shares no image.
    facts = report["data"]
    assert (facts["rows"], facts["distinct"], facts["repeats_every"]) == (ROWS, PERIOD, PERIOD)
    assert facts["training"] + facts["held_out"] == ROWS
    assert abs(facts["training"] - 60_000) <= ROWS // PERIOD
    assert facts["training_distinct"] + facts["held_out_distinct"] == PERIOD

    # The recipe, but for its length and size.
    assert report["training"]["updates"] == math.ceil(EPOCHS * facts["training"] / 100)
    settings = report["training"]["settings"]
    assert (settings["schedule"]["name"], settings["network"]["kind"]) == ("linear", "context-unet")
    recipe = settings["training"]
    assert (recipe["prediction"], recipe["optimiser"]) == ("eps", "adam")
    assert (recipe["learning_rate"], recipe["batch_size"]) == (1e-3, 100)
    drawing = report["drawing"]["ddpm"]
    assert (drawing["steps"], drawing["variance"], drawing["clip"]) == (TIMESTEPS, "beta", False)

    # The headline and its floor, from the files: the first N rows of either side of the split.
    with pytest.warns(UserWarning, match="not byte for byte"):
        whole = spritelab.load_sprites("sprites", cache=cache)
    training, held_out = (side.images[:N] for side in whole.split(29_400 / ROWS, seed=0))
    (samples_file,) = (out / "reproduce").glob("ddpm-*.npz")
    with np.load(samples_file, allow_pickle=False) as drawn:
        samples = drawn["images"]
    assert samples.shape == (N, 16, 16, 3)
    with pytest.warns(UserWarning, match="is no FID"):
        features = [pytorch_fid_features(side, weights) for side in (samples, held_out, training)]
    found = {(m["features"], m["set"], m["against"]): m["frechet"] for m in report["measures"]}
    expected = frechet_distance(features[0], features[2])
    assert found["pytorch-fid", "ddpm", "training"] == pytest.approx(expected, rel=1e-6)
    assert found["pytorch-fid", "held-out", "training"] == pytest.approx(
        frechet_distance(features[1], features[2]), rel=1e-6
    )
    assert f"FID {expected:.2f} for {N} DDPM sprites: a rehearsal" in first.stdout
    names = ("pytorch-fid", "inception", "effnet")
    sets, references = ("ddpm", "ddim", "held-out"), ("training", "file")
    assert set(found) == {(f, s, r) for f in names for s in sets for r in references}
    assert all(math.isfinite(value) and value > 0 for value in found.values())
    assert report["copies"].keys() == set(sets)

    # Run again: nothing is trained or drawn a second time, and the figures are the same.
    written = samples_file.stat().st_mtime_ns
    again = make(*variables, cache=cache)
    assert again.returncode == 0, again.stderr
    assert samples_file.stat().st_mtime_ns == written
    assert json.loads((out / "reproduce.json").read_text("utf-8"))["measures"] == report["measures"]


def test_what_is_missing_is_said_before_the_training(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    absent = str(tmp_path / "absent.pth")
    assert reproduce.main(["--out", str(tmp_path / "run"), "--weights", absent]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: there is no weights file {absent}")
    assert not (tmp_path / "run").exists()


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A run of the preset with as little to compute as it allows."""
    settings = preset("notebook").override(
        {"training.steps": 1, "schedule.timesteps": 4, "network.features": 8}
    )
    run = start_run(
        settings, tmp_path / "run", sprites=spritelab.load_sprites("builtin", n=40, channels=3)
    )
    for _ in run.train(cpu=True):
        pass
    return run.folder


def test_drawing_goes_on_where_it_was_interrupted(tiny: Path) -> None:
    model = load_model(tiny, "cpu")
    how = reproduce.samplers(model.schedule.timesteps)["ddpm"]
    folder = tiny / "reproduce"

    def draw(n: int, seed: int = 0) -> Images:
        return reproduce.draw_samples(model, folder, "ddpm", how, n, seed).images

    five = draw(5)
    (file,) = folder.glob("ddpm-*.npz")
    seen = np.asarray(model.sample(5, how, seed=0).images, dtype=np.int64)
    assert np.abs(five - seen).max() <= BATCHING_TOLERANCE
    written = file.stat().st_mtime_ns
    np.testing.assert_array_equal(draw(5), five)
    assert file.stat().st_mtime_ns == written
    np.testing.assert_array_equal(draw(8)[:5], five)

    # Other seeds never take these sprites.
    assert not np.array_equal(draw(5, seed=1), five)
    assert (folder / "ddpm.png").is_file()


@pytest.mark.parametrize(
    ("n", "updates", "published", "compares"),
    [
        (3000, 24_000, True, True),
        (3000, 23_980, True, True),
        (300, 24_000, True, False),
        (3000, 600, True, False),
        (3000, 24_000, False, False),
    ],
)
def test_only_the_whole_experiment_is_set_against_the_notebook(
    n: int, updates: int, published: bool, compares: bool
) -> None:
    kinds = {"pytorch-fid": 30.0, "inception": 20.0, "effnet": 2.0}
    sets = {"ddpm": 1.25, "ddim": 1.0, "held-out": 0.5}
    report = {
        **{"n": n, "weights_published": published, "training": {"updates": updates}},
        "data": {"rows": 9, "distinct": 8, "training_distinct": 7, "held_out_distinct": 1},
        "drawing": {"ddpm": {"steps": 1000}, "ddim": {"steps": 50}},
        "copies": dict.fromkeys(sets, 0.125),
        "measures": [
            {"features": kind, "set": name, "against": against}
            | {"frechet": value * factor, "kid": 0.001 * factor}
            for kind, value in kinds.items()
            for name, factor in sets.items()
            for against in ("training", "file")
        ],
    }
    report |= machine.circumstances(torch.device("cpu"))
    lines = reproduce.table(report).splitlines()[:-2]
    assert lines[0].startswith(f"# FID 37.50 for {n:,} DDPM sprites: ")
    assert ("the notebook reports 31.9967" in lines[0]) == compares
    assert ("rehearsal" in lines[0]) == (not compares)
    assert lines[-3] == "| DDPM, 1000 steps | 37.50 | 37.50 | 25.00 | 2.50 | 1.25 | 12.5% |"
    assert lines[-1] == "| floor: held-out sprites | 15.00 | 15.00 | 10.00 | 1.00 | 0.50 | 12.5% |"


def test_the_data_is_seen_to_repeat(tmp_path: Path) -> None:
    def facts(images: Images) -> Any:
        sprites = spritelab.SpriteSet.from_arrays(images)
        training, held_out = sprites.split(0.3, seed=0)
        run = Run(tmp_path, preset("notebook"), training, held_out)
        return reproduce.data_facts(run, images)

    rng = np.random.default_rng(0)
    block = rng.integers(0, 256, (1788, 2, 2, 3), dtype=np.uint8)
    twice = np.concatenate([block, block])
    found = facts(twice)
    assert (found["rows"], found["distinct"], found["repeats_every"]) == (3576, 1788, 1788)
    assert found["training_distinct"] + found["held_out_distinct"] == 1788
    twice[-1] ^= 1
    found = facts(twice)
    assert (found["distinct"], found["repeats_every"]) == (1789, None)
