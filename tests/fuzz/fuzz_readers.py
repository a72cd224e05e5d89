"""Everything that reads a file of a stranger's, each with whole files that damage begins from."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import spritelab
from spritelab import config, data, sheets
from spritelab.data.decode import decode
from spritelab.evaluation.scores import read_score
from spritelab.generate import load_model_files, samples_folder, save_model
from spritelab.generate.sheets import read_named
from spritelab.palette import read_palette, write_palette
from spritelab.palette.colours import Palette
from spritelab.pixels import Images
from spritelab.runs import last_state, read_metrics, read_record
from spritelab.storage import load_json
from spritelab.storage.arrays import load_arrays
from spritelab.training import checkpoints, load_checkpoint
from tiny import tiny_set

Folder = Mapping[str, bytes]
"""A folder by the paths in it."""


@dataclass(frozen=True)
class Reader:
    """One way of reading.

    Attributes:
        read: is given the folder; what it raises is judged.
        wholes: folders that it reads without an error.
        damaged: the names of the files that are damaged, one at a time; all if there are none.
        share: of all inputs.
    """

    read: Callable[[Path], object]
    wholes: tuple[Folder, ...]
    damaged: tuple[str, ...] = ()
    share: float = 1.0


def readers(run: Path) -> dict[str, Reader]:
    """All readers, by name; ``run`` is a run's folder, whose files are damaged as well."""
    art = tiny_set(6).images
    files = _pictures(art)
    png = _encode(art[0], "PNG")
    frames = {str(k): _frame(16 * k) for k in range(3)}
    atlas = {"frames": frames, "meta": {"image": "a.png", "frameTags": [_TAG]}}
    sheet = {"a.png": _encode(np.hstack(list(art[:3])), "PNG"), "a.json": _json(atlas)}
    table = b"file_name,label,group\na.png,food,g1\nb.png,hero,\nc.png,food,g1\n"
    lines = b'{"file_name":"a.png","label":"x"}\n{"file_name":"b.png","label":"y"}\n'
    three = dict.fromkeys(("a.png", "b.png", "c.png"), png)
    return {
        "pictures": Reader(_cut_one, tuple({name: c} for name, c in files.items()), share=4),
        "decoder": Reader(_decode_one, tuple({name: c} for name, c in files.items()), share=4),
        "sheets": Reader(lambda f: data.load(f / "a.png"), (sheet,), ("a.json",), 2),
        "found": Reader(
            lambda f: data.load(f / "a.png", auto=True, pad=True), (sheet,), ("a.png",)
        ),
        "snapped": Reader(lambda f: data.load(f, snap=True, pad=True), ({"a.png": png},)),
        "aseprite": Reader(_load_one, ({"a.aseprite": _aseprite(art)},), share=2),
        "palettes": Reader(_palette_one, _palettes(), share=2),
        "csv": Reader(data.load, ({**three, "metadata.csv": table},), ("metadata.csv",), 2),
        "jsonl": Reader(
            data.load,
            ({"a.png": png, "b.png": png, "metadata.jsonl": lines},),
            ("metadata.jsonl",),
            2,
        ),
        "samples": Reader(_samples, (_drawn(png),), ("samples.json",), 1),
        "archives": Reader(_load_one, _archives(three), share=3),
        "npy": Reader(_load_one, _npy(art), share=3),
        "npz": Reader(_load_one, _npz(art), share=2),
        "settings": Reader(_settings, _settings_files(), share=2),
        "model": Reader(load_model_files, _model(run), share=0.6),
        "run": Reader(_run, (_run_folder(run),), share=1),
        "cells": Reader(_cells, (_cell_files(),), share=1),
    }


_TAG = {"name": "walk", "from": 0, "to": 1, "direction": "forward"}


def _frame(x: int) -> dict[str, object]:
    box = {"x": x, "y": 0, "w": 16, "h": 16}
    source = {"x": 0, "y": 0, "w": 16, "h": 16}
    size = {"w": 16, "h": 16}
    return {"frame": box, "rotated": False, "spriteSourceSize": source, "sourceSize": size}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _encode(picture: Images, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    kind = "RGB" if form in ("JPEG", "PPM", "PCX") else "RGBA"
    Image.fromarray(picture).convert(kind).save(file, form, **options)
    return file.getvalue()


def _pictures(art: Images) -> dict[str, bytes]:
    """One picture of each format, and of the PNGs and GIFs several kinds."""
    one = np.hstack(list(art[:2]))
    found = {
        f"a.{end}": _encode(one, form)
        for end, form in {
            **{"png": "PNG", "gif": "GIF", "bmp": "BMP", "webp": "WEBP", "jpg": "JPEG"},
            **{"tif": "TIFF", "ppm": "PPM", "pcx": "PCX", "tga": "TGA", "ico": "ICO"},
        }.items()
    }
    file = io.BytesIO()
    Image.fromarray(one[..., :3]).quantize(8).save(file, "PNG", transparency=0, bits=4)
    found["palette.png"] = file.getvalue()
    file = io.BytesIO()
    Image.fromarray(one[..., 0].astype(np.uint16) * 257).save(file, "PNG")
    found["deep.png"] = file.getvalue()
    for name, form in (("moving.gif", "GIF"), ("moving.png", "PNG"), ("moving.webp", "WEBP")):
        file = io.BytesIO()
        first, *others = [Image.fromarray(sprite) for sprite in art]
        first.save(file, form, save_all=True, append_images=others, duration=80)
        found[name] = file.getvalue()
    return found


def _aseprite(art: Images) -> bytes:
    return sheets.encode_aseprite(art, [str(k) for k in range(6)], ["walk"] * 3 + ["run"] * 3)


def _palettes() -> tuple[Folder, ...]:
    import tempfile

    colours = np.array([[0, 0, 0], [200, 30, 40], [20, 200, 60], [255, 255, 255]], dtype=np.uint8)
    found = []
    with tempfile.TemporaryDirectory() as place:
        for end in ("gpl", "pal", "hex", "ase", "png"):
            path = write_palette(Palette(colours), Path(place) / f"p.{end}")
            found.append({path.name: path.read_bytes()})
    return tuple(found)


def _drawn(png: bytes) -> Folder:
    sprites = [{"file_name": f"000{k}.png", "number": k, "label": "food"} for k in range(2)]
    record = {"format": 2, "model": "m", "seed": 0, "sprites": sprites}
    return {"0000.png": png, "0001.png": png, "grid.png": png, "samples.json": _json(record)}


def _archives(files: Folder) -> tuple[Folder, ...]:
    found: list[Folder] = []
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", kind) as archive:
            for name, content in files.items():
                archive.writestr(f"food/{name}", content)
        found.append({"a.zip": packed.getvalue()})
    for end, mode in (("tar", "w"), ("tar.gz", "w:gz"), ("tar.xz", "w:xz"), ("tar.bz2", "w:bz2")):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode=mode) as tar:  # type: ignore[call-overload]
            for name, content in files.items():
                info = tarfile.TarInfo(f"food/{name}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        found.append({f"a.{end}": packed.getvalue()})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.zip", found[1]["a.zip"])
    return (*found, {"a.zip": packed.getvalue()})


