"""WebDataset's convention: files of one name are one sample."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from sprite_files import png, random_sprites, write
from spritelab import data
from spritelab.data import archives
from spritelab.errors import DataError

SPRITES = random_sprites(6)


def tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def samples(end: str, texts: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for k, text in enumerate(texts):
        files[f"{k:06d}.png"] = png(SPRITES[k])
        files[f"{k:06d}{end}"] = text.encode()
    return files


def test_classes_by_number(tmp_path: Path) -> None:
    found = data.load(tar(tmp_path / "w.tar", samples(".cls", ["10", "2", "2\n", "0", "10", "0"])))
    assert found.class_names == ("0", "2", "10")
    assert found.labels.tolist() == [2, 1, 1, 0, 2, 0]
    assert (found.images == SPRITES).all()
    assert found.left_out == ()


def test_json_beside_each(tmp_path: Path) -> None:
    texts = [json.dumps({"label": "ab"[k % 2], "group": k // 2, "text": "x"}) for k in range(6)]
    found = data.load(tar(tmp_path / "w.tar", samples(".json", texts)))
    assert found.class_names == ("a", "b")
    assert found.labels.tolist() == [0, 1] * 3
    assert found.groups[0] == found.groups[1] != found.groups[2]


def test_a_folder_and_views_of_one_sample(tmp_path: Path) -> None:
    """The key ends at the first dot of the name, not of the folder."""
    for k in range(6):
        write(tmp_path / "v1.0" / f"s{k}.front.png", png(SPRITES[k]))
        write(tmp_path / "v1.0" / f"s{k}.cls", b"hero")
    assert data.load(tmp_path).class_names == ("hero",)


def test_json_that_says_something_else(tmp_path: Path) -> None:
    found = data.load(tar(tmp_path / "w.tar", samples(".json", ['{"caption": "x"}'] * 6)))
    assert found.class_names == ("sprite",)
    assert sum(len(one) for one in found.left_out) == 6
    assert data.load(tar(tmp_path / "v.tar", samples(".json", ["[1, 2]"] * 6))).class_names == (
        "sprite",
    )


def test_mistakes(tmp_path: Path) -> None:
    files = samples(".cls", ["0"] * 6)
    del files["000003.cls"]
    with pytest.raises(DataError, match=r"1 image have no \.cls .*000003\.png; leave"):
        data.load(tar(tmp_path / "w.tar", files))
    with pytest.raises(DataError, match=r"000001\.cls holds no class"):
        data.load(tar(tmp_path / "v.tar", samples(".cls", ["0", "", "0"])))
    with pytest.raises(DataError, match=r"000000\.cls cannot be read"):
        data.load(tar(tmp_path / "u.tar", {"000000.png": png(SPRITES[0]), "000000.cls": b"\xff"}))


def test_a_folder_of_tars_is_one_set(tmp_path: Path) -> None:
    texts = ["10", "2", "2", "0", "10", "0"]
    whole = data.load(tar(tmp_path / "w.tar", samples(".cls", texts)))
    parts = tmp_path / "parts"
    parts.mkdir()
    files = list(samples(".cls", texts).items())
    for k in range(3):  # three tars, whose samples are called alike
        names = ("a.png", "a.cls", "b.png", "b.cls")
        four = {name: files[4 * k + j][1] for j, name in enumerate(names)}
        tar(parts / f"shard-{k:06d}.tar", four)
    (parts / "README.md").write_text("about them")
    found = data.load(parts)
    assert (found.images == whole.images).all()
    assert (found.labels.tolist(), found.class_names) == (whole.labels.tolist(), ("0", "2", "10"))
    assert found.ids[:2] == ("shard-000000/a.png", "shard-000000/b.png")
    assert [one.names for one in found.left_out] == [("README.md",)]


def test_tars_without_labels_are_folders_of_their_names(tmp_path: Path) -> None:
    for name in ("food", "hero"):
        tar(tmp_path / f"{name}.tar", {"a.png": png(SPRITES[0]), "b.png": png(SPRITES[1])})
    found = data.load(tmp_path)
    assert found.class_names == ("food", "hero")
    assert found.labels.tolist() == [0, 0, 1, 1]
    write(tmp_path / "c.png", png(SPRITES[2]))  # art beside them: they are left out, and named
    found = data.load(tmp_path)
    assert len(found) == 1
    assert [one.names for one in found.left_out] == [("food.tar", "hero.tar")]


def test_the_bounds_of_an_archive_hold_for_all_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in range(3):
        tar(tmp_path / f"{k}.tar", {"a.png": png(SPRITES[k])})
    with monkeypatch.context() as patch:
        patch.setattr(archives, "MAX_FILES", 2)
        with pytest.raises(DataError, match="holds 3 files; 2 are the limit"):
            data.load(tmp_path)
        patch.setattr(archives, "MAX_ARCHIVES", 2)
        with pytest.raises(DataError, match="holds 3 archives; 2 are the limit"):
            data.load(tmp_path)
    (tmp_path / "1.tar").write_bytes(b"cut")
    with pytest.raises(DataError, match=r"1\.tar in .* is not a whole tar archive"):
        data.load(tmp_path)
    tar(tmp_path / "1.tar", {"../a.png": png(SPRITES[0])})
    with pytest.raises(DataError, match=r"1\.tar in .* holds paths that lead out of it"):
        data.load(tmp_path)
