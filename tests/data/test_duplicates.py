"""Copies, against a comparison of every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spritelab.data import SpriteSet, exact_copies
from spritelab.pixels import Images


@st.composite
def sprite_sets(draw: st.DrawFn) -> SpriteSet:
    """Draw small sets of tiny sprites, so that copies, mirror images and groups abound."""
    n = draw(st.integers(1, 14))
    k = draw(st.integers(1, 3))
    bits = draw(st.lists(st.integers(0, 7), min_size=n, max_size=n))
    images = np.zeros((n, 1, 3, 3), dtype=np.uint8)
    for i, word in enumerate(bits):
        images[i, 0, :, 0] = [word >> 2 & 1, word >> 1 & 1, word & 1]
    ints = st.integers(0, k - 1)
    return SpriteSet.from_arrays(
        images,
        np.array(draw(st.lists(ints, min_size=n, max_size=n)), dtype=np.int64),
        [f"class-{i}" for i in range(k)],
        groups=np.array(draw(st.lists(st.integers(0, 2 * n), min_size=n, max_size=n))),
        mirrorable=draw(st.lists(st.booleans(), min_size=k, max_size=k)),
    )


def pairwise(sprites: SpriteSet, mirrored: bool, grouped: bool) -> NDArray[np.int64]:
    """The same partition, by definition: every pair compared, then the transitive closure."""
    n = len(sprites)
    images, may = sprites.images, np.array(sprites.mirrorable)[sprites.labels]
    linked = np.eye(n, dtype=bool)
    for i in range(n):
        for j in range(n):
            linked[i, j] |= np.array_equal(images[i], images[j])
            if mirrored and (may[i] or may[j]):
                linked[i, j] |= np.array_equal(images[i], images[j, :, ::-1])
            if grouped:
                linked[i, j] |= bool(sprites.groups[i] == sprites.groups[j])
    for k in range(n):
        linked |= linked[:, k, None] & linked[None, k]
    first = linked.argmax(axis=1)
    return np.unique(first, return_inverse=True)[1].astype(np.int64)


@given(sprite_sets())
def test_partitions_equal_those_of_every_pair(sprites: SpriteSet) -> None:
    np.testing.assert_array_equal(exact_copies(sprites.images), pairwise(sprites, False, False))
    np.testing.assert_array_equal(sprites.leak_groups(), pairwise(sprites, True, True))
    # two sprites that mirror a third, which alone may be mirrored, are then linked by it
    np.testing.assert_array_equal(sprites.mirror_copies(), pairwise(sprites, True, False))


def test_a_mirror_image_counts_only_where_the_class_allows_it() -> None:
    image: Images = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    pair = np.concatenate([image, image[:, :, ::-1]])
    for flag, numbers in ((True, [0, 0]), (False, [0, 1])):
        sprites = SpriteSet.from_arrays(pair, mirrorable=[flag])
        assert sprites.mirror_copies().tolist() == numbers
        assert exact_copies(pair).tolist() == [0, 1]


def test_rotations_and_upside_down_images_are_no_copies() -> None:
    image: Images = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    turned = np.concatenate([image, image[:, ::-1], image.transpose(0, 2, 1, 3)])
    assert SpriteSet.from_arrays(turned).mirror_copies().tolist() == [0, 1, 2]


@pytest.mark.parametrize("copies", [1, 50])
def test_many_sprites_are_numbered_by_first_appearance(copies: int) -> None:
    block = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 4), dtype=np.uint8)
    assert exact_copies(np.tile(block, (copies, 1, 1, 1))).tolist() == list(range(40)) * copies
