"""What a network asks of the memory, worked out from its settings before it is built."""

from __future__ import annotations

from torch import nn

from spritelab.config import ContextUNetSettings, UNetSettings
from spritelab.config.bounds import MAX_MAP, MAX_PARAMETERS
from spritelab.errors import SettingsError

HEADS_WIDTH = 32
"""Channels of one attention head."""


def largest_map(settings: ContextUNetSettings | UNetSettings, size: int) -> int:
    """Numbers in the largest array that a network makes of one sprite.

    On the way up a level's blocks read their own channels beside those of a skip; attention may
    hold a score for every pair of pixels and every head.
    """
    if isinstance(settings, ContextUNetSettings):
        return 2 * settings.features * size**2
    widths = settings.widths
    most = 0
    for level, width in enumerate(widths):
        pixels = (size >> level) ** 2
        most = max(most, (width + max(widths[level : level + 2])) * pixels)
        last = level == len(widths) - 1  # the middle attends, whatever its size
        if last or size >> level in settings.attention:
            most = max(most, max(1, width // HEADS_WIDTH) * pixels**2)
    return most


def check_cost(settings: ContextUNetSettings | UNetSettings, size: int) -> None:
    """Raise ``SettingsError`` if one sprite would take more than ``MAX_MAP`` numbers."""
    numbers = largest_map(settings, size)
    if numbers > MAX_MAP:
        raise SettingsError(
            f"the network would make arrays of {numbers:,} numbers of one sprite of {size}×{size} "
            f"pixels; {MAX_MAP:,} are the limit: fewer channels, or attention at smaller sizes"
        )


def check_parameters(network: nn.Module) -> None:
    """Raise ``SettingsError`` if a network has more than ``MAX_PARAMETERS`` numbers to learn."""
    count = sum(parameter.numel() for parameter in network.parameters())
    if count > MAX_PARAMETERS:
        raise SettingsError(
            f"the network would have {count:,} parameters; {MAX_PARAMETERS:,} are the limit: fewer "
            "channels, blocks or classes"
        )
