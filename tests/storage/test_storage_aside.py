"""What a kill leaves aside is used again, put back or removed; what is being written is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spritelab.errors import StorageError
from spritelab.storage import aside, check_writable, filling, tidy, write_file

pytest.importorskip("fcntl", reason="files are locked where the system can")

KILLED = """
import os, signal, sys
from pathlib import Path
from spritelab.storage import aside, filling, write_file

what, place = sys.argv[1], Path(sys.argv[2])
kill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if what == "file":
    os.fsync = kill
    write_file(place, b"new" * 1000)
elif what == "folder":
    with filling(place) as folder:
        write_file(folder / "new", b"new")
        kill()
elif what == "between":
    aside._exchange = lambda *_: False
    with filling(place) as folder:
        write_file(folder / "new", b"new")
        rename = Path.rename
        def renamed(self, target):
            rename(self, target)
            kill()
        Path.rename = renamed
"""


def kill(what: str, place: Path) -> None:
    """Let a process be killed while it writes."""
    done = subprocess.run([sys.executable, "-c", KILLED, what, str(place)], check=False)
    assert done.returncode == -signal.SIGKILL


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_that_was_being_written(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    for _ in range(2):
        kill("file", path)
        assert path.read_bytes() == b"old"
        assert len(names(tmp_path)) == 2
    write_file(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert names(tmp_path) == ["a"]


def test_a_folder_that_was_being_filled(tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "old").touch()
    for _ in range(2):
        kill("folder", folder)
        assert names(folder) == ["old"]
        assert len(names(tmp_path)) == 2
    with filling(folder) as inner:
        assert names(inner) == []
        (inner / "newer").touch()
        # Who fills the same meanwhile fills another one.
        with filling(tmp_path / "samples") as other:
            assert other != inner
            (other / "other").touch()
        assert names(folder) == ["other"]
    assert names(folder) == ["newer"]
    assert names(tmp_path) == ["samples"]


def test_a_kill_between_two_renames_is_mended(tmp_path: Path) -> None:
    """Where the system cannot exchange two names in one step."""
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "old").touch()
    kill("between", folder)
    assert not folder.exists()
    with filling(folder):
        assert names(folder) == ["old"]  # put back first of all
    assert names(tmp_path) == ["samples"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux exchanges names in one step")
def test_two_names_change_places_at_once(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not aside._exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("this file system cannot")
    assert names(tmp_path / "one") == ["other"]
    assert names(tmp_path / "other") == ["one"]


def test_tidying_spares_what_is_being_written(tmp_path: Path) -> None:
    kill("file", tmp_path / "inner" / "a")
    kill("folder", tmp_path / "inner" / "b")
    with filling(tmp_path / "c") as filled:
        assert len(names(tmp_path / "inner")) == 2
        tidy(tmp_path)
        assert names(tmp_path / "inner") == []
        assert filled.is_dir()


def test_writability_is_found_out_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_writable(tmp_path / "a" / "b" / "c")
    assert names(tmp_path) == []
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="is a file"):
        check_writable(tmp_path / "file" / "x")
    check_writable(tmp_path / "file")
    monkeypatch.chdir(tmp_path)
    check_writable(Path())
    check_writable(Path("new"))


def test_a_folder_without_permission_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "fsync", refuse)  # tests may run as root, whom nothing is refused
    with pytest.raises(StorageError, match="Permission denied"):
        check_writable(tmp_path / "a")
    assert names(tmp_path) == []


def test_what_a_kill_left_is_not_in_the_way_of_asking(tmp_path: Path) -> None:
    """A folder aside has the name that the probe would have, and a probe that of a folder aside."""
    kill("folder", tmp_path / "samples")
    check_writable(tmp_path / "samples")
    assert names(tmp_path) == []
    with filling(tmp_path / "samples") as filled:
        check_writable(tmp_path / "samples")  # somebody else asks meanwhile
        assert filled.is_dir()
    kill("file", tmp_path / "other")
    with filling(tmp_path / "other"):
        pass
    assert names(tmp_path) == ["other", "samples"]
