"""Networks: ``net(x_t, t, context)`` → what a head reads."""

from torch import nn

from spritelab.config import ContextUNetSettings, UNetSettings
from spritelab.networks.context_unet import ContextUNet
from spritelab.networks.unet import UNet

__all__ = ["ContextUNet", "UNet", "build_network", "hidden_weights"]


def build_network(
    settings: ContextUNetSettings | UNetSettings,
    *,
    channels: int,
    size: int,
    context_dim: int,
    timesteps: int,
    out_channels: int | None = None,
) -> nn.Module:
    """Build the network that ``settings`` describe, with freshly drawn weights.

    Args:
        channels: 3 (RGB) or 4 (RGBA).
        size: height and width of a sprite, in pixels.
        context_dim: K, the number of classes.
        timesteps: T of the schedule.
        out_channels: of the output, see ``Head.out_channels``; ``channels`` if not given.

    Raises:
        SettingsError: if the network cannot have that size.
    """
    if isinstance(settings, ContextUNetSettings):
        return ContextUNet(channels, size, settings.features, context_dim, timesteps, out_channels)
    return UNet(
        channels,
        size,
        settings.widths,
        settings.blocks,
        settings.attention,
        context_dim,
        dropout=settings.dropout,
        out_channels=out_channels,
    )


ENDS = ("stem", "head", "time", "context")
"""How the layers that meet pixels, t or the class are named, in every network."""


def hidden_weights(network: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Part a network's parameters into hidden weights and all others.

    Hidden are the weights of two or more dimensions that map features to features; not those at
    the network's ends (``ENDS``), nor biases and gains.
    """
    hidden: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        inside = parameter.ndim >= 2 and not name.startswith(ENDS)
        (hidden if inside else others).append(parameter)
    return hidden, others
