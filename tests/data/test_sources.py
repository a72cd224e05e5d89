"""``load``: which reader a source gets, and the settings that all of them share."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spritelab
from sprite_files import png, random_sprites, write
from spritelab import data, pixels
from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError, SpritelabError


def test_the_public_names() -> None:
    assert data.__all__ == [
        "load",
        "read",
        "fit",
        "NAMES",
        "find_source",
        "before_and_after",
        "open_listing",
        "pack",
        "pack_blocks",
        "tidy_files",
        "Tidied",
        "cache_folder",
        "SpriteSet",
        "Provenance",
        "LeftOut",
        "exact_copies",
        "inspect",
        "Inspection",
        "ClassCount",
        "PaletteFigures",
        "Spread",
    ]
    assert all(hasattr(data, name) for name in data.__all__)
    assert spritelab.load_sprites is data.load
    assert data.NAMES == ("builtin", "sprites", "crawl")


def test_the_room_needs_neither_torch_nor_the_network() -> None:
    code = "import sys, spritelab.data; print({'torch', 'pooch', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.fixture
def fake_builtin(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Put a stand-in in the place of the procedural sprites; returns the counts asked for."""
    asked: list[int] = []

    def load(n: int = 7) -> SpriteSet:
        asked.append(n)
        return SpriteSet.from_arrays(random_sprites(n, 16))

    module = types.ModuleType("spritelab.data.builtin")
    module.load = load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spritelab.data.builtin", module)
    monkeypatch.setattr(data, "builtin", module, raising=False)
    return asked


def test_builtin_is_asked_for_n(fake_builtin: list[int]) -> None:
    assert len(data.load("builtin")) == 7
    assert len(data.load("builtin", n=12)) == 12
    assert fake_builtin == [7, 12]


def test_a_path_with_the_name_of_a_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_builtin: list[int]
) -> None:
    write(tmp_path / "builtin" / "a.png", png(random_sprites(1)[0]))
    monkeypatch.chdir(tmp_path)
    for source in ("./builtin", Path("builtin"), tmp_path / "builtin"):
        assert data.load(source).ids == ("a.png",)
    assert fake_builtin == []


def sheet(path: Path, sprites: np.ndarray[Any, np.dtype[np.uint8]]) -> Path:
    return write(path, png(np.concatenate(list(sprites), axis=1)))


def test_a_sheet(tmp_path: Path) -> None:
    sprites = random_sprites(5)
    got = data.load(sheet(tmp_path / "Sheet.PNG", sprites), tile=8)
    np.testing.assert_array_equal(got.images, sprites)
    assert got.ids[1] == "Sheet.PNG#r0c1"
    assert got.class_names == ("sprite",)


def test_n_takes_sprites_spread_evenly(tmp_path: Path) -> None:
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    np.save(tmp_path / "a.npy", random_sprites(100))
    np.save(tmp_path / "a_labels.npy", labels)
    got = data.load(tmp_path / "a.npy", n=10)
    assert got.ids == tuple(str(i) for i in range(0, 100, 10))
    assert np.bincount(got.labels).tolist() == [6, 3, 1]
    assert len(data.load(tmp_path / "a.npy", n=1000)) == 100


def test_size_and_channels(tmp_path: Path) -> None:
    sprites = random_sprites(3, 16)
    path = sheet(tmp_path / "s.png", sprites)
    small = data.load(path, tile=16, size=8, channels=3, background=(10, 20, 30)).images
    wanted = pixels.composite(pixels.downscale(sprites, 2), (10, 20, 30))
    np.testing.assert_array_equal(small, wanted)
    assert data.load(path, tile=16, size=32).images.shape == (3, 32, 32, 4)
    np.save(tmp_path / "rgb.npy", sprites[..., :3])
    assert (data.load(tmp_path / "rgb.npy", channels=4).images[..., 3] == 255).all()


def test_transparent_pixels_carry_no_hidden_colour(tmp_path: Path) -> None:
    sprite = random_sprites(1, 8)[0]
    sprite[sprite[..., 3] == 0] = (250, 1, 2, 0)
    np.save(tmp_path / "a.npy", sprite[None])
    write(tmp_path / "f" / "a.png", png(sprite))
    for source in (tmp_path / "a.npy", tmp_path / "f"):
        images = data.load(source).images
        assert (images[images[..., 3] == 0] == 0).all()
        assert (images[..., 3] == 0).any()


@pytest.mark.parametrize(
    ("name", "settings", "error", "message"),
    [
        ("gone.png", {}, DataError, "there is nothing at .*builtin, sprites, crawl"),
        ("crawll", {}, DataError, "there is nothing at"),
        ("s.png", {}, DataError, "s.png is one picture of 24×8 pixels.*`tile`, such as `tile=16`"),
        ("s.png", {"tile": 7}, DataError, "do not fill its 24×8 pixels"),
        ("s.png", {"tile": 0}, SettingsError, "`tile` must be at least 1"),
        ("s.png", {"margin": 1}, SettingsError, "give its `tile` as well"),
        ("s.png", {"tile": 8, "size": 0}, SettingsError, "`size` must be at least 1"),
        ("s.png", {"tile": 8, "size": 12}, DataError, "`size` 12 is not a whole factor"),
        ("s.png", {"tile": 8, "channels": 2}, SettingsError, "3 channels"),
        ("s.png", {"tile": 8, "n": 0}, SettingsError, "at least 1, not 0"),
        ("s.png", {"tile": 8, "labels": "l.npy"}, SettingsError, "`labels` goes with an .npy"),
        ("a.npy", {"tile": 8}, SettingsError, "`tile` is for images"),
        ("a.npy", {"size": 12}, DataError, "do not become 12×12"),
        ("text.png", {}, DataError, "text.png: it is not a PNG"),
        ("text.png", {"tile": 8}, DataError, "text.png: it is not a PNG"),
        ("notes.txt", {}, DataError, "notes.txt is no kind of file that holds sprites"),
        ("empty", {}, DataError, "there is no image in empty"),
    ],
)
def test_a_mistake_is_one_clear_line(
    tmp_path: Path,
    name: str,
    settings: dict[str, Any],
    error: type[SpritelabError],
    message: str,
) -> None:
    sheet(tmp_path / "s.png", random_sprites(3))
    np.save(tmp_path / "a.npy", random_sprites(3))
    write(tmp_path / "text.png", b"I am text")
    write(tmp_path / "notes.txt", b"hello")
    (tmp_path / "empty").mkdir()
    with pytest.raises(error, match=message) as caught:
        data.load(tmp_path / name, **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("settings", [{"tile": 16}, {"labels": "l.npy"}])
def test_named_sources_take_no_settings_of_files(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="not for 'crawl'"):
        data.load("crawl", **settings)
