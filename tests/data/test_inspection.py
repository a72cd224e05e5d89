"""The figures of a set, against ones counted by hand or pixel by pixel."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sprite_files import random_sprites
from spritelab.data import ClassCount, PaletteFigures, Provenance, Spread, SpriteSet, inspect
from spritelab.data.inspection import colours_per_sprite


def by_hand() -> SpriteSet:
    """Six sprites of 2×2: a, a again, a mirrored (twice, once in a class that forbids it), b, c."""
    a = [[(255, 0, 0, 255), (0, 0, 0, 0)], [(0, 255, 0, 255), (0, 0, 255, 128)]]
    mirrored = [row[::-1] for row in a]
    b = [[(9, 9, 9, 255)] * 2] * 2
    c = [[(0, 0, 0, 0)] * 2] * 2
    return SpriteSet.from_arrays(
        np.array([a, a, mirrored, b, c, mirrored], dtype=np.uint8),
        np.array([0, 0, 0, 0, 1, 1]),
        ("hero", "side"),
        groups=np.array([0, 1, 2, 3, 3, 5]),
        provenance=Provenance("by hand", "CC0-1.0"),
    )


def test_figures_counted_by_hand() -> None:
    facts = inspect(by_hand())
    assert (facts.n, facts.distinct, facts.distinct_up_to_mirror) == (6, 4, 3)
    assert facts.groups == 2  # {a, a, mirrored, mirrored} and {b, c}
    assert facts.group_sizes == Spread(2, 3.0, 4)
    assert facts.classes == (ClassCount("hero", 4, 3, True), ClassCount("side", 2, 2, False))
    assert (facts.size, facts.channels) == (2, 4)
    assert facts.colours == Spread(0, 3.0, 3)
    assert facts.transparent == pytest.approx((4 * 1 + 0 + 4) / 24)
    assert facts.partly_transparent == pytest.approx(4 / 24)
    assert facts.content_hash == by_hand().content_hash


def test_the_keys_of_the_json_are_stable() -> None:
    facts = inspect(by_hand()).as_dict()
    assert json.loads(json.dumps(facts)) == facts
    assert list(facts) == [
        "n",
        "distinct",
        "distinct_up_to_mirror",
        "groups",
        "group_sizes",
        "classes",
        "size",
        "channels",
        "colours",
        "palettes",
        "transparent",
        "partly_transparent",
        "provenance",
        "content_hash",
        "left_out",
        "notes",
        "advice",
    ]
    assert facts["classes"][0] == {"name": "hero", "n": 4, "distinct": 3, "mirrorable": True}
    assert facts["colours"] == {"min": 0, "median": 3.0, "max": 3}
    assert list(facts["palettes"]) == [
        "sizes",
        "auto",
        "within_16",
        "within_32",
        "within_64",
        "set_colours",
        "error",
        "error_reduced",
    ]


def test_palettes_of_a_set_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sprites of 16 to 66 colours, one of them transparent."""
    sizes = [16, 17, 32, 33, 64, 65, 66, 66]
    images = np.zeros((len(sizes), 9, 9, 4), dtype=np.uint8)
    for image, size in zip(images.reshape(-1, 81, 4), sizes, strict=True):
        image[: size - 1] = [(3 * k, 3 * k, 3 * k, 255) for k in range(size - 1)]
    facts = inspect(SpriteSet.from_arrays(images))
    # 63 opaque greys fit beside the transparent one. Of 64, two must become one and of 65 two pairs
    # or three: one pixel by 3 levels, or two. (Dark greys are the nearest to each other.)
    error = (3 + 2 * 6) / (8 * 81)
    found = facts.palettes
    assert found == PaletteFigures(
        Spread(16, 48.5, 66), 64, 1 / 8, 3 / 8, 5 / 8, 66, found.error, found.error_reduced
    )
    assert found.error == pytest.approx(error)
    assert found.error_reduced == pytest.approx(error * 8 / 3)
    monkeypatch.setattr("spritelab.data.inspection._REDUCED", 2)  # of three: the first and the last
    few = inspect(SpriteSet.from_arrays(images)).palettes
    assert few.error == pytest.approx((3 + 6) / 2 / 81 * 3 / 8)
    assert few.error_reduced == pytest.approx((3 + 6) / 2 / 81)


def test_a_set_of_few_colours_loses_nothing() -> None:
    found = inspect(by_hand()).palettes
    # transparent; red, green and soft blue; grey
    assert found == PaletteFigures(Spread(1, 4.0, 4), 4, 1.0, 1.0, 1.0, 5, 0.0, 0.0)


@pytest.mark.parametrize("channels", [3, 4])
def test_colours_per_sprite(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spritelab.palette.indexed._ROWS", 7)  # several pieces
    images = random_sprites(30, 6, channels) // 64 * 64
    if channels == 4:
        images[3, ..., 3] = 0
        images[4, ..., 3] = 0
        images[4, 2, 2, 3] = 1
    wanted = [
        len({tuple(p[:3]) for row in image.tolist() for p in row if channels == 3 or p[3] > 0})
        for image in images
    ]
    assert colours_per_sprite(images).tolist() == wanted


def test_opaque_sprites_have_no_transparency() -> None:
    facts = inspect(SpriteSet.from_arrays(random_sprites(4, channels=3)))
    assert (facts.channels, facts.transparent, facts.partly_transparent) == (3, 0.0, 0.0)
