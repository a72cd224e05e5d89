"""The page as a folder of static files, which any file server or host of pages can show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import spritelab
from spritelab.errors import SettingsError
from spritelab.generate import Model
from spritelab.progress import SILENT, Progress
from spritelab.storage import check_replaceable, filling, to_json, write_file
from spritelab.web.onnx_model import to_onnx
from spritelab.web.packing import pack
from spritelab.web.runtime import runtime_files

PAGE = Path(__file__).parent / "page"
"""The files of the page itself: HTML, CSS and ES modules, written by hand and used as they are."""

SUFFIX = ".model"
"""Of a model's file, see ``packing``."""

LIST = "models.json"
"""Which models a page has; by it a folder is known as one of ours."""


def export_web(
    models: Sequence[Model],
    out: str | Path,
    *,
    half: bool = False,
    runtime: str | Path | None = None,
    docs: str | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Path:
    """Write a page that draws with these models in the browser, and return its folder.

    Args:
        models: at least one, on the CPU; the first is shown first.
        out: the folder, which must not exist or be empty.
        half: round all weights to float16, see ``export_onnx``.
        runtime: a folder with ONNX Runtime Web, see ``runtime_files``.
        docs: where the page finds the documentation, if it is served beside it: ``../``.
        overwrite: replace a page that is there, and nothing else.
        progress: told of the models as they are written, and of a download.

    Raises:
        SettingsError: if the folder is taken, there is no model, or ``runtime`` is another release.
        DownloadError: if the runtime cannot be fetched.
        StorageError: if the folder cannot be written; what was there before is untouched.
    """
    out = Path(out)
    if not models:
        raise SettingsError("a page needs at least one model")
    check_replaceable(
        out, overwrite, lambda: _is_page(out), parameter="out", what="a page", it="it"
    )
    files = runtime_files(None if runtime is None else Path(runtime), progress=progress)
    names = _file_names(models)
    with filling(out) as aside:
        for path in sorted(PAGE.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                write_file(aside / path.relative_to(PAGE), path.read_bytes())
        for name, path in files.items():
            write_file(aside / "runtime" / name, path.read_bytes())
        sizes = []
        for done, (model, name) in enumerate(zip(models, names, strict=True)):
            progress(done, len(models), f"writing {name}")
            content = pack(to_onnx(model, half=half))
            write_file(aside / "models" / name, content)
            sizes.append(len(content))
        runtime_bytes = files["ort.wasm"].stat().st_size
        write_file(aside / LIST, _listed(names, sizes, runtime_bytes, docs))
        progress(len(models), len(models), "written")
    return out


def _listed(
    names: Sequence[str], sizes: Sequence[int], runtime_bytes: int, docs: str | None
) -> str:
    """What the page reads first: its models, and how much is to be loaded."""
    listed = [
        {"name": name.removesuffix(SUFFIX), "file": f"models/{name}", "bytes": size}
        for name, size in zip(names, sizes, strict=True)
    ]
    told = {"spritelab": spritelab.__version__, "runtime_bytes": runtime_bytes, "models": listed}
    return to_json(told if docs is None else {**told, "docs": docs})


def _file_names(models: Sequence[Model]) -> list[str]:
    """A name for each file that every host takes, all different."""
    names: list[str] = []
    for model in models:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", model.name).strip("-.") or "model"
        name, number = plain, 2
        while f"{name}{SUFFIX}" in names:
            name, number = f"{plain}-{number}", number + 1
        names.append(f"{name}{SUFFIX}")
    return names


def _is_page(folder: Path) -> bool:
    """Whether a folder holds a page and nothing else."""
    ours = {path.name for path in PAGE.iterdir()} | {LIST, "models", "runtime"}
    known = (folder / LIST).is_file() and (folder / "index.html").is_file()
    return known and not {path.name for path in folder.iterdir()} - ours
