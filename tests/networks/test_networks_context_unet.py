"""``ContextUNet`` is the notebook's network with its two faults mended, and nothing else."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from spritelab.config import ContextUNetSettings
from spritelab.errors import SettingsError
from spritelab.networks import ContextUNet, build_network

NOTEBOOK_PARAMETERS = 1_480_771
SHORTCUT = 3 * 64 + 64
"""A 1×1 convolution from 3 to 64 channels, which the notebook drew anew on every call."""


def network(channels: int = 3, size: int = 16, features: int = 8, classes: int = 5) -> ContextUNet:
    torch.manual_seed(0)
    return ContextUNet(channels, size, features, classes, timesteps=1000)


def inputs(
    channels: int = 3, size: int = 16, classes: int = 5, n: int = 4
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(n, channels, size, size, generator=generator)
    t = torch.randint(1000, (n,), generator=generator)
    return x, t, torch.eye(classes)[torch.arange(n) % classes]


def test_it_has_the_notebooks_parameters_and_a_shortcut() -> None:
    net = build_network(
        ContextUNetSettings(features=64), channels=3, size=16, context_dim=5, timesteps=1000
    )
    assert isinstance(net, ContextUNet)
    assert sum(p.numel() for p in net.parameters()) == NOTEBOOK_PARAMETERS + SHORTCUT


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("size", [16, 32])
def test_shapes(channels: int, size: int) -> None:
    x, t, context = inputs(channels, size)
    assert network(channels, size).eval()(x, t, context).shape == x.shape


def test_it_is_deterministic() -> None:
    """The notebook's was not: its shortcut was drawn on every call."""
    net = network().eval()
    first = net(*inputs())
    torch.manual_seed(99)
    assert torch.equal(net(*inputs()), first)
    copy = network()
    copy.load_state_dict(net.state_dict())
    assert torch.equal(copy.eval()(*inputs()), first)


def test_every_parameter_learns() -> None:
    """Context and shortcut included. A bias before batch normalisation has no say by design."""
    net = network().train()
    net(*inputs(n=8)).square().mean().backward()
    silent = {
        name
        for name, parameter in net.named_parameters()
        if parameter.grad is None or float(parameter.grad.abs().max()) < 1e-9
    }
    normalised = {
        f"{name}.0.bias"
        for name, module in net.named_modules()
        if isinstance(module, nn.Sequential)
        and len(module) > 1
        and isinstance(module[1], nn.BatchNorm2d)
    }
    assert silent <= normalised
    assert not any("context" in name or "shortcut" in name for name in silent)


def test_class_and_time_decide() -> None:
    """In float64, where rounding is far below what fresh weights let through."""
    net = network().double().eval()
    x, t, context = inputs()
    x = x.double()
    out = net(x, t, context)
    assert (net(x, t, context.roll(1, dims=1)) - out).abs().amax(dim=(1, 2, 3)).min() > 1e-6
    assert (net(x, (t + 500) % 1000, context) - out).abs().amax(dim=(1, 2, 3)).min() > 1e-6


def test_no_context_is_zeros() -> None:
    net = network().eval()
    x, t, context = inputs()
    assert torch.equal(net(x, t), net(x, t, torch.zeros_like(context)))
    assert not torch.equal(net(x, t), net(x, t, context))


def test_time_is_fed_as_a_share_of_all_steps() -> None:
    """So that t of T means the same to the network at any T."""
    net, x, context = network().eval(), *inputs()[::2]
    net.timesteps = 1000
    a = net(x, torch.full((4,), 300), context)
    net.timesteps = 100
    torch.testing.assert_close(net(x, torch.full((4,), 30), context), a, rtol=0, atol=1e-6)


def test_float64() -> None:
    x, t, context = inputs()
    exact = network().double().eval()(x.double(), t, context)
    assert exact.dtype == torch.float64
    torch.testing.assert_close(network().eval()(x, t, context).double(), exact, rtol=0, atol=1e-5)


def test_a_size_that_it_cannot_have() -> None:
    with pytest.raises(SettingsError, match="multiple of 4, not 18"):
        network(size=18)
