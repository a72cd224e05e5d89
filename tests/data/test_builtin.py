"""The procedural sprites: the same for ever, all different, and drawn by the rules of pixel art."""

from __future__ import annotations

import hashlib
from collections import deque

import numpy as np
import pytest
from numpy.typing import NDArray

from spritelab.data import builtin
from spritelab.data.builtin import hero_front, hero_side
from spritelab.data.builtin.canvas import AUTO, Canvas, material, read_sheet
from spritelab.data.builtin.dice import Dice
from spritelab.data.builtin.light import MOST, outline, render, shade
from spritelab.data.spriteset import SpriteSet
from spritelab.errors import DataError

FIRST_500 = "400b5c34337579d06b01c884f63e7d811b4fd82132d6357869af53ee3e39488c"


@pytest.fixture(scope="module")
def sprites() -> SpriteSet:
    return builtin.load(1800)


def opaque(sprites: SpriteSet) -> NDArray[np.bool_]:
    return np.asarray(sprites.images[..., 3] == 255)


def test_set_is_what_the_design_says(sprites: SpriteSet) -> None:
    assert sprites.images.shape == (1800, 16, 16, 4)
    assert sprites.images.dtype == np.uint8
    assert sprites.labels.dtype == np.int64
    assert sprites.class_names == ("hero", "non-hero", "food", "spell", "side-facing")
    assert sprites.mirrorable == (True, True, True, True, False)
    assert len(set(sprites.ids)) == len(sprites)
    assert builtin.DEFAULT_COUNT == 5000


def test_first_500_never_change() -> None:
    """A model trained on them, and every figure about it, stands on these very pixels."""
    assert hashlib.sha256(builtin.load(500).images.tobytes()).hexdigest() == FIRST_500


@pytest.mark.parametrize("n", [1, 2, 17, 19, 700])
def test_a_sprite_does_not_depend_on_how_many_are_drawn(sprites: SpriteSet, n: int) -> None:
    few = builtin.load(n)
    assert np.array_equal(few.images, sprites.images[:n])
    assert np.array_equal(few.labels, sprites.labels[:n])
    assert np.array_equal(few.groups, sprites.groups[:n])
    assert few.ids == sprites.ids[:n]


@pytest.mark.parametrize("index", [0, 1, 17, 1023, 1024, 1799])
def test_draw_gives_the_sprite_of_load(sprites: SpriteSet, index: int) -> None:
    assert np.array_equal(builtin.draw(index), sprites.images[index])


def test_far_sprites_exist() -> None:
    sprite = builtin.draw(10**9)
    assert sprite.shape == (16, 16, 4)
    assert (sprite[..., 3] == 255).sum() >= 30


@pytest.mark.parametrize("n", [0, -3])
def test_no_empty_set(n: int) -> None:
    with pytest.raises(DataError, match=rf"at least 1, not {n}"):
        builtin.load(n)
    if n < 0:
        with pytest.raises(DataError, match=f"no sprite {n}"):
            builtin.draw(n)


def test_all_are_different(sprites: SpriteSet) -> None:
    """Different even when a mirror image counts as the same."""
    seen = {min(s.tobytes(), s[:, ::-1].tobytes()) for s in sprites.images}
    assert len(seen) == len(sprites)


def test_shapes_differ_and_not_only_colours(sprites: SpriteSet) -> None:
    silhouettes = opaque(sprites)
    for label, least in enumerate((280, 200, 140, 140, 340)):
        shapes = {s.tobytes() for s in silhouettes[sprites.labels == label]}
        assert len(shapes) >= least, sprites.class_names[label]


@pytest.mark.slow
def test_60000_are_different() -> None:
    digests = {hashlib.sha256(s.tobytes()).digest() for s in builtin.load(60_000).images}
    assert len(digests) == 60_000


def test_alpha_is_hard_and_hidden_colour_black(sprites: SpriteSet) -> None:
    alpha = sprites.images[..., 3]
    assert set(np.unique(alpha).tolist()) == {0, 255}
    assert not sprites.images[alpha == 0].any()


def test_palettes_are_small(sprites: SpriteSet) -> None:
    counts = [len(np.unique(s[s[..., 3] > 0], axis=0)) for s in sprites.images]
    assert max(counts) <= MOST == 16
    assert min(counts) >= 4


def test_sprites_fill_their_tile_sensibly(sprites: SpriteSet) -> None:
    area = opaque(sprites).sum(axis=(1, 2))
    assert area.min() >= 40  # a thin weapon
    assert area.max() <= 16 * 16 - 8  # a silhouette, not a filled tile


