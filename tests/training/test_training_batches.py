"""Batches are a pure function of (seed, update), and fair."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch

from spritelab import pixels
from spritelab.palette import index_sprites
from spritelab.training import Batch, Batches, DeviceSprites, stream_seed
from tiny import tiny_set

CPU = torch.device("cpu")
SPRITES = DeviceSprites.from_set(tiny_set(), CPU)
STILL = {"mirror": False, "stratified_t": True, "drop_context": 0.0}


def batches(
    batch_size: int = 8, seed: int = 0, sprites: DeviceSprites = SPRITES, **how: Any
) -> Batches:
    return Batches(sprites, batch_size, 1000, seed, **{**STILL, **how})


def same(a: Batch, b: Batch) -> bool:
    names = [f.name for f in fields(Batch) if f.name != "palettes"]
    return all(torch.equal(getattr(a, name), getattr(b, name)) for name in names)


def test_sprites_on_the_device() -> None:
    sprites = tiny_set()
    np.testing.assert_array_equal(SPRITES.images.numpy(), sprites.images)
    np.testing.assert_array_equal(SPRITES.context.argmax(dim=1).numpy(), sprites.labels)
    assert SPRITES.context.dtype == torch.float32
    assert bool((SPRITES.context.sum(dim=1) == 1).all())
    np.testing.assert_array_equal(
        SPRITES.mirrorable.numpy(), np.array([True, True, False])[sprites.labels]
    )


def test_indexed_sprites_are_the_same_sprites_in_a_third_of_the_memory() -> None:
    plain = tiny_set()
    indexed = index_sprites(plain.images, 32)
    sprites = DeviceSprites.from_set(plain, CPU, indexed)
    rows = torch.tensor([4, 0, 2, 2])
    x0, palettes = sprites.select(rows)
    assert palettes is not None
    np.testing.assert_array_equal(pixels.decode(x0), indexed.images()[rows.numpy()])
    torch.testing.assert_close(palettes.draw(palettes.nearest(x0)), x0, rtol=0, atol=0)
    np.testing.assert_array_equal(palettes.used.sum(dim=1).numpy(), indexed.sizes[rows.numpy()])
    assert sprites.images.numel() == 0
    assert sprites.indexed is not None
    held = (sprites.indexed.colours, sprites.indexed.sizes, sprites.indexed.indices)
    size = 16 * 16  # a byte a pixel, four a colour and eight for the size of the palette
    assert sum(one.nbytes for one in held) == len(plain) * (size + 32 * 4 + 8)
    # On a CPU these are the arrays themselves, which the run has anyway.
    assert sprites.indexed.indices.data_ptr() == indexed.indices.ctypes.data


def test_a_batch_depends_on_seed_and_update_alone() -> None:
    """Samples in order, in any order, by another object, whatever torch drew in between."""
    how: dict[str, Any] = {"mirror": True, "drop_context": 0.3}
    in_order = batches(**how)
    expected = [in_order.draw(step) for step in range(12)]
    other = batches(**how)
    for step in (7, 0, 11, 7, 3):
        torch.manual_seed(step)
        torch.rand(5)
        assert same(other.draw(step), expected[step])
    assert not same(batches(seed=1, **how).draw(7), expected[7])
    for a, b in itertools.pairwise(expected):
        assert not torch.equal(a.eps, b.eps)
        assert not torch.equal(a.t, b.t)


@pytest.mark.parametrize("batch_size", [1, 7, 8, 40, 64, 100])
def test_every_sprite_once_an_epoch(batch_size: int) -> None:
    """Also where batches span epochs, and where a batch is larger than the set."""
    n, epochs = len(SPRITES), 10
    drawn = batches(batch_size)
    steps = -(-epochs * n // batch_size)
    order = torch.cat([drawn.indices(step) for step in range(steps)])[: epochs * n].view(epochs, n)
    for epoch in order:
        assert sorted(epoch.tolist()) == list(range(n))
    assert len({tuple(epoch.tolist()) for epoch in order}) == epochs


def test_the_batch_shows_the_sprites_of_its_indices() -> None:
    drawn = batches()
    for step in (0, 4, 9):
        index, batch = drawn.indices(step), drawn.draw(step)
        assert torch.equal(batch.x0, pixels.encode(SPRITES.images[index]))
        assert torch.equal(batch.context, SPRITES.context[index])
        assert batch.t.dtype == torch.int64
        assert batch.eps.shape == batch.x0.shape == (8, 4, 16, 16)


@pytest.mark.parametrize("batch_size", [1, 8, 1000, 1500])
def test_stratified_t_puts_one_in_each_part(batch_size: int) -> None:
    t = batches(batch_size).draw(5).t.double()
    part = torch.arange(batch_size, dtype=torch.float64) * 1000 / batch_size
    assert bool((t >= part.floor()).all())
    assert bool((t < part + 1000 / batch_size).all())


def test_a_power_of_t_favours_low_noise_and_nothing_else() -> None:
    """u in part k of B gives t = T·u² between T·(k/B)² and T·((k+1)/B)²."""
    plain, squared = batches(100).draw(5), batches(100, t_power=2.0).draw(5)
    edges = 1000 * (torch.arange(101, dtype=torch.float64) / 100) ** 2
    t = squared.t.double()
    assert bool((t >= edges[:-1].floor()).all())
    assert bool((t <= edges[1:]).all())
    assert torch.equal(plain.eps, squared.eps)
    assert torch.equal(plain.x0, squared.x0)


@pytest.mark.parametrize("stratified", [True, False])
def test_t_is_uniform(stratified: bool) -> None:
    """Chi-square over ten equal parts of 0 … T-1, at the 1e-6 quantile for 9 degrees: 44.8."""
    drawn = batches(50, stratified_t=stratified)
    t = torch.cat([drawn.draw(step).t for step in range(100)])
    assert (int(t.min()), int(t.max())) == (0, 999)
    counts = torch.bincount(t // 100, minlength=10).double()
    assert len(counts) == 10
    assert float(((counts - 500) ** 2 / 500).sum()) < 44.8


def test_noise_is_standard_normal() -> None:
    drawn = batches(64)
    eps = torch.cat([drawn.draw(step).eps for step in range(10)]).double()
    n = eps.numel()
    assert abs(float(eps.mean())) < 5 / n**0.5
    assert abs(float(eps.var()) - 1) < 5 * (2 / n) ** 0.5


def test_mirrors_where_it_is_right_and_half_of_the_time() -> None:
    plain, mirrored = batches(40), batches(40, mirror=True)
    seen: Counter[tuple[bool, bool]] = Counter()
    for step in range(20):
        a, b, index = plain.draw(step).x0, mirrored.draw(step).x0, plain.indices(step)
        for row in range(40):
            if torch.equal(a[row], a[row].flip(2)):
                continue  # a symmetric sprite cannot tell
            flipped = torch.equal(b[row], a[row].flip(2))
            assert flipped or torch.equal(b[row], a[row])
            seen[bool(SPRITES.mirrorable[index[row]]), flipped] += 1
    assert seen[False, True] == 0
    assert seen[False, False] > 100
    n = seen[True, True] + seen[True, False]
    assert n > 100
    assert abs(seen[True, True] - n / 2) < 5 * (n / 4) ** 0.5


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_share_shown_without_a_class(share: float) -> None:
    drawn = batches(40, drop_context=share)
    rows = torch.cat([drawn.draw(step).context for step in range(50)])
    expected = torch.cat([SPRITES.context[drawn.indices(step)] for step in range(50)])
    dropped = rows.sum(dim=1) == 0
    assert torch.equal(rows[~dropped], expected[~dropped])
    n = len(rows)
    assert abs(int(dropped.sum()) - share * n) < 5 * (n * share * (1 - share)) ** 0.5


def test_options_leave_the_rest_of_the_draw_alone() -> None:
    """Mirroring and dropped classes change what is shown, not which t and noise it meets."""
    plain, both = batches().draw(3), batches(mirror=True, drop_context=0.5).draw(3)
    assert torch.equal(plain.t, both.t)
    assert torch.equal(plain.eps, both.eps)


def test_stream_seeds_do_not_meet() -> None:
    keys = [(s, stream, step) for s in range(10) for stream in range(4) for step in range(250)]
    seeds = {stream_seed(*key) for key in keys}
    assert len(seeds) == len(keys)
    assert all(0 <= seed < 2**63 for seed in seeds)
    # torch's CPU generator reads the low 32 bits only: 10,000 of them should hardly meet.
    assert len({seed % 2**32 for seed in seeds}) >= len(keys) - 2
