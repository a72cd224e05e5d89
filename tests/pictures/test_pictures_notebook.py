"""What a notebook is shown, and moving pictures: pixel for pixel."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from spritelab import pictures
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Images


def noise(n: int, size: int = 16) -> Images:
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 4), dtype=np.uint8)


def read(png: bytes) -> Images:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def embedded(html: str) -> Images:
    (coded,) = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return read(base64.b64decode(coded))


def test_html_holds_the_sprites_at_their_size_and_the_browser_repeats_pixels() -> None:
    images = noise(20)
    html = pictures.sprites_html(images, "20 <b>")
    small = embedded(html)
    assert "20 &lt;b&gt;" in html
    assert "image-rendering: pixelated" in html
    np.testing.assert_array_equal(small, pictures.grid(images, 5, 1, 2))
    (width,) = map(int, re.findall(r'width="(\d+)"', html))
    (height,) = map(int, re.findall(r'height="(\d+)"', html))
    scale, rest = divmod(width, small.shape[1])
    assert rest == 0
    assert (height, scale) == (scale * small.shape[0], 4)
    # The PNG, for where no HTML is shown, is that picture as the browser enlarges it.
    np.testing.assert_array_equal(
        read(pictures.sprites_png(images)), small.repeat(scale, 0).repeat(scale, 1)
    )


def test_of_many_sprites_the_first_hundred_are_shown() -> None:
    html = pictures.sprites_html(noise(120, 4), "many")
    assert "many; the first 100 are shown" in html
    np.testing.assert_array_equal(
        embedded(html), embedded(pictures.sprites_html(noise(120, 4)[:100], "many"))
    )


def test_no_sprites_are_no_picture() -> None:
    assert pictures.sprites_png(noise(0)) == b""
    assert pictures.sprites_html(noise(0), "none") == "<div>none</div>"


def test_a_picture_is_shown_as_png_and_never_as_jpeg() -> None:
    picture = pictures.to_pil(noise(1)[0])
    assert isinstance(picture, Image.Image)
    np.testing.assert_array_equal(np.asarray(picture), noise(1)[0])
    np.testing.assert_array_equal(read(picture._repr_png_()), noise(1)[0])
    assert picture._repr_jpeg_() is None  # type: ignore[func-returns-value]


def test_a_table_is_escaped() -> None:
    assert pictures.table_html("a<b", [("x", "<i>")]).count("&lt;") == 2


def test_a_gif_holds_every_frame_exactly_and_the_last_longer(tmp_path: Path) -> None:
    frames = [pictures.grid(noise(k + 1)[k:], 1, 3, 0) for k in range(5)]  # 256 colours at most
    path = pictures.save_gif(frames, tmp_path / "a" / "b.gif", seconds=1.0, hold=0.5)
    with Image.open(path) as image:
        assert image.info["loop"] == 0
        read_back, times = [], []
        for frame in ImageSequence.Iterator(image):
            read_back.append(np.asarray(frame.convert("RGB")))
            times.append(frame.info["duration"])
    np.testing.assert_array_equal(np.stack(read_back), np.stack(frames))
    assert times == [200, 200, 200, 200, 700]


def test_a_frame_of_more_colours_takes_the_nearest(tmp_path: Path) -> None:
    frame = pictures.grid(noise(4), 2, 1, 0)  # 1024 colours
    with Image.open(pictures.save_gif([frame], tmp_path / "a.gif")) as image:
        near = np.asarray(image.convert("RGB")).astype(int)
    assert len(np.unique(near.reshape(-1, 3), axis=0)) <= 256
    assert np.abs(near - frame).mean() < 20


@pytest.mark.parametrize(
    ("frames", "name", "kind"),
    [
        ([], "a.gif", DataError),
        ([noise(1)[0, ..., :3], noise(1, 8)[0, ..., :3]], "a.gif", DataError),
        ([noise(1)[0, ..., :3]], "a.jpg", SettingsError),
    ],
)
def test_what_is_no_gif(
    frames: list[Images], name: str, kind: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(kind):
        pictures.save_gif(frames, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
