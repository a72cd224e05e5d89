"""Models that choose among the colours of a palette: whose, and that nothing else is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from spritelab import config, data
from spritelab.cli import main
from spritelab.errors import ModelError, SettingsError
from spritelab.generate import Model, load_model, save_model
from spritelab.generate.folder import PALETTES
from spritelab.palette import READERS, Palette, index_sprites, to_oklab, write_palette
from spritelab.runs import resume_run, start_run
from spritelab.sheets import save_sheet

SETTINGS = config.preset("small").override(
    {
        "data.source": "builtin",
        "data.count": 60,
        "network.widths": [32, 32],
        "training.prediction": "palette",
        "training.recolour": 0.5,
        "training.distract": 0.5,
        "training.steps": 4,
        "training.batch_size": 8,
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few updates."""
    folder = tmp_path_factory.mktemp("palette") / "run"
    for _ in start_run(SETTINGS, folder).train(cpu=True):
        pass
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load_model(folder, "cpu")


def colours(image: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(pixel) for pixel in image.reshape(-1, image.shape[-1]).tolist()}


def test_sprites_are_drawn_in_palettes_of_training_sprites_of_their_class(model: Model) -> None:
    batch = model.sample(24, steps=3)
    training, _ = data.load("builtin", n=60).split(0.1, 0)
    indexed = index_sprites(training.images, 17)
    assert batch.palettes is not None
    assert batch.lenders is not None
    for image, palette, lender, label in zip(
        batch.images, batch.palettes, batch.lenders, batch.labels, strict=True
    ):
        assert training.labels[lender] == label
        assert palette == indexed.palette(lender)
        assert colours(image) <= {tuple(c) for c in palette.colours.tolist()}
    assert len(set(batch.lenders.tolist())) > 5


def test_a_sprite_keeps_its_palette_whatever_it_is_drawn_with(model: Model) -> None:
    whole = model.sample(9, steps=3, seed=5)
    part = model.sample(numbers=[4, 8], steps=3, seed=5, batch_size=1)
    assert whole.lenders is not None
    assert part.lenders is not None
    assert part.lenders.tolist() == whole.lenders[[4, 8]].tolist()
    assert np.array_equal(part.images, whole.images[[4, 8]])
    guided = model.sample(9, steps=3, seed=5, guidance=2.0)
    assert guided.lenders is not None
    assert guided.lenders.tolist() == whole.lenders.tolist()


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm"])
def test_a_given_palette_is_what_is_drawn_in(model: Model, sampler: config.Sampler) -> None:
    given = Palette.from_hex(["#1a1c2c", "#b13e53", "#f4f4f4"])
    batch = model.sample(4, palette=given, sampler=sampler, steps=4)
    allowed = {(0, 0, 0, 0)} | {(*c, 255) for c in given.colours.tolist()}
    assert set().union(*map(colours, batch.images)) <= allowed
    frames = list(model.trace(2, palette=given, sampler=sampler, steps=4))
    assert set().union(*map(colours, frames[-1].x0_hat)) <= allowed


def test_a_sprite_takes_of_a_palette_what_is_nearest_to_the_lent_one(model: Model) -> None:
    """However many colours it has, and as the seed decides: lent are the number and the mixture."""
    random = np.random.default_rng(5)
    given = Palette(random.integers(0, 256, size=(64, 3), dtype=np.uint8))
    lent, batch = model.sample(12, steps=2), model.sample(12, steps=2, palette=given)
    assert lent.palettes is not None
    assert batch.palettes is not None
    assert batch.lenders is not None
    assert lent.lenders is not None
    assert batch.lenders.tolist() == lent.lenders.tolist()
    available = to_oklab(given.colours)
    for theirs, ours in zip(lent.palettes, batch.palettes, strict=True):
        assert theirs.has_transparent
        opaque = to_oklab(theirs.colours[1:, :3])
        nearest = ((opaque[:, None] - available) ** 2).sum(axis=2).argmin(axis=1)
        expected = given.colours[sorted(set(nearest.tolist()))]
        full = np.concatenate([expected, np.full((len(expected), 1), 255, np.uint8)], axis=1)
        assert ours == Palette(np.concatenate([np.zeros((1, 4), np.uint8), full]))
    few = {len(palette) for palette in batch.palettes}
    assert max(few) <= 17
    assert len(few) > 2


def test_one_palette_for_each_sprite(model: Model) -> None:
    red, blue = Palette.from_hex(["#ff0000"]), Palette.from_hex(["#0000ff80"])
    batch = model.sample(palette=[red, blue], steps=2)
    assert batch.lenders is not None
    assert batch.lenders.tolist() == [-1, -1]
    assert colours(batch.images[0]) <= {(0, 0, 0, 0), (255, 0, 0, 255)}
    assert colours(batch.images[1]) <= {(0, 0, 0, 0), (0, 0, 255, 128)}
    hard = model.sample(palette=[red, blue], steps=2, hard_alpha=True)
    assert set(hard.images[..., 3].ravel().tolist()) <= {0, 255}


