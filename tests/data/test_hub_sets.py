"""Data sets on a hub, in folders and in Parquet files; against a stand-in on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hub_server import StandIn
from spritelab.data import load, read
from spritelab.errors import DataError
from spritelab.pictures import encode_png
from spritelab.runs import open_run
from tiny import CLASSES, tiny_set, tiny_settings

pytest.importorskip("huggingface_hub")


def test_a_folder_of_images(there: StandIn) -> None:
    sprites = tiny_set(9)
    files = {
        f"{CLASSES[label]}/{chr(97 + i)}.png": encode_png(sprites.images[i])
        for i, label in enumerate(sprites.labels)
    }
    card = b"---\nlicense: cc0-1.0\n---\n# Sprites\n"
    there.put("datasets/you/sprites", {**files, "README.md": card, "read.py": b"x = 1"})
    found = load("hf://you/sprites")
    assert sorted(found.class_names) == sorted(CLASSES)
    assert {image.tobytes() for image in found.images} == {i.tobytes() for i in sprites.images}
    assert found.provenance.licence == "cc0-1.0"
    assert found.provenance.source == "hf://you/sprites"
    assert found.provenance.url == f"{there.address}/datasets/you/sprites"
    assert not any("read.py" in one for one in there.asked)
    one = load("hf://you/sprites", include="disc")
    assert one.class_names == ("disc",)
    with pytest.raises(DataError):
        load("hf://you/sprites", include="none-such")


def parquet(columns: dict[str, Any], features: Any, path: Path) -> bytes:
    import datasets

    datasets.Dataset.from_dict(columns, features=features).to_parquet(str(path))
    return path.read_bytes()


def test_parquet(there: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "arrow"))
    sprites = tiny_set(12)
    names = ["square", "disc", "a/b"]
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=names)}
    )
    files = {}
    for split, rows in (("train", range(8)), ("test", range(8, 12))):
        columns = {
            "image": [{"bytes": encode_png(sprites.images[i]), "path": None} for i in rows],
            "label": [int(sprites.labels[i]) for i in rows],
        }
        made = parquet(columns, features, tmp_path / f"{split}.parquet")
        files[f"data/{split}-00000-of-00001.parquet"] = made
    there.put("datasets/you/rows", files)
    found = load("hf://you/rows", frames="off")
    assert len(found) == 12
    assert set(found.class_names) == {"square", "disc", "a-b"}
    for image, label in zip(sprites.images, sprites.labels, strict=True):
        (where,) = np.flatnonzero((found.images == image).all(axis=(1, 2, 3)))
        assert found.class_names[found.labels[where]] == names[label].replace("/", "-")
    assert len(load("hf://you/rows", include="test")) == 4

    # A run says where its sprites are, and finds them again.
    settings = tiny_settings(data__source="hf://you/rows")
    assert read(settings.data).content_hash == load("hf://you/rows", size=16).content_hash
    run = open_run(tmp_path / "run", {"data.source": "hf://you/rows"}, preset=settings)
    assert run.settings.data.source == "hf://you/rows"
    config = run.model_config(0)
    assert config.trained_on.source == "hf://you/rows"
    assert config.trained_on.data is not None
    assert config.trained_on.data.source == "hf://you/rows"


def test_parquet_that_cannot_be_read(
    there: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "arrow"))
    numbers = datasets.Features({"x": datasets.Value("int64")})
    there.put("datasets/you/x", {"a.parquet": parquet({"x": [1]}, numbers, tmp_path / "x.parquet")})
    with pytest.raises(DataError, match=r"a\.parquet: it has no column of images, but x"):
        load("hf://you/x")
    there.put("datasets/you/x", {"a.parquet": b"PAR1 no"})
    with pytest.raises(DataError, match=r"a\.parquet cannot be read as Parquet"):
        load("hf://you/x")
    pictures = datasets.Features({"image": datasets.Image()})
    junk = {
        "image": [{"bytes": b"no picture", "path": None}, {"bytes": None, "path": "/etc/passwd"}]
    }
    there.put("datasets/you/x", {"a.parquet": parquet(junk, pictures, tmp_path / "x.parquet")})
    with pytest.raises(DataError, match="2 images of 2"):
        load("hf://you/x")
