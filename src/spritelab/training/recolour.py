"""The same drawings in other colours: what keeps a palette from naming its sprite.

Where every palette is one sprite's own and is seen often enough, a network learns "these colours,
this drawing". A drawing stays what it is in other colours, and beside colours that it does not use.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from spritelab.diffusion import Palettes
from spritelab.diffusion.oklab import from_oklab, to_oklab

LIGHTNESS = 1.5
"""Lightness is raised to a power between 1/LIGHTNESS and LIGHTNESS: 0 and 1 stay, as do ranks."""

CHROMA = (0.5, 1.5)
"""Between which factors the distance from grey is stretched."""

ADDED = 8
"""Most colours that ``distract`` adds to a palette."""


def recolour(palettes: Palettes, share: float, generator: torch.Generator) -> Palettes:
    """Turn the hues of a ``share`` of palettes, and stretch their chroma and lightness, in OKLab.

    All colours of a palette turn by one angle, of any size, and stretch alike. Alpha stays, and so
    does the transparent colour.

    Args:
        palettes: of B sprites.
        share: of them, in [0, 1].
        generator: on their device.
    """
    colours = palettes.colours

    def uniform(low: float, high: float) -> Tensor:
        u = torch.rand(len(palettes), 1, 1, generator=generator, device=colours.device)
        return low + (high - low) * u

    chosen = uniform(0, 1) < share
    angle, chroma = uniform(0, 2 * math.pi), uniform(*CHROMA)
    power = uniform(-math.log(LIGHTNESS), math.log(LIGHTNESS)).exp()
    light, a, b = to_oklab((colours[..., :3] + 1) / 2).chunk(3, dim=2)
    turned = [
        light.clamp(0, 1) ** power,
        chroma * (angle.cos() * a - angle.sin() * b),
        chroma * (angle.sin() * a + angle.cos() * b),
    ]
    rgb = from_oklab(torch.cat(turned, dim=2)) * 2 - 1
    changed = torch.cat([rgb, colours[..., 3:]], dim=2)
    chosen = chosen & ~palettes.transparent[..., None]
    return Palettes(torch.where(chosen, changed, colours), palettes.used)


def distract(palettes: Palettes, share: float, generator: torch.Generator) -> Palettes:
    """Add 1 to ``ADDED`` colours of other palettes of the batch to a ``share`` of palettes.

    None that a palette has already, and not the transparent one.

    Args:
        palettes: of B sprites.
        share: of them, in [0, 1].
        generator: on their device.

    Returns:
        Palettes of P + ADDED entries; the first P are those given.
    """
    colours, used = palettes.colours, palettes.used
    count, device = len(palettes), colours.device
    u = torch.rand(3, count, ADDED, generator=generator, device=device)
    chosen = torch.rand(2, count, 1, generator=generator, device=device)
    donor = (u[0] * count).long().clamp(max=count - 1)
    # The n-th used entry of the donor, n uniform below its size.
    number = (u[1] * used.sum(dim=1)[donor]).long()
    entry = (used.cumsum(dim=1)[donor] <= number[..., None]).sum(dim=2)
    entry = entry.clamp(max=used.shape[1] - 1)
    added = colours[donor, entry]
    enough = torch.arange(ADDED, device=device) < 1 + (chosen[1] * ADDED).long()
    known = (added[:, :, None] == colours[:, None]).all(dim=3) & used[:, None]
    seen = ~palettes.transparent[donor, entry]
    fits = enough & (chosen[0] < share) & seen & ~known.any(dim=2)
    return Palettes(torch.cat([colours, added], dim=1), torch.cat([used, fits], dim=1))
