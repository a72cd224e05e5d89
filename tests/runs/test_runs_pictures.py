"""The pictures of a run, along the way and at its end."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from training_runs import finish, start

from spritelab import runs
from spritelab.errors import ModelError
from spritelab.progress import Progress

pytestmark = pytest.mark.usefixtures("short_validation")


def test_grids_along_the_way_need_no_checkpoint(tmp_path: Path) -> None:
    run = start(tmp_path / "run", training__sample_every=2)
    finish(run, stop_after=4)
    names = sorted(path.name for path in (run.folder / "samples").iterdir())
    assert names == ["latest.png", "step-00000002.png", "step-00000004.png"]
    with Image.open(run.folder / "samples" / names[0]) as bare:
        assert bare.size == (20 * 16, 16)
    with Image.open(run.folder / "samples" / names[1]) as picture:
        assert picture.format == "PNG"
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50


def test_the_pictures_of_a_run(tmp_path: Path, tiny_run: Path) -> None:
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    told: list[tuple[int, int | None, str]] = []
    made = runs.draw_pictures(folder, Progress(lambda *now: told.append(now)))
    names = {
        *("loss_curves.png", "samples_ddpm.png", "samples_ddim.png"),
        *("denoising_ddpm.png", "denoising_ddim.png"),
    }
    assert {path.name for path in made} == names
    for name in names:
        with Image.open(folder / name) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 64
            assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 20
    assert told[-1][:2] == (21 * (50 + 50), 21 * (50 + 50))
    assert [done for done, *_ in told] == sorted(done for done, *_ in told)


def test_pictures_need_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        runs.draw_pictures(start(tmp_path / "run").folder)
