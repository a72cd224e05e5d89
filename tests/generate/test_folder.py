"""Model folders: found by name or place, checked, and never lost; and those that come along."""

from __future__ import annotations

import errno
import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from spritelab.config import SamplerSettings
from spritelab.errors import ModelError, StorageError
from spritelab.generate import (
    load_model,
    load_model_files,
    make_network,
    save_model,
    shipped_models,
)
from spritelab.generate.folder import SHIPPED, find_model
from spritelab.generate.model_config import FORMAT
from tiny import refused_model, unsealed

MEBIBYTE = 2**20


@pytest.fixture
def model(tmp_path: Path, tiny_run: Path) -> Path:
    return shutil.copytree(tiny_run / "model", tmp_path / "model")


def change(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**unsealed(path), **values}))


def test_a_model_comes_back_as_it_was(tmp_path: Path, model: Path) -> None:
    files = load_model_files(model)
    assert not files.network.training
    assert files.schedule.timesteps == 50
    save_model(tmp_path / "again", files.network.state_dict(), files.config)
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (model / name).read_bytes()


def test_a_network_is_rebuilt_from_its_own_config(model: Path) -> None:
    files = load_model_files(model)
    fresh = make_network(files.config)
    assert fresh.state_dict().keys() == files.network.state_dict().keys()
    saved = safetensors.torch.load_file(model / "model.safetensors")
    for name, value in files.network.state_dict().items():
        assert torch.equal(value, saved[name])


def test_a_later_format(model: Path) -> None:
    change(model, format=FORMAT + 1)
    said = f"has format {FORMAT + 1}, this spritelab reads up to {FORMAT}"
    assert f"{said}; upgrade it" in refused_model(model)


@pytest.mark.parametrize("form", [1, 2])
def test_an_older_format(tmp_path: Path, model: Path, form: int) -> None:
    """It says neither how it draws nor how its sprites are read; saved again, it is of today."""
    path = model / "config.json"
    values = unsealed(path)
    for name in ("data", "parent", *(("held_out", "split_seed", "mirror") if form == 1 else ())):
        del values["trained_on"][name]
    del values["sampling"]
    path.write_text(json.dumps({**values, "format": form}))
    files = load_model_files(model)
    assert files.config.sampling.complete(50).name == "DDIM, η = 0, 50 steps"
    assert (files.config.trained_on.data, files.config.trained_on.parent) == (None, None)
    save_model(tmp_path / "again", files.network.state_dict(), files.config)
    assert json.loads((tmp_path / "again" / "config.json").read_text())["format"] == FORMAT == 5


@pytest.mark.parametrize("form", [None, "1", [1]])
def test_no_format(model: Path, form: object) -> None:
    change(model, format=form)
    assert "it names no format" in refused_model(model)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file(model: Path, name: str) -> None:
    (model / name).unlink()
    assert refused_model(model).endswith(f"{name} is missing; the folder is not complete")


@pytest.mark.parametrize("content", [b"", b'{"format": 1', b"\xff\xfe\x00", b"[]", b"3"])
def test_a_broken_config(model: Path, content: bytes) -> None:
    (model / "config.json").write_bytes(content)
    message = refused_model(model)
    assert "is broken" in message or "names no format" in message


@pytest.mark.parametrize("keep", [0, 7, 100, -4])
def test_truncated_weights(model: Path, keep: int) -> None:
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    assert "is broken" in refused_model(model)


def test_text_in_place_of_weights(model: Path) -> None:
    (model / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n" * 3)
    assert "is broken" in refused_model(model)


@pytest.mark.parametrize(
    "network",
    [
        {"kind": "unet", "widths": [32], "blocks": 1, "attention": [8]},
        {"kind": "unet", "widths": [32, 64], "blocks": 1, "attention": [8]},
        {"kind": "context-unet", "features": 8},
    ],
)
def test_the_weights_of_another_network(model: Path, network: dict[str, Any]) -> None:
    change(model, network=network)
    assert "are not those of the network in its config.json" in refused_model(model)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"prediction": "noise"}, "prediction"),
        ({"size": 17}, "2 levels need a size that is a multiple of 2, not 17"),
        ({"channels": 2}, "channels"),
        ({"later": 1}, "later: there is no such setting"),
        ({"sampling": {"sampler": "euler"}}, "sampling.sampler: unknown 'euler'"),
        ({"sampling": {"steps": 51}}, "sampling.steps must lie in 1 … 50"),
        ({"sampling": {"times": [50, 3]}}, "sampling.times must lie in 0 … 49"),
        ({"trained_on": {}}, "trained_on.source: it is missing"),
        ({"network": {"kind": "unet", "widths": [33]}}, "every width must be a multiple"),
    ],
)
def test_a_config_that_cannot_be(model: Path, values: dict[str, Any], named: str) -> None:
    change(model, **values)
    with pytest.raises(ModelError, match=named) as caught:
        load_model_files(model)
    assert "\n" not in str(caught.value)


def test_a_full_disk_keeps_the_old_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = load_model_files(model)
    before = {path.name: path.read_bytes() for path in model.iterdir()}

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    weights = {name: value + 1 for name, value in files.network.state_dict().items()}
    with pytest.raises(StorageError):
        save_model(model, weights, files.config)
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_crawl_16_comes_along() -> None:
    assert "crawl-16" in shipped_models()


@pytest.mark.parametrize("name", shipped_models())
def test_a_shipped_model_draws_by_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = load_model(name, "cpu")
    ten = SamplerSettings(sampler="dpm", steps=10)
    how = None if model.config.distilled else ten
    batch = model.sample(4, how, label=model.class_names[0])
    assert batch.images.shape == (4, model.size, model.size, model.channels)
    assert batch.images.dtype == np.uint8
    # Four sprites of four seeds, none of them plain.
    assert len(np.unique(batch.images.reshape(4, -1), axis=0)) == 4
    assert all(
        len(np.unique(image.reshape(-1, model.channels), axis=0)) > 8 for image in batch.images
    )


@pytest.mark.parametrize("name", shipped_models())
def test_a_shipped_model_is_small_and_has_a_card(name: str) -> None:
    folder = SHIPPED / name
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12 * MEBIBYTE
    card = (folder / "README.md").read_text("utf-8")
    config = load_model(name, "cpu").config
    for fact in (name, config.trained_on.licence, *config.class_names, "floor", "copies"):
        assert fact in card


def test_all_of_them_take_16_mebibytes_at_most() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*")) <= 16 * MEBIBYTE


def test_a_folder_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_model("crawl-16") == SHIPPED / "crawl-16"
    (tmp_path / "crawl-16").mkdir()
    with pytest.raises(ModelError, match="crawl-16 holds no model"):
        find_model("crawl-16")


def test_a_folder_that_hides_a_model_that_comes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_run: Path
) -> None:
    shutil.copytree(tiny_run, tmp_path / "crawl-16")
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match=r"folder here, .* write \./crawl-16 if it is meant"):
        assert find_model("crawl-16") == Path("crawl-16/model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_model("./crawl-16") == Path("crawl-16/model")


def test_a_name_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("crawl-99", "../shipped/crawl-16", ""):
        with pytest.raises(ModelError):
            find_model(name)
