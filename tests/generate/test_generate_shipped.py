"""The models that come along: found by name, usable offline, and what their cards say they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spritelab.errors import ModelError
from spritelab.generate import load_model, shipped_models
from spritelab.generate.shipped import SHIPPED, find_model

MEBIBYTE = 2**20


def test_crawl_16_comes_along() -> None:
    assert "crawl-16" in shipped_models()


@pytest.mark.parametrize("name", shipped_models())
def test_a_shipped_model_draws_by_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = load_model(name, "cpu")
    batch = model.sample(4, sampler="dpm", steps=10, label=model.class_names[0])
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


def test_a_folder_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_model("crawl-16") == SHIPPED / "crawl-16"
    (tmp_path / "crawl-16").mkdir()
    with pytest.raises(ModelError, match="crawl-16 holds no model"):
        find_model("crawl-16")


def test_a_name_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("crawl-99", "../shipped/crawl-16", ""):
        with pytest.raises(ModelError):
            find_model(name)