def test_nearly_all_of_a_sprite_is_one_piece(sprites: SpriteSet) -> None:
    """Sparks and drips may hang free; the body is one silhouette, diagonals joined."""
    for sprite, mask in zip(sprites.ids, opaque(sprites), strict=True):
        assert largest_piece(mask) >= 0.75 * mask.sum(), sprite


def largest_piece(mask: NDArray[np.bool_]) -> int:
    """Size of the largest set of pixels of ``mask`` that touch by a side or a corner."""
    todo = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    best = 0
    while todo:
        queue, size = deque([todo.pop()]), 0
        while queue:
            y, x = queue.popleft()
            size += 1
            around = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & todo
            todo -= around
            queue.extend(around)
        best = max(best, size)
    return best


def test_every_silhouette_has_a_dark_line(sprites: SpriteSet) -> None:
    """Pixels beside nothing are dark, save at the tile's edge where no line fits."""
    mask = opaque(sprites)
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    bare = ~(
        padded[:, :-2, 1:-1] & padded[:, 2:, 1:-1] & padded[:, 1:-1, :-2] & padded[:, 1:-1, 2:]
    )
    rim = sprites.images[..., :3].max(axis=-1)[mask & bare]
    assert (rim <= 90).mean() > 0.995
    inside = sprites.images[..., :3].max(axis=-1)[mask & ~bare]
    assert np.median(inside) > 150


def test_light_falls_from_the_top_left(sprites: SpriteSet) -> None:
    """In every class the upper left of the sprites is brighter than their lower right."""
    luma = sprites.images[..., :3].astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    mask = opaque(sprites)
    y, x = np.mgrid[:16, :16]
    for label in (1, 2, 3):  # heroes wear what they like: hats, hair, boots
        where = mask & (sprites.labels == label)[:, None, None]
        upper, lower = where & (x + y < 12), where & (x + y > 18)
        assert luma[upper].mean() > luma[lower].mean() + 10, sprites.class_names[label]


@pytest.mark.parametrize("n", [18, 40, 333, 1800])
def test_every_prefix_has_all_classes_in_steady_shares(sprites: SpriteSet, n: int) -> None:
    shares = np.bincount(sprites.labels[:n], minlength=5) / n
    assert np.allclose(shares, np.array([4, 4, 3, 3, 4]) / 18, atol=4 / n)


def test_front_and_side_view_are_one_group(sprites: SpriteSet) -> None:
    front = np.flatnonzero(sprites.labels == 0)
    side = np.flatnonzero(sprites.labels == 4)
    assert np.array_equal(side, front + 1)
    assert np.array_equal(sprites.groups[side], sprites.groups[front])
    assert [sprites.ids[i].split("-")[-1] for i in side] == [
        sprites.ids[i].split("-")[-1] for i in front
    ]
    sizes = np.bincount(sprites.groups)
    assert np.array_equal(np.flatnonzero(sizes == 2), front)
    assert set(sizes.tolist()) == {0, 1, 2}


def test_both_views_wear_the_same_colours(sprites: SpriteSet) -> None:
    """A front view's commonest inner colours come again, exactly or nearly, in its side view."""
    for index in np.flatnonzero(sprites.labels == 0)[:100]:
        front, side = (s[s[..., 3] > 0][:, :3] for s in sprites.images[index : index + 2])
        colours, counts = np.unique(front, axis=0, return_counts=True)
        common = colours[np.argsort(-counts)[:4]].astype(int)
        gaps = np.abs(common[:, None] - side[None].astype(int)).sum(axis=2).min(axis=1)
        assert np.median(gaps) < 60, sprites.ids[index]


def test_both_views_have_the_same_parts() -> None:
    for sheet in ("EARS", "EYES", "MOUTHS", "HAIR", "BEARDS", "HATS", "BODIES", "CHESTS"):
        assert set(getattr(hero_front, sheet)) == set(getattr(hero_side, sheet)), sheet


