"""A batch taken in parts, or by several processes, makes the same run up to rounding."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from spritelab import runs
from spritelab.cli import main
from spritelab.config import TrainingSettings
from spritelab.errors import SettingsError
from spritelab.runs import read_metrics
from spritelab.training.sharing import check_shares
from tiny import TINY, save_npz, tiny_set, tiny_settings

LOSS, WEIGHT = 1e-4, 2e-4
"""How far the loss (relative) and a weight (absolute) may move in 8 updates. Adam divides by the
size of a gradient, which for some weights is rounding alone: these move by the learning rate."""


HALF = 0.02
"""The same of the losses of 8 updates in bfloat16, whose last bit is 2^-8 of a value."""


@pytest.mark.parametrize(("batch", "processes", "parts"), [(8, 2, 2), (8, 1, 8), (64, 8, 8)])
def test_what_can_be_shared(batch: int, processes: int, parts: int) -> None:
    check_shares(settings(batch, parts), processes)


@pytest.mark.parametrize(
    ("batch", "processes", "parts", "line"),
    [
        (8, 3, 1, "a batch of 8 cannot be shared evenly by 3 processes; .* `batch_size`"),
        (8, 1, 3, "the 8 sprites an update cannot be taken in 3 equal parts"),
        (8, 2, 8, "the 4 sprites of 2 processes an update .* choose another `grad"),
    ],
)
def test_what_cannot(batch: int, processes: int, parts: int, line: str) -> None:
    with pytest.raises(SettingsError, match=line):
        check_shares(settings(batch, parts), processes)


def settings(batch: int, parts: int) -> TrainingSettings:
    return TrainingSettings(steps=1, batch_size=batch, gradient_accumulation=parts)


def differences(one: Path, other: Path) -> tuple[float, float]:
    """Of the losses, relative, and of the weights, absolute: the largest."""
    losses = [
        [record[key] for record in read_metrics(run) for key in ("batch_loss", "val_objective")]
        for run in (one, other)
    ]
    assert len(losses[0]) == len(losses[1]) > 0
    apart = max(abs(a / b - 1) for a, b in zip(*losses, strict=True))
    weights = [load_file(run / "model" / "model.safetensors") for run in (one, other)]
    assert weights[0].keys() == weights[1].keys()
    return apart, max(float((weights[0][k] - weights[1][k]).abs().max()) for k in weights[0])


@pytest.mark.usefixtures("short_validation")
def test_a_batch_in_parts(tmp_path: Path) -> None:
    for parts in (1, 2, 8):
        own = tiny_settings(
            training__steps=4, training__clip_gradient=0.05, training__gradient_accumulation=parts
        )
        run = runs.start_run(own, tmp_path / str(parts), sprites=tiny_set())
        assert len(list(run.train(cpu=True))) == 4
    for parts in (2, 8):
        loss, weight = differences(tmp_path / "1", tmp_path / str(parts))
        assert 0 < loss < LOSS  # rounded otherwise: it was taken in parts
        assert weight < WEIGHT


def test_a_run_is_resumed_in_other_parts(tmp_path: Path) -> None:
    run = runs.start_run(tiny_settings(), tmp_path / "run", sprites=tiny_set())
    assert run.settings.training.gradient_accumulation == 1
    again = runs.resume_run(tmp_path / "run", {"training.gradient_accumulation": 4})
    assert again.settings.training.gradient_accumulation == 4


def torchrun(processes: int, *words: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launch = ["-m", "torch.distributed.run", f"--nproc_per_node={processes}"]
    launch += [f"--master_port={port}", "-m", "spritelab"]
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "ACCELERATE_USE_CPU")
    env = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, *launch, *words],
        capture_output=True,
        text=True,
        env={**env, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr[-2000:]


def eight_updates(place: Path) -> list[str]:
    """The words of a command that trains; the folder comes last."""
    source = save_npz(tiny_set(), place / "tiny.npz")
    words = ["train", "--data", str(source), "--preset", "rgba", "--cpu"]
    for key, value in {**TINY, "training.steps": 8, "training.sample_every": 100}.items():
        words += ["--set", f"{key}={value}"]
    return [*words, "--out"]


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without processes")
def test_two_processes_without_a_gpu_make_one_run(tmp_path: Path) -> None:
    """The same losses and weights as one process; and one goes on where two have stopped."""
    words = eight_updates(tmp_path)
    assert main([*words, str(tmp_path / "one")]) == 0
    torchrun(2, *words, str(tmp_path / "two"), "--stop-after", "4")
    assert runs.last_state(tmp_path / "two").step == 4  # type: ignore[union-attr]
    assert main(["train", "--resume", "--out", str(tmp_path / "two"), "--cpu"]) == 0
    assert len(read_metrics(tmp_path / "two")) == len(read_metrics(tmp_path / "one")) == 2
    loss, weight = differences(tmp_path / "one", tmp_path / "two")
    assert 0 < loss < LOSS
    assert weight < WEIGHT


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without processes")
def test_four_processes_in_half_precision_make_one_run(tmp_path: Path) -> None:
    """Each rounds to bfloat16, of 8 bits, what it computes: near one process that does so, and not
    exactly what float32 gives. One goes on where four have stopped."""
    words = eight_updates(tmp_path)
    source = words[words.index("--data") + 1]
    for name, precision in (("whole", "no"), ("one", "bf16")):
        own = {"training__steps": 8, "training__sample_every": 100, "data__source": source}
        settings = tiny_settings(**own, training__mixed_precision=precision)
        list(runs.start_run(settings, tmp_path / name).train(cpu=True))
    words[-1:] = ["--mixed-precision", "bf16", "--out"]
    torchrun(4, *words, str(tmp_path / "four"), "--stop-after", "4")
    run = runs.resume_run(tmp_path / "four")
    assert [update.step for update in run.train(cpu=True)] == [5, 6, 7, 8]
    loss, weight = differences(tmp_path / "one", tmp_path / "four")
    print("four in bf16 against one in bf16", loss, weight)
    assert 0 < loss < HALF
    assert weight < 8 * 2e-3  # that of 8 updates at the peak of the learning rate, in one direction
    further, weight = differences(tmp_path / "whole", tmp_path / "four")
    print("four in bf16 against one in float32", further, weight)
    assert 2 * loss < further < HALF  # it was computed in half precision


def test_float16_needs_a_gpu(tmp_path: Path) -> None:
    run = runs.start_run(
        tiny_settings(training__mixed_precision="fp16"), tmp_path / "run", sprites=tiny_set()
    )
    with pytest.raises(SettingsError, match=r"fp16 needs a GPU; a CPU computes in .* bf16"):
        next(run.train(cpu=True))
