"""Downloads from a server on this machine: fallbacks, verification, nothing half-written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_server import Answer, FakeServer, serving

from spritelab.data import download
from spritelab.errors import DownloadError, StorageError
from spritelab.progress import Progress
from spritelab.storage.aside import file_aside

BODY = bytes(range(256)) * 400
MOST = 2 * len(BODY)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as fake:
        yield fake


def is_body(path: Path) -> None:
    if path.read_bytes() != BODY:
        raise DownloadError("it is another file")


def held(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def get(server: FakeServer, cache: Path, *paths: str) -> Path:
    addresses = [server.address + path for path in paths]
    return download.fetch("a.bin", addresses, is_body, most=MOST, cache=cache)


def test_a_file_is_fetched_once(server: FakeServer, tmp_path: Path) -> None:
    cache = tmp_path / "new" / "cache"
    server.answers["/a"] = Answer(BODY)
    for _ in range(2):
        path = get(server, cache, "/a")
        assert path == cache / "a.bin"
        assert path.read_bytes() == BODY
    assert server.asked == ["/a"]
    assert held(cache) == ["a.bin"]
    assert path.stat().st_mode & 0o444 == 0o444


@pytest.mark.parametrize(
    "first",
    [
        Answer(status=404),
        Answer(status=503),
        Answer(BODY[:1000], promised=len(BODY)),  # the connection breaks off
        Answer(BODY[:1000]),  # a server that announces the truncated length
        Answer(b"<html>please log in</html>"),
    ],
)
def test_the_second_address_is_a_fallback(
    server: FakeServer, tmp_path: Path, first: Answer
) -> None:
    server.answers |= {"/first": first, "/second": Answer(BODY)}
    assert get(server, tmp_path, "/first", "/second").read_bytes() == BODY
    assert server.asked == ["/first", "/second"]
    assert held(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=404), "the server answered 404"),
        (Answer(BODY[:9], promised=len(BODY)), "the connection broke off"),
        (Answer(BODY + b"!"), "it is another file"),
        (Answer(promised=MOST + 1), f"it would be {MOST + 1:,} bytes long; {MOST:,} are the limit"),
        (Answer(3 * BODY, says_its_length=False), f"it is longer than {MOST:,} bytes"),
        (Answer(BODY, says_its_length=False, endless=True), f"it is longer than {MOST:,} bytes"),
        (Answer(BODY, status=302, leads_to="file:///etc/passwd"), "it leads to what is no address"),
        (Answer(BODY, status=302, leads_to="ftp://127.0.0.1/a"), "it leads to what is no address"),
        (Answer(BODY, status=302, leads_to="/a"), "it leads in a circle"),
    ],
)
def test_failure_leaves_nothing_and_says_what_to_do(
    server: FakeServer, tmp_path: Path, answer: Answer, reason: str
) -> None:
    server.answers["/a"] = answer
    with pytest.raises(DownloadError) as caught:
        get(server, tmp_path, "/a", "/b")
    message = str(caught.value)
    assert f"127.0.0.1:{server.address.rsplit(':')[-1]}: {reason}" in message
    assert "the server answered 404" in message  # of the second address
    assert f"download {server.address}/a by hand and put it at {tmp_path / 'a.bin'}" in message
    assert "\n" not in message
    assert held(tmp_path) == []


def test_no_more_is_read_than_a_file_may_have(server: FakeServer, tmp_path: Path) -> None:
    """A server that tells a length and sends more is read to that length, and then verified."""
    server.answers["/a"] = Answer(BODY, says_its_length=False, endless=True)
    with pytest.raises(DownloadError, match="is longer than"):
        get(server, tmp_path, "/a")
    assert server.sent < MOST + 2**24  # what lies in the system's buffers on the way
    server.answers["/a"] = Answer(BODY + b"more", promised=len(BODY))
    assert get(server, tmp_path, "/a").read_bytes() == BODY


def test_one_that_drips_is_given_up(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_LONGEST", -60)
    server.answers["/a"] = Answer(BODY)
    with pytest.raises(DownloadError, match="it took more than"):
        get(server, tmp_path, "/a")
    assert held(tmp_path) == []


def test_what_a_kill_left_is_gone_at_the_next_download(server: FakeServer, tmp_path: Path) -> None:
    with file_aside(tmp_path / "other.bin") as (_, at_work):
        kept = at_work.name
        with file_aside(tmp_path / "b.bin") as (_, aside):
            left = tmp_path / aside.name
        left.write_bytes(b"half of it")  # nobody has locked it
        server.answers["/a"] = Answer(BODY)
        get(server, tmp_path, "/a")
        assert sorted(held(tmp_path)) == sorted([kept, "a.bin"])


def test_offline_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as gone:
        address = gone.address  # a port where nobody listens any more
    with pytest.raises(DownloadError, match=r"no connection.*by hand and put it at") as caught:
        download.fetch("a.bin", [f"{address}/a"], is_body, most=MOST, cache=tmp_path)
    assert "\n" not in str(caught.value)
    assert held(tmp_path) == []


def test_a_file_put_there_by_hand_is_verified_and_used(server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(BODY)
    assert get(server, tmp_path, "/a") == tmp_path / "a.bin"
    (tmp_path / "a.bin").write_bytes(b"wrong")
    with pytest.raises(DownloadError, match=r"not the file it should be .*; delete it"):
        get(server, tmp_path, "/a")
    assert (tmp_path / "a.bin").read_bytes() == b"wrong"  # the user's file is not touched
    assert server.asked == []


def test_the_cache_is_where_the_environment_says(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(download.CACHE_VARIABLE, str(tmp_path / "elsewhere"))
    server.answers["/a"] = Answer(BODY)
    path = download.fetch("a.bin", [f"{server.address}/a"], is_body, most=MOST)
    assert path == tmp_path / "elsewhere" / "a.bin"
    assert download.cache_folder(tmp_path) == tmp_path
    monkeypatch.delenv(download.CACHE_VARIABLE)
    assert download.cache_folder().name == "spritelab"


def test_a_cache_that_cannot_be_written(server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        get(server, tmp_path / "file", "/a")


def test_a_full_disk_is_told_apart_from_a_bad_connection(
    server: FakeServer, tmp_path: Path
) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    server.answers["/a"] = Answer(BODY)
    with pytest.raises(StorageError, match=f"disk is full.*{download.CACHE_VARIABLE}"):
        download.fetch("a.bin", [f"{server.address}/a"], full, most=MOST, cache=tmp_path)
    assert held(tmp_path) == []


@pytest.mark.parametrize("says_its_length", [True, False])
def test_progress_counts_kibibytes(
    server: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], says_its_length: bool
) -> None:
    told: list[tuple[int, int | None, str]] = []
    body = bytes(200 * 1024 + 7)

    def accept(path: Path) -> None:
        assert path.read_bytes() == body

    server.answers["/a"] = Answer(body, says_its_length=says_its_length)
    download.fetch(
        "a.bin",
        [f"{server.address}/a"],
        accept,
        most=len(body),
        cache=tmp_path,
        progress=Progress(lambda *now: told.append(now)),
    )
    total = 200 if says_its_length else None
    assert {now[1:] for now in told} == {(total, "KiB of a.bin")}
    counts = [now[0] for now in told]
    assert counts == sorted(counts)
    assert len(set(counts)) > 2
    assert counts[-1] == 200
    assert capsys.readouterr() == ("", "")