def test_dice_follow_splitmix64() -> None:
    """The published first outputs of SplitMix64 for the seed 1234567."""
    dice = Dice(0, 0)
    dice._state = 1234567
    assert [dice.bits() for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_dice_are_fair_and_streams_apart() -> None:
    throws = np.array([Dice(stream, i).below(6) for stream in range(4) for i in range(3000)])
    counts = np.bincount(throws, minlength=6)
    assert ((counts - 2000) ** 2 / 2000).sum() < 20.5  # χ², 5 degrees of freedom, 0.1 %
    one, two = (
        np.array([Dice(stream, i).below(1000) for i in range(500)]) - 499.5 for stream in (1, 2)
    )
    assert abs((one * two).sum()) < 0.15 * np.sqrt((one**2).sum() * (two**2).sum())


def test_sheets_say_what_is_wrong() -> None:
    parts = read_sheet("one@2 two@3,4\n..aaAb1. k_\n-------- ww")
    one, two = parts["one"], parts["two"]
    assert one.mat[2].tolist() == [0, 0, 1, 1, 1, 2, 1, 0, 0, 1, 2, 1, 1, 1, 0, 0]
    assert one.tone[2, 4] == 0
    assert one.tone[2, 6] == 1
    assert one.tone[2, 2] == AUTO
    assert two.touched[3, 5]
    assert two.mat[3, 5] == 0
    assert two.mat[4, 4] == material("w")
    with pytest.raises(ValueError, match="not equally wide"):
        read_sheet("bad\naaa\naa")


def test_light_changes_places_in_a_mirrored_part() -> None:
    part = read_sheet("blade@5\n..432...........")["blade"]
    canvas = Canvas()
    canvas.stamp(part, mirror=True)
    assert canvas.mat[5].nonzero()[0].tolist() == [11, 12, 13]
    assert canvas.tone[5, 11:14].tolist() == [4, 3, 2]  # still lit from the left


def test_stretching_keeps_the_drawing_whole() -> None:
    canvas = Canvas()
    canvas.mat[4:12, 4:12] = np.arange(1, 9)[:, None]
    canvas.cut_row(6)
    assert canvas.mat[:, 5].tolist() == [0] * 5 + [1, 2, 4, 5, 6, 7, 8] + [0] * 4
    canvas.double_row(6)
    assert canvas.mat[:, 5].tolist() == [0] * 4 + [1, 2, 2, 4, 5, 6, 7, 8] + [0] * 4
    canvas.cut_columns(5)
    assert (canvas.mat[4] > 0).tolist() == [False] * 5 + [True] * 6 + [False] * 5
    canvas.double_columns(6)
    assert (canvas.mat[4] > 0).tolist() == [False] * 4 + [True] * 8 + [False] * 4


def test_shade_lights_a_ball_from_the_top_left() -> None:
    y, x = np.mgrid[:16, :16]
    ball = ((x - 7.5) ** 2 + (y - 7.5) ** 2 < 36).astype(np.uint8)[None]
    tone = shade(ball, np.full_like(ball, AUTO))
    assert tone[0, 3, 5] > tone[0, 7, 7] >= tone[0, 12, 10]
    assert set(np.unique(tone[ball > 0]).tolist()) == {1, 2, 3, 4}
    fixed = np.where(ball > 0, np.uint8(2), np.uint8(AUTO))
    assert np.array_equal(shade(ball, fixed)[ball > 0], fixed[ball > 0])


def test_outline_is_one_pixel_wide() -> None:
    mat = np.zeros((1, 16, 16), dtype=np.uint8)
    mat[0, 5:8, 5:8] = 3
    lined, tone = outline(mat, np.full_like(mat, 2))
    ring = (lined > 0) & (mat == 0)
    assert ring.sum() == 12  # four sides of three, corners open
    assert (lined[ring] == 3).all()
    assert (tone[ring] == 0).all()


def test_render_merges_the_closest_colours_first() -> None:
    """With 17 colours of which two are nearly the same, just those two become one."""
    mat = np.zeros((1, 16, 16), dtype=np.uint8)
    mat[0, 0, :16] = np.arange(1, 17)
    mat[0, 2:5, :] = 17
    ramps = np.zeros((1, 27, 5, 3), dtype=np.uint8)
    ramps[0, 1:18] = (np.arange(17) * 15)[:, None, None]
    ramps[0, 3] = ramps[0, 4] + np.uint8(1)
    tone = np.full_like(mat, 2)
    # Without an outline there would be 17; the outline adds none, since all tones are alike.
    pixels = render(mat, tone, ramps)[0]
    shown = {tuple(p) for p in pixels[pixels[..., 3] > 0][:, :3].tolist()}
    assert len(shown) == 16
    assert tuple(pixels[0, 2, :3]) == tuple(pixels[0, 3, :3])
    assert all(tuple(ramps[0, m, 2].tolist()) in shown for m in (1, 2, 5, 6, 16, 17))
