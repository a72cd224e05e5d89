"""NumPy files: what is taken, what it becomes, and what is refused."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sprite_files import SHARED, random_sprites
from spritelab import data
from spritelab.data import arrays
from spritelab.errors import DataError

SPRITES = random_sprites(6)


def npy(path: Path, array: NDArray[Any]) -> Path:
    np.save(path, array, allow_pickle=True)
    return path


@pytest.mark.parametrize("channels", [3, 4])
def test_uint8_is_kept(tmp_path: Path, channels: int) -> None:
    sprites = random_sprites(5, channels=channels)
    got = data.load(npy(tmp_path / "art.npy", sprites))
    np.testing.assert_array_equal(got.images, sprites)
    assert got.class_names == ("sprite",)
    assert got.provenance.source == "art.npy"


@pytest.mark.parametrize("shape", [(5, 8, 8), (5, 8, 8, 1)])
def test_grey_becomes_rgb(tmp_path: Path, shape: tuple[int, ...]) -> None:
    grey = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    got = data.load(npy(tmp_path / "grey.npy", grey)).images
    for channel in range(3):
        np.testing.assert_array_equal(got[..., channel], grey.reshape(5, 8, 8))


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_in_0_1_are_scaled_and_rounded(tmp_path: Path, kind: type[np.floating[Any]]) -> None:
    levels = np.arange(192, dtype=np.uint8).reshape(1, 8, 8, 3)
    got = data.load(npy(tmp_path / "f.npy", (levels / 255).astype(kind)))
    np.testing.assert_array_equal(got.images, levels)


@pytest.mark.parametrize("kind", [np.int16, np.int64, np.uint16])
def test_whole_numbers_in_0_255_are_kept(tmp_path: Path, kind: type[np.integer[Any]]) -> None:
    got = data.load(npy(tmp_path / "i.npy", SPRITES.astype(kind)))
    np.testing.assert_array_equal(got.images, SPRITES)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((2, 8, 8, 3), 255.0), "floats from 255 to 255.*as uint8"),
        (np.full((2, 8, 8, 3), -1.0), "floats from -1"),
        (np.full((2, 8, 8, 3), np.nan), "floats from nan"),
        (np.full((2, 8, 8, 3), 256), "levels from 256 to 256"),
        (np.full((2, 8, 8, 3), -1), "levels from -1"),
        (np.zeros((2, 8, 8, 3), dtype=np.complex64), "complex64"),
        (np.zeros((2, 8, 8, 3), dtype=bool), "bool"),
        (np.zeros((2, 3, 8, 8), dtype=np.uint8), r"channels first.*transpose\(0, 2, 3, 1\)"),
        (np.zeros((2, 8, 9, 3), dtype=np.uint8), "square"),
        (np.zeros((2, 8, 8, 2), dtype=np.uint8), "must hold sprites"),
        (np.zeros((8, 8), dtype=np.uint8), r"not \[8, 8\]"),
        (np.zeros((0, 8, 8, 3), dtype=np.uint8), "no sprite"),
        (np.array([{"a": 1}, None], dtype=object), "Python objects, which are never unpickled"),
    ],
)
def test_other_arrays_are_refused_in_one_line(
    tmp_path: Path, array: NDArray[Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        data.load(npy(tmp_path / "bad.npy", array))
    assert "bad.npy" in str(caught.value)
    assert "\n" not in str(caught.value)


class Trap:
    """Unpickling this would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_nothing_is_unpickled(tmp_path: Path, name: str) -> None:
    sprung = tmp_path / "sprung"
    trap = np.array([Trap(sprung)], dtype=object)
    path = tmp_path / name
    if name == "a.npy":
        np.save(path, trap)
    else:
        np.savez(path, images=trap)
    with pytest.raises(DataError, match="never unpickled"):
        data.load(path)
    path.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(DataError, match="not a whole NumPy file"):
        data.load(path)
    assert not sprung.exists()


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
@pytest.mark.parametrize("keep", [0, 5, 60, -1, -200])
def test_truncated_files_are_refused(tmp_path: Path, name: str, keep: int) -> None:
    path = tmp_path / name
    if name == "a.npy":
        np.save(path, SPRITES)
    else:
        np.savez(path, images=SPRITES)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=f"{name} is not a whole NumPy file"):
        data.load(path)


