"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from spritelab.errors import StorageError
from spritelab.storage import flush_folder, storing, write_file


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_text_and_bytes(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a" / "b" / "text.txt", "η = 0\n")
    assert path == tmp_path / "a" / "b" / "text.txt"
    assert path.read_bytes() == "η = 0\n".encode()
    write_file(str(path), b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_files_have_the_modes_that_the_user_wants(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        path = write_file(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("function", ["fsync", "rename"])
def test_a_full_disk_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    path = write_file(tmp_path / "a.txt", "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if function == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError) as caught:
        write_file(path, "new")
    assert str(caught.value) == (
        f"cannot write {path} (No space left on device); what was there before is kept; "
        "free some space or choose another place"
    )
    assert path.read_text() == "old"
    assert leftovers(tmp_path) == []


def test_an_interrupt_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_file(tmp_path / "a.txt", "old")

    def interrupt(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert leftovers(tmp_path) == []


def test_the_content_is_on_the_disk_before_it_has_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename that outruns the data leaves an empty file after a power cut."""
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def spy_fsync(handle: int) -> None:
        order.append(f"fsync of {os.fstat(handle).st_size} bytes")
        fsync(handle)

    def spy_replace(self: Path, target: Path) -> Path:
        order.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(Path, "replace", spy_replace)
    write_file(tmp_path / "a", b"12345")
    assert order == ["fsync of 5 bytes", "rename"]


def test_places_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").write_text("mine")
    for path in (tmp_path / "file" / "a.txt", tmp_path / "folder"):
        with pytest.raises(StorageError, match="cannot write"):
            write_file(path, "new")
    assert (tmp_path / "file").read_text() == "mine"
    assert (tmp_path / "folder" / "inside").read_text() == "mine"
    assert leftovers(tmp_path) == []


def test_storing_passes_other_errors(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), storing(tmp_path):
        _ = 1 / 0
    with pytest.raises(StorageError, match=r"\(no words\)"), storing(tmp_path):
        raise OSError("no words")


def test_flush_folder(tmp_path: Path) -> None:
    flush_folder(tmp_path)
    with pytest.raises(OSError, match="No such file"):
        flush_folder(tmp_path / "none")
