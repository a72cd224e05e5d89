"""Palettes in other colours: what must stay, what must change."""

from __future__ import annotations

import numpy as np
import torch

from spritelab.data import SpriteSet
from spritelab.diffusion import Palettes
from spritelab.diffusion.oklab import to_oklab
from spritelab.palette import index_sprites
from spritelab.training import Batches, DeviceSprites
from spritelab.training.recolour import ADDED, distract, recolour, swap

CPU = torch.device("cpu")


def sprites(count: int = 40) -> tuple[SpriteSet, DeviceSprites]:
    """Sprites of eight colours and transparency, each of colours of its own."""
    random = np.random.default_rng(4)
    colours = random.integers(0, 256, size=(count, 8, 4), dtype=np.uint8)
    colours[..., 3] = 255
    colours[:, 0] = 0
    indices = random.integers(0, 8, size=(count, 16, 16))
    images = colours[np.arange(count)[:, None, None], indices]
    whole = SpriteSet.from_arrays(images)
    return whole, DeviceSprites.from_set(whole, CPU, index_sprites(whole.images, 8))


def indexed(device: DeviceSprites) -> tuple[Palettes, torch.Tensor]:
    """All palettes, and int64 ``[N,H,W]`` indices into them."""
    assert device.indexed is not None
    return device.indexed.select(torch.arange(len(device)))


def own() -> Palettes:
    return indexed(sprites()[1])[0]


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def hue_and_chroma(colours: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    lab = to_oklab((colours[..., :3] + 1) / 2)
    return torch.atan2(lab[..., 2], lab[..., 1]), lab[..., 1:].norm(dim=-1)


def test_recolouring_keeps_alpha_the_transparent_colour_and_the_ranks() -> None:
    before, after = own(), recolour(own(), 1.0, seeded())
    assert torch.equal(after.used, before.used)
    assert torch.equal(after.colours[..., 3], before.colours[..., 3])
    assert torch.equal(after.colours[:, 0], before.colours[:, 0])
    assert not (after.colours[:, 1:, :3] == before.colours[:, 1:, :3]).all(dim=2).any()
    assert after.colours.abs().max() <= 1
    # Clipping to sRGB moves some; where nothing was clipped, ranks stay.
    inside = (after.colours[:, 1:, :3].abs() < 0.999).all(dim=2).all(dim=1)
    assert inside.sum() >= 3
    ranks = before.features[inside, :, 4], after.features[inside, :, 4]
    torch.testing.assert_close(ranks[1], ranks[0])


def test_one_angle_turns_a_whole_palette() -> None:
    grey = own().colours * torch.tensor([0.15, 0.15, 0.15, 1.0])  # dull: nothing is clipped
    before = Palettes(torch.where(grey[..., 3:] < 0, own().colours, grey), own().used)
    after = recolour(before, 1.0, seeded())
    (hues, chroma), (turned, stretched) = map(hue_and_chroma, (before.colours, after.colours))
    gap = (turned - hues)[:, 1:]
    seen = (chroma[:, 1:] > 0.01) & (stretched[:, 1:] > 0.005)
    for row, clear in zip(gap, seen, strict=True):
        unit = torch.polar(torch.ones_like(row[clear]), row[clear])
        assert unit.mean().abs() > 0.999
    ratio = (stretched / chroma)[:, 1:]
    torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio), rtol=0.02, atol=0.0)


def test_a_share_is_recoloured() -> None:
    assert torch.equal(recolour(own(), 0.0, seeded()).colours, own().colours)
    changed = (recolour(own(), 0.5, seeded()).colours != own().colours).any(dim=2).any(dim=1)
    assert 8 <= int(changed.sum()) <= 32


def test_added_colours_are_those_of_other_palettes() -> None:
    before, after = own(), distract(own(), 1.0, seeded())
    assert torch.equal(after.colours[:, :8], before.colours)
    assert torch.equal(after.used[:, :8], before.used)
    added = after.used[:, 8:].sum(dim=1)
    assert after.colours.shape[1] == 8 + ADDED
    assert 1 <= int(added.min()) + 1 <= int(added.max()) <= ADDED
    known = {tuple(colour.tolist()) for colour in before.colours.flatten(0, 1)}
    for row, extra in zip(after.colours, after.used[:, 8:], strict=True):
        theirs = [tuple(colour.tolist()) for colour in row[8:][extra]]
        assert set(theirs) <= known
        assert not set(theirs) & {tuple(colour.tolist()) for colour in row[:8]}
        assert all(colour[3] == 1 for colour in theirs)
    assert not distract(own(), 0.0, seeded()).used[:, 8:].any()


