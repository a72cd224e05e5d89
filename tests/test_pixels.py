"""The pixel codec and pixel operations, against definitions written out slowly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from spritelab import pixels
from spritelab.errors import DataError
from spritelab.pixels import Images

# Levels near the ends and in the middle are where rounding and transparency go wrong.
levels = st.sampled_from([0, 1, 2, 127, 128, 254, 255]) | st.integers(0, 255)


def images(channels: tuple[int, ...] = (3, 4), side: int = 4) -> st.SearchStrategy[Images]:
    return st.sampled_from(channels).flatmap(
        lambda c: arrays(np.uint8, (2, side, side, c), elements=levels)
    )


def every_level(channels: int) -> Images:
    """uint8 ``[2,16,16,C]`` in which each channel shows all 256 levels, each in its own order."""
    rng = np.random.default_rng(0)
    planes = [rng.permutation(256).reshape(1, 16, 16) for _ in range(2 * channels)]
    return np.stack(planes, axis=-1).reshape(16, 16, 2, channels).transpose(2, 0, 1, 3).astype("u1")


@pytest.mark.parametrize("channels", [3, 4])
def test_decode_is_the_exact_inverse_of_encode(channels: int) -> None:
    before = every_level(channels)
    assert all(len(np.unique(before[n, ..., c])) == 256 for n in range(2) for c in range(channels))
    x = pixels.encode(torch.from_numpy(before))
    assert x.dtype == torch.float32
    assert x.shape == (2, channels, 16, 16)
    after = pixels.decode(x)
    assert after.dtype == np.uint8
    np.testing.assert_array_equal(after, before)


def test_encode_puts_each_channel_where_it_belongs() -> None:
    before = every_level(4)
    x = pixels.encode(torch.from_numpy(before)).double().numpy()
    expected = before.transpose(0, 3, 1, 2) / 127.5 - 1
    np.testing.assert_allclose(x, expected, rtol=0, atol=2**-23)
    assert (x.min(), x.max()) == (-1, 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_decode_rounds_and_clips(dtype: torch.dtype) -> None:
    values = torch.tensor([-7.0, -1.0, -0.25, 0.0, 0.5, 1.0, 3.0, 100.0], dtype=dtype)
    x = values.view(1, 1, 2, 4).expand(1, 3, 2, 4)
    expected = [0, 0, 96, 128, 191, 255, 255, 255]  # 127.5 rounds to the even 128
    np.testing.assert_array_equal(pixels.decode(x)[0, ..., 1].ravel(), expected)


@given(delta=st.floats(-0.49, 0.49))
def test_decode_takes_the_nearest_level(delta: float) -> None:
    before = every_level(3)
    x = pixels.encode(torch.from_numpy(before)) + delta / 127.5
    np.testing.assert_array_equal(pixels.decode(x), before)


def test_no_colour_is_rescaled() -> None:
    """A dim sprite stays dim whatever else is in the batch."""
    dim = np.full((1, 2, 2, 3), 40, dtype=np.uint8)
    bright = np.full((1, 2, 2, 3), 250, dtype=np.uint8)
    both = pixels.decode(pixels.encode(torch.from_numpy(np.concatenate([dim, bright]))))
    np.testing.assert_array_equal(both, np.concatenate([dim, bright]))


@given(before=images(channels=(4,)))
def test_clear_hidden_touches_hidden_pixels_only(before: Images) -> None:
    kept = before.copy()
    after = pixels.clear_hidden(before)
    np.testing.assert_array_equal(before, kept)
    hidden = before[..., 3] == 0
    assert not after[hidden].any()
    np.testing.assert_array_equal(after[~hidden], before[~hidden])


def test_clear_hidden_leaves_rgb_alone() -> None:
    rgb = every_level(3)
    assert pixels.clear_hidden(rgb) is rgb


@given(before=images(channels=(4,)), threshold=st.integers(1, 255))
def test_harden_alpha(before: Images, threshold: int) -> None:
    after = pixels.harden_alpha(before, threshold)
    opaque = before[..., 3] >= threshold
    np.testing.assert_array_equal(after[..., 3], np.where(opaque, 255, 0))
    np.testing.assert_array_equal(after[opaque][:, :3], before[opaque][:, :3])
    assert not after[~opaque].any()


def test_composite_on_every_alpha_and_level() -> None:
    """255·out is within 127 of colour·alpha + background·(255 - alpha): there are no ties."""
    level, alpha = np.meshgrid(np.arange(256), np.arange(256))
    sprite = np.stack([level, level, level, alpha], axis=-1)[None].astype(np.uint8)
    background = (0, 100, 255)
    out = pixels.composite(sprite, background)
    exact = level[..., None] * alpha[..., None] + np.array(background) * (255 - alpha[..., None])
    assert out.dtype == np.uint8
    assert np.abs(255 * out[0].astype(int) - exact).max() <= 127


def test_composite_leaves_rgb_alone_and_is_white_by_default() -> None:
    rgb = every_level(3)
    assert pixels.composite(rgb) is rgb
    assert pixels.composite(np.zeros((1, 2, 2, 4), dtype=np.uint8)).min() == 255


def test_with_channels() -> None:
    rgba, rgb = every_level(4), every_level(3)
    assert pixels.with_channels(rgba, 4) is rgba
    assert pixels.with_channels(rgb, 3) is rgb
    np.testing.assert_array_equal(
        pixels.with_channels(rgba, 3, (9, 8, 7)), pixels.composite(rgba, (9, 8, 7))
    )
    opaque = pixels.with_channels(rgb, 4)
    np.testing.assert_array_equal(opaque[..., :3], rgb)
    assert (opaque[..., 3] == 255).all()
    with pytest.raises(DataError, match=r"3 channels \(RGB\) or 4 \(RGBA\), not 1"):
        pixels.with_channels(rgb, 1)


@given(before=images(), factor=st.integers(1, 5))
def test_upscale_repeats_pixels(before: Images, factor: int) -> None:
    after = pixels.upscale(before, factor)
    side = 4 * factor
    assert after.shape == (2, side, side, before.shape[-1])
    for y in range(side):
        for x in range(side):
            np.testing.assert_array_equal(after[:, y, x], before[:, y // factor, x // factor])


def test_upscale_refuses_less_than_once() -> None:
    with pytest.raises(DataError, match="at least 1, not 0"):
        pixels.upscale(every_level(3), 0)


def slow_mean(block: NDArray[Any]) -> list[Fraction]:
    """The exact mean of ``[M,C]`` pixels: colours weigh by alpha, alpha is the plain mean."""
    rows = [[int(value) for value in pixel] for pixel in block]
    if len(rows[0]) == 3:
        return [Fraction(sum(row[c] for row in rows), len(rows)) for c in range(3)]
    weight = sum(row[3] for row in rows)
    colours = [Fraction(sum(row[c] * row[3] for row in rows), weight or 1) for c in range(3)]
    return [*colours, Fraction(weight, len(rows))]


@settings(max_examples=60)
@given(before=images(), factor=st.sampled_from([1, 2, 4]))
def test_downscale_is_the_alpha_weighted_mean(before: Images, factor: int) -> None:
    after = pixels.downscale(before, factor)
    assert after.dtype == np.uint8
    assert after.shape == (2, 4 // factor, 4 // factor, before.shape[-1])
    for n, y, x in np.ndindex(after.shape[:3]):
        block = before[n, y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
        exact = slow_mean(block.reshape(-1, before.shape[-1]))
        got = [int(value) for value in after[n, y, x]]
        if len(got) == 4 and got[3] == 0:
            assert exact[3] <= Fraction(1, 2)
            assert got == [0, 0, 0, 0]
            continue
        # Nearest level; which way a tie goes is free, and float64 may take one for none.
        slack = Fraction(1, 2) + Fraction(1, 10**9)
        assert all(abs(g - e) <= slack for g, e in zip(got, exact, strict=True))


def test_hidden_colours_do_not_bleed_into_edges() -> None:
    block = np.zeros((1, 2, 2, 4), dtype=np.uint8)
    block[0, 0, 0] = (200, 100, 50, 255)
    block[0, 1, 1] = (0, 255, 0, 0)
    np.testing.assert_array_equal(pixels.downscale(block, 2)[0, 0, 0], [200, 100, 50, 64])


@pytest.mark.parametrize("factor", [0, -1, 3])
def test_downscale_refuses_an_uneven_factor(factor: int) -> None:
    with pytest.raises(DataError, match="cannot be shrunk"):
        pixels.downscale(every_level(3), factor)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 4, 4, 3), dtype=np.float32),
        np.zeros((4, 4, 3), dtype=np.uint8),
        np.zeros((2, 4, 4, 1), dtype=np.uint8),
        np.zeros((2, 3, 4, 4), dtype=np.int64),
    ],
)
def test_what_is_no_set_of_sprites(wrong: NDArray[Any]) -> None:
    with pytest.raises(DataError, match="sprites must be uint8 of shape") as caught:
        pixels.check_images(wrong)
    assert str(wrong.dtype) in str(caught.value)
    assert str(list(wrong.shape)) in str(caught.value)


def test_what_is_a_set_of_sprites() -> None:
    for channels in (3, 4):
        pixels.check_images(every_level(channels))


def test_settled_alpha_is_whole_at_both_ends_and_untouched_between() -> None:
    images = np.full((1, 1, 256, 4), 90, dtype=np.uint8)
    images[0, 0, :, 3] = np.arange(256)
    settled = pixels.settle_alpha(images, margin=16)
    expected = np.concatenate([np.zeros(17), np.arange(17, 239), np.full(17, 255)])
    np.testing.assert_array_equal(settled[0, 0, :, 3], expected)
    np.testing.assert_array_equal(
        settled[0, 0, :17, :3], 0
    )  # what is transparent now hides no colour
    np.testing.assert_array_equal(settled[0, 0, 17:, :3], 90)
    np.testing.assert_array_equal(images[0, 0, :, 3], np.arange(256))  # the argument is not changed


def test_sprites_without_alpha_have_none_to_settle() -> None:
    images = np.full((2, 4, 4, 3), 7, dtype=np.uint8)
    assert pixels.settle_alpha(images) is images
