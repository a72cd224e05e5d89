"""Public data sets, fetched once, verified by content and kept in the user's cache."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from spritelab.errors import DownloadError, StorageError
from spritelab.progress import SILENT, Progress
from spritelab.storage import tidy
from spritelab.storage.aside import file_aside

CACHE_VARIABLE = "SPRITELAB_CACHE"
"""The environment variable that puts the cache elsewhere."""

_TIMEOUT = (10, 60)  # seconds to connect, and between two pieces of data
_LONGEST = 2 * 3600  # seconds for a file, however a server lets it drip
_PIECE = 2**16  # bytes


def cache_folder(cache: Path | None = None) -> Path:
    """Return where downloads are kept: ``cache``, else $SPRITELAB_CACHE, else the user's cache."""
    if cache is not None:
        return Path(cache)
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("spritelab"))


def fetch(
    name: str,
    addresses: Sequence[str],
    verify: Callable[[Path], None],
    *,
    most: int,
    cache: Path | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Return the path of the file ``name`` in the cache, downloading it first if it is not there.

    A download is written aside and renamed only when it has been verified; the ``addresses`` are
    tried in turn until one succeeds. What a kill left aside in the cache is removed.

    Args:
        name: of the file in the cache.
        addresses: where it may be had.
        verify: called with the path of every candidate, one found in the cache as well as one just
            downloaded; raises ``DownloadError`` with the bare reason if the content is not what it
            should be.
        most: bytes that the file may have; of a longer one no more is read, whatever length the
            server has told, and nothing if it has told a larger one.
        cache: see ``cache_folder``.
        progress: counts KiB.

    Raises:
        DownloadError: naming the first address, what went wrong at each, and where to put the file
            by hand.
        StorageError: if the cache cannot be written.
    """
    folder = cache_folder(cache)
    target = folder / name
    if target.exists():
        try:
            verify(target)
        except DownloadError as error:
            raise DownloadError(
                f"{target} is not the file it should be ({error}); delete it and fetch it again"
            ) from error
        return target
    if folder.is_dir():
        tidy(folder)
    failures: list[str] = []
    for address in addresses:
        try:
            _download(address, target, verify, most, progress)
        except DownloadError as error:
            failures.append(f"{_host(address)}: {error}")
        else:
            return target
    raise DownloadError(
        f"{name} could not be fetched ({'; '.join(failures)}); "
        f"download {addresses[0]} by hand and put it at {target}"
    )


def _download(
    address: str, target: Path, verify: Callable[[Path], None], most: int, progress: Progress
) -> None:
    """Download one address to ``target``, which appears only when it is whole and verified."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            try:
                handle, aside = stack.enter_context(file_aside(target))
            except OSError as error:
                raise StorageError(_unwritable(target, error)) from error
            with open(handle, "wb", closefd=False) as file:
                for piece in _pieces(address, most, progress, target.name):
                    file.write(piece)
                file.flush()
                os.fsync(handle)
            verify(aside)
            aside.replace(target)
    except OSError as error:  # every error of requests is one
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageError(
                f"the disk is full: {target.name} does not fit in {target.parent}; "
                f"make room, or set {CACHE_VARIABLE} to a folder elsewhere"
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EEXIST, errno.ENOTDIR):
            raise StorageError(_unwritable(target, error)) from error
        raise DownloadError(_reason(error)) from error


def _unwritable(target: Path, error: OSError) -> str:
    return (
        f"{target.parent} cannot be written ({error.strerror}); set {CACHE_VARIABLE} to a folder "
        "that can"
    )


def _pieces(address: str, most: int, progress: Progress, name: str) -> Iterator[bytes]:
    """What the server sends, piece by piece, as far as it may be long and may take.

    Raises:
        DownloadError: if it is longer, or takes longer.
        OSError: as ``requests`` has them; among them for an address that leads to a file.
    """
    import requests

    note, done, end = f"KiB of {name}", 0, time.monotonic() + _LONGEST
    plain = {"Accept-Encoding": "identity"}  # so that lengths are those of the file
    with requests.get(address, headers=plain, stream=True, timeout=_TIMEOUT) as answer:
        answer.raise_for_status()
        told = answer.headers.get("Content-Length", "")
        total = int(told) if told.isascii() and told.isdecimal() else None
        if total is not None and total > most:
            raise DownloadError(f"it would be {total:,} bytes long; {most:,} are the limit")
        for piece in answer.iter_content(_PIECE):
            done += len(piece)
            if done > most:
                raise DownloadError(f"it is longer than {most:,} bytes")
            if time.monotonic() > end:
                raise DownloadError(f"it took more than {_LONGEST // 60} minutes")
            progress(done // 1024, None if total is None else total // 1024, note)
            yield piece


def _reason(error: OSError) -> str:
    """Say in a few words why a request failed."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.InvalidSchema | requests.exceptions.InvalidURL):
        return "it leads to what is no address of the web"
    if isinstance(error, requests.TooManyRedirects):
        return "it leads in a circle"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__


def _host(address: str) -> str:
    return address.split("/")[2]