def test_labels_lie_beside_the_images(tmp_path: Path) -> None:
    path = npy(tmp_path / "art.npy", SPRITES)
    npy(tmp_path / "art_labels.npy", np.array([0, 2, 1, 1, 0, 2]))
    got = data.load(path)
    assert got.labels.tolist() == [0, 2, 1, 1, 0, 2]
    assert got.class_names == ("class-0", "class-1", "class-2")
    other = npy(tmp_path / "mine.npy", np.zeros(6, dtype=np.int8))
    assert data.load(path, labels=other).labels.tolist() == [0] * 6


@pytest.mark.parametrize(
    ("labels", "names", "index"),
    [
        (np.eye(3)[[2, 0, 1, 1, 0, 2]], ("class-0", "class-1", "class-2"), [2, 0, 1, 1, 0, 2]),
        (np.eye(3, dtype=bool)[[2] * 6], ("class-0", "class-1", "class-2"), [2] * 6),
        (np.array([[1], [0]] * 3), ("class-0", "class-1"), [1, 0] * 3),
        (np.array([1.0, 0.0] * 3), ("class-0", "class-1"), [1, 0] * 3),
        (np.array(["orc", "elf"] * 3), ("elf", "orc"), [1, 0] * 3),
    ],
)
def test_kinds_of_labels(
    tmp_path: Path, labels: NDArray[Any], names: tuple[str, ...], index: list[int]
) -> None:
    path = npy(tmp_path / "art.npy", SPRITES)
    got = data.load(path, labels=npy(tmp_path / "l.npy", labels))
    assert got.class_names == names
    assert got.labels.tolist() == index
    assert got.labels.dtype == np.int64


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(5, dtype=int), "6 sprites need 6 labels, not 5 labels"),
        (np.eye(7), "6 sprites need 6 labels, not 7 labels"),
        (np.zeros((6, 3)), "row 0 is not one-hot"),
        (np.eye(6) * 0.5, "row 0 is not one-hot"),
        (np.array([0, 1, -1, 0, 0, 0]), "whole numbers from 0"),
        (np.array([0, 1, 0.5, 0, 0, 0]), "whole numbers from 0"),
        (np.array([0, 0, 0, 0, 0, 10**12]), "labels up to 1,000,000,000,000"),
        (np.zeros((6, 2, 2)), r"shape \[6, 2, 2\]"),
        (np.array([b"x"] * 6), "one-hot or text"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    tmp_path: Path, labels: NDArray[Any], message: str
) -> None:
    path = npy(tmp_path / "art.npy", SPRITES)
    npy(tmp_path / "art_labels.npy", labels)
    with pytest.raises(DataError, match=message):
        data.load(path)


def test_missing_labels_are_named(tmp_path: Path) -> None:
    path = npy(tmp_path / "art.npy", SPRITES)
    with pytest.raises(DataError, match=r"no file of labels at .*gone\.npy"):
        data.load(path, labels=tmp_path / "gone.npy")


def test_npz_with_everything(tmp_path: Path) -> None:
    path = tmp_path / "art.npz"
    labels, groups = np.array([0, 1, 1, 0, 1, 0]), np.array([7, 7, 2, 2, 1, 0])
    names = np.array(["orc", "side"])
    np.savez_compressed(path, images=SPRITES, labels=labels, class_names=names, groups=groups)
    got = data.load(path)
    np.testing.assert_array_equal(got.images, SPRITES)
    assert got.labels.tolist() == labels.tolist()
    assert got.groups.tolist() == groups.tolist()
    assert got.class_names == ("orc", "side")
    assert got.mirrorable == (True, False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"pictures": SPRITES}, "no key 'images'; it holds pictures"),
        ({"images": SPRITES, "labels": np.zeros(3, dtype=int)}, "need 6 labels"),
        (
            {"images": SPRITES, "labels": np.arange(6), "class_names": np.array(["a", "b"])},
            "6 classes need 6 different names",
        ),
        ({"images": SPRITES, "groups": np.arange(5)}, "'groups' must be"),
        ({"images": SPRITES, "groups": np.zeros(6)}, "'groups' must be"),
    ],
)
def test_npz_that_does_not_fit_is_refused(
    tmp_path: Path, content: dict[str, NDArray[Any]], message: str
) -> None:
    save: Callable[..., None] = np.savez  # its stub takes no names but its own
    save(tmp_path / "art.npz", **content)
    with pytest.raises(DataError, match=message):
        data.load(tmp_path / "art.npz")


