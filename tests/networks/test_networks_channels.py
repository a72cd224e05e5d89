"""A network may return another number of channels than it takes: a head says how many."""

from __future__ import annotations

import pytest
import torch

from spritelab.config import ContextUNetSettings, UNetSettings
from spritelab.networks import build_network

SETTINGS = [ContextUNetSettings(features=8), UNetSettings(widths=(32, 32), attention=())]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.kind)
@pytest.mark.parametrize(("out_channels", "expected"), [(None, 4), (4, 4), (7, 7)])
def test_as_many_as_the_head_reads(
    settings: ContextUNetSettings | UNetSettings, out_channels: int | None, expected: int
) -> None:
    net = build_network(
        settings, channels=4, size=16, context_dim=3, timesteps=50, out_channels=out_channels
    ).eval()
    t, context = torch.tensor([0, 49]), torch.eye(3)[:2]
    assert net(torch.zeros(2, 4, 16, 16), t, context).shape == (2, expected, 16, 16)
