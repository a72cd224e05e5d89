"""Every region of what is kept, flipped or cut: named, or harmless."""

from __future__ import annotations

import os
import random
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from spritelab.config import SamplerSettings
from spritelab.errors import ModelError
from spritelab.generate import Model, Shard, draw_shard, load_model_files, read_config
from spritelab.generate.shards.blocks import read_shard
from spritelab.runs import read_record
from spritelab.storage import is_sealed, load_json, sealed, write_json
from spritelab.storage.arrays import load_arrays, save_arrays
from spritelab.training import load_checkpoint

PLACES = int(os.environ.get("SPRITELAB_SOAK_KILLS", "8"))
"""Places that are damaged in each region of a file."""

REGIONS = 5


def damaged(whole: bytes) -> list[bytes]:
    """The file with one bit flipped in every region, at several places, and cut in each."""
    chance = random.Random(0)
    found = []
    for region in range(REGIONS):
        first, last = (len(whole) * k // REGIONS for k in (region, region + 1))
        for _ in range(PLACES):
            content = bytearray(whole)
            content[chance.randrange(first, last)] ^= 1 << chance.randrange(8)
            found.append(bytes(content))
        found.append(whole[: chance.randrange(first, last)])
    return found


def named_or_harmless(path: Path, read: Callable[[], object]) -> tuple[int, int]:
    """Damage ``path``: what is read is what was, or it is named. How often each happened."""
    whole = path.read_bytes()
    expected = read()
    named = harmless = 0
    for content in damaged(whole):
        path.write_bytes(content)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                found = read()
            except ModelError as error:
                assert str(path.parent) in str(error)  # noqa: PT017 (it may also succeed)
                named += 1
                continue
        if found is None:  # counts as absent, is made again, and was named
            assert any(path.name in str(one.message) for one in said)
            named += 1
        else:
            assert found == expected
            harmless += 1
    path.write_bytes(whole)
    return named, harmless


def as_bytes(tensors: dict[str, torch.Tensor]) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in tensors.items()}


@pytest.mark.parametrize("name", ["state.safetensors", "state.json"])
def test_a_checkpoint(tmp_path: Path, tiny_run: Path, name: str) -> None:
    folder = shutil.copytree(tiny_run / "checkpoints" / "step-00000012", tmp_path / "step-00000012")

    def read() -> object:
        tensors, record = load_checkpoint(folder)
        return as_bytes(tensors), record

    named, harmless = named_or_harmless(folder / name, read)
    assert named > 4 * harmless


def test_the_weights_of_a_model(tmp_path: Path, tiny_run: Path) -> None:
    folder = shutil.copytree(tiny_run / "model", tmp_path / "model")
    named, harmless = named_or_harmless(
        folder / "model.safetensors",
        lambda: as_bytes(load_model_files(folder).network.state_dict()),
    )
    assert named > 4 * harmless


def test_what_a_model_says_of_itself(tmp_path: Path, tiny_run: Path) -> None:
    folder = shutil.copytree(tiny_run / "model", tmp_path / "model")
    named, harmless = named_or_harmless(
        folder / "config.json", lambda: read_config(folder).model_dump()
    )
    assert named > harmless  # which is white space, indentation


def test_the_record_of_a_run(tmp_path: Path, tiny_run: Path) -> None:
    shutil.copy(tiny_run / "run.json", tmp_path)
    named, harmless = named_or_harmless(
        tmp_path / "run.json", lambda: read_record(tmp_path).model_dump()
    )
    assert named > harmless


def test_a_shard(tmp_path: Path, tiny_model: Model) -> None:
    how = SamplerSettings(sampler="ddim", steps=1)
    folder, _ = draw_shard(tiny_model, tmp_path, Shard(0, 1), 4, how)
    named, harmless = named_or_harmless(
        folder / "shard.json", lambda: read_shard(folder).model_dump()
    )
    assert named > harmless


def test_kept_arrays(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 4)).astype(np.uint8)
    save_arrays(tmp_path / "cell.npz", images=images, labels=np.arange(8))

    def read() -> object:
        found = load_arrays(tmp_path / "cell.npz", "images", "labels")
        return found and {name: value.tobytes() for name, value in found.items()}

    named, harmless = named_or_harmless(tmp_path / "cell.npz", read)
    assert named > harmless


def test_kept_figures(tmp_path: Path) -> None:
    path = write_json(tmp_path / "cell.json", sealed({"n": 100, "score": [1.5, 2.25, 3e-5]}))

    def read() -> object:
        record = load_json(path)
        if record is not None and not is_sealed(record):
            warnings.warn(f"{path} is broken", stacklevel=1)
            return None
        return record

    named, harmless = named_or_harmless(path, read)
    assert named > harmless