def _npy(art: Images) -> tuple[Folder, ...]:
    found = []
    for array in (art, art.astype(np.float32) / 255, art[..., 0].astype(np.int32)):
        file = io.BytesIO()
        np.save(file, array)
        found.append({"a.npy": file.getvalue()})
    return tuple(found)


def _npz(art: Images) -> tuple[Folder, ...]:
    found = []
    names = np.array(["food", "hero"])
    labels = np.array([0, 1, 0, 1, 0, 1])
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, images=art, labels=labels, class_names=names, groups=labels)
        found.append({"a.npz": file.getvalue()})
    return tuple(found)


def _settings_files() -> tuple[Folder, ...]:
    settings = config.preset("rgba").override({"training.steps": 5})
    return ({"a.toml": settings.to_toml().encode()}, {"a.json": settings.to_json().encode()})


def _model(run: Path) -> tuple[Folder, ...]:
    """The model of the run, and one with a palette head."""
    import tempfile

    folders: list[Folder] = [_unsealed(_folder(run / "model"))]
    shipped = spritelab.load_model("builtin-16", "cpu")
    network = config.UNetSettings(widths=(32,), attention=())
    with tempfile.TemporaryDirectory() as place:
        from spritelab.generate import TrainingPalettes, make_network

        plain = {"sampling": config.SamplerSettings(), "calibrated": (), "guide_step": 1}
        few = shipped.config.model_copy(update={"network": network, "size": 8, **plain})
        palettes = shipped.palettes
        assert palettes is not None
        some = TrainingPalettes(palettes.colours[:20], palettes.sizes[:20], palettes.labels[:20])
        weights = make_network(few).state_dict()
        save_model(Path(place), weights, few, some, guide=weights)
        folders.append(_unsealed(_folder(Path(place))))
    return tuple(folders)


def _run_folder(run: Path) -> Folder:
    return {
        name: content
        for name, content in _unsealed(_folder(run)).items()
        if name.startswith("checkpoints") or name in ("run.json", "metrics.jsonl")
    }


def _cell_files() -> Folder:
    measures: dict[str, object] = {"whole": {}, "matched": None, "halves": None}
    record = {"format": 3, "seed": 0, "n": 4, "seconds": 1.0, "score": measures}
    file = io.BytesIO()
    np.savez_compressed(file, images=np.zeros((4, 8, 8, 4), np.uint8), labels=np.arange(4))
    return {"cell.json": _json(record), "cell.npz": file.getvalue()}


def _folder(path: Path) -> Folder:
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def _unsealed(files: Folder) -> Folder:
    """Without the digests of records, so that damage comes to what reads them.

    A checkpoint without one is of format 3.
    """
    found = dict(files)
    for name, content in files.items():
        if Path(name).name in ("config.json", "run.json", "state.json"):
            record = json.loads(content)
            del record["digest"]
            found[name] = _json(record | ({"format": 3} if "state" in name else {}))
    return found


def _only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def _load_one(folder: Path) -> object:
    return data.load(_only(folder))


def _cut_one(folder: Path) -> object:
    return data.load(_only(folder), tile=8, leftover="drop")


def _decode_one(folder: Path) -> object:
    return decode(_only(folder).read_bytes())


def _palette_one(folder: Path) -> object:
    return read_palette(_only(folder))


def _settings(folder: Path) -> object:
    return config.read_settings(_only(folder))


def _samples(folder: Path) -> None:
    from spritelab.errors import SpritelabError

    said = []
    for read in (data.load, lambda f: read_named(str(f)), _may_be_replaced):
        try:
            read(folder)
        except SpritelabError as error:
            said.append(error)
    if said:
        raise said[0]


def _may_be_replaced(folder: Path) -> None:
    samples_folder.check_free(folder, overwrite=True)


def _run(folder: Path) -> None:
    read_metrics(folder)
    read_record(folder)
    last_state(folder)
    for _, path in checkpoints(folder / "checkpoints"):
        load_checkpoint(path)


def _cells(folder: Path) -> None:
    load_arrays(folder / "cell.npz", "images", "labels")
    record = load_json(folder / "cell.json")
    if record is not None:
        try:
            read_score(record["score"])
        except (KeyError, TypeError, ValueError, AttributeError):
            return  # measured again, as ``comparison.cells`` does
