"""Everything that is written, each with what must hold of it at every moment.

A ``Write`` is carried out over what an earlier one left, and ``check`` says whether the folder
holds one of both, whole: which of them it returns.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image

from spritelab.config import SamplerSettings
from spritelab.data.download import fetch
from spritelab.errors import DownloadError
from spritelab.generate import Model, Shard, draw_shard, save_model
from spritelab.generate.folder import load_model_files
from spritelab.generate.shards import join_shards
from spritelab.palette import read_palette, write_palette
from spritelab.palette.colours import Palette
from spritelab.sheets import read_aseprite, save_sheet
from spritelab.storage import filling, load_json, write_file, write_json
from spritelab.storage.arrays import load_arrays, save_arrays
from spritelab.training import CheckpointState, checkpoints, load_checkpoint, save_checkpoint

State = Literal["none", "old", "new"]
OLD, NEW = 3, 7
HOW = SamplerSettings(sampler="ddim", steps=1)


@dataclass(frozen=True)
class Write:
    """One kind of writing.

    Attributes:
        write: is given the folder, and ``OLD`` or ``NEW``: what to write into it.
        check: of a folder, what it holds; raises whatever it likes if that is not whole.
    """

    write: Callable[[Path, int], object]
    check: Callable[[Path], State]


def state_of(found: int | None) -> State:
    """What a number that was found says."""
    return "none" if found is None else "old" if found == OLD else "new"


def writes(model: Model, address: str) -> dict[str, Write]:
    """All kinds, by name.

    Args:
        model: a tiny one, on the CPU.
        address: of a server that answers to ``/3`` and ``/7`` with a thousand such bytes.
    """
    batches = {n: model.sample(2, HOW, seed=n) for n in (OLD, NEW)}

    def samples(folder: Path, n: int) -> None:
        batches[n].save(folder / "samples", overwrite=True)

    def check_samples(folder: Path) -> State:
        if not (folder / "samples").exists():
            return "none"
        record = json.loads((folder / "samples" / "samples.json").read_text())
        wanted = batches[record["seed"]].images
        for sprite, image in zip(record["sprites"], wanted, strict=True):
            found = np.asarray(Image.open(folder / "samples" / sprite["file_name"]))
            assert np.array_equal(found, image)
        return state_of(record["seed"])

    def sheet(folder: Path, n: int) -> None:
        keys, tags = [f"walk-{n}-{k}" for k in range(2)], ["walk"] * 2
        save_sheet(folder / "sheet.aseprite", batches[n].images, keys, tags, overwrite=True)

    def check_sheet(folder: Path) -> State:
        if not (folder / "sheet.aseprite").exists():
            return "none"
        found = read_aseprite((folder / "sheet.aseprite").read_bytes())
        n = int(found[0].name.split("-")[1])
        assert np.array_equal(np.stack([one.pixels for one in found]), batches[n].images)
        return state_of(n)

    def its_model(folder: Path, n: int) -> None:
        config = model.config.model_copy(update={"step": n})
        save_model(folder / "model", model.network.state_dict(), config)

    def check_model(folder: Path) -> State:
        if not (folder / "model" / "config.json").exists():
            return "none"
        return state_of(load_model_files(folder / "model").config.step)

    def shard(folder: Path, n: int) -> None:
        draw_shard(model, folder / "shards", Shard(0, 1), 4, HOW, seed=n, overwrite=True)

    def check_shard(folder: Path) -> State:
        record = folder / "shards" / Shard(0, 1).folder / "shard.json"
        if not record.exists():
            return "none"  # it is not done, and says so by what it lacks
        joined = join_shards([folder / "shards"])
        return state_of(joined.drawing.seed)

    def page(folder: Path, n: int) -> None:
        with filling(folder / "page") as aside:
            for name in ("index.html", "model.onnx", "models.json"):
                write_file(aside / name, bytes([n]) * 5000)

    def check_page(folder: Path) -> State:
        if not (folder / "page").exists():
            return "none"
        contents = {path.read_bytes() for path in (folder / "page").iterdir()}
        (one,) = contents
        assert len(list((folder / "page").iterdir())) == 3
        assert len(one) == 5000
        return state_of(one[0])

    def download(folder: Path, n: int) -> None:
        def verify(path: Path) -> None:
            if path.read_bytes() != bytes([n]) * 1000:
                raise DownloadError("other bytes")

        fetch(f"file-{n}", [f"{address}/{n}"], verify, most=2000, cache=folder / "cache")

    def check_download(folder: Path) -> State:
        new, old = folder / "cache" / f"file-{NEW}", folder / "cache" / f"file-{OLD}"
        for path, n in ((new, NEW), (old, OLD)):
            assert not path.exists() or path.read_bytes() == bytes([n]) * 1000
        return "new" if new.exists() else "old" if old.exists() else "none"

    return {
        "checkpoint": Write(_checkpoint, _check_checkpoint),
        "model": Write(its_model, check_model),
        "samples": Write(samples, check_samples),
        "sheet": Write(sheet, check_sheet),
        "shard": Write(shard, check_shard),
        "page": Write(page, check_page),
        "download": Write(download, check_download),
        "cell": Write(_cell, _check_cell),
        "report": Write(_report, _check_report),
        "palette": Write(_palette, _check_palette),
    }


def _checkpoint(folder: Path, n: int) -> None:
    state = CheckpointState(step=n, seconds=1.0, progress=0.5, batch_losses=(0.5,))
    save_checkpoint(folder, {"a": torch.full((100,), float(n))}, state)


def _check_checkpoint(folder: Path) -> State:
    found = checkpoints(folder)
    for step, path in found:
        tensors, record = load_checkpoint(path)
        assert (record.step, tensors["a"].tolist()) == (step, [float(step)] * 100)
    return state_of(found[-1][0] if found else None)


def _cell(folder: Path, n: int) -> None:
    save_arrays(folder / "cell.npz", values=np.full(1000, n))
    write_json(folder / "cell.json", {"n": n})


def _check_cell(folder: Path) -> State:
    found = load_arrays(folder / "cell.npz", "values")
    record = load_json(folder / "cell.json")
    assert found is None or len(set(found["values"].tolist())) == 1
    return state_of(None if record is None else record["n"])


def _report(folder: Path, n: int) -> None:
    """As ``comparison.report`` writes it: the page last."""
    write_json(folder / "report.json", {"n": n})
    write_file(folder / "report.md", f"{n}\n" * 1000)
    write_file(folder / "index.html", f"<p>{n}" * 1000)


def _check_report(folder: Path) -> State:
    page = folder / "index.html"
    text = page.read_text() if page.exists() else None
    assert text in (None, f"<p>{OLD}" * 1000, f"<p>{NEW}" * 1000)
    return state_of(None if text is None else int(text[3]))


def _palette(folder: Path, n: int) -> None:
    write_palette(Palette(np.full((1, 3), n, dtype=np.uint8)), folder / "p.gpl")


def _check_palette(folder: Path) -> State:
    if not (folder / "p.gpl").exists():
        return "none"
    return state_of(int(read_palette(folder / "p.gpl").colours[0, 0]))


def emptied(folder: Path) -> Path:
    """A new empty folder in the place of ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


__all__ = ["NEW", "OLD", "State", "Write", "emptied", "writes"]
