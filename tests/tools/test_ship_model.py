"""``tools.ship_model``: the card names the commit as it was before the model was written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import tiny
from spritelab.convert.card import load_facts
from spritelab.generate import load_model
from tools import ship_model

OPTIONS = ["-n", "20", "--features", "pixels", "--threads", "1", "--device", "cpu"]


def git(folder: Path, *words: str) -> None:
    """Run git in a repository of the test's own."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def test_a_model_shipped_from_a_clean_tree_says_so(
    tmp_path: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spritelab.convert.ship.PER_CLASS", 2)
    monkeypatch.setattr("spritelab.convert.ship.COMPARED", 2)
    source = tiny.save_npz(tiny.tiny_set(), tmp_path / "sprites.npz")
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q")
    git(root, "commit", "-q", "--allow-empty", "-m", "first")
    words = [*OPTIONS, "--data", str(source)]
    new = [str(tiny_run), "--name", "tiny-16", "--to", str(root / "shipped")]
    assert ship_model.main([*new, *words], root=root) == 0
    folder = root / "shipped" / "tiny-16"
    assert "commit " in load_facts(folder).figures.circumstances
    assert "with changes" not in (folder / "README.md").read_text("utf-8")
    pictures = root / "docs" / "pictures" / "tiny-16"
    assert {path.stem for path in pictures.iterdir()} == set(tiny.CLASSES)

    # Now the tree holds what was written, which is no part of the commit.
    again = ["--again", str(folder), *words]
    assert ship_model.main(again, root=root) == 0
    assert "with changes" in (folder / "README.md").read_text("utf-8")
    assert load_model(folder).config.own_sampling.sampler == "dpm"
    assert ship_model.main([*again, "--draw-as", "notebook"], root=root) == 0
    assert load_model(folder).config.own_sampling.sampler == "ddim"
    assert "DDIM, η = 0, 50 steps" in (folder / "README.md").read_text("utf-8")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a model")
    assert ship_model.main(again, root=root) == 0
    assert "with changes" not in (folder / "README.md").read_text("utf-8")
