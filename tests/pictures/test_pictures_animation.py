"""GIF and APNG: read back by pillow, frame for frame and byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from spritelab import pictures
from spritelab.data import png
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Images, clear_hidden


def noise(n: int, side: int = 16, channels: int = 4) -> Images:
    rng = np.random.default_rng(0)
    return clear_hidden(rng.integers(0, 256, (n, side, side, channels), dtype=np.uint8))


def read_back(path: Path, mode: str) -> tuple[list[Images], list[float]]:
    with Image.open(path) as image:
        frames = [
            (np.asarray(frame.convert(mode)), frame.info["duration"])
            for frame in ImageSequence.Iterator(image)
        ]
    return [frame for frame, _ in frames], [time for _, time in frames]


def test_a_gif_holds_every_frame_exactly_and_the_last_longer(tmp_path: Path) -> None:
    frames = [pictures.grid(noise(k + 1)[k:], 1, 3, 0) for k in range(5)]  # 256 colours at most
    path = pictures.save_animation(frames, tmp_path / "a" / "b.gif", seconds=1.0, hold=0.5)
    with Image.open(path) as image:
        assert image.info["loop"] == 0
    found, times = read_back(path, "RGB")
    np.testing.assert_array_equal(np.stack(found), np.stack(frames))
    assert times == [200, 200, 200, 200, 700]


@pytest.mark.parametrize("name", ["a.apng", "a.PNG"])
@pytest.mark.parametrize("channels", [3, 4])
def test_an_apng_holds_every_frame_exactly(tmp_path: Path, name: str, channels: int) -> None:
    frames = list(noise(5, 40, channels))
    frames[3] = frames[2].copy()
    frames[3][7:9, 5:30] = 0  # a part alone changes, and becomes transparent
    path = pictures.save_animation(frames, tmp_path / name, seconds=1.0, hold=0.5, note="t: 3, 2")
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.info["loop"] == 0
        assert image.info["Comment"] == "t: 3, 2"
    found, times = read_back(path, "RGBA" if channels == 4 else "RGB")
    np.testing.assert_array_equal(np.stack(found), np.stack(frames))
    assert times == [200, 200, 200, 200, 700]
    assert png.is_drawn_by_spritelab(path.read_bytes())


@pytest.mark.parametrize("name", ["a.gif", "a.apng"])
def test_a_frame_that_stays_is_shown_longer(tmp_path: Path, name: str) -> None:
    one, other = noise(2)[..., :3]
    path = pictures.save_animation([one, one, other, other], tmp_path / name, seconds=2, hold=1)
    found, times = read_back(path, "RGB")
    np.testing.assert_array_equal(np.stack(found), np.stack([one, other]))
    assert times == [1000, 2000]


def test_one_frame_is_a_picture(tmp_path: Path) -> None:
    (frame,) = noise(1)
    with Image.open(pictures.save_animation([frame], tmp_path / "a.apng")) as image:
        np.testing.assert_array_equal(np.asarray(image), frame)


def test_a_frame_of_more_colours_takes_the_nearest(tmp_path: Path) -> None:
    frame = pictures.grid(noise(4), 2, 1, 0)  # 1024 colours
    with Image.open(pictures.save_animation([frame], tmp_path / "a.gif")) as image:
        near = np.asarray(image.convert("RGB")).astype(int)
    assert len(np.unique(near.reshape(-1, 3), axis=0)) <= 256
    assert np.abs(near - frame).mean() < 20


@pytest.mark.parametrize("channels", [3, 4])
def test_captions_stand_below_and_touch_no_pixel(channels: int) -> None:
    frames = list(noise(2, 16, channels))
    first, second = pictures.captioned(frames, ["t = 1", "a longer one"])
    assert first.shape == second.shape
    assert first.shape[1] > 16
    for frame, shown in zip(frames, (first, second), strict=True):
        np.testing.assert_array_equal(shown[:16, :16], frame)
        assert len(np.unique(shown[16:].reshape(-1, channels), axis=0)) > 1
    assert (first[:16, 16:] == (0 if channels == 4 else pictures.layout.PAGE)).all()
    wide = noise(1, 200, channels)[0]
    assert pictures.captioned([wide], ["t = 1"])[0].shape[1] == 200


@pytest.mark.parametrize(
    ("frames", "name", "kind"),
    [
        ([], "a.gif", DataError),
        ([noise(1)[0, ..., :3], noise(1, 8)[0, ..., :3]], "a.gif", DataError),
        ([noise(1)[0]], "a.gif", DataError),
        ([noise(1)[0, ..., :3]], "a.jpg", SettingsError),
    ],
)
def test_what_is_no_animation(
    frames: list[Images], name: str, kind: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(kind):
        pictures.save_animation(frames, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
