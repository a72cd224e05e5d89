"""The folder of static files: what is in it, where it may go, and where the runtime comes from."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest
from page_runtime import stand_in

import tiny
from spritelab.cli import main
from spritelab.errors import DownloadError, SettingsError
from spritelab.generate import Model
from spritelab.web import PAGE, export_web
from spritelab.web.runtime import RUNTIME_FILES, runtime_files


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return stand_in(tmp_path / "runtime", monkeypatch)


def test_a_page_has_all_that_it_needs(
    tiny_run: Path, tmp_path: Path, runtime: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page"
    words = ["export", "web", str(tiny_run), "--out", str(out), "--runtime", str(runtime)]
    assert main(words) == 0
    assert capsys.readouterr().out == f"wrote {out / 'index.html'}\n"
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    ours = {str(path.relative_to(PAGE)) for path in PAGE.rglob("*") if path.is_file()}
    written = {"models.json", "models/tiny.model", "runtime/ort.js", "runtime/ort.wasm"}
    assert there == ours | written
    told = json.loads((out / "models.json").read_text())
    size = (out / "models" / "tiny.model").stat().st_size
    assert told["models"] == [{"name": "tiny", "file": "models/tiny.model", "bytes": size}]
    assert told["runtime_bytes"] == len(b"ort.wasm")


def test_models_of_one_name_are_told_apart(
    tiny_model: Model, tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spritelab.web.folder.to_onnx", lambda *_, **__: b"")
    monkeypatch.setattr("spritelab.web.folder.pack", lambda content: content)
    out = export_web([tiny_model, tiny_model], tmp_path / "page", runtime=runtime)
    names = [one["name"] for one in json.loads((out / "models.json").read_text())["models"]]
    assert names == ["tiny", "tiny-2"]


def test_what_is_there_is_kept(
    tiny_run: Path, tmp_path: Path, runtime: Path, refused: tiny.Refused
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "index.html").write_text("mine")
    words = ["export", "web", str(tiny_run), "--runtime", str(runtime), "--overwrite", "--out"]
    before = tiny.snapshot(mine)
    assert (
        refused(*words, str(mine)) == f"{mine} exists and holds other files; choose another --out"
    )
    assert tiny.snapshot(mine) == before


def test_a_page_is_replaced_when_that_is_said(
    tiny_model: Model, tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spritelab.web.folder.pack", lambda content: content)
    monkeypatch.setattr("spritelab.web.folder.to_onnx", lambda *_, **__: b"new")
    out = export_web([tiny_model], tmp_path / "page", runtime=runtime)
    with pytest.raises(SettingsError, match="holds a page already"):
        export_web([tiny_model], out, runtime=runtime)
    before = tiny.snapshot(out)

    def broken(*_: object, **__: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("spritelab.web.folder.to_onnx", broken)
    with pytest.raises(Exception, match="No space left"):
        export_web([tiny_model], out, runtime=runtime, overwrite=True)
    assert tiny.snapshot(out) == before
    monkeypatch.setattr("spritelab.web.folder.to_onnx", lambda *_, **__: b"newer")
    export_web([tiny_model], out, runtime=runtime, overwrite=True)
    assert (out / "models" / "tiny.model").read_bytes() == b"newer"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_another_runtime_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"has no ort\.wasm\.bundle\.min\.mjs; run npm"):
        runtime_files(tmp_path)
    for name, _ in RUNTIME_FILES.values():
        (tmp_path / name).write_bytes(b"another")
    with pytest.raises(SettingsError, match=r"is not that of onnxruntime-web 1\."):
        runtime_files(tmp_path)


def test_without_a_network_the_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise DownloadError("no connection")

    monkeypatch.setattr("spritelab.data.download._download", offline)
    with pytest.raises(DownloadError) as told:
        runtime_files(cache=tmp_path)
    assert "npm install onnxruntime-web@" in str(told.value)
    assert len(str(told.value).splitlines()) == 1


def test_every_module_that_a_module_names_is_there() -> None:
    for path in PAGE.rglob("*.js"):
        for name in re.findall(r'(?:from|import|URL\()\s*"(\.[^"]+)"', path.read_text("utf-8")):
            if "runtime/" not in name:
                assert (path.parent / name).is_file(), f"{path.name}: {name}"


def test_the_page_is_data_of_the_package() -> None:
    """What setuptools is told to take along reaches every file of the page."""
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["spritelab"]
    root = PAGE.parents[1]
    taken = {path for pattern in patterns for path in root.glob(pattern)}
    assert {path for path in PAGE.rglob("*") if path.is_file()} <= taken


def test_panels_lead_to_the_line_that_they_name() -> None:
    listed = (PAGE / "ui" / "sources.js").read_text("utf-8")
    found = re.findall(r'file: "([^"]+)", line: (\d+), says: "([^"]+)"', listed)
    assert len(found) == 5
    for file, line, says in found:
        assert says in (PAGE / file).read_text("utf-8").splitlines()[int(line) - 1], (file, line)
    for room, name in re.findall(r'python: \["(\w+)", "(\w+)"\]', listed):
        assert hasattr(importlib.import_module(f"spritelab.{room}"), name)
