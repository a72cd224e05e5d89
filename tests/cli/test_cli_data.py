"""``spritelab data``: figures, contact sheet and JSON of real files; mistakes in one line."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spritelab import runs
from spritelab.cli import main
from tiny import tiny_set, tiny_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five RGBA sprites of 16×16 in two classes; two of them are copies."""
    rng = np.random.default_rng(0)
    art = tmp_path / "my art"
    for name in ("hero/a", "hero/b", "hero/c", "side-facing/d"):
        sprite = rng.integers(0, 256, (16, 16, 4), dtype=np.uint8)
        sprite[..., 3] = 255
        sprite[:4, :, 3] = 0  # a quarter transparent
        sprite[4:6, :, 3] = 100  # an eighth partly transparent
        path = art / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(sprite).save(path)
    (art / "hero" / "copy.png").write_bytes((art / "hero" / "a.png").read_bytes())
    return art


def test_inspect_of_a_model_says_where_it_comes_from(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.start_run(
        tiny_settings(), tmp_path / "mine", sprites=tiny_set(seed=1), init=tiny_run / "model"
    )
    counts = [int(n) for n in np.bincount(run.train_sprites.labels)]
    told = ["draws 16×16 RGBA, DPM-Solver++, 10 steps", "predicts v", "updates 0"]
    told += ["trained on {} square, {} disc, {} side-facing".format(*counts), "from memory"]
    told += ["licence unknown", "begun from model (memory, unknown)"]
    for folder in (run.folder, run.folder / "model"):
        capsys.readouterr()
        assert main(["data", "inspect", str(folder), "--json", str(tmp_path / "f.json")]) == 0
        lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
        assert lines[0] == folder.name
        assert [line for line in lines[1:] if line and "f.json" not in line] == told
    assert json.loads((tmp_path / "f.json").read_text())["trained_on"]["parent"]["name"] == "model"
    assert main(["data", "inspect", "crawl-16"]) == 0
    assert "begun from" not in capsys.readouterr().out


def test_inspect_says_what_is_there(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["data", "inspect", str(folder)]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert lines[0] == "my art"
    for line in (
        "sprites 5, 16×16 RGBA",
        "distinct 4",
        "distinct up to mirroring 4",
        "groups kept whole in a split 4",
        "sprites in a group 1 to 2, median 1",
        "at most 16, 32, 64 colours 0.0%, 0.0%, 0.0% (transparent is one)",
        "colours of the whole set 769",
        "transparent pixels 25.0%",
        "partly transparent pixels 12.5%",
        "hero 4 3 yes",
        "side-facing 1 1 no",
        "wrote inspect-my art.png",
    ):
        assert line in lines
    # 192 colours a sprite, and each opacity of one counts: this is soft art.
    said = " ".join(lines)
    assert "data.palette=auto 64 colours: 0.0% of the sprites stay as they are" in said
    assert re.search(r", the others change by [1-9]\d*\.\d\d of 255 levels soft art ", said)
    with Image.open("inspect-my art.png") as sheet:
        assert sheet.width >= 4 * 16 * 8


def test_inspect_of_clean_pixel_art_has_nothing_to_advise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    colours = np.array([[0, 0, 0, 0], [20, 30, 40, 255], [200, 90, 10, 255]], dtype=np.uint8)
    indices = np.random.default_rng(0).integers(0, 3, size=(4, 16, 16))
    np.save(tmp_path / "clean.npy", colours[indices])
    words = ["data", "inspect", str(tmp_path / "clean.npy"), "--out", str(tmp_path)]
    assert main(words) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "data.palette=auto 3 colours: every sprite stays as it is" in said
    assert re.search(r"denoises them best \(loss on ε: \S+ 0\.\d+, .*: train --init \S+-16 ", said)
    assert "soft art" not in said


def test_inspect_writes_json_and_the_sheet_where_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, facts = tmp_path / "out", tmp_path / "deep" / "facts.json"
    words = ["data", "inspect", str(folder), "--out", str(out), "--json", str(facts)]
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"wrote {out / 'inspect-my art.png'}",
        f"wrote {facts}",
    ]
    values = json.loads(facts.read_text(encoding="utf-8"))
    assert values["n"] == 5
    assert values["distinct"] == 4
    assert values["size"] == 16
    assert values["channels"] == 4
    assert values["palettes"]["within_64"] == 0
    assert values["palettes"]["set_colours"] == 4 * 16 * 12 + 1
    assert values["palettes"]["error"] > 0
    assert values["palettes"]["sizes"] == {"min": 193, "median": 193.0, "max": 193}
    assert values["palettes"]["auto"] == 64
    assert values["transparent"] == 0.25
    assert values["partly_transparent"] == 0.125
    assert [one["name"] for one in values["classes"]] == ["hero", "side-facing"]
    assert [path.name for path in out.iterdir()] == ["inspect-my art.png"]


def test_inspect_cuts_sheets_and_takes_some(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    sheet = np.zeros((2 + 8 + 1 + 8 + 2, 2 + 3 * 8 + 2 * 1 + 2, 3), dtype=np.uint8)
    for y in (2, 11):
        for x in (2, 11, 20):
            sheet[y : y + 8, x : x + 8] = rng.integers(0, 256, (8, 8, 3))
    Image.fromarray(sheet).save(tmp_path / "sheet.png")
    words = ["data", "inspect", str(tmp_path / "sheet.png"), "--out", str(tmp_path)]
    cut = ["--tile", "8", "--margin", "2", "--spacing", "1"]
    assert main([*words, *cut]) == 0
    assert "6, 8×8 RGB" in capsys.readouterr().out
    assert main([*words, *cut, "-n", "4", "--size", "16"]) == 0
    assert "4, 16×16 RGB" in capsys.readouterr().out
    assert (tmp_path / "inspect-sheet.png").exists()


def test_inspect_reads_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(2)
    np.save(tmp_path / "art.npy", rng.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8))
    np.save(tmp_path / "names.npy", np.array([0, 1, 1, 2]))
    words = ["data", "inspect", str(tmp_path / "art.npy"), "--out", str(tmp_path)]
    assert main([*words, "--labels", str(tmp_path / "names.npy")]) == 0
    rows = [line.split()[1:3] for line in capsys.readouterr().out.splitlines() if "class-" in line]
    assert rows == [["1", "1"], ["2", "2"], ["1", "1"]]


@pytest.mark.parametrize("made", ["nothing", "text", "truncated", "empty folder", "objects"])
def test_what_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], made: str
) -> None:
    path = tmp_path / "art.png"
    if made == "text":
        path.write_text("not a picture")
    elif made == "truncated":
        Image.fromarray(np.zeros((64, 64, 3), dtype=np.uint8)).save(path)
        path.write_bytes(path.read_bytes()[:60])
    elif made == "empty folder":
        path = tmp_path / "empty"
        path.mkdir()
    elif made == "objects":
        path = tmp_path / "art.npy"
        np.save(path, np.array([{"a": 1}], dtype=object))
    words = ["data", "inspect", str(path), "--out", str(tmp_path / "out")]
    if path.suffix == ".png":
        words += ["--tile", "16"]
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert line.startswith("error: ")
    assert path.name in line
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_the_way = folder / "hero" / "a.png"
    before = in_the_way.read_bytes()
    assert main(["data", "inspect", str(folder), "--out", str(in_the_way)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: cannot write {in_the_way / 'inspect-my art.png'} (")
    assert in_the_way.read_bytes() == before


def test_fetch_names_a_file_that_is_not_the_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken file in the cache is named, and nothing is downloaded over it."""
    from spritelab.data import crawl

    monkeypatch.setenv("SPRITELAB_CACHE", str(tmp_path))
    (tmp_path / crawl.FILE).write_text("no archive")
    assert main(["data", "fetch", "crawl"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path / crawl.FILE} is not the file it should be")
    assert (tmp_path / crawl.FILE).read_text() == "no archive"


def test_fetch_of_the_real_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from spritelab.data import crawl

    archive = Path(__file__).resolve().parents[3] / "shared" / "data" / crawl.FILE
    if not archive.exists():
        pytest.skip("the crawl archive is not beside the repository")
    monkeypatch.setenv("SPRITELAB_CACHE", str(tmp_path))
    (tmp_path / crawl.FILE).symlink_to(archive)
    assert main(["data", "fetch", "crawl"]) == 0
    assert capsys.readouterr() == (f"crawl: 1,680 sprites, kept in {tmp_path}\n", "")