def test_an_npz_that_unfolds_out_of_almost_nothing(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((400_000, 16, 16, 3), dtype=np.uint8))
    with pytest.raises(DataError, match="too much for a file of its size"):
        data.load(tmp_path / "a.npz")


def test_a_class_of_a_long_name(tmp_path: Path) -> None:
    images = np.zeros((2, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.array(["a" * 201, "b"]))
    with pytest.raises(DataError, match="a name of at most 200 characters"):
        data.load(tmp_path / "a.npz")
    names = np.array(["a" * 201, "b"])
    np.savez(tmp_path / "a.npz", images=images, labels=np.array([0, 1]), class_names=names)
    with pytest.raises(DataError, match="has a name of 201 characters; 200 are the limit"):
        data.load(tmp_path / "a.npz")
    names = np.array([1, 2])
    np.savez(tmp_path / "a.npz", images=images, labels=np.array([0, 1]), class_names=names)
    with pytest.raises(DataError, match="'class_names' must be text"):
        data.load(tmp_path / "a.npz")


def test_floats_are_brought_to_bytes_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = np.arange(5 * 4 * 4 * 3, dtype=np.uint8).reshape(5, 4, 4, 3)
    np.save(tmp_path / "a.npy", (levels / 255).astype(np.float32))
    monkeypatch.setattr(arrays, "_ROWS", 2)
    assert np.array_equal(data.load(tmp_path / "a.npy").images, levels)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.png", "a.zip", "a.json"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match="but a pipe, a device or the like"):
        data.load(tmp_path / name)


def test_an_npz_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((100, 8, 8, 3), dtype=np.uint8))
    monkeypatch.setattr(arrays, "MAX_UNPACKED", 10_000)
    with pytest.raises(DataError, match="too much"):
        data.load(tmp_path / "a.npz")


def test_a_header_that_promises_more_than_the_file_holds(tmp_path: Path) -> None:
    """A file of 200 bytes that claims terabytes is refused before memory is asked for."""
    buffer = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (10**9, 64, 64, 3)}
    np.lib.format.write_array_header_1_0(buffer, header)
    path = tmp_path / "huge.npy"
    path.write_bytes(buffer.getvalue() + b"\0" * 64)
    with pytest.raises(DataError, match="not a whole NumPy file"):
        data.load(path)
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.write(path, "images.npy")
    with pytest.raises(DataError, match="not a whole NumPy file"):
        data.load(tmp_path / "huge.npz")


needs_labels = pytest.mark.skipif(
    not (SHARED / arrays.SPRITES_LABELS_FILE).is_file(),
    reason="the real labels are not beside the repository",
)


@needs_labels
def test_the_real_labels_with_an_array_of_the_true_shape(tmp_path: Path) -> None:
    """89,400 made sprites, 1,788 of them distinct, take the dataset's labels and class names."""
    block = random_sprites(1788, 16, channels=3)
    images = np.lib.format.open_memmap(
        tmp_path / arrays.SPRITES_FILE, "w+", np.uint8, (89_400, 16, 16, 3)
    )
    images[:] = np.tile(block, (50, 1, 1, 1))
    images.flush()
    (tmp_path / arrays.SPRITES_LABELS_FILE).symlink_to(SHARED / arrays.SPRITES_LABELS_FILE)
    sprites = data.load(tmp_path / arrays.SPRITES_FILE)
    assert sprites.class_names == ("hero", "non-hero", "food", "spell", "side-facing")
    assert sprites.mirrorable == (True, True, True, True, False)
    counts = np.bincount(sprites.labels, minlength=5)
    assert counts.tolist() == [50 * n for n in (160, 648, 120, 700, 160)]
    assert int(data.exact_copies(sprites.images).max()) + 1 == 1788
    train, held_out = sprites.split(0.1, seed=0)
    kept = {image.tobytes() for image in train.images}
    assert kept.isdisjoint(image.tobytes() for image in held_out.images)
    assert len(held_out) == 50 * 179
    assert len(train) + len(held_out) == 89_400
