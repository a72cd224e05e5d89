"""The Hugging Face Hub: what is fetched from it, and pushed to it, by ``hf://org/name``.

Nothing is fetched or sent unless an address names it. What is fetched lies in the Hub's own cache
(``$HF_HOME``), by its commit, and is read from there when the Hub cannot be reached. Code is never
fetched, nor more than the Hub says that there is: bytes are counted as they come. The Hub is
``huggingface.co``, or what ``$HF_ENDPOINT`` says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from spritelab.errors import DownloadError, SettingsError
from spritelab.extras import require

SCHEME = "hf://"

Kind = Literal["model", "dataset"]

MAX_BYTES = 2**31
"""The most bytes that are fetched of one repository."""

MAX_FILES = 20_000
"""The most files that are fetched of one repository."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_ADDRESS = re.compile(rf"hf://({_NAME}/{_NAME})(?:@([A-Za-z0-9][A-Za-z0-9._/-]{{0,199}}))?")


@dataclass(frozen=True)
class Address:
    """A repository on the Hub: ``org/name``, and a branch, tag or commit of it, or None."""

    repository: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``hf://org/name`` or ``hf://org/name@revision``.

        Raises:
            SettingsError: for any other text.
        """
        found = _ADDRESS.fullmatch(text)
        if found is None or ".." in text or "--" in found[1]:
            raise SettingsError(
                f"an address on the Hugging Face Hub reads hf://org/name or "
                f"hf://org/name@revision, not {text!r}"
            )
        return cls(found[1], found[2])

    @property
    def name(self) -> str:
        """The last part of it."""
        return self.repository.partition("/")[2]

    def __str__(self) -> str:
        return f"{SCHEME}{self.repository}" + (f"@{self.revision}" if self.revision else "")


def is_address(source: object) -> bool:
    """Whether a source is meant as an address on the Hub."""
    return isinstance(source, str) and source.startswith(SCHEME)


def name_of(folder: Path) -> str | None:
    """The name of the repository that a folder of the Hub's cache was fetched of, if it is one."""
    parts = folder.parts
    if len(parts) < 3 or parts[-2] != "snapshots":
        return None
    kind, _, name = parts[-3].rpartition("--")
    return name if kind.startswith(("models--", "datasets--")) else None


def fetch(address: Address, kind: Kind, patterns: Sequence[str]) -> Path:
    """Fetch the files of a repository that fit one of ``patterns``; return their folder.

    The sizes of the files are looked up first.

    Raises:
        DownloadError: if there is no such repository or revision, none of its files fits, they are
            too many or too large, or not as long as is said, or the Hub cannot be reached and no
            copy is kept here.
        MissingExtraError: without the packages of the extra ``hub``.
    """
    require("hub")
    import huggingface_hub
    from huggingface_hub.utils._paths import filter_repo_objects

    endpoint = os.environ.get("HF_ENDPOINT")
    most = MAX_BYTES
    with _told(address, kind), _by_http():
        try:
            api = huggingface_hub.HfApi(endpoint=endpoint)
            info = api.repo_info(
                address.repository,
                repo_type=kind,
                revision=address.revision,
                files_metadata=True,
            )
        except Exception as error:
            if not _is_unreachable(error):
                raise
        else:
            listed = getattr(info, "siblings", None) or ()
            sizes = {one.rfilename: one.size or 0 for one in listed}
            wanted = list(filter_repo_objects(sizes, allow_patterns=list(patterns)))
            _check(address, [sizes[name] for name in wanted])
            most = sum(sizes[name] for name in wanted)
        found = huggingface_hub.snapshot_download(
            address.repository,
            repo_type=kind,
            revision=address.revision,  # by whose name it is found again when nobody answers
            allow_patterns=list(patterns),
            endpoint=endpoint,
            tqdm_class=_counter(address, most),
        )
    return Path(found)


