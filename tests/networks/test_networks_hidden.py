"""Which weights map features to features: those that Muon moves."""

from __future__ import annotations

import pytest
from torch import nn

from spritelab.config import preset
from spritelab.networks import build_network, hidden_weights


@pytest.mark.parametrize("name", ["notebook", "small", "base"])
def test_hidden_weights(name: str) -> None:
    network = build_network(
        preset(name).network, channels=4, size=16, context_dim=5, timesteps=1000
    )
    hidden, others = hidden_weights(network)
    assert {id(p) for p in (*hidden, *others)} == {id(p) for p in network.parameters()}
    assert len(hidden) + len(others) == len(list(network.parameters()))
    inside = {id(p) for p in hidden}
    assert all(p.ndim >= 2 for p in hidden)

    # The layers that meet pixels, t or the class are not among them; all other layers are.
    at_the_ends: set[str] = set()
    between: set[str] = set()
    for path, module in network.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            kind = at_the_ends if id(module.weight) not in inside else between
            kind.add(path.split(".")[0])
    assert at_the_ends >= {"stem", "head"}
    assert not at_the_ends & between
    assert not any(path.startswith(("time", "context")) for path in between)
    # Nearly all parameters are in hidden weights.
    share = sum(p.numel() for p in hidden) / sum(p.numel() for p in network.parameters())
    assert share > 0.8