def test_palettes_that_do_not_fit_are_refused(model: Model, tiny_model: Model) -> None:
    many = Palette(np.arange(120, dtype=np.uint8).reshape(40, 3))
    with pytest.raises(SettingsError, match="at most"):
        model.sample(1, palette=[many])
    with pytest.raises(SettingsError, match="transparent"):
        load_model("builtin-16").sample(1, palette=Palette.from_hex(["#00000000"]))
    with pytest.raises(SettingsError, match="agree"):
        model.sample(3, palette=[many, many])
    with pytest.raises(SettingsError, match="no palette head"):
        tiny_model.sample(1, palette=many)
    with pytest.raises(SettingsError, match=r"data\.palette is off"):
        SETTINGS.override({"data.palette": "off"})
    with pytest.raises(SettingsError, match="prediction palette"):
        SETTINGS.override({"training.prediction": "v"})


def test_a_folder_without_its_palettes_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    copy.mkdir()
    for path in (folder / "model").iterdir():
        if path.name != PALETTES:
            (copy / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelError, match="palettes"):
        load_model(copy)


def test_a_resumed_run_is_the_same_run(folder: Path, tmp_path: Path) -> None:
    run = start_run(SETTINGS, tmp_path / "run")
    for _ in run.train(stop_after=2, cpu=True):
        pass
    for _ in resume_run(tmp_path / "run").train(cpu=True):
        pass
    one, other = load_model(folder, "cpu"), load_model(tmp_path / "run", "cpu")
    for name, weight in one.network.state_dict().items():
        assert torch.equal(weight, other.network.state_dict()[name]), name


def test_sample_writes_whose_palette_it_is(folder: Path, tmp_path: Path) -> None:
    words = ["sample", str(folder), "-n", "2", "--steps", "2", "--out"]
    assert main([*words, str(tmp_path / "a")]) == 0
    listed = json.loads((tmp_path / "a" / "samples.json").read_text())["sprites"]
    assert all(sprite["palette_of"] >= 0 and len(sprite["palette"]) > 2 for sprite in listed)
    assert main([*words, str(tmp_path / "b"), "--palette", "#102030,#a0b0c0"]) == 0
    written = json.loads((tmp_path / "b" / "samples.json").read_text())
    assert written["palette"] == ["#102030", "#a0b0c0"]
    for sprite, before in zip(written["sprites"], listed, strict=True):
        assert set(sprite["palette"]) <= {"#00000000", "#102030ff", "#a0b0c0ff"}
        assert sprite["palette_of"] == before["palette_of"]
    for suffix in READERS:
        file = write_palette(Palette.from_hex(["#102030", "#a0b0c0"]), tmp_path / f"mine{suffix}")
        assert main([*words, str(tmp_path / suffix), "--palette", str(file)]) == 0
        assert (tmp_path / suffix / "0001.png").read_bytes() == (
            tmp_path / "b" / "0001.png"
        ).read_bytes()


def test_sprites_like_a_picture_have_all_its_colours_to_draw_in(
    folder: Path, tmp_path: Path
) -> None:
    pixels = np.array([[[16, 32, 48], [160, 176, 192], [250, 0, 0]]], dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "like.png")
    (drawing,) = save_sheet(tmp_path / "like.aseprite", pixels[None], ["a"], ["a"])
    for number, like in enumerate([tmp_path / "like.png", drawing]):
        out = tmp_path / str(number)
        words = ["sample", str(folder), "-n", "2", "--steps", "2", "--strip"]
        assert main([*words, "--out", str(out), "--like", str(like)]) == 0
        for sprite in json.loads((out / "samples.json").read_text())["sprites"]:
            assert set(sprite["palette"]) == {"#00000000", "#102030ff", "#a0b0c0ff", "#fa0000ff"}
            assert sprite["palette_of"] is None


def test_a_picture_of_many_colours_is_reduced_to_what_the_model_has_room_for(
    folder: Path, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, size=(16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "like.png")
    words = ["sample", str(folder), "-n", "1", "--steps", "2", "--out", str(tmp_path / "out")]
    assert main([*words, "--like", str(tmp_path / "like.png")]) == 0
    listed = json.loads((tmp_path / "out" / "samples.json").read_text())["sprites"]
    assert len(listed[0]["palette"]) == load_model(folder).palettes.most  # type: ignore[union-attr]


def test_a_palette_head_is_not_saved_without_its_palettes(model: Model, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="palettes"):
        save_model(tmp_path / "model", model.network.state_dict(), model.config)
    assert not (tmp_path / "model").exists()


def test_a_run_begins_from_a_model_with_the_same_kind_of_head(folder: Path, tmp_path: Path) -> None:
    other = SETTINGS.override(
        {"training.recolour": 0, "training.distract": 0, "training.prediction": "v"}
    )
    with pytest.raises(SettingsError, match="prediction"):
        start_run(other, tmp_path / "other", init=folder)
    assert not (tmp_path / "other").exists()
    larger = SETTINGS.override({"data.palette": 6})
    run = start_run(larger, tmp_path / "same", init=folder)
    assert run.palettes.most == 6 < load_model(folder, "cpu").palettes.most  # type: ignore[union-attr]
    for _ in run.train(stop_after=1, cpu=True):
        pass
    assert run.step == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--palette", "#12"],
        ["--palette", "nowhere.hex"],
        ["--palette", "nowhere.ase"],
        ["--like", "nowhere.png"],
        ["--palette", "#000000", "--like", "x.png"],
    ],
)
def test_wrong_palettes_are_one_line(folder: Path, refused: object, words: list[str]) -> None:
    assert callable(refused)
    assert refused("sample", str(folder), "-n", "1", *words)
