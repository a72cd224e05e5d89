"""Zip archives: the same sprites as their folder, and what is refused."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sprite_files import png, random_sprites, write
from spritelab import data
from spritelab.data import archives
from spritelab.errors import DataError


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


SPRITES = random_sprites(3)
MEMBERS = {
    "food/a.png": png(SPRITES[0]),
    "food/b.png": png(SPRITES[1]),
    "hero/c.png": png(SPRITES[2]),
}
JUNK = {"__MACOSX/food/._a.png": b"junk", "food/.DS_Store": b"junk", ".git/x.png": b"junk"}


@pytest.mark.parametrize("wrapper", ["", "my sprites/"])
def test_an_archive_reads_like_its_folder(tmp_path: Path, wrapper: str) -> None:
    folder = tmp_path / "folder"
    for name, content in MEMBERS.items():
        write(folder / name, content)
    members = {wrapper + name: content for name, content in MEMBERS.items()} | JUNK
    path = zip_of(tmp_path / "art.zip", members)
    from_zip, from_folder = data.load(path), data.load(folder)
    assert from_zip.content_hash == from_folder.content_hash
    assert from_zip.ids == from_folder.ids
    np.testing.assert_array_equal(from_zip.images, SPRITES)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["art.zip", "folder"]  # nothing unpacked


def test_a_single_class_folder_keeps_its_name(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", {"food/a.png": MEMBERS["food/a.png"]})
    assert data.load(path).class_names == ("food",)


def test_a_wrapper_with_metadata_is_taken_off(tmp_path: Path) -> None:
    members = {
        "pack/a.png": MEMBERS["food/a.png"],
        "pack/metadata.csv": b"file_name,label\na.png,x\n",
    }
    assert data.load(zip_of(tmp_path / "a.zip", members)).class_names == ("x",)


@pytest.mark.parametrize(
    "name", ["../a.png", "/etc/a.png", "x/../../a.png", "C:/a.png", "..\\a.png"]
)
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = zip_of(tmp_path / "a.zip", {name: MEMBERS["food/a.png"]})
    with pytest.raises(DataError, match="lead out of it"):
        data.load(path)


def test_links_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="holds links"):
        data.load(tmp_path / "a.zip")


def test_encrypted_archives_are_refused(tmp_path: Path) -> None:
    content = bytearray(zip_of(tmp_path / "a.zip", MEMBERS).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the directory's first entry
    with pytest.raises(DataError, match=r"encrypted \(food/a\.png\)"):
        data.load(write(tmp_path / "a.zip", bytes(content)))


def test_absurd_sizes_are_refused_by_the_directory_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zip_of(tmp_path / "a.zip", {"a.png": b"\0" * 100_000} | MEMBERS)
    monkeypatch.setattr(archives, "MAX_UNPACKED", 50_000)
    with pytest.raises(DataError, match="GiB"):
        data.load(path)
    monkeypatch.setattr(archives, "MAX_FILES", 2)
    with pytest.raises(DataError, match="holds 4 files; 2 are the limit"):
        data.load(path)


def test_a_declared_size_cannot_be_exceeded(tmp_path: Path) -> None:
    """A directory that understates a member's size does not get more bytes unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", b"\0" * 1_000_000)
    lying = buffer.getvalue().replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path = write(tmp_path / "a.zip", lying)
    with archives.archive_files(path) as found, pytest.raises(DataError, match="damaged"):
        found.files["a.png"]()


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", MEMBERS)
    content = bytearray(path.read_bytes())
    where = content.index(b"food/b.png") + 60
    content[where] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"1 image of 3 .*food/b\.png: it is damaged inside"):
        data.load(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.zip is not a whole zip archive"):
        data.load(write(tmp_path / "a.zip", content))


def test_an_archive_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no image in a\.zip"):
        data.load(zip_of(tmp_path / "a.zip", {"readme.txt": b"hello"}))