def push(folder: Path, address: Address, *, private: bool, message: str) -> str:
    """Put all files of a folder into a repository of models, made if there is none.

    Files that are there and not in the folder stay. Who pushes is who is logged in (``$HF_TOKEN``,
    or ``hf auth login``).

    Args:
        folder: with the files.
        address: without a revision, or with a branch that is there.
        private: if the repository is made, only its owner sees it.
        message: of the commit.

    Returns:
        The address of the repository for a browser.

    Raises:
        DownloadError: if the Hub cannot be reached or refuses.
        MissingExtraError: without the packages of the extra ``hub``.
    """
    require("hub")
    import huggingface_hub

    api = huggingface_hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    with _told(address, "model", _UNREACHABLE_TO_PUSH):
        made = api.create_repo(address.repository, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=address.repository,
            folder_path=folder,
            commit_message=message,
            revision=address.revision,
        )
    return str(made)


def _check(address: Address, sizes: Sequence[int]) -> None:
    if not sizes:
        raise DownloadError(f"{address} has none of the files that are looked for")
    if len(sizes) > MAX_FILES or sum(sizes) > MAX_BYTES:
        raise DownloadError(
            f"{address} has {len(sizes):,} files of {sum(sizes) / 2**20:,.0f} MiB in all, more "
            f"than are fetched ({MAX_FILES:,}, {MAX_BYTES / 2**20:,.0f} MiB); fetch what you need "
            "by `hf download`, and give its folder"
        )


_UNREACHABLE = (
    "the Hugging Face Hub cannot be reached for {address}, and no whole copy of it is kept here; "
    "connect to the internet, or give a folder that was fetched elsewhere by `hf download`"
)

_UNREACHABLE_TO_PUSH = (
    "the Hugging Face Hub cannot be reached, and nothing was pushed to {address}; connect to the "
    "internet, or write the files into a folder by `out` and push it elsewhere"
)


def _counter(address: Address, most: int) -> Any:
    """A class of progress bars that ends a download of more than ``most`` bytes before it is kept.

    The Hub's client tells its bars of every piece before it writes it.
    """
    from huggingface_hub.utils.tqdm import tqdm

    class Counter(tqdm):
        def __init__(self, *args: Any, **named: Any) -> None:
            self.counts = named.get("unit") == "B"
            self.come = 0
            super().__init__(*args, **named)  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            if not self.counts:
                return
            with self.get_lock():
                self.come += int(n or 0)
            if self.come > most:
                raise DownloadError(
                    f"the Hub sends more of {address} than the {most:,} bytes that it says there "
                    "are; nothing of it was taken"
                )

    return Counter


@contextmanager
def _by_http() -> Iterator[None]:
    """Fetch by HTTP also where ``hf_xet`` is installed, whose bytes nobody counts as they come."""
    from huggingface_hub import constants

    before = constants.HF_HUB_DISABLE_XET
    constants.HF_HUB_DISABLE_XET = True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = before


@contextmanager
def _told(address: Address, kind: Kind, unreachable: str = _UNREACHABLE) -> Iterator[None]:
    """Turn what the Hub's library raises into one line, and keep its bars of progress off."""
    from huggingface_hub import errors
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    except errors.RevisionNotFoundError:
        raise DownloadError(f"{address} has no such revision") from None
    except errors.GatedRepoError:
        raise DownloadError(f"{address} wants its terms accepted, in a browser, first") from None
    except errors.RepositoryNotFoundError:
        raise DownloadError(
            f"there is no {kind} {address.repository} on the Hub, or you may not see it; check the "
            "name, or log in by `hf auth login`"
        ) from None
    except errors.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", None)
        if status in (401, 403):
            raise DownloadError(
                f"the Hub does not let you into {address.repository}; log in by `hf auth login`"
            ) from None
        raise DownloadError(f"the Hub refused {address}: {_one_line(error)}") from None
    except errors.LocalEntryNotFoundError:
        raise DownloadError(unreachable.format(address=address)) from None
    except Exception as error:
        if isinstance(error, OSError) and "Consistency check" in str(error):
            raise DownloadError(
                f"a file of {address} is not as long as the Hub says; try again later"
            ) from None
        if not _is_unreachable(error):
            raise
        raise DownloadError(unreachable.format(address=address)) from None
    finally:
        if shown:
            enable_progress_bars()


def _is_unreachable(error: Exception) -> bool:
    """Whether the network is to blame, or that it is switched off (``$HF_HUB_OFFLINE``)."""
    import httpx2
    from huggingface_hub import errors

    offline = (httpx2.TransportError, errors.OfflineModeIsEnabled, ConnectionError, TimeoutError)
    return isinstance(error, offline)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
