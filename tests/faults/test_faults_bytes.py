"""Every region of what is kept, flipped or cut: named, or harmless."""

from __future__ import annotations

import os
import random
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from spritelab.config import SamplerSettings
from spritelab.convert import read_figures
from spritelab.data import load, pack
from spritelab.errors import SpritelabError
from spritelab.generate import Model, Shard, draw_shard, load_model_files, read_config
from spritelab.generate.shards.blocks import read_shard
from spritelab.generate.sheets import read_named
from spritelab.runs import read_record
from spritelab.storage import is_sealed, load_json, sealed, write_json, write_record
from spritelab.storage.arrays import load_arrays, save_arrays
from spritelab.training import load_checkpoint
from tiny import tiny_set

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
            except SpritelabError as error:
                assert path.name in str(error)  # noqa: PT017 (it may also succeed)
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


@pytest.mark.parametrize("name", ["samples.json", "0001.png"])
@pytest.mark.parametrize("as_sheet", [False, True])
def test_samples(tmp_path: Path, tiny_model: Model, name: str, as_sheet: bool) -> None:
    """Sprites, and the list of their names and classes, read to learn from and to lay out."""
    folder = tiny_model.sample(2, sampler="ddim", steps=1).save(tmp_path / "mine")

    def read() -> object:
        if as_sheet:
            found = read_named(str(folder))
            return found.images.tobytes(), found.keys, found.tags
        sprites = load(folder)
        return sprites.images.tobytes(), sprites.labels.tobytes(), sprites.class_names, sprites.ids

    named, harmless = named_or_harmless(folder / name, read)
    assert named > 4 * harmless


def test_a_report(tmp_path: Path) -> None:
    path = write_record(tmp_path / "report.json", {"format": 3, "n": 100, "frechet": 3.5e-5})

    def read() -> object:
        figures = read_figures(path)
        return [figures.get(key) for key in ("format", "n", "frechet")]

    named, harmless = named_or_harmless(path, read)
    assert named > harmless


def test_packed_sprites(tmp_path: Path) -> None:
    """In the directory, too: the name of an array that is not looked for is seen by nobody else."""
    path = pack(tiny_set(4), tmp_path / "mine.npz")
    whole, expected = path.read_bytes(), load(path)
    with zipfile.ZipFile(path) as archive:
        first, names = archive.start_dir, [entry.filename for entry in archive.infolist()]

    def read() -> object:
        found = load(path)
        told = (found.class_names, found.mirrorable, found.provenance, tuple(found.ids))
        return found.images.tobytes(), found.labels.tobytes(), told

    named, harmless = named_or_harmless(path, read)
    assert named > harmless
    for name in names:
        content = bytearray(whole)
        content[whole.index(name.encode(), first) + 1] ^= 2
        path.write_bytes(content)
        with pytest.raises(SpritelabError, match=r"mine\.npz"):
            load(path)
    path.write_bytes(whole)
    assert load(path).class_names == expected.class_names
