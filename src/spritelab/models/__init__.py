"""Networks: ``net(x_t, t, context)`` → a tensor like ``x_t``."""

from torch import nn

from spritelab.config import ContextUNetSettings, UNetSettings
from spritelab.models.context_unet import ContextUNet
from spritelab.models.unet import UNet

__all__ = ["ContextUNet", "UNet", "build_network"]


def build_network(
    settings: ContextUNetSettings | UNetSettings,
    *,
    channels: int,
    size: int,
    context_dim: int,
    timesteps: int,
) -> nn.Module:
    """Build the network that ``settings`` describe, with freshly drawn weights.

    Args:
        channels: 3 (RGB) or 4 (RGBA).
        size: height and width of a sprite, in pixels.
        context_dim: K, the number of classes.
        timesteps: T of the schedule.

    Raises:
        SettingsError: if the network cannot have that size.
    """
    if isinstance(settings, ContextUNetSettings):
        return ContextUNet(channels, size, settings.features, context_dim, timesteps)
    return UNet(
        channels,
        size,
        settings.widths,
        settings.blocks,
        settings.attention,
        context_dim,
        dropout=settings.dropout,
    )
