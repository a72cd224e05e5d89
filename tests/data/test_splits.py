"""Splits: nothing leaks, classes keep their share, and the draw depends on pixels alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from test_duplicates import sprite_sets

from sprite_files import random_sprites
from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError

shares = st.floats(0.01, 0.99)
seeds = st.integers(0, 2**63)


@given(sprite_sets(), shares, seeds)
def test_nothing_leaks_and_nothing_is_lost(sprites: SpriteSet, held_out: float, seed: int) -> None:
    assume(len(set(sprites.leak_groups().tolist())) > 1)
    train, held = sprites.split(held_out, seed)
    assert len(train) > 0
    assert len(held) > 0
    assert sorted(train.ids + held.ids, key=int) == list(sprites.ids)
    assert set(train.groups.tolist()).isdisjoint(held.groups.tolist())
    for a, label_a in zip(train.images, train.labels, strict=True):
        for b, label_b in zip(held.images, held.labels, strict=True):
            assert not np.array_equal(a, b)
            if sprites.mirrorable[label_a] or sprites.mirrorable[label_b]:
                assert not np.array_equal(a, b[:, ::-1])


@given(sprite_sets(), shares, seeds)
def test_each_side_keeps_the_order_and_the_facts(
    sprites: SpriteSet, held_out: float, seed: int
) -> None:
    assume(len(set(sprites.leak_groups().tolist())) > 1)
    for side in sprites.split(held_out, seed):
        where = [int(name) for name in side.ids]
        assert where == sorted(where)
        np.testing.assert_array_equal(side.images, sprites.images[where])
        np.testing.assert_array_equal(side.labels, sprites.labels[where])
        assert side.class_names == sprites.class_names
        assert side.mirrorable == sprites.mirrorable


def many(counts: dict[str, int], seed: int = 0) -> SpriteSet:
    names = sorted(counts)
    labels = np.repeat(np.arange(len(names)), [counts[name] for name in names])
    return SpriteSet.from_arrays(random_sprites(len(labels), 4, seed=seed), labels, names)


@pytest.mark.parametrize("held_out", [0.05, 0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_class_gives_its_share(held_out: float, seed: int) -> None:
    counts = {"a": 300, "b": 40, "c": 7, "d": 1}
    _, held = many(counts).split(held_out, seed)
    got = Counter(held.class_names[label] for label in held.labels)
    assert len(held) == round(held_out * sum(counts.values()))
    for name, n in counts.items():
        assert abs(got[name] - held_out * n) <= 1 or got[name] == n - 1
    assert got["d"] == 0  # a class of one sprite stays where it can be learned


def test_the_remainder_goes_where_most_is_missing() -> None:
    """Shares of 1.9, 1.1 and 1.0 make 4 in all: the class that lacks 0.9 gets the one left over."""
    for seed in range(10):
        _, held = many({"a": 19, "b": 11, "c": 10}).split(0.1, seed)
        assert np.bincount(held.labels).tolist() == [2, 1, 1]


def test_copies_do_not_count_twice() -> None:
    """Shares are of distinct sprites: 50 copies of 100 sprites give 10 kinds, 50 times each."""
    once = many({"a": 60, "b": 40})
    often = once.select(np.tile(np.arange(100), 50))
    _, held = often.split(0.1, seed=3)
    assert len(held) == 500
    assert len(np.unique(held.images, axis=0)) == 10
    _, held_once = once.split(0.1, seed=3)
    np.testing.assert_array_equal(
        np.unique(held.images, axis=0), np.unique(held_once.images, axis=0)
    )


def test_the_draw_does_not_depend_on_the_order() -> None:
    plain = many({"a": 50, "b": 30})
    sprites = replace(plain, groups=np.arange(80) // 3)
    order = np.random.default_rng(5).permutation(80)
    _, held = sprites.split(0.2, seed=7)
    _, held_too = sprites.select(order).split(0.2, seed=7)
    assert set(held.ids) == set(held_too.ids)


def test_seeds_draw_different_sprites_and_one_seed_the_same() -> None:
    sprites = many({"a": 200})
    drawn = [sprites.split(0.1, seed)[1].ids for seed in (0, 0, 1, 2)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3
    # over many seeds every sprite is drawn about as often as any other: binomial(300, 0.1)
    often = Counter(name for seed in range(300) for name in sprites.split(0.1, seed)[1].ids)
    assert len(often) == 200
    assert 30 - 5.2 * 4.5 < min(often.values()) <= max(often.values()) < 30 + 5.2 * 4.5


def test_the_draw_is_the_same_on_every_machine() -> None:
    """Pinned: pixels that no random generator made, so that nothing but the hash decides."""
    images = np.arange(20 * 4 * 4 * 3, dtype=np.int64).reshape(20, 4, 4, 3) % 251
    _, held = SpriteSet.from_arrays(images.astype(np.uint8)).split(0.2, seed=0)
    assert held.ids == ("11", "15", "18", "19")


def test_a_group_that_spans_classes_moves_as_one() -> None:
    n = 40
    labels, groups = np.arange(2 * n) % 2, np.arange(2 * n) // 2
    sprites = SpriteSet.from_arrays(
        random_sprites(2 * n, 4), labels, ["hero", "side-facing"], groups=groups
    )
    train, held = sprites.split(0.25, seed=1)
    assert np.bincount(held.labels).tolist() == [10, 10]
    assert np.bincount(train.labels).tolist() == [30, 30]


def test_two_classes_of_one_sprite_each_can_still_be_split() -> None:
    train, held = many({"a": 1, "b": 1}).split(0.1, seed=0)
    assert (len(train), len(held)) == (1, 1)


@pytest.mark.parametrize("held_out", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_shares_out_of_range_are_refused(held_out: float) -> None:
    with pytest.raises(SettingsError, match="between 0 and 1"):
        many({"a": 10}).split(held_out, seed=0)


def test_what_cannot_be_split_is_refused() -> None:
    copies = many({"a": 1}).select(np.zeros(9, dtype=np.int64))
    with pytest.raises(DataError, match="9 sprites cannot be split"):
        copies.split(0.5, seed=0)
    with pytest.raises(DataError, match="cannot be split"):
        copies.select(np.arange(0)).split(0.5, seed=0)
