"""Public data sets, fetched once, verified by content and kept in the user's cache."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from spritelab.errors import DownloadError, StorageError
from spritelab.progress import SILENT, Progress

CACHE_VARIABLE = "SPRITELAB_CACHE"
"""The environment variable that puts the cache elsewhere."""

_TIMEOUT = (10, 60)  # seconds to connect, and between two pieces of data


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
    cache: Path | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Return the path of the file ``name`` in the cache, downloading it first if it is not there.

    ``verify`` is called with the path of every candidate, one found in the cache as well as one
    just downloaded, and raises ``DownloadError`` with the bare reason if the content is not what it
    should be. ``progress`` counts KiB. A download is written under another name and renamed only
    when it has been verified; the ``addresses`` are tried in turn until one succeeds.

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
    failures: list[str] = []
    for address in addresses:
        try:
            _download(address, target, verify, progress)
        except DownloadError as error:
            failures.append(f"{_host(address)}: {error}")
        else:
            return target
    raise DownloadError(
        f"{name} could not be fetched ({'; '.join(failures)}); "
        f"download {addresses[0]} by hand and put it at {target}"
    )


def _download(
    address: str, target: Path, verify: Callable[[Path], None], progress: Progress
) -> None:
    """Download one address to ``target``, which appears only when it is whole and verified."""
    import pooch

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise StorageError(f"{target.parent} cannot be written ({error.strerror})") from error
    part = Path(name)
    try:
        bar = _Bar(progress, f"KiB of {target.name}")
        downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=2**16, timeout=_TIMEOUT)
        downloader(address, str(part), None)
        verify(part)
        part.chmod(0o644)  # a temporary file is readable by its owner alone
        part.replace(target)
    except OSError as error:  # every error of requests is one
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageError(
                f"the disk is full: {target.name} does not fit in {target.parent}; "
                f"make room, or set {CACHE_VARIABLE} to a folder elsewhere"
            ) from error
        raise DownloadError(_reason(error)) from error
    finally:
        part.unlink(missing_ok=True)


class _Bar:
    """What pooch draws a download's progress by: the part of a tqdm bar that it uses."""

    def __init__(self, progress: Progress, note: str) -> None:
        self.progress, self.note = progress, note
        self.total = 0  # bytes; set by pooch, and still 0 where the server does not say
        self.done = 0

    def update(self, n: int) -> None:
        """Count ``n`` more bytes; pooch may count more than there are in its last piece."""
        self.done += n
        if self.total:
            done = min(self.done, self.total)
            self.progress(done // 1024, self.total // 1024, self.note)
        else:
            self.progress(self.done // 1024, None, self.note)

    def reset(self) -> None:
        """Start again from nothing, as pooch does before it counts the whole file at once."""
        self.done = 0 if self.total else self.done

    def close(self) -> None:
        """End; there is nothing to clean up."""


def _reason(error: OSError) -> str:
    """Say in a few words why a request failed."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__


def _host(address: str) -> str:
    return address.split("/")[2]
