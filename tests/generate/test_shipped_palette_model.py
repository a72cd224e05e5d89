"""What training taught the shipped model with a palette head, beyond what its form guarantees."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn import functional

from benchmarks.lib.palettes import public
from spritelab import data
from spritelab.diffusion import Palettes, q_sample
from spritelab.generate import load_model
from spritelab.palette import index_sprites
from spritelab.pixels import encode


@pytest.mark.parametrize(
    ("t", "bound"), [(50, 0.001), (250, 0.01), (500, 0.02), (750, 0.05), (999, 0.1)]
)
def test_a_colour_that_no_sprite_uses_hardly_moves_what_is_seen(t: int, bound: float) -> None:
    """The corner of the RGB cube that lies farthest from each palette, added to it.

    Nothing in the form of the head keeps such a colour from being chosen: that is what training
    with distractors is for. The bounds are on the mean change of a channel of x̂_0, of [-1, 1];
    where all is noise, a colour more is a possibility more.
    """
    model = load_model("builtin-16", "cpu")
    _, held_out = data.load("builtin").split(0.1, 0)
    sprites = held_out[:32]
    indexed = index_sprites(sprites.images, 32)
    own = Palettes.encode(indexed.colours, indexed.sizes)
    corners = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=3)))
    gaps = (own.colours[:, :, None, :3] - corners).square().sum(dim=3)
    gaps = gaps.masked_fill(~own.used[..., None], torch.inf).amin(dim=1)
    added = torch.cat([corners[gaps.argmax(dim=1)], torch.ones(len(sprites), 1)], dim=1)
    more = Palettes(
        torch.cat([own.colours, added[:, None]], dim=1),
        torch.cat([own.used, torch.ones(len(sprites), 1, dtype=torch.bool)], dim=1),
    )
    x0 = encode(torch.from_numpy(sprites.images.copy()))
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
    times = torch.full((len(sprites),), t)
    x_t = q_sample(model.schedule, x0, times, noise)
    context = functional.one_hot(torch.from_numpy(sprites.labels), len(model.class_names)).float()
    seen = []
    for palettes in (own, more):
        head = model.head.of(palettes)
        with torch.no_grad():
            output = head.ask(model.network, x_t, times, context)
        seen.append(head.x0_hat(output, x_t, times))
    assert (seen[0] - seen[1]).abs().mean() < bound


@pytest.mark.parametrize(("palette", "bound"), [("four greens", 0.82), ("PICO-8", 0.88)])
def test_the_same_seed_in_other_colours_is_the_same_drawing(palette: str, bound: float) -> None:
    """Silhouettes of the same seeds, in palettes of training sprites and in one never seen.

    Before training showed palette swaps, four greens made every sprite one of the things that have
    few colours: overlaps of 0.76 and 0.86.
    """
    model = load_model("builtin-16", "cpu")
    lent, given = (
        model.sample(40, seed=0, palette=colours).images[..., 3] > 0
        for colours in (None, public()[palette])
    )
    overlap = (lent & given).sum(axis=(1, 2)) / (lent | given).sum(axis=(1, 2))
    assert overlap.mean() > bound
