"""``PaletteNet``: scores that turn with the palette, of any network, and what neighbours vote."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from spritelab.config import preset
from spritelab.networks import PaletteNet, build_palette_network, hidden_weights
from spritelab.networks.palette_net import VOTES, votes


def fresh(name: str) -> PaletteNet:
    return build_palette_network(
        preset(name).network, channels=10, size=16, context_dim=5, timesteps=1000, features=7
    )


@pytest.mark.parametrize("name", ["notebook", "small"])
def test_scores_turn_with_the_palette(name: str) -> None:
    torch.manual_seed(0)
    network = fresh(name).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    x, t = torch.randn(2, 10, 16, 16), torch.tensor([3, 700])
    colours = torch.randn(2, 6, 7)
    used = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    evidence = torch.where(used[:, :, None, None], torch.randn(2, 6, 16, 16), -torch.inf)
    context = torch.eye(5)[:2]
    order = torch.tensor([5, 2, 0, 4, 1, 3])
    with torch.no_grad():
        scores = network(x, t, context, colours, used, evidence)
        turned = network(x, t, context, colours[:, order], used[:, order], evidence[:, order])
        colours[1, 4:] = 9.0  # not used, so not read
        other = network(x, t, context, colours, used, evidence)
        no_class = network(x, t, None, colours, used, evidence)
        zeros = network(x, t, torch.zeros(2, 5), colours, used, evidence)
    assert scores.shape == (2, 6, 16, 16)
    assert scores.std() > 1e-3
    torch.testing.assert_close(turned, scores[:, order], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(other[1, :4], scores[1, :4], rtol=1e-4, atol=1e-4)
    assert torch.equal(no_class, zeros)
    assert not torch.equal(zeros, other)


def test_a_fresh_unet_scores_all_colours_alike() -> None:
    network = fresh("small")
    used = torch.ones(1, 6, dtype=torch.bool)
    x, evidence = torch.randn(1, 10, 16, 16), torch.randn(1, 6, 16, 16)
    scores = network(x, torch.tensor([5]), None, torch.randn(1, 6, 7), used, evidence)
    assert not scores.any()
    # Muon moves what maps features to features, and not what meets colours.
    inside = {id(weight) for weight in hidden_weights(network)[0]}
    named = {name: id(weight) in inside for name, weight in network.named_parameters()}
    ends = ("colour.", "palette.", "inner.stem", "inner.head", "inner.time", "inner.context")
    assert not any(named[name] for name in named if name.startswith(ends))
    assert named["inner.middle1.conv1.weight"]


def test_neighbours_and_mirror_images_vote_and_nobody_else() -> None:
    """Against the sum written out pixel by pixel, on a map that is not square."""
    torch.manual_seed(0)
    height, width = 5, 6
    q = torch.rand(2, 3, height, width, dtype=torch.float64)
    w = torch.randn(2, VOTES, height, width, dtype=torch.float64)
    around = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3) if (dy, dx) != (0, 0)]
    expected = torch.zeros_like(q)
    for y in range(height):
        for x in range(width):
            places = [(y + dy, x + dx) for dy, dx in around]
            # One to the right beside the mirror image of x is one to the left in the image.
            places += [(y, width - 1 - (x + dx)) for dx in (-1, 0, 1)]
            for number, (yy, xx) in enumerate(places):
                if 0 <= yy < height and 0 <= xx < width:
                    expected[:, :, y, x] += w[:, number, y, x, None] * q[:, :, yy, xx]
    torch.testing.assert_close(votes(q, w), expected)


def test_votes_are_cast_by_what_pixels_seem_to_be() -> None:
    """With e = 0 and one weight, of the left neighbour, the scores are its posterior, moved."""

    class Inner(nn.Module):
        def forward(self, x: Tensor, t: Tensor, context: Tensor) -> Tensor:  # noqa: ARG002
            out = x.new_zeros(len(x), 32 + VOTES, *x.shape[2:])
            out[:, 32 + 11] = 3.0  # in the middle row, one to the left
            return out

    network = PaletteNet(Inner(), features=7, width=32, summary=8, context_dim=1)
    torch.manual_seed(0)
    evidence = torch.randn(1, 4, 8, 8)
    used = torch.ones(1, 4, dtype=torch.bool)
    scores = network(
        torch.randn(1, 10, 8, 8), torch.tensor([0]), None, torch.randn(1, 4, 7), used, evidence
    )
    assert not scores[..., 0].any()
    torch.testing.assert_close(scores[..., 1:], 3 * evidence.softmax(dim=1)[..., :-1])