def swapped(share: float = 1.0) -> tuple[Palettes, torch.Tensor, torch.Tensor]:
    """New palettes, new indices, and the old ones."""
    indices = indexed(sprites()[1])[1]
    palettes, moved = swap(own(), indices, share, seeded())
    return palettes, moved, indices


def test_swapped_palettes_are_gathered_from_others() -> None:
    palettes, moved, indices = swapped()
    known = {tuple(colour.tolist()) for colour in own().colours.flatten(0, 1)}
    sizes = palettes.used[:, 1:].sum(dim=1)
    assert 1 <= int(sizes.min()) < int(sizes.max()) <= 7  # a sprite has seven
    for colours, used in zip(palettes.colours, palettes.used, strict=True):
        taken = [tuple(colour.tolist()) for colour in colours[used]]
        assert len(set(taken)) == len(taken)
        assert set(taken) <= known
        assert taken[0] == (-1, -1, -1, -1)
        assert all(colour[3] == 1 for colour in taken[1:])
    assert torch.equal(moved == 0, indices == 0)  # transparent stays, nothing else becomes it
    for row, used in zip(moved, palettes.used, strict=True):
        assert set(row.unique().tolist()) == set(used.nonzero()[:, 0].tolist())


def test_a_swapped_colour_is_the_nearest_that_was_gathered() -> None:
    palettes, moved, indices = swapped()
    before = own()
    for row in range(len(palettes)):
        old = to_oklab((before.colours[row, 1:8, :3] + 1) / 2)
        entries = palettes.used[row].nonzero()[1:, 0]
        new = to_oklab((palettes.colours[row, entries, :3] + 1) / 2)
        gaps = torch.cdist(old, new)
        for colour in range(1, 8):
            (found,) = set(moved[row][indices[row] == colour].tolist())  # it stays one colour
            place = entries.tolist().index(found)
            assert gaps[colour - 1, place] <= gaps[colour - 1].min() + 1e-5


def test_a_share_is_swapped() -> None:
    palettes, moved, indices = swapped(0.0)
    assert torch.equal(palettes.colours[:, :8], own().colours)
    assert torch.equal(palettes.used[:, :8], own().used)
    assert not palettes.used[:, 8:].any()
    assert torch.equal(moved, indices)
    half, _, _ = swapped(0.5)
    changed = (half.colours[:, :8] != own().colours).any(dim=2).any(dim=1)
    assert 8 <= int(changed.sum()) <= 32


def test_sprites_without_transparency_are_swapped_too() -> None:
    colours = own().colours[:, 1:, :3]
    indices = torch.arange(7).repeat(40, 7, 1)
    palettes = Palettes(colours, torch.ones(40, 7, dtype=torch.bool))
    after, moved = swap(palettes, indices, 1.0, seeded())
    assert not after.used[:, 0].any()
    assert int(moved.min()) >= 1
    assert after.used.gather(1, moved.flatten(1)).all()


def test_a_batch_of_swapped_sprites_is_drawn_from_its_palettes() -> None:
    device = sprites()[1]
    batches = Batches(
        device, 16, 1000, 0, mirror=False, stratified_t=True, drop_context=0.1, swap=0.5
    )
    batch = batches.draw(0)
    assert batch.palettes is not None
    drawn = batch.palettes.nearest(batch.x0)
    torch.testing.assert_close(batch.palettes.draw(drawn), batch.x0)
    same = (drawn == indexed(device)[1][batches.indices(0)]).flatten(1).all(dim=1)
    assert 2 <= int(same.sum()) <= 14


def test_a_batch_shows_the_same_drawings_in_its_palettes() -> None:
    whole, device = sprites()
    batches = Batches(
        device,
        16,
        1000,
        0,
        mirror=True,
        stratified_t=True,
        drop_context=0.1,
        recolour=0.8,
        distract=0.6,
    )
    batch = batches.draw(0)
    assert batch.palettes is not None
    drawn = batch.palettes.nearest(batch.x0)
    torch.testing.assert_close(batch.palettes.draw(drawn), batch.x0)
    assert int(drawn.max()) < 8  # no colour that was added is used
    indices = indexed(device)[1][batches.indices(0)]
    same = (drawn == indices).flatten(1).all(dim=1)
    mirrored = (drawn == indices.flip(2)).flatten(1).all(dim=1)
    assert (same | mirrored).all()
    assert same.any()
    assert mirrored.any()
    again = batches.draw(0)
    assert again.palettes is not None
    assert torch.equal(again.x0, batch.x0)
    assert torch.equal(again.palettes.colours, batch.palettes.colours)
    assert len(batch[1::2].x0) == 8
    assert batch[1::2].palettes is not None
    assert whole.images.shape[0] == len(device)
