"""What a notebook is shown: pixel for pixel."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from spritelab import pictures
from spritelab.errors import DataError
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


def test_rows_of_any_length_stand_below_each_other_under_their_titles() -> None:
    long, short = noise(3), noise(1)
    picture = np.asarray(pictures.titled_rows({"long": long, "short": short}, scale=2))
    above = pictures.titled(pictures.grid(long, 3, 2), "long")
    below = pictures.titled(pictures.grid(short, 1, 2), "short")
    np.testing.assert_array_equal(picture[: len(above)], above)
    np.testing.assert_array_equal(picture[len(above) :, : below.shape[1]], below)
    assert (picture[len(above) :, below.shape[1] :] == picture[0, 0]).all()
    assert len(picture) == len(above) + len(below)


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match="`rows` is empty"):
        pictures.titled_rows({})


def test_a_table_is_escaped() -> None:
    assert pictures.table_html("a<b", [("x", "<i>")]).count("&lt;") == 2
