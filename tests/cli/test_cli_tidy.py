"""``spritelab tidy``: a folder, an archive or a picture in; a folder of the same names out."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spritelab.cli import main
from spritelab.data import load
from spritelab.generate.samples_folder import save_sprites
from spritelab.palette import Palette
from spritelab.pixels import Images
from spritelab.sheets import tidy
from spritelab.storage import is_sealed
from tiny import Refused, tiny_set


def speckled(n: int = 4, height: int = 8, width: int = 8) -> Images:
    """Plain red sprites with a hole in a corner, each with one blue pixel and a crumb's place."""
    images = np.zeros((n, height, width, 4), dtype=np.uint8)
    images[:, 2:, 2:] = (200, 30, 30, 255)
    images[:, 4, 4] = (30, 30, 200, 255)
    images[:, 0, 0] = (30, 200, 30, 255)
    return images


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as ``spritelab sample`` writes it, with its grid, and where commands run."""
    monkeypatch.chdir(tmp_path)
    sprites = [{"number": i, "label": ("food", "hero")[i % 2]} for i in range(4)]
    save_sprites(speckled(), tmp_path / "mine", sprites, {"seed": 4})
    return tmp_path / "mine"


def picture(path: str | Path) -> Images:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))


def test_samples_keep_their_names_and_classes(
    samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tidy", "mine", "--stray", "--islands", "1"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "wrote mine-tidy\n"
    assert "4 of 4 pictures changed, in 8 pixels; stray pixels: 4 before, 0 after" in shown.err
    wanted = tidy(speckled(1), stray=True, islands=1)[0]
    assert {tuple(colour) for colour in wanted.reshape(-1, 4).tolist()} == {
        (0, 0, 0, 0),
        (200, 30, 30, 255),
    }
    for i in range(4):
        np.testing.assert_array_equal(picture(f"mine-tidy/{i:04}.png"), wanted)
        np.testing.assert_array_equal(picture(samples / f"{i:04}.png"), speckled(1)[0])
    record = json.loads(Path("mine-tidy/samples.json").read_text())
    assert record["tidied"]["stray"] is True
    assert is_sealed(record)
    assert record["sprites"] == json.loads((samples / "samples.json").read_text())["sprites"]
    assert load("mine-tidy").class_names == ("food", "hero")  # before_and_after.png is passed over
    assert len(load("mine-tidy")) == 4
    assert main(["export", "sheet", "mine-tidy", "--out", "a.png"]) == 0
    assert set(json.loads(Path("a.json").read_text())["frames"]) == {
        "food-4-0",
        "hero-4-1",
        "food-4-2",
        "hero-4-3",
    }


def test_a_list_that_was_edited(samples: Path, refused: Refused) -> None:
    """It is refused, and nothing written, until its digest is taken out."""
    record = json.loads((samples / "samples.json").read_text())
    record["sprites"][0]["label"] = "food's"
    (samples / "samples.json").write_text(json.dumps(record))
    said = refused("tidy", "mine", "--stray")
    assert "samples.json is damaged, or was edited" in said
    assert "remove the digest from it" in said
    assert not Path("mine-tidy").exists()
    for words in (["export", "sheet", "mine"], ["data", "inspect", "mine"]):
        assert said.partition(" is ")[2] in refused(*words)
    del record["digest"]
    (samples / "samples.json").write_text(json.dumps(record))
    assert main(["tidy", "mine", "--stray"]) == 0
    assert load("mine-tidy").class_names == ("food", "food's", "hero")
    assert "digest" not in json.loads(Path("mine-tidy/samples.json").read_text())


@pytest.mark.usefixtures("samples")
def test_any_folder_archive_or_picture(capsys: pytest.CaptureFixture[str]) -> None:
    Path("art/food").mkdir(parents=True)
    for name, (height, width) in {"food/a.png": (8, 8), "b.bmp": (20, 12)}.items():
        Image.fromarray(speckled(1, height, width)[0]).save(Path("art", name))
    moving = [Image.fromarray(one) for one in tiny_set(2).images]
    moving[0].save("art/walk.gif", save_all=True, append_images=moving[1:])
    Path("art/read me.txt").write_text("hello")
    assert main(["tidy", "art", "--palette", "#000000,#ffffff", "--dither", "--out", "a/b"]) == 0
    told = capsys.readouterr().err
    assert "1 animations, which have no one picture: walk.gif" in told
    assert "1 no images of a kind that is read: read me.txt" in told
    found = sorted(str(path.relative_to("a/b")) for path in Path("a/b").rglob("*.*"))
    assert found == ["b.png", "before_and_after.png", "food/a.png"]
    black = Palette.from_hex(["#000000", "#ffffff"])
    wanted = tidy(speckled(1, 20, 12), palette=black, dither=True)[0]
    np.testing.assert_array_equal(picture("a/b/b.png"), wanted)
    with zipfile.ZipFile("art.zip", "w") as archive:
        archive.write("art/food/a.png", "food/a.png")
    assert main(["tidy", "art.zip", "--stray"]) == 0
    assert main(["tidy", "art/food/a.png", "--stray", "--out", "one"]) == 0
    np.testing.assert_array_equal(picture("one/a.png"), picture("art-tidy/food/a.png"))


@pytest.mark.usefixtures("samples")
def test_a_folder_is_filled_again_only_on_request(refused: Refused) -> None:
    assert main(["tidy", "mine", "--stray"]) == 0
    said = refused("tidy", "mine", "--stray")
    assert "is not empty; choose another --out, or --overwrite" in said
    Path("mine-tidy/notes.txt").write_text("mine")
    assert main(["tidy", "mine", "--islands", "1", "--overwrite"]) == 0
    assert Path("mine-tidy/notes.txt").read_text() == "mine"
    np.testing.assert_array_equal(picture("mine-tidy/0000.png"), tidy(speckled(1), islands=1)[0])


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["mine"], "say what to tidy: near-equal colours by --merge"),
        (["mine", "--dither"], "the colours by --palette beside --dither"),
        (["mine", "--stray", "--dither"], "--dither draws in the colours of a --palette"),
        (["nowhere", "--stray"], "there is nothing at nowhere"),
        (["mine", "--stray", "--out", "mine/tidy"], "mine/tidy lies in what is to be tidied"),
        (["mine", "--stray", "--out", "mine"], "mine lies in what is to be tidied"),
        (["mine", "--palette", "red"], "'red' is no colour"),
        (["mine", "--merge", "2"], "Input should be less than or equal to 1"),
        (["empty", "--stray"], "there is no still picture to tidy"),
        (["broken", "--stray"], "1 picture cannot be read (a.png: it is"),
    ],
)
def test_mistakes_are_one_line(refused: Refused, argv: list[str], said: str) -> None:
    Path("empty").mkdir()
    Path("broken").mkdir()
    Path("broken/a.png").write_bytes(b"no picture")
    before = sorted(Path().rglob("*"))
    assert said in refused("tidy", *argv)
    assert sorted(Path().rglob("*")) == before
