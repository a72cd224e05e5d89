"""The runtime that a page needs, and pages without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import MODULES

from spritelab.web.runtime import RUNTIME_FILES


def installed_runtime() -> Path:
    """Where npm has put ONNX Runtime Web; the test is skipped if it has not."""
    folder = MODULES / "onnxruntime-web"
    if not (folder / "dist").is_dir():
        pytest.skip(f"onnxruntime-web is not in {MODULES}: make engines, or SPRITELAB_NODE_MODULES")
    return folder


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that passes for the runtime, with its names and content of no meaning."""
    import hashlib

    folder.mkdir()
    digests = {}
    for page_name, (name, _) in RUNTIME_FILES.items():
        content = page_name.encode()
        (folder / name).write_bytes(content)
        digests[page_name] = (name, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr("spritelab.web.runtime.RUNTIME_FILES", digests)
    return folder
