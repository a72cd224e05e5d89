"""``spritelab export``: sheets and palettes of what was drawn, and of any sprites."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from spritelab.cli import main
from spritelab.data import load
from spritelab.generate import Model
from spritelab.generate.samples_folder import save_sprites
from spritelab.palette import Palette, read_palette
from spritelab.pixels import Images
from spritelab.sheets import cut_atlas, read_aseprite
from tiny import Refused, tiny_set

LABELS = ["food", "hero", None, "food=0.5,hero=0.5", "none", "food"]


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as ``spritelab sample`` writes it, and the folder where commands run."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "samples" / "mine"
    sprites = [{"number": 10 + i, "label": label} for i, label in enumerate(LABELS)]
    save_sprites(tiny_set(6).images, folder, sprites, {"seed": 4})
    return folder


def frames(path: Path) -> dict[str, tuple[str | None, Images]]:
    sheet = np.asarray(Image.open(path).convert("RGBA"))
    record = json.loads(path.with_suffix(".json").read_text())
    return {one.name: (one.tag, one.pixels) for one in cut_atlas(sheet, record)}


WANTED = {
    "food-4-10": "food",
    "hero-4-11": "hero",
    "default-4-12": "default",
    "default-4-13": "default",
    "default-4-14": "default",
    "food-4-15": "food",
}


@pytest.mark.usefixtures("samples")
def test_a_sheet_of_samples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "sheet", "samples/mine", "--padding", "1"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "wrote mine.png\nwrote mine.json\n"
    assert "6 sprites, 3 tags: default, food, hero" in shown.err
    found = frames(Path("mine.png"))
    assert {key: tag for key, (tag, _) in found.items()} == WANTED
    for image, key in zip(tiny_set(6).images, WANTED, strict=True):
        np.testing.assert_array_equal(found[key][1], image)
    with Image.open("mine.png") as image:
        assert image.mode == "P"


def test_sprites_taken_out_of_the_folder_stay_out(
    samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (samples / "0001.png").unlink()
    assert main(["export", "sheet", "samples/mine", "--out", "a.aseprite"]) == 0
    assert "left out: 1 that samples.json lists" in capsys.readouterr().err
    names = [one.name for one in read_aseprite(Path("a.aseprite").read_bytes())]
    assert sorted(names) == sorted(set(WANTED) - {"hero-4-11"})


def test_several_folders_on_one_sheet(samples: Path) -> None:
    other = samples.with_name("other")
    sprites = [{"seed": 9, "number": 0, "label": "food"}, {"seed": 8, "number": 0, "label": "hero"}]
    save_sprites(tiny_set(8).images[6:], other, sprites, {"seed": None})
    assert main(["export", "sheet", str(samples), str(other), str(samples), "--out", "a.png"]) == 0
    again = {f"{key}-2": tag for key, tag in WANTED.items()}
    added = {"food-9-0": "food", "hero-8-0": "hero"}
    found = frames(Path("a.png"))
    assert {key: tag for key, (tag, _) in found.items()} == WANTED | again | added


@pytest.mark.usefixtures("samples")
def test_any_folder_of_images() -> None:
    for k, name in enumerate(["food/a.png", "food/b.png", "hero/a.png"]):
        path = Path("art", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(tiny_set(6).images[k]).save(path)
    assert main(["export", "sheet", "art"]) == 0
    found = {key: tag for key, (tag, _) in frames(Path("art.png")).items()}
    assert found == {"food/a.png": "food", "food/b.png": "food", "hero/a.png": "hero"}
    assert main(["export", "sheet", "art/food", "-f", "tiled"]) == 0
    text = Path("food.tsx").read_text()
    assert 'type="default"' in text
    assert 'value="a.png"' in text


def test_a_batch_and_its_folder_make_one_sheet(tmp_path: Path, tiny_model: Model) -> None:
    batch = tiny_model.sample(5, steps=2, seed=3)
    written = batch.save_sheet(tmp_path / "batch.png", "aseprite-array", extrude=1)
    listed = [
        {"number": int(number), "label": batch.class_names[k]}
        for number, k in zip(batch.numbers, batch.labels, strict=True)
    ]
    save_sprites(batch.images, tmp_path / "folder", listed, {"seed": 3})
    argv = ["export", "sheet", str(tmp_path / "folder"), "--extrude", "1", "-f", "aseprite-array"]
    assert main([*argv, "--out", str(tmp_path / "again" / "batch.png")]) == 0
    for path in written:
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    found = load(tmp_path / "batch.png")
    assert len(found) == 5
    assert set(found.class_names) <= set(batch.class_names)


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["nowhere"], "there is nothing at nowhere"),
        (["samples/mine", "--out", "a.jpg"], "a sheet is written as NAME.png or NAME.aseprite"),
        (["samples/mine", "--out", "there.png"], "choose another --out, or --overwrite it"),
        (["samples/mine", "--columns", "1", "--padding", "9000"], "choose other --columns"),
        (["samples/mine", "--out", "a.ase", "-f", "godot"], "--format is for a sheet; an Aseprite"),
        (["samples/mine", "--out", "a.ase", "--padding", "1"], "--padding is for a sheet"),
        (["samples/mine", "-f", "unity"], "'unity' is not one of"),
        (["samples/mine", "--duration", "0"], "--duration must be 1 to 65,535"),
        (["samples/mine", "builtin", "big"], "sprites on one sheet have one size; these have"),
    ],
)
def test_mistakes_are_one_line(refused: Refused, argv: list[str], said: str) -> None:
    Path("there.png").write_bytes(b"mine")
    Path("big").mkdir()
    Image.new("RGBA", (32, 32)).save("big/a.png")
    assert said in refused("export", "sheet", *argv)
    assert Path("there.png").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "record",
    ['{"format": 2}', "[", '{"sprites": [{"file_name": "../a.png", "number": 0}], "seed": 0}'],
)
def test_a_broken_list_is_named(samples: Path, refused: Refused, record: str) -> None:
    (samples / "samples.json").write_text(record)
    assert "samples.json is broken" in refused("export", "sheet", "samples/mine")


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize("suffix", [".gpl", ".pal", ".hex", ".ase", ".png"])
def test_the_palette_of_a_set(refused: Refused, suffix: str) -> None:
    assert main(["export", "palette", "samples/mine", "--out", f"mine{suffix}"]) == 0
    wanted = {code for code in Palette.of(tiny_set(6).images).hex if not code.endswith("00")}
    assert {f"{code}ff" for code in read_palette(f"mine{suffix}").hex} == wanted
    assert "already; choose another --out" in refused(
        "export", "palette", "samples/mine", "--out", f"mine{suffix}"
    )


@pytest.mark.usefixtures("samples")
def test_few_colours_of_a_set(refused: Refused) -> None:
    assert main(["export", "palette", "samples/mine", "--out", "a.hex", "--colours", "2"]) == 0
    assert len(read_palette("a.hex")) == 2
    noise = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    np.savez("noise.npz", images=noise)
    assert "--colours 32" in refused("export", "palette", "noise.npz", "--out", "b.hex")


def test_a_denoising_shows_what_sample_draws(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    monkeypatch.chdir(tmp_path)
    argv = [str(tiny_run), "--steps", "3", "--sampler", "ddim", "--seed", "4"]
    shown = [*argv, "--out", "a.apng", "--scale", "1", "--see-through", "--no-captions"]
    assert main(["export", "denoising", *shown, "-n", "2"]) == 0
    assert main(["sample", *argv, "-n", "2", "--out", "drawn"]) == 0
    with Image.open("a.apng") as image:
        frames = [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]
    sprites = [np.asarray(Image.open(f"drawn/000{k}.png").convert("RGBA")) for k in range(2)]
    np.testing.assert_array_equal(frames[-1][1:17, 1:17], sprites[0])
    np.testing.assert_array_equal(frames[-1][1:17, 18:34], sprites[1])
    assert "a.apng exists already; choose another --out" in refused("export", "denoising", *shown)
    for name, said in {"a.webp": "written as one of .gif", "a.gif": "a .gif has no opac"}.items():
        line = refused("export", "denoising", *argv, "--out", name, "--see-through")
        assert said in line
