"""Statistics that workers gather apart: one and eight get the same figures, bit for bit."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import evaluation_runs
from evaluation_runs import ddim
from spritelab import data
from spritelab.cli import main
from spritelab.errors import DataError
from spritelab.evaluation import Evaluator, Extractor, find_split, statistics
from spritelab.evaluation.drawn import Drawn, evaluate_drawn, gather_shard
from spritelab.evaluation.measures import Measures
from spritelab.evaluation.statistics import Whole
from spritelab.generate import Model, Shard, draw_shard, load_model, merge_shards
from tiny import Refused

N = 300


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluation_runs.make_run(tmp_path_factory.mktemp("statistics"))


@pytest.fixture(scope="module")
def model(run: Path) -> Model:
    return load_model(run, "cpu")


@pytest.fixture(scope="module")
def evaluator(run: Path, model: Model) -> Evaluator:
    return Evaluator(model, find_split(run, model.config), Extractor("pixels"))


@pytest.fixture(scope="module")
def shards(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "many"
    for index in range(3):
        draw_shard(model, folder, Shard(index, 3), N, ddim(2), seed=1)
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that there are nine of them, the last one not whole."""
    monkeypatch.setattr(statistics, "BLOCK", 36)


def test_eight_workers_get_the_figures_of_one(
    evaluator: Evaluator, shards: Path, tmp_path: Path
) -> None:
    drawn = Drawn(shards)
    alone = evaluate_drawn(evaluator, drawn, n=60).as_dict()
    for index in np.random.default_rng(0).permutation(8).tolist():
        path, done = gather_shard(evaluator, Drawn(shards), Shard(index, 8), tmp_path)
        assert done
        assert path.parent == tmp_path
    assert not gather_shard(evaluator, drawn, Shard(3, 8), tmp_path)[1]
    together = evaluate_drawn(evaluator, drawn, n=60, folder=tmp_path).as_dict()
    assert together == alone  # every digit
    assert alone["whole"]["n"] == N
    json.dumps(alone)


def test_a_merged_folder_and_a_packed_file_get_the_same(
    evaluator: Evaluator, shards: Path, tmp_path: Path
) -> None:
    figures = evaluate_drawn(evaluator, Drawn(shards), n=60).as_dict()
    for out in ("all", "all.npz"):
        merged = Drawn(merge_shards([shards], tmp_path / out))
        assert evaluate_drawn(evaluator, merged, n=60).as_dict() == figures
    assert evaluate_drawn(evaluator, Drawn(data.load(tmp_path / "all")), n=60).as_dict() == figures


def test_they_are_the_measures_of_the_protocol(evaluator: Evaluator, shards: Path) -> None:
    """Of as many sprites, up to rounding; of KID it is another estimate."""
    found = evaluate_drawn(evaluator, Drawn(shards), n=N)
    same = {field.name for field in fields(Whole)} & {field.name for field in fields(Measures)}
    assert same > {"n", "distinct", "frechet", "kid", "copies", "near_copies", "authentic"}
    for name in same - {"kid"}:
        expected = getattr(found.first.measures, name)
        assert getattr(found.whole, name) == pytest.approx(expected, rel=1e-6), name
    assert found.whole.kid_error is not None
    assert found.whole.kid == pytest.approx(
        found.first.measures.kid, abs=5 * (found.whole.kid_error + found.first.measures.kid_std)
    )
    # And they are those of sprites that the model draws there and then.
    drawn_now = evaluator.evaluate(ddim(2), n=N, seeds=(1,))
    assert drawn_now.measures == found.first.measures


def test_what_is_missing_or_broken_is_named(
    evaluator: Evaluator, shards: Path, tmp_path: Path
) -> None:
    drawn = Drawn(shards)
    with pytest.raises(DataError, match="holds no statistics of these sprites"):
        evaluate_drawn(evaluator, drawn, n=60, folder=tmp_path)
    for index in (0, 2):
        gather_shard(evaluator, drawn, Shard(index, 3), tmp_path)
    with pytest.raises(DataError, match=r"statistics of sprites 108 … 215 are missing"):
        evaluate_drawn(evaluator, drawn, n=60, folder=tmp_path)
    (whole, _) = gather_shard(evaluator, drawn, Shard(0, 1), tmp_path)
    with pytest.raises(DataError, match=r"statistics of sprites 0 … .* are there twice"):
        evaluate_drawn(evaluator, drawn, n=60, folder=tmp_path)
    for path in tmp_path.glob("statistics-*"):
        if path != whole:
            path.unlink()
    data_ = bytearray(whole.read_bytes())
    data_[len(data_) // 2] ^= 255
    whole.write_bytes(bytes(data_))
    with (
        pytest.warns(UserWarning, match="is broken"),
        pytest.raises(DataError, match="is broken; remove it and run its worker again"),
    ):
        evaluate_drawn(evaluator, drawn, n=60, folder=tmp_path)


def test_the_commands(
    run: Path,
    shards: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refused: Refused,
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(shards, "many")
    words = ["evaluate", str(run), "--features", "pixels", "--device", "cpu", "--sprites", "many"]
    words += ["-n", "60"]
    for index in range(2):
        assert main([*words, "--statistics", "stats", "--shard", f"{index}/2"]) == 0
    assert capsys.readouterr().out.count("wrote stats/statistics-") == 2
    assert main([*words, "--statistics", "stats", "--json", "many.json"]) == 0
    shown = capsys.readouterr().out
    assert "all sprites" in shown
    assert "n = 300" in shown
    assert main([*words, "--json", "one.json"]) == 0
    one, many = (json.loads(Path(name).read_text()) for name in ("one.json", "many.json"))
    assert one == many
    assert "name it by --statistics" in refused(*words, "--shard", "0/2")
    assert "go with a MODEL" in refused("evaluate", str(run), "--shard", "0/2")
    assert "go with a MODEL" in refused(*words, "--steps", "3")
