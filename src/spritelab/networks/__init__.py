"""Networks: ``net(x_t, t, context)`` → what a head reads."""

from torch import nn

from spritelab.config import ContextUNetSettings, UNetSettings
from spritelab.networks.classes import with_classes
from spritelab.networks.context_unet import ContextUNet
from spritelab.networks.cost import HEADS_WIDTH, check_cost, check_parameters, largest_map
from spritelab.networks.palette_net import VOTES, PaletteNet
from spritelab.networks.unet import UNet
from spritelab.networks.unet2d import from_unet2d, to_unet2d, unet2d_config

__all__ = [
    "ContextUNet",
    "UNet",
    "PaletteNet",
    "build_network",
    "build_palette_network",
    "check_parameters",
    "largest_map",
    "hidden_weights",
    "with_classes",
    "unet2d_config",
    "to_unet2d",
    "from_unet2d",
]


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
        out_channels: of the output; ``channels`` if not given.

    Raises:
        SettingsError: if the network cannot have that size, or would ask too much of the memory.
    """
    check_cost(settings, size)
    if isinstance(settings, ContextUNetSettings):
        return ContextUNet(channels, size, settings.features, context_dim, timesteps, out_channels)
    return UNet(
        channels,
        size,
        settings.widths,
        settings.blocks,
        settings.attention,
        context_dim,
        heads_width=HEADS_WIDTH,
        dropout=settings.dropout,
        out_channels=out_channels,
    )


COLOUR_WIDTH = 32
"""D: numbers by which a ``PaletteNet`` compares pixels and colours."""

PALETTE_SUMMARY = 64
"""Numbers by which a ``PaletteNet`` knows a palette as a whole."""


def build_palette_network(
    settings: ContextUNetSettings | UNetSettings,
    *,
    channels: int,
    size: int,
    context_dim: int,
    timesteps: int,
    features: int,
) -> PaletteNet:
    """Build the network that ``settings`` describe, choosing among the colours of a palette.

    Args:
        channels: that it is shown, see ``diffusion.palette_channels``.
        size, context_dim, timesteps: as in ``build_network``.
        features: numbers that describe a colour.

    Raises:
        SettingsError: if the network cannot have that size.
    """
    inner = build_network(
        settings,
        channels=channels,
        size=size,
        context_dim=context_dim + PALETTE_SUMMARY,
        timesteps=timesteps,
        out_channels=COLOUR_WIDTH + VOTES,
    )
    return PaletteNet(inner, features, COLOUR_WIDTH, PALETTE_SUMMARY, context_dim)


ENDS = ("stem", "head", "time", "context", "colour", "palette")
"""How the layers that meet pixels, t, the class or the palette are named, in every network."""


def hidden_weights(network: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Part a network's parameters into hidden weights and all others.

    Hidden are the weights of two or more dimensions that map features to features; not those at
    the network's ends (``ENDS``), nor biases and gains.
    """
    hidden: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        inside = parameter.ndim >= 2 and not name.removeprefix("inner.").startswith(ENDS)
        (hidden if inside else others).append(parameter)
    return hidden, others
