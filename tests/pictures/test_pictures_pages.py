"""Strips and contact sheets: the true captions, and source pixels untouched."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from spritelab import pixels
from spritelab.errors import DataError
from spritelab.pictures import contact_sheet, denoising_strip, evenly, labelled_rows, text, titled
from spritelab.pictures.layout import PAGE, lay_on
from spritelab.pixels import Images


def noise(n: int, size: int = 8, channels: int = 3, seed: int = 0) -> Images:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, size, size, channels), dtype=np.uint8)


def places(picture: Images, block: Images) -> list[tuple[int, int]]:
    """Return every (top, left) at which ``block`` stands in ``picture``, pixel for pixel."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, block.shape)[:, :, 0]
    corner = np.argwhere((windows[:, :, 0, 0] == block[0, 0]).all(axis=-1))
    return [(int(y), int(x)) for y, x in corner if (windows[y, x] == block).all()]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Record every line of text that is drawn, with its horizontal place."""
    lines: list[tuple[str, int]] = []
    draw = text.draw

    def record(page: Image.Image, xy: tuple[int, int], line: str, size: int, **how: Any) -> None:
        lines.append((line, xy[0]))
        draw(page, xy, line, size, **how)

    monkeypatch.setattr(text, "draw", record)
    return lines


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("scale", [1, 3, 5])
def test_strip_shows_every_frame_once_scaled_whole(channels: int, scale: int) -> None:
    frames = noise(4, channels=channels)
    strip = denoising_strip(list(frames), [999, 500, 0, -1], scale)
    tiles = pixels.upscale(lay_on(frames), scale)
    found = [places(strip, tile) for tile in tiles]
    assert all(len(spots) == 1 for spots in found)
    tops, lefts = zip(*(spots[0] for spots in found), strict=True)
    assert len(set(tops)) == 1
    assert list(lefts) == sorted(lefts)


def test_strip_captions_are_the_given_steps_centred_below_their_frames(
    written: list[tuple[str, int]],
) -> None:
    frames = noise(4)
    strip = denoising_strip(list(frames), [999, 421, 7, -1], scale=6)
    assert [line for line, _ in written] == ["t = 999", "t = 421", "t = 7", "clean"]
    for frame, (_, middle) in zip(pixels.upscale(frames, 6), written, strict=True):
        ((_, left),) = places(strip, frame)
        assert abs(left + 24 - middle) <= 1


def test_strip_draws_ink_below_every_frame_and_nothing_over_it() -> None:
    frames = noise(3)
    strip = denoising_strip(list(frames), [999, 3, -1], scale=6)
    for frame in pixels.upscale(frames, 6):
        ((top, left),) = places(strip, frame)
        below = strip[top + 48 :, left : left + 48]
        assert (below != PAGE).any()
        assert (strip[:top] == PAGE).all()


def test_strip_captions_never_touch_at_small_scale() -> None:
    strip = denoising_strip(list(noise(12)), list(range(999, 987, -1)), scale=1)
    assert strip.shape[1] >= 12 * text.width("t = 999", text.CAPTION)


def test_strip_second_row_holds_the_predictions() -> None:
    frames, predicted = noise(3), noise(3, seed=1)
    strip = denoising_strip(list(frames), [9, 5, -1], 4, x0_hat=list(predicted))
    for above, below in zip(frames, predicted, strict=True):
        ((top, left),) = places(strip, pixels.upscale(above[None], 4)[0])
        ((top_2, left_2),) = places(strip, pixels.upscale(below[None], 4)[0])
        assert left == left_2
        assert top + 32 < top_2


@pytest.mark.parametrize(
    ("frames", "t", "message"),
    [
        ([], [], "at least one"),
        (list(noise(2)), [1], "every frame needs its step"),
        ([noise(1)[0], noise(1, 4)[0]], [1, 0], "a strip needs frames of one shape"),
        (list(noise(2)), [1, -2], "a step is -1"),
        ([noise(1)], [1], "sprites must be uint8"),
    ],
)
def test_strip_refuses(frames: Sequence[Images], t: list[int], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        denoising_strip(frames, t)
    assert "\n" not in str(caught.value)


def test_title_goes_above_and_leaves_the_picture_as_it_was() -> None:
    picture = noise(1, 200)[0]
    page = titled(picture, "Twenty sprites · DDIM, 50 steps, η = 0")
    assert_array_equal(page[-200:], picture)
    assert (page[:-200] != PAGE).any()
    assert page.shape[1] == 200  # broken into lines, not widened


def test_title_widens_the_page_only_for_a_long_word() -> None:
    page = titled(noise(1, 20)[0], "Donaudampfschifffahrt")
    assert page.shape[1] > text.width("Donaudampfschifffahrt", text.TITLE, bold=True)
    assert len(places(page, noise(1, 20)[0])) == 1


def test_wrap_keeps_every_word_within_the_room() -> None:
    words = "the quick brown fox jumps over the lazy dog"
    lines = text.wrap(words, text.TITLE, 120)
    assert " ".join(lines) == words
    assert len(lines) > 1
    assert all(text.width(line, text.TITLE) <= 120 for line in lines)


@pytest.mark.parametrize("sign", ["x̂₀", "η", "×", "–", "…", "ᾱ", "·"])
def test_the_font_has_the_signs_of_the_formulas(sign: str) -> None:
    missing = text.font(40).getmask("\uffff").getbbox(), bytes(text.font(40).getmask("\uffff"))
    for letter in sign:
        mask = text.font(40).getmask(letter)
        assert (mask.getbbox(), bytes(mask)) != missing


def test_labelled_rows_name_each_row_and_scale_in_whole_pixels(
    written: list[tuple[str, int]],
) -> None:
    rows = [noise(3, channels=4, seed=seed) for seed in (1, 2)]
    picture = labelled_rows(rows, ["noise", "other noise"], scale=3)
    assert [line for line, _ in written] == ["noise", "other noise"]
    tiles = pixels.upscale(lay_on(np.concatenate(rows)), 3)
    corners = [places(picture, tile) for tile in tiles]
    assert [len(found) for found in corners] == [1] * 6
    assert [found[0][0] for found in corners] == [8] * 3 + [8 + 24 + 8] * 3
    for wrong in ([rows[0]], [rows[0], rows[1][:2]], []):
        with pytest.raises(DataError, match="label"):
            labelled_rows(wrong, ["a", "b"])


def test_contact_sheet_names_counts_and_shows_every_class(
    written: list[tuple[str, int]],
) -> None:
    images = noise(7, channels=4)
    labels = np.array([2, 0, 0, 2, 0, 0, 0])
    sheet = contact_sheet(images, labels, ["hero", "empty", "food"], columns=2, rows=1, scale=2)
    assert [line for line, _ in written] == ["hero", "5", "empty", "0", "food", "2"]
    shown = [len(places(sheet, tile)) for tile in pixels.upscale(lay_on(images), 2)]
    assert shown == [1, 1, 0, 1, 0, 0, 1]  # of five heroes the first and the last


def test_contact_sheet_counts_classes_beyond_the_most(written: list[tuple[str, int]]) -> None:
    labels = np.arange(100)
    contact_sheet(noise(100, 4), labels, [f"c{k}" for k in range(100)], scale=1)
    assert written[-2][0] == "and 40 more classes"
    assert written[-1][0] == "40"


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0], [0]])
def test_contact_sheet_refuses_labels_that_do_not_fit(labels: list[int]) -> None:
    with pytest.raises(DataError, match="label"):
        contact_sheet(noise(2), np.array(labels), ["a", "b", "c"])


@pytest.mark.parametrize(("n", "count"), [(1, 5), (5, 5), (1001, 12), (7, 6), (89400, 32), (3, 1)])
def test_evenly_is_distinct_ordered_and_keeps_both_ends(n: int, count: int) -> None:
    chosen = evenly(n, count)
    assert len(chosen) == min(n, count)
    assert (np.diff(chosen) > 0).all()
    assert chosen[0] == 0
    if count > 1:
        assert chosen[-1] == n - 1
        assert len(chosen) < 3 or np.ptp(np.diff(chosen)) <= 1
