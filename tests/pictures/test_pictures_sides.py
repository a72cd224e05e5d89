"""Sets side by side: the same class in the same rows, unpicked, pixel for pixel, true figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from spritelab import pixels
from spritelab.errors import DataError, SettingsError
from spritelab.pictures import Side, side_by_side, text
from spritelab.pictures.layout import PAGE, lay_on
from spritelab.pixels import Images

CLASSES = ("hero", "food")
SCALE, GAP = 3, 8


def side(title: str, labels: list[int], seed: int, channels: int = 4, **figures: str) -> Side:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (len(labels), 8, 8, channels), dtype=np.uint8)
    return Side(title, images, np.array(labels), figures)


def place(picture: Images, sprite: Images) -> tuple[int, int] | None:
    """The one (top, left) at which a sprite stands in ``picture``, pixel for pixel."""
    tile = pixels.upscale(lay_on(sprite[None]), SCALE)[0]
    windows = np.lib.stride_tricks.sliding_window_view(picture, tile.shape)[:, :, 0]
    found = [
        (int(y), int(x))
        for y, x in np.argwhere((windows[:, :, 0, 0] == tile[0, 0]).all(axis=-1))
        if (windows[y, x] == tile).all()
    ]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("channels", [3, 4])
def test_the_first_of_each_class_stand_in_the_rows_of_their_class(channels: int) -> None:
    """Two columns and two rows: of five heroes the first four are shown."""
    left = side("left", [0, 1, 0, 0, 1, 0, 0], 0, channels)
    right = side("right", [1, 1, -1, 0], 1, channels)
    picture = side_by_side([left, right], CLASSES, 2, 2, SCALE, GAP)
    spots = [[place(picture, sprite) for sprite in one.images] for one in (left, right)]
    assert spots[0][6] is None, "the fifth hero has no place"
    assert spots[1][2] is None, "a sprite of no class is not shown"
    step = 8 * SCALE + GAP
    heroes, food = [spots[0][i] for i in (0, 2, 3, 5)], [spots[0][i] for i in (1, 4)]
    assert heroes[0] is not None
    assert food[0] is not None
    top, edge = heroes[0]
    assert heroes == [(top + r * step, edge + c * step) for r in (0, 1) for c in (0, 1)]
    assert food == [(food[0][0], edge), (food[0][0], edge + step)]
    assert food[0][0] > heroes[3][0] + 8 * SCALE  # type: ignore[index]
    # The same class beside the same class, one side right of the other.
    assert spots[1][3] is not None
    assert spots[1][0] is not None
    assert spots[1][3][0] == top
    assert spots[1][0][0] == food[0][0]
    assert spots[1][3][1] == spots[1][0][1] > edge + 2 * step


def test_an_empty_place_is_the_page() -> None:
    one = side_by_side([side("a", [0], 0)], CLASSES, 2, 1, SCALE, GAP)
    two = side_by_side([side("a", [0, 1], 0)], CLASSES, 2, 1, SCALE, GAP)
    changed = (one != two).any(axis=-1)
    assert changed.any()
    assert (one[changed] == PAGE).all()


def test_figures_stand_under_their_own_side(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, tuple[int, int]] = {}
    draw = text.draw

    def record(page: Image.Image, xy: tuple[int, int], line: str, size: int, **how: Any) -> None:
        drawn[line] = xy
        draw(page, xy, line, size, **how)

    monkeypatch.setattr(text, "draw", record)
    left = side("left", [0], 0, FD="1.23", n="300")
    right = side("right", [0], 1, FD="4.56", copies="7 %")
    picture = side_by_side([left, right], CLASSES, 2, 1, SCALE, GAP)
    sprites = place(picture, left.images[0]), place(picture, right.images[0])
    for spot, title, figure in zip(sprites, ("left", "right"), ("1.23", "4.56"), strict=True):
        assert spot is not None
        assert drawn[title][0] == drawn[figure][0] == spot[1]
        assert drawn[title][1] < spot[0] < drawn[figure][1]
    assert drawn["FD"][1] == drawn["1.23"][1] == drawn["4.56"][1]
    assert drawn["n"][1] == drawn["300"][1]
    assert drawn["copies"][1] == drawn["7 %"][1]
    assert {"FD", "n", "copies", *CLASSES} <= drawn.keys()


def test_long_words_do_not_run_into_the_next_side() -> None:
    narrow = side("a title wider than one column of sprites", [0], 0)
    beside = side("b", [0], 1)
    picture = side_by_side([narrow, beside], CLASSES, 1, 1, SCALE, GAP)
    first, second = place(picture, narrow.images[0]), place(picture, beside.images[0])
    assert first is not None
    assert second is not None
    assert second[1] - first[1] >= text.width(narrow.title, text.TITLE, bold=True)
    assert (picture[-1] == PAGE).all()


def test_what_cannot_be_set_side_by_side_is_refused() -> None:
    good = side("good", [0, 1], 0)
    with pytest.raises(DataError, match="at least one side and a class"):
        side_by_side([], CLASSES)
    with pytest.raises(DataError, match="at least one side and a class"):
        side_by_side([good], ())
    with pytest.raises(DataError, match="bad: 2 sprites with 1 labels"):
        side_by_side([Side("bad", good.images, good.labels[:1])], CLASSES)
    with pytest.raises(DataError, match="of one size"):
        side_by_side([good, Side("b", good.images[:, :4, :4], good.labels)], CLASSES)
    with pytest.raises(SettingsError, match="at least 1 column and 1 row"):
        side_by_side([good], CLASSES, columns=0)
    with pytest.raises(SettingsError, match="scale"):
        side_by_side([good], CLASSES, scale=0)
