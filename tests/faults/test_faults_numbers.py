"""The least there can be: T = 1, one sprite, a batch of one, a class of one; and many sprites."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spritelab import runs
from spritelab.data import SpriteSet
from spritelab.errors import DataError, SpritelabError
from spritelab.generate import load_model
from tiny import tiny_set, tiny_settings

pytestmark = pytest.mark.usefixtures("short_validation")


@pytest.mark.filterwarnings("ignore:the schedule leaves signal:UserWarning")
@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm"])
def test_one_step_a_batch_of_one_and_a_class_of_one(tmp_path: Path, sampler: str) -> None:
    few = tiny_set(7)
    labels = np.array([0, 0, 0, 0, 0, 0, 1])
    sprites = SpriteSet.from_arrays(few.images, labels, ("many", "one"))
    settings = tiny_settings(
        schedule__timesteps=1, training__batch_size=1, training__steps=2, training__warmup=0
    )
    run = runs.start_run(settings, tmp_path / "run", sprites=sprites)
    assert [update.step for update in run.train(cpu=True)] == [1, 2]
    model = load_model(tmp_path / "run", "cpu")
    assert model.sample(2, sampler=sampler, label="one").images.shape == (2, 16, 16, 4)  # type: ignore[arg-type]


def test_one_sprite(tmp_path: Path) -> None:
    """It cannot be held out and learnt at once: learnt it is, or refused in a line."""
    settings = tiny_settings(training__steps=1, training__batch_size=2)
    try:
        run = runs.start_run(settings, tmp_path / "run", sprites=tiny_set(1))
    except DataError:
        return
    assert len(run.train_sprites) == 1
    assert [update.step for update in run.train(cpu=True)] == [1]


def test_a_loss_that_is_no_number_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    settings = tiny_settings(training__learning_rate=1e30, training__clip_gradient=0)
    run = runs.start_run(settings, tmp_path / "run", sprites=tiny_set())
    with pytest.raises(SpritelabError, match="lower `learning_rate`"):
        for _ in run.train(cpu=True):
            pass


MANY = """
import resource, sys, torch
from spritelab.generate import load_model
torch.set_num_threads(1)
model = load_model(sys.argv[1], "cpu")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
model.sample(500, sampler="ddim", steps=1)
before = peak()
assert len(model.sample(10_000, sampler="ddim", steps=1)) == 10_000
print(peak() - before)
"""


@pytest.mark.slow
def test_ten_thousand_sprites_in_steady_memory(tiny_run: Path) -> None:
    """10 MiB of sprites; were every x kept in float32 as well, it would be four times that."""
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", MANY, str(tiny_run)], capture_output=True, text=True, check=True
    )
    print("MiB for 10,000 sprites", done.stdout)
    assert int(done.stdout) < 64
