"""``spritelab evaluate``: figures on the terminal and as JSON; mistakes in one line."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tiny
from spritelab.cli import main
from spritelab.evaluation.formatting import figure
from spritelab.generate.samples_folder import save_sprites


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``a`` and ``b``: 40 PNG files each; ``few``: 3; ``mixed``: of two sizes; ``plain``: grey."""
    root = tmp_path_factory.mktemp("folders")
    for name, n, seed in (("a", 40, 1), ("b", 40, 2), ("few", 3, 3), ("mixed", 30, 4)):
        save_sprites(tiny.tiny_set(n, seed).images, root / name, [{}] * n, {})
        (root / name / "samples.json").unlink()
    Image.new("RGBA", (24, 24), "red").save(root / "mixed" / "large.png")
    grey = np.full((30, 16, 16, 3), 99, dtype=np.uint8)
    save_sprites(grey, root / "plain", [{}] * 30, {})
    return root


def test_two_folders(folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures.json"
    words = ["evaluate", "--images", str(folders / "a"), "--against", str(folders / "b")]
    assert main([*words, "--features", "pixels", "--json", str(out)]) == 0
    shown = capsys.readouterr()
    facts = json.loads(out.read_text())
    assert facts["n"] == facts["distinct"] == 40
    assert facts["frechet"] > 0
    assert f"FD-pixels {figure(facts['frechet'])}" in " ".join(shown.out.split())
    assert f"wrote {out}" in shown.out


def test_a_model(tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tiny.save_npz(tiny.tiny_set(), tmp_path / "sprites.npz")
    out = tmp_path / "figures.json"
    words = ["evaluate", str(tiny_run), "--data", str(source), "-n", "24", "--steps", "3"]
    words += ["--features", "pixels", "--seeds", "2", "--json", str(out), "--device", "cpu"]
    assert main(words) == 0
    shown = capsys.readouterr()
    assert "DPM-Solver++, 3 steps" in shown.out  # the model's own sampler
    assert "warning" not in shown.err  # the very sprites of the run
    facts = json.loads(out.read_text())
    assert (facts["n"], facts["nfe"], facts["seeds"]) == (24, 3, [0, 1])
    assert f"standard error {figure(facts['told_apart_error'])}; 0.5 cannot be told" in shown.out
    for row in ("told apart", "near copies, %", "differing pixels, %", "recoloured copies, %"):
        assert row in shown.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{run}", "-n", "7"], "at least 20 sprites are needed"),
        (["{run}", "--steps", "99"], "--steps must lie in 1 … 50"),
        (["{run}", "--steps", "0"], "--steps"),
        (["{run}", "--eta", "2"], "--eta"),
        (["{run}", "--sampler", "ddpm", "--eta", "1"], "--eta belongs to the sampler ddim"),
        (["{run}", "--weights", "x.pth"], "--weights goes with inception"),
        (["{run}", "--data", "nowhere"], "there is nothing at nowhere"),
        (["{run}", "--size", "16"], "--size goes with --images"),
        (["nowhere"], "there is no model at nowhere"),
        ([], "give a MODEL, or both"),
        (["{run}", "--images", "{a}", "--against", "{a}"], "give a MODEL, or both"),
        (["--images", "{a}"], "give a MODEL, or both"),
        (["--images", "{few}", "--against", "{a}"], "a measure needs at least 20 images"),
        (["--images", "{mixed}", "--against", "{a}"], "24×24"),
        (["--images", "{plain}", "--against", "{a}"], "one plain colour"),
    ],
)
def test_mistakes(
    tiny_run: Path,
    folders: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    names = {name: str(folders / name) for name in ("a", "few", "mixed", "plain")}
    asked = [word.format(run=tiny_run, **names) for word in words]
    assert main(["evaluate", *asked]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = [line for line in shown.err.splitlines() if line.startswith("error: ")]
    assert said in line


@pytest.mark.parametrize("content", [b"", b"hi\n", b"no weights", b"PK\x03\x04", bytes(range(256))])
def test_a_wrong_weights_file(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    """Whatever the bytes, and however far torch's unpickler gets with them."""
    wrong = tmp_path / "weights.pth"
    wrong.write_bytes(content)
    words = ["--images", str(folders / "a"), "--against", str(folders / "b")]
    words += ["--features", "inception", "--weights", str(wrong)]
    assert main(["evaluate", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert "is not an Inception weights file" in line
