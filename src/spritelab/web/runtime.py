"""ONNX Runtime Web, the WebAssembly that computes the network in a browser: fetched and checked.

It is 14 MB, and so not part of spritelab: two files of one release, known by their SHA-256, are
fetched once into the cache, or taken from a folder where npm has put them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from spritelab.data.download import fetch
from spritelab.errors import DownloadError, SettingsError
from spritelab.progress import SILENT, Progress

RUNTIME_VERSION = "1.30.0"

RUNTIME_FILES: Mapping[str, tuple[str, str]] = {
    "ort.js": (
        "ort.wasm.bundle.min.mjs",
        "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    ),
    "ort.wasm": (
        "ort-wasm-simd-threaded.wasm",
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
    ),
}
"""The files of a page by their names there: what the package calls them, and their SHA-256.

The plain build, which needs no GPU, and no threads although it could have them. Not every host
knows ``.mjs``.
"""

_MOST = 64 * 2**20  # bytes of a file

_PACKAGE = f"onnxruntime-web@{RUNTIME_VERSION}"

_MIRRORS = (
    f"https://cdn.jsdelivr.net/npm/{_PACKAGE}/dist",
    f"https://unpkg.com/{_PACKAGE}/dist",
)
"""Public copies of what the package holds."""


def runtime_files(
    folder: Path | None = None, *, cache: Path | None = None, progress: Progress = SILENT
) -> dict[str, Path]:
    """Where the files of the runtime are, by name; each is what its hash says.

    Args:
        folder: with the files, such as ``node_modules/onnxruntime-web/dist``; if not given they
            are fetched once and kept.
        cache: where they are kept, see ``data.download.cache_folder``.
        progress: told of a download, in KiB.

    Raises:
        SettingsError: if ``folder`` lacks one of them, or has another release.
        DownloadError: if they cannot be fetched.
        StorageError: if the cache cannot be written.
    """
    if folder is None:
        return {
            page_name: _fetched(name, digest, cache, progress)
            for page_name, (name, digest) in RUNTIME_FILES.items()
        }
    return {
        page_name: _checked(folder, name, digest)
        for page_name, (name, digest) in RUNTIME_FILES.items()
    }


def _checked(folder: Path, name: str, digest: str) -> Path:
    """The file in the folder itself, or in the ``dist`` of a package."""
    path = folder / name if (folder / name).is_file() else folder / "dist" / name
    if not path.is_file():
        raise SettingsError(
            f"`runtime` {folder} has no {name}; run npm install {_PACKAGE} and give "
            "node_modules/onnxruntime-web"
        )
    if _digest(path) != digest:
        raise SettingsError(
            f"{path} is not that of onnxruntime-web {RUNTIME_VERSION}; run npm install {_PACKAGE}"
        )
    return path


def _fetched(name: str, digest: str, cache: Path | None, progress: Progress) -> Path:
    def verify(path: Path) -> None:
        if _digest(path) != digest:
            raise DownloadError("its content is another")

    try:
        return fetch(
            f"onnxruntime-web-{RUNTIME_VERSION}/{name}",
            [f"{mirror}/{name}" for mirror in _MIRRORS],
            verify,
            most=_MOST,
            cache=cache,
            progress=progress,
        )
    except DownloadError as error:
        raise DownloadError(
            f"{error}; or run npm install {_PACKAGE} and give "
            "`runtime` node_modules/onnxruntime-web"
        ) from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
