"""Packed sprites are the same sprites, and stay in their file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sprite_files import random_sprites
from spritelab import data
from spritelab.data import Provenance, SpriteSet, rows
from spritelab.data.rows import MappedRows
from spritelab.errors import DataError, SettingsError, StorageError
from spritelab.pixels import Images
from spritelab.training import Batches, DeviceSprites
from tiny import tiny_set


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a tiny set stay in the file, too, and come in several blocks."""
    monkeypatch.setattr(rows, "SMALL", 0)
    monkeypatch.setattr(rows, "BLOCK", 16)


def whole() -> SpriteSet:
    provenance = Provenance("mine", "CC0", "https://example.org", "drawn")
    return replace(tiny_set(50), groups=np.arange(50) // 2, provenance=provenance)


def packed(path: Path, sprites: SpriteSet) -> SpriteSet:
    return data.load(data.pack(sprites, path))


def base_of(sprites: SpriteSet) -> Images:
    """The array in the file that the sprites are rows of."""
    found = rows.mapped_rows(sprites.images)
    assert found is not None
    return found[0]


def test_all_but_the_ids_come_back(tmp_path: Path) -> None:
    sprites = whole()
    found = packed(tmp_path / "a.npz", sprites)
    base_of(found)
    assert found.content_hash == sprites.content_hash
    np.testing.assert_array_equal(found.images, sprites.images)
    np.testing.assert_array_equal(found.groups, sprites.groups)
    assert found.mirrorable == sprites.mirrorable
    assert found.provenance == sprites.provenance
    assert list(found.ids) == [str(i) for i in range(50)]
    assert found.has_hard_alpha
    assert data.inspect(found).distinct == data.inspect(sprites).distinct
    with np.load(tmp_path / "a.npz") as plain:  # and any program reads it
        np.testing.assert_array_equal(plain["images"], sprites.images)


def test_the_split_is_the_same_and_copies_nothing(tmp_path: Path) -> None:
    sprites = whole()
    found = packed(tmp_path / "a.npz", sprites)
    for ours, theirs in zip(found.split(0.3, 1), sprites.split(0.3, 1), strict=True):
        assert base_of(ours) is base_of(found)
        assert list(ours.ids) == list(theirs.ids)
        assert ours.content_hash == theirs.content_hash


def test_batches_are_the_same_and_read_from_the_file(tmp_path: Path) -> None:
    sides = whole().split(0.3)[0], packed(tmp_path / "a.npz", whole()).split(0.3)[0]
    on_cpu = [DeviceSprites.from_set(side, torch.device("cpu")) for side in sides]
    assert on_cpu[1].images.data_ptr() == base_of(sides[1]).ctypes.data
    one, other = (
        Batches(sprites, 8, 50, 3, mirror=True, stratified_t=True, drop_context=0.1).draw(5)
        for sprites in on_cpu
    )
    for name in ("x0", "t", "eps", "context"):
        assert torch.equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    "key", [0, -1, slice(3, 9, 2), np.array([4, 4, 1]), np.arange(20) % 3 == 0, ...]
)
def test_rows_are_an_array_to_their_readers(key: Any) -> None:
    base = random_sprites(40)
    chosen = np.arange(39, 19, -1)
    mapped = MappedRows(base, chosen)
    array = base[chosen]
    np.testing.assert_array_equal(mapped[key], array[key])
    if key is not ...:
        np.testing.assert_array_equal(mapped[key, ..., 3:], array[key, ..., 3:])
        np.testing.assert_array_equal(mapped[key, 2], array[key, 2])
    np.testing.assert_array_equal(mapped[..., 3], array[..., 3])
    assert mapped.shape == array.shape
    assert (mapped.nbytes, mapped.size, mapped.ndim) == (array.nbytes, array.size, array.ndim)
    assert bool((mapped == array).all())
    assert int(mapped.sum()) == int(array.sum())
    assert len(list(mapped)) == 20


def test_what_is_not_mapped_is_read(tmp_path: Path) -> None:
    """Deflated, of other levels, or with colours under transparent pixels."""
    images = random_sprites(20)
    np.savez_compressed(tmp_path / "deflated.npz", images=images)
    np.savez(tmp_path / "floats.npz", images=images.astype(np.float32) / 255)
    hidden = images.copy()
    hidden[images[..., 3] == 0, :3] = 7
    np.savez(tmp_path / "hidden.npz", images=hidden)
    np.savez(tmp_path / "fortran.npz", images=np.asfortranarray(images))
    for path in sorted(tmp_path.iterdir()):
        found = data.load(path)
        assert rows.mapped_rows(found.images) is None, path
        np.testing.assert_array_equal(found.images, images)


def test_writing_to_it_leaves_the_file_alone(tmp_path: Path) -> None:
    found = packed(tmp_path / "a.npz", whole())
    before = (tmp_path / "a.npz").read_bytes()
    base_of(found)[0] = 9
    assert (tmp_path / "a.npz").read_bytes() == before


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    path = data.pack(whole(), tmp_path / "a.npz")
    content = path.read_bytes()
    for length in (0, 10, 1000, len(content) // 2, len(content) - 10):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=r"^a\.npz"):
            data.load(path)
    # One bit of one pixel.
    flipped = bytearray(content)
    flipped[content.index(whole().images.tobytes()) + 5000] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(DataError, match=r"^a\.npz"):
        data.load(path)
    # A directory that says the sprites begin elsewhere.
    at = content.rindex(b"images.npy") - 4
    path.write_bytes(content[:at] + b"\x07\x00\x00\x00" + content[at + 4 :])
    with pytest.raises(DataError, match=r"^a\.npz"):
        data.load(path)


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"packed as \.npz"):
        data.pack(whole(), tmp_path / "a.npy")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        data.pack(whole(), tmp_path / "file" / "a.npz")
    with pytest.raises(DataError, match="50 sprites were to be packed as 60"):
        data.pack_blocks(
            [whole().images],
            (60, 16, 16, 4),
            tmp_path / "a.npz",
            labels=whole().labels,
            class_names=whole().class_names,
            mirrorable=whole().mirrorable,
            provenance=whole().provenance,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


TRAINING = """
import json, re, sys
from pathlib import Path
import torch
from spritelab import data
from spritelab.training import Batches, DeviceSprites

def private():
    return int(re.search(r"RssAnon:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

before = private()
sprites = data.load(sys.argv[1])
training, held_out = sprites.split()
training.content_hash, training.has_hard_alpha
on_cpu = DeviceSprites.from_set(training, torch.device("cpu"))
batches = Batches(on_cpu, 64, 1000, 0, mirror=False, stratified_t=True, drop_context=0.1)
for step in range(3):
    batches.draw(step)
print(json.dumps([private() - before, len(sprites)]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is counted by Linux")
def test_two_hundred_thousand_sprites_are_not_copied(tmp_path: Path) -> None:
    n = 200_000
    rng = np.random.default_rng(0)
    data.pack_blocks(
        (rng.integers(1, 256, (4000, 16, 16, 4), dtype=np.uint8) for _ in range(n // 4000)),
        (n, 16, 16, 4),
        tmp_path / "many.npz",
        labels=np.arange(n) % 10,
        class_names=[f"c{k}" for k in range(10)],
        mirrorable=[True] * 10,
        provenance=Provenance("synthetic"),
    )
    size = (tmp_path / "many.npz").stat().st_size / 2**20
    done = subprocess.run(
        [sys.executable, "-c", TRAINING, str(tmp_path / "many.npz")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    private, count = json.loads(done.stdout)
    assert count == n
    assert size > 195
    assert private < size / 2  # labels, groups, one-hot classes; and no pixels
