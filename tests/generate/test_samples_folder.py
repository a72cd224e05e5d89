"""Folders of sprites: whole or not at all, and never another's files replaced."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from spritelab.data.metadata import SAMPLES
from spritelab.errors import SettingsError, StorageError
from spritelab.generate import samples_folder
from spritelab.storage import aside as aside_module
from spritelab.storage import sealed, to_json


def fill(folder: Path, n: int = 3, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, 4, 4, 4), dtype=np.uint8)
    sprites = [{"seed": k, "label": "food"} for k in range(n)]
    samples_folder.save_sprites(images, folder, sprites, {"model": "demo"})


def test_sprites_and_their_list(tmp_path: Path) -> None:
    fill(tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 4), dtype=np.uint8)
    record = json.loads((tmp_path / SAMPLES).read_text(encoding="utf-8"))
    assert record["format"] == 2
    assert record["model"] == "demo"
    assert [one["seed"] for one in record["sprites"]] == [0, 1, 2]
    assert (tmp_path / SAMPLES).read_text(encoding="utf-8") == to_json(
        sealed({key: value for key, value in record.items() if key != "digest"})
    )
    for one, image in zip(record["sprites"], images, strict=True):
        with Image.open(tmp_path / one["file_name"]) as picture:
            assert_array_equal(np.asarray(picture), image)


def test_a_folder_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    def fail() -> None:
        with samples_folder.replacing(tmp_path / "out") as aside:
            fill(aside)
            assert not (tmp_path / "out").exists()
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_overwriting_takes_the_old_sprites_away_only_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, 3)

    def fail() -> None:
        with samples_folder.replacing(out, overwrite=True) as aside:
            fill(aside, 1, seed=1)
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail()
    assert len(list(out.glob("*.png"))) == 3
    with samples_folder.replacing(out, overwrite=True) as aside:
        fill(aside, 1, seed=1)
    assert len(list(out.glob("*.png"))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_sprites_are_not_replaced_unasked(tmp_path: Path) -> None:
    fill(tmp_path / "out")
    with pytest.raises(SettingsError, match="holds sprites already"):
        samples_folder.check_free(tmp_path / "out")
    samples_folder.check_free(tmp_path / "out", overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_other_files_is_never_replaced(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SettingsError, match="holds other files"):
        samples_folder.check_free(tmp_path, overwrite)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_added_to_the_sprites_is_never_lost(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out)
    (out / "grid.png").write_bytes(b"ours")
    samples_folder.check_free(out, overwrite=True)
    (out / "hero.png").write_bytes(b"mine")
    with pytest.raises(SettingsError, match="holds other files"):
        samples_folder.check_free(out, overwrite=True)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sprites": [1]}', "[" * 100_000])
def test_a_list_that_is_not_ours(tmp_path: Path, content: str) -> None:
    (tmp_path / SAMPLES).write_text(content)
    with pytest.raises(SettingsError, match="holds other files"):
        samples_folder.check_free(tmp_path, overwrite=True)


def test_the_old_sprites_come_back_if_the_last_step_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    fill(out, 3)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(self, target)

    def replace() -> None:
        with samples_folder.replacing(out, overwrite=True) as aside:
            fill(aside, 1)
            monkeypatch.setattr(aside_module, "_exchange", lambda *_: False)
            monkeypatch.setattr(Path, "rename", refuse)

    with pytest.raises(StorageError, match="No space left"):
        replace()
    assert len(list(out.glob("*.png"))) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_current_folder_is_not_moved_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for folder in (Path(), tmp_path):
        with pytest.raises(SettingsError, match="is where you are"):
            samples_folder.check_free(folder)


def test_free_places(tmp_path: Path) -> None:
    samples_folder.check_free(tmp_path / "new")
    samples_folder.check_free(tmp_path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(StorageError, match="cannot write"),
        samples_folder.replacing(tmp_path / "file" / "out"),
    ):
        pass
    assert (tmp_path / "file").read_text() == "x"


def test_a_list_cannot_claim_files_of_others(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, 2)
    record = json.loads((out / SAMPLES).read_text())
    for name in ("precious.txt", "00.png", "0000.png.bak"):
        (out / name).write_text("mine")
        record["sprites"].append({"file_name": name})
        (out / SAMPLES).write_text(json.dumps(record))
        with pytest.raises(SettingsError, match="holds other files"):
            samples_folder.check_free(out, overwrite=True)
        (out / name).unlink()
    samples_folder.check_free(out, overwrite=True)
    (out / "0001.png").unlink()
    (out / "0001.png").mkdir()
    with pytest.raises(SettingsError, match="holds other files"):
        samples_folder.check_free(out, overwrite=True)
