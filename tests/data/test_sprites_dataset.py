"""The Sprites data set, with made files of the true shape and a server on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_server import Answer, FakeServer, serving

from sprite_files import SHARED
from spritelab import data
from spritelab.data import arrays, sprites_dataset
from spritelab.errors import DownloadError

ROWS = 40


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """Serve made files of ROWS rows as the data set, under two bases."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(sprites_dataset, "ROWS", ROWS)
    with serving() as fake:
        bases = (f"{fake.address}/one", f"{fake.address}/two")
        monkeypatch.setattr(sprites_dataset, "_BASES", bases)
        yield fake


def made(folder: Path) -> dict[str, bytes]:
    """Write the two files, with the kinds of the real ones, and return their bytes."""
    rng = np.random.default_rng(0)
    np.save(folder / "i.npy", rng.integers(0, 256, (ROWS, 16, 16, 3), dtype=np.uint8))
    np.save(folder / "l.npy", np.eye(5)[rng.integers(0, 5, ROWS)])
    return {
        arrays.SPRITES_FILE: (folder / "i.npy").read_bytes(),
        arrays.SPRITES_LABELS_FILE: (folder / "l.npy").read_bytes(),
    }


def known(files: dict[str, bytes], folder: Path) -> dict[str, str]:
    """Return the blob ids of files, as git itself counts them."""
    ids = {}
    for name, content in files.items():
        (folder / name).write_bytes(content)
        git = ["git", "hash-object", "--no-filters", str(folder / name)]
        ids[name] = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    return ids


def test_the_known_files_are_taken_without_a_word(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = made(tmp_path)
    monkeypatch.setattr(sprites_dataset, "_BLOBS", known(files, tmp_path))
    server.answers = {f"/two/{name}": Answer(content) for name, content in files.items()}
    sprites = data.load("sprites", cache=tmp_path / "cache")
    np.testing.assert_array_equal(sprites.images, np.load(tmp_path / "i.npy"))
    np.testing.assert_array_equal(sprites.labels, np.load(tmp_path / "l.npy").argmax(axis=1))
    assert sprites.class_names == ("hero", "non-hero", "food", "spell", "side-facing")
    assert sprites.mirrorable == (True, True, True, True, False)
    assert sprites.provenance.source == "sprites"
    asked = [f"/{base}/{name}" for name in files for base in ("one", "two")]
    assert server.asked == asked
    data.load("sprites", cache=tmp_path / "cache")
    assert server.asked == asked  # the second time nothing is fetched


def test_other_bytes_of_the_right_kind_are_taken_with_a_warning(
    server: FakeServer, tmp_path: Path
) -> None:
    server.answers = {f"/one/{name}": Answer(body) for name, body in made(tmp_path).items()}
    with pytest.warns(UserWarning, match="not byte for byte the known file") as caught:
        sprites = data.load("sprites", cache=tmp_path / "cache", n=10)
    assert len(caught) == 2
    assert len(sprites) == 10


@pytest.mark.parametrize("which", [arrays.SPRITES_FILE, arrays.SPRITES_LABELS_FILE])
@pytest.mark.parametrize("wrong", ["html", "shape", "kind", "truncated"])
@pytest.mark.filterwarnings("ignore:.*byte for byte")
def test_anything_else_is_refused(
    server: FakeServer, tmp_path: Path, which: str, wrong: str
) -> None:
    files = made(tmp_path)
    array = np.load(tmp_path / ("i.npy" if which == arrays.SPRITES_FILE else "l.npy"))
    if wrong == "html":
        files[which] = b"<!DOCTYPE HTML><html></html>"
    elif wrong == "truncated":
        files[which] = files[which][:-1]
    else:
        np.save(tmp_path / "w.npy", array[1:] if wrong == "shape" else array.astype(np.int32))
        files[which] = (tmp_path / "w.npy").read_bytes()
    server.answers = {f"/one/{name}": Answer(content) for name, content in files.items()}
    with pytest.raises(DownloadError, match="neither the known file nor an array of its shape"):
        data.load("sprites", cache=tmp_path / "cache")
    assert not (tmp_path / "cache" / which).exists()


def test_labels_that_are_not_one_hot_are_refused(server: FakeServer, tmp_path: Path) -> None:
    np.save(tmp_path / "l.npy", np.full((ROWS, 5), 0.2))
    path = tmp_path / arrays.SPRITES_LABELS_FILE
    path.write_bytes((tmp_path / "l.npy").read_bytes())
    (tmp_path / arrays.SPRITES_FILE).write_bytes(made(tmp_path)[arrays.SPRITES_FILE])
    with (
        pytest.warns(UserWarning, match="byte for byte"),
        pytest.raises(DownloadError, match=f"{arrays.SPRITES_LABELS_FILE} is not the file"),
    ):
        data.load("sprites", cache=tmp_path)
    assert server.asked == []


@pytest.mark.skipif(
    not (SHARED / arrays.SPRITES_LABELS_FILE).is_file(),
    reason="the real labels are not beside the repository",
)
def test_the_real_labels_have_the_pinned_blob_id() -> None:
    path = SHARED / arrays.SPRITES_LABELS_FILE
    pinned = sprites_dataset._BLOBS[arrays.SPRITES_LABELS_FILE]
    assert sprites_dataset.git_blob_id(path) == pinned
    sprites_dataset._check_labels(path)
