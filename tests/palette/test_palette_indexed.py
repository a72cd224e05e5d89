"""Indexing: exact where it can be, near where it must reduce, the same in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.cluster.hierarchy import fcluster, ward

from spritelab.data import builtin
from spritelab.errors import DataError, SettingsError
from spritelab.palette import (
    ColourError,
    Palette,
    apply,
    colour_error,
    index_sprites,
    learn_palette,
    nearest,
    palette_sizes,
    to_oklab,
)
from spritelab.palette.oklab import to_points
from spritelab.palette.reduction import _merge, nearest_points, reduce_colours
from spritelab.pixels import Images, clear_hidden, composite, downscale, harden_alpha

EXACT = ColourError(0.0, 0, 0.0)
REFUSED = (DataError, SettingsError)


def noise(n: int = 6, channels: int = 4, side: int = 8, *, hard: bool = False) -> Images:
    """Sprites of random colours; with alpha a quarter transparent, the rest opaque or partly so."""
    images = np.random.default_rng(0).integers(0, 256, (n, side, side, channels), dtype=np.uint8)
    if channels == 4:
        images[:, : side // 4, :, 3] = 0
        images[:, side // 2 :, :, 3] = 255
    return harden_alpha(images) if hard else images


def soft(n: int = 60) -> Images:
    """Built-in sprites shrunk to 8×8: soft edges, more colours."""
    return downscale(builtin.load(n).images, 2)


def colours_of(sprite: Images) -> set[tuple[int, ...]]:
    return {tuple(pixel) for row in clear_hidden(sprite).tolist() for pixel in row}


def cluster_cost(points: NDArray[np.float64], weights: NDArray[np.int64]) -> float:
    mean = np.average(points, axis=0, weights=weights)
    return float((weights * ((points - mean) ** 2).sum(axis=1)).sum())


@pytest.mark.parametrize("channels", [3, 4])
def test_sizes_count_every_colour_and_transparent_once(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spritelab.palette.indexed._ROWS", 4)  # several pieces
    images = noise(10, channels) // 64 * 64
    assert palette_sizes(images).tolist() == [len(colours_of(one)) for one in images]


@pytest.mark.parametrize("channels", [3, 4])
def test_sprites_of_few_colours_come_back_byte_for_byte(channels: int) -> None:
    images = noise(9, channels)
    most = int(palette_sizes(images).max())
    indexed = index_sprites(images, most)
    np.testing.assert_array_equal(indexed.images(), clear_hidden(images))
    assert indexed.error == EXACT
    assert indexed.colours.shape == (9, most, channels)
    assert indexed.indices.dtype == np.uint8
    for i, sprite in enumerate(images):
        assert indexed.palette(i) == Palette.of(sprite[None])
        size = indexed.sizes[i]
        np.testing.assert_array_equal(indexed.colours[i, :size], indexed.palette(i).colours)
        assert not indexed.colours[i, size:].any()
    assert repr(indexed) == f"IndexedSprites(9 of 8×8, at most {most} colours each)"


@pytest.mark.parametrize("most", [2, 5, 16])
@pytest.mark.parametrize("channels", [3, 4])
def test_reduced_sprites_are_drawn_in_colours_of_their_own(most: int, channels: int) -> None:
    images = noise(8, channels)
    images[0] = images[0, -1, -1]  # all-equal: one colour
    indexed = index_sprites(images, most)
    assert indexed.sizes.tolist() == [1] + [most] * 7
    for before, after, size in zip(images, indexed.images(), indexed.sizes, strict=True):
        assert colours_of(after) <= colours_of(before)
        assert len(colours_of(after)) == size  # each entry is used
    assert indexed.error == colour_error(images, indexed.images())
    assert indexed.error.delta_e > 0


@pytest.mark.parametrize("most", [2, 3, 7])
def test_hard_alpha_and_outlines_stay(most: int) -> None:
    images = noise(20, hard=True)
    reduced = index_sprites(images, most).images()
    np.testing.assert_array_equal(reduced[..., 3], images[..., 3])
    learnt = apply(images, learn_palette(images, most))
    np.testing.assert_array_equal(learnt[..., 3], images[..., 3])


def test_one_colour() -> None:
    """The colour nearest to the mean, weighed by pixels."""
    sprite = np.zeros((1, 1, 4, 3), dtype=np.uint8)
    sprite[0, 0] = [(10, 10, 10), (10, 10, 10), (20, 20, 20), (250, 250, 250)]
    assert index_sprites(sprite, 1).palette(0).hex == ("#141414",)
    sprite[0, 0, 2] = (10, 10, 10)
    assert index_sprites(sprite, 1).palette(0).hex == ("#0a0a0a",)
    assert learn_palette(sprite, 1).hex == ("#0a0a0a",)


def test_the_order_of_pixels_and_sprites_changes_nothing() -> None:
    images = soft()
    rng = np.random.default_rng(1)
    sprites = rng.permutation(len(images))
    pixels = rng.permutation(64)
    shuffled = images.reshape(len(images), 64, 4)[sprites][:, pixels].reshape(images.shape)
    straight, other = index_sprites(images, 6), index_sprites(shuffled, 6)
    np.testing.assert_array_equal(straight.colours[sprites], other.colours)
    np.testing.assert_array_equal(
        straight.indices.reshape(-1, 64)[sprites][:, pixels], other.indices.reshape(-1, 64)
    )
    assert learn_palette(images, 20) == learn_palette(shuffled, 20)
    np.testing.assert_array_equal(index_sprites(images, 6).indices, straight.indices)
    alone = index_sprites(images[7:8], 6)
    np.testing.assert_array_equal(alone.indices[0], straight.indices[7])


def test_hidden_colours_change_nothing() -> None:
    images = noise()
    cleared = clear_hidden(images)
    assert (images != cleared).any()
    for most in (5, 64):
        one, other = index_sprites(images, most), index_sprites(cleared, most)
        np.testing.assert_array_equal(one.indices, other.indices)
        np.testing.assert_array_equal(one.colours, other.colours)
    assert learn_palette(images, 5) == learn_palette(cleared, 5)
    assert colour_error(images, cleared) == EXACT


@pytest.mark.parametrize("most", [4, 8, 16])
def test_better_than_median_cut(most: int) -> None:
    images = composite(soft())
    images = images[palette_sizes(images) > most]
    assert len(images) > 20
    cut = np.stack(
        [
            np.asarray(
                Image.fromarray(one)
                .quantize(most, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
                .convert("RGB")
            )
            for one in images
        ]
    )

    def delta_e(redrawn: Images) -> float:
        return float(np.linalg.norm(to_oklab(images) - to_oklab(redrawn), axis=-1).mean())

    ours = index_sprites(images, most)
    assert ours.error.delta_e == pytest.approx(delta_e(ours.images()), rel=1e-12)
    assert ours.error.delta_e < 0.9 * delta_e(cut)


def test_near_the_best_of_all_clusterings() -> None:
    """Seven colours into two and three clusters: the cost of all that is possible, enumerated."""
    rng = np.random.default_rng(2)
    gained = []
    for _ in range(20):
        points = to_points(rng.integers(0, 256, (7, 3), dtype=np.uint8))
        weights = rng.integers(1, 9, 7)
        halves = [
            (list(half), [k for k in range(7) if k not in half])
            for size in (1, 2, 3)
            for half in combinations(range(7), size)
        ]
        best = min(sum(cluster_cost(points[h], weights[h]) for h in pair) for pair in halves)
        kept = reduce_colours(points, weights, 2)
        near = nearest_points(points, points[kept])
        found = sum(cluster_cost(points[near == k], weights[near == k]) for k in range(2))
        assert found >= best - 1e-12
        gained.append(found / best)
    assert np.mean(gained) < 1.1


def test_pairs_are_merged_as_ward_has_it() -> None:
    """A colour of weight w counts as w colours."""
    rng = np.random.default_rng(4)
    points = rng.normal(size=(30, 4))
    weights = rng.integers(1, 6, 30)
    repeated = np.repeat(points, weights, axis=0)
    for most in (1, 4, 12):
        cluster = fcluster(ward(repeated), most, "maxclust")
        wanted = [repeated[cluster == k].mean(axis=0) for k in range(1, most + 1)]
        found = _merge(points, weights, most)
        order = [np.lexsort(np.transpose(means)) for means in (found, wanted)]
        np.testing.assert_allclose(found[order[0]], np.array(wanted)[order[1]], atol=1e-12)


def test_k_means_brings_clusters_closer(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    points = to_points(rng.integers(0, 256, (30, 60, 3), dtype=np.uint8))
    weights = rng.integers(1, 9, (30, 60))

    def cost() -> float:
        total = 0.0
        for some, weight in zip(points, weights, strict=True):
            kept = some[reduce_colours(some, weight, 6)]
            total += float((weight * ((some - kept[nearest_points(some, kept)]) ** 2).sum(1)).sum())
        return total

    with_k_means = cost()
    monkeypatch.setattr("spritelab.palette.reduction._SWEEPS", 0)
    assert with_k_means < 0.99 * cost()


def test_transparent_is_always_kept() -> None:
    """Also where far more pixels are nearly transparent."""
    sprite = np.zeros((1, 8, 8, 4), dtype=np.uint8)
    sprite[0, :, 1:] = (200, 0, 0, 3)
    sprite[0, 1:, 0] = (200, 0, 0, 4)
    sprite[0, 6:, 4:] = (90, 90, 90, 255)
    assert index_sprites(sprite, 2).palette(0).hex == ("#00000000", "#5a5a5aff")


def test_many_colours_are_gathered_first() -> None:
    """More colours than are merged pair by pair: 12 tight bunches of 60 are told apart."""
    rng = np.random.default_rng(3)
    middles = np.array(list(combinations((20, 90, 160, 230), 3)) * 3)
    middles = np.concatenate([middles[:4], middles[4:8, ::-1], middles[8:12, [1, 0, 2]]])
    bunches = middles[:, None] + rng.integers(-3, 4, (12, 60, 3))
    palette = learn_palette(bunches.astype(np.uint8)[:, :, None], 12)
    found = sorted(np.abs(middles - colour).max(axis=1).argmin() for colour in palette.colours)
    assert found == list(range(12))
    assert len(Palette.of(bunches.astype(np.uint8)[:, :, None])) > 256


def test_a_learnt_palette_weighs_by_use() -> None:
    greys = np.repeat(np.array([0, 100, 104, 200], dtype=np.uint8)[:, None], 3, axis=1)
    images = np.repeat(greys, [5, 50, 2, 5], axis=0).reshape(1, 2, 31, 3)
    assert learn_palette(images, 3).hex == ("#000000", "#646464", "#c8c8c8")
    assert learn_palette(images, 4) == learn_palette(images, 256) == Palette.of(images)


@pytest.mark.parametrize("channels", [3, 4])
def test_nearest_is_nearest(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spritelab.palette.reduction._CELLS", 50)  # several pieces
    images = noise(4, channels, hard=True)
    palette = learn_palette(noise(30, channels, hard=True), 9)
    indices = nearest(images, palette)
    assert indices.dtype == np.uint8
    assert indices.shape == images.shape[:3]
    for pixel, index in zip(images.reshape(-1, channels), indices.ravel(), strict=True):
        gaps = np.linalg.norm(to_points(palette.colours) - to_points(pixel), axis=-1)
        if channels == 4 and pixel[3] == 255:
            gaps[0] = np.inf  # never a hole in what is opaque
        assert index == gaps.argmin()
    np.testing.assert_array_equal(apply(images, palette), palette.colours[indices])
    own = Palette.of(images[:1])
    np.testing.assert_array_equal(apply(images[:1], own), clear_hidden(images[:1]))


def test_nearly_transparent_goes_and_opaque_never() -> None:
    palette = Palette.from_hex(["#00000000", "#ffffffff"])
    sprite = np.array([(0, 0, 0, 3), (0, 0, 0, 255), (255, 255, 255, 250)], "u1").reshape(
        1, 1, 3, 4
    )
    assert nearest(sprite, palette).ravel().tolist() == [0, 1, 1]
    nothing = Palette.from_hex(["#00000000"])
    assert nearest(sprite, nothing).ravel().tolist() == [0, 0, 0]


def test_errors_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spritelab.palette.indexed._ROWS", 1)
    before = np.zeros((2, 1, 2, 4), dtype=np.uint8)
    after = before.copy()
    after[0, 0, 0] = (0, 0, 0, 255)  # white paper becomes black
    before[1, 0, 1], after[1, 0, 1] = (0, 0, 0, 255), (0, 0, 60, 255)
    blue = float(np.linalg.norm(to_oklab(after[1, 0, 1, :3])))
    found = colour_error(before, after)
    assert found.mean_levels == pytest.approx((3 * 255 + 60) / 12)
    assert found.largest_levels == 255
    assert found.delta_e == pytest.approx((np.sqrt(0.5) + blue) / 4)


def test_a_block_at_a_time_is_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.concatenate([soft(), soft()[::-1]])
    whole = index_sprites(images, 6)
    monkeypatch.setattr("spritelab.palette.indexed._ROWS", 7)
    parts = index_sprites(images, 6)
    for name in ("colours", "sizes", "indices"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    assert astuple(parts.error) == pytest.approx(astuple(whole.error))
    assert whole.error.largest_levels > 0
    np.testing.assert_array_equal(parts.images(slice(5, 9)), whole.images()[5:9])


def test_no_sprites() -> None:
    none = np.zeros((0, 8, 8, 4), dtype=np.uint8)
    indexed = index_sprites(none, 4)
    assert (len(indexed), indexed.images().shape, indexed.error) == (0, (0, 8, 8, 4), EXACT)
    assert palette_sizes(none).tolist() == []


def test_mistakes_are_one_line() -> None:
    images = noise()
    rgb, soft_ = images[..., :3], Palette.from_hex(["#00000000", "#ffffffff"])
    cases: dict[str, Callable[[], object]] = {
        "`most` must be 1 to 256 colours, not 0": lambda: index_sprites(images, 0),
        "`size` must be 1 to 256 colours, not 257": lambda: learn_palette(images, 257),
        "`most` must be at least 2 for sprites with transparent pixels: transparent is a colour of "
        "its own": lambda: index_sprites(images, 1),
        "`size` must be at least 2 for sprites with transparent pixels: transparent is a colour of "
        "its own": lambda: learn_palette(images, 1),
        "a palette needs at least one colour; `colours` has none": lambda: learn_palette(
            images[:0], 4
        ),
        "`palette` has 4 channels, but the sprites have 3; bring both to 3 (RGB) or 4 (RGBA)": (
            lambda: nearest(rgb, soft_)
        ),
        "the sprites have transparent pixels; add #00000000 to `palette`": lambda: apply(
            images, Palette.from_hex(["#ffffffff"])
        ),
        "`palette` has 384 colours; indices reach 256": lambda: nearest(rgb, Palette.of(rgb)),
        "`images` [6, 8, 8, 4] and `redrawn` [6, 8, 8, 3] differ in shape": lambda: colour_error(
            images, rgb
        ),
    }
    for message, call in cases.items():
        with pytest.raises(REFUSED) as caught:
            call()
        assert str(caught.value) == message
    for function in (palette_sizes, Palette.of):
        with pytest.raises(DataError, match="sprites must be uint8"):
            function(images[0])
