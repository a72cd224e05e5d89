"""``PaletteNet``: scores that turn with the palette, of any network."""

from __future__ import annotations

import pytest
import torch

from spritelab.config import preset
from spritelab.networks import build_palette_network, hidden_weights


@pytest.mark.parametrize("name", ["notebook", "small"])
def test_scores_turn_with_the_palette(name: str) -> None:
    torch.manual_seed(0)
    network = build_palette_network(
        preset(name).network, channels=10, size=16, context_dim=5, timesteps=1000, features=7
    ).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    x, t = torch.randn(2, 10, 16, 16), torch.tensor([3, 700])
    colours = torch.randn(2, 6, 7)
    used = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    context = torch.eye(5)[:2]
    order = torch.tensor([5, 2, 0, 4, 1, 3])
    with torch.no_grad():
        scores = network(x, t, context, colours, used)
        turned = network(x, t, context, colours[:, order], used[:, order])
        colours[1, 4:] = 9.0  # not used, so not read
        other = network(x, t, context, colours, used)
        no_class = network(x, t, None, colours, used)
        zeros = network(x, t, torch.zeros(2, 5), colours, used)
    assert scores.shape == (2, 6, 16, 16)
    assert scores.std() > 1e-3
    torch.testing.assert_close(turned, scores[:, order], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(other[1, :4], scores[1, :4], rtol=1e-4, atol=1e-4)
    assert torch.equal(no_class, zeros)
    assert not torch.equal(zeros, other)


def test_a_fresh_unet_scores_all_colours_alike() -> None:
    network = build_palette_network(
        preset("small").network, channels=10, size=16, context_dim=5, timesteps=1000, features=7
    )
    used = torch.ones(1, 6, dtype=torch.bool)
    x = torch.randn(1, 10, 16, 16)
    scores = network(x, torch.tensor([5]), None, torch.randn(1, 6, 7), used)
    assert not scores.any()
    # Muon moves what maps features to features, and not what meets colours.
    inside = {id(weight) for weight in hidden_weights(network)[0]}
    named = {name: id(weight) in inside for name, weight in network.named_parameters()}
    ends = ("colour.", "palette.", "inner.stem", "inner.head", "inner.time", "inner.context")
    assert not any(named[name] for name in named if name.startswith(ends))
    assert named["inner.middle1.conv1.weight"]
