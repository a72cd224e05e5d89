"""``UNet``: equal to diffusers' ``UNet2DModel`` with the same weights, and what it promises."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spritelab.config import UNetSettings, preset
from spritelab.errors import SettingsError
from spritelab.networks import UNet, build_network, from_unet2d, to_unet2d, unet2d_config
from spritelab.networks.unet import sinusoids

TINY: dict[str, Any] = {"widths": (32, 64), "blocks": 1, "attention": (8,)}
CLASSES = 5


def network(channels: int = 4, size: int = 16, **how: Any) -> UNet:
    torch.manual_seed(0)
    return UNet(channels, size, context_dim=CLASSES, **{**TINY, **how})


def randomised(net: nn.Module) -> nn.Module:
    """Draw every parameter anew, those that start at zero and the normalisations included."""
    generator = torch.Generator().manual_seed(7)
    for parameter in net.parameters():
        # Weights of unit gain, so that no layer drowns in the others.
        scale = (parameter[0].numel() if parameter.ndim > 1 else 4) ** -0.5
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    return net.eval()


def inputs(channels: int = 4, size: int = 16, n: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(n, channels, size, size, generator=generator)
    return x, torch.tensor([0, 500, 999])[:n], torch.eye(CLASSES)[:n]


@pytest.mark.parametrize(
    ("name", "channels", "size"),
    [("small", 4, 16), ("small", 3, 32), ("base", 4, 32), ("base", 3, 16)],
)
def test_it_equals_diffusers_unet(name: str, channels: int, size: int) -> None:
    diffusers = pytest.importorskip("diffusers")
    settings = preset(name).network
    assert isinstance(settings, UNetSettings)
    net = build_network(settings, channels=channels, size=size, context_dim=CLASSES, timesteps=1000)
    assert isinstance(net, UNet)
    randomised(net)
    arguments = unet2d_config(settings, channels=channels, size=size, classes=CLASSES)
    oracle = diffusers.UNet2DModel(**arguments).eval()
    oracle.load_state_dict(to_unet2d(net.state_dict()))
    x, t, context = inputs(channels, size)
    context[0] = 0  # no class
    with torch.no_grad():
        ours = net(x, t, context)
        theirs = oracle(x, t, class_labels=torch.tensor([CLASSES, 1, 2])).sample
    assert float(theirs.std()) > 0.1
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5 * float(theirs.abs().max()))
    back = from_unet2d(oracle.state_dict(), net.state_dict())
    assert all(torch.equal(back[key], weight) for key, weight in net.state_dict().items())


@pytest.mark.parametrize(
    ("widths", "blocks", "attention"),
    [((32,), 1, ()), ((32, 32), 3, (16, 8)), ((32, 64, 64, 96), 2, (4, 2))],
)
@pytest.mark.parametrize(("channels", "size"), [(3, 16), (4, 32)])
def test_shapes(
    widths: tuple[int, ...], blocks: int, attention: tuple[int, ...], channels: int, size: int
) -> None:
    net = network(channels, size, widths=widths, blocks=blocks, attention=attention)
    x, t, context = inputs(channels, size)
    with torch.no_grad():
        assert randomised(net)(x, t, context).shape == x.shape


def test_it_starts_at_zero() -> None:
    """Ho et al. 2020: the last layer starts at zero, so that the first prediction is no noise."""
    assert not network()(*inputs()).any()


def test_every_block_starts_as_the_identity() -> None:
    net = network(widths=(32, 32), attention=(16, 8))
    generator = torch.Generator().manual_seed(0)
    x, embedding = torch.randn(2, 32, 8, 8, generator=generator), torch.randn(2, 128)
    assert torch.equal(net.middle1(x, embedding), x)


def test_every_parameter_learns() -> None:
    """But for the biases of keys, to which softmax is blind."""
    net = randomised(network()).train()
    net(*inputs()).square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        grad = parameter.grad
        if name.endswith("qkv.bias"):
            q, k, v = grad.chunk(3)
            assert float(k.abs().max()) < 1e-4 * float(v.abs().max())
            grad = q
        assert float(grad.abs().max()) > 1e-7, name


def test_it_is_deterministic_in_evaluation_only() -> None:
    net = randomised(network(dropout=0.5))
    assert torch.equal(net(*inputs()), net(*inputs()))
    net.train()
    assert not torch.equal(net(*inputs()), net(*inputs()))


def test_classes_mix() -> None:
    """The context enters through a linear map: half of each embedding is what half a mix gives."""
    net = randomised(network())
    assert isinstance(net, UNet)
    x, t, context = inputs()
    halves = (context + context.roll(1, dims=1)) / 2
    mixed, pure, other = (net(x, t, c) for c in (halves, context, context.roll(1, dims=1)))
    embedding = net.context(halves)
    torch.testing.assert_close(
        embedding, (net.context(context) + net.context(context.roll(1, dims=1))) / 2
    )
    for out in (pure, other):
        assert (mixed - out).abs().amax(dim=(1, 2, 3)).min() > 1e-4


def test_no_context_is_zeros_and_rows_are_independent() -> None:
    net = randomised(network())
    x, t, context = inputs()
    torch.testing.assert_close(net(x, t), net(x, t, torch.zeros_like(context)), rtol=0, atol=1e-6)
    alone = net(x[1:2], t[1:2], context[1:2])
    torch.testing.assert_close(alone, net(x, t, context)[1:2], rtol=1e-5, atol=1e-5)


def test_any_memory_format_and_float64() -> None:
    net = randomised(network())
    x, t, context = inputs()
    plain = net(x, t, context)
    last = net(x.contiguous(memory_format=torch.channels_last), t, context)
    torch.testing.assert_close(last, plain, rtol=0, atol=1e-6)
    exact = net.double()(x.double(), t, context)
    assert exact.dtype == torch.float64
    torch.testing.assert_close(plain.double(), exact, rtol=0, atol=1e-4)


def test_sinusoids() -> None:
    """Vaswani et al. 2017, in double precision by hand."""
    t = torch.tensor([0, 1, 499, 999])
    got = sinusoids(t, 32)
    assert got.dtype == torch.float32
    i = torch.arange(16, dtype=torch.float64)
    angles = t[:, None].double() * 10000.0 ** (-i / 16)
    expected = torch.cat([angles.cos(), angles.sin()], dim=1)
    torch.testing.assert_close(got.double(), expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"size": 18, "widths": (32, 32, 32)}, "3 levels need a size that is a multiple of 4"),
        ({"widths": (32, 48)}, r"multiple of 8 \(groups\) and of 32"),
        ({"widths": (32, 64), "groups": 5}, r"multiple of 5 \(groups\)"),
    ],
)
def test_networks_that_cannot_be(how: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        network(**how)
