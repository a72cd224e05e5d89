"""The same drawings in other colours: what keeps a palette from naming its sprite.

Where every palette is one sprite's own and is seen often enough, a network learns "these colours,
this drawing". A drawing stays what it is in other colours (``recolour``), in those of others
(``swap``), and beside colours that it does not use (``distract``).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from spritelab.diffusion import Palettes
from spritelab.diffusion.oklab import from_oklab, to_oklab

LIGHTNESS = 1.5
"""Lightness is raised to a power between 1/LIGHTNESS and LIGHTNESS: 0 and 1 stay, as do ranks."""

CHROMA = (0.5, 1.5)
"""Between which factors the distance from grey is stretched."""

ADDED = 8
"""Most colours that ``distract`` adds to a palette."""

SWAPPED = (3, 16)
"""Between how many colours, beside transparent, a palette of ``swap`` has."""


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
    added, fits = _of_others(palettes, ADDED, generator)
    chosen = torch.rand(2, len(palettes), 1, generator=generator, device=added.device)
    enough = torch.arange(ADDED, device=added.device) < 1 + (chosen[1] * ADDED).long()
    fits = fits & enough & (chosen[0] < share) & ~_among(added, palettes.colours, palettes.used)
    return Palettes(
        torch.cat([palettes.colours, added], dim=1), torch.cat([palettes.used, fits], dim=1)
    )


def swap(
    palettes: Palettes, indices: Tensor, share: float, generator: torch.Generator
) -> tuple[Palettes, Tensor]:
    """Redraw a ``share`` of sprites in palettes gathered from others: a palette swap.

    3 to 16 colours are gathered, each number's logarithm alike likely, each of them a colour of
    another sprite of the batch. Each colour of the sprite becomes the nearest of them in OKLab, and
    those that are nearest to none are no part of its palette, as when a model draws in a palette
    that is given to it (``generate.palettes.colours_nearest``). So colours may fall together.
    Transparent stays transparent.

    Args:
        palettes: of B sprites, P entries.
        indices: int64 ``[B,H,W]`` into them.
        share: of the sprites, in [0, 1].
        generator: on their device.

    Returns:
        Palettes of at least 17 entries, and indices into them.
    """
    fewest, most = SWAPPED
    colours, used, transparent = palettes.colours, palettes.used, palettes.transparent
    count, device = len(palettes), colours.device
    added, fits = _of_others(palettes, most, generator)
    u = torch.rand(2, count, 1, generator=generator, device=device)
    size = (fewest * ((most + 1) / fewest) ** u[1]).long()
    fits &= torch.arange(most, device=device) < size
    chosen = (u[0] < share) & fits.any(dim=1, keepdim=True)
    nearest = 1 + _nearest(colours, added, fits)
    # Transparent first, then the new colours; both forms in a tensor wide enough for either.
    place = torch.where(transparent, 0, nearest)
    taken = torch.zeros(count, most + 1, dtype=torch.int64, device=device)
    taken = taken.scatter_add(1, place, used.long()) > 0
    clear = (colours * (used & transparent)[..., None]).sum(dim=1, keepdim=True)
    wide = max(colours.shape[1], most + 1)
    new = _widened(torch.cat([clear, added], dim=1), taken, wide)
    old = _widened(colours, used, wide)
    moved = place.gather(1, indices.flatten(1)).reshape(indices.shape)
    return (
        Palettes(
            torch.where(chosen[..., None], new[0], old[0]), torch.where(chosen, new[1], old[1])
        ),
        torch.where(chosen[..., None], moved, indices),
    )


def _of_others(palettes: Palettes, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw n colours for each palette from those of the batch.

    Returns:
        float ``[B,n,C]``, and which are not transparent: bool ``[B,n]``.
    """
    colours, used = palettes.colours, palettes.used
    count = len(palettes)
    u = torch.rand(2, count, n, generator=generator, device=colours.device)
    donor = (u[0] * count).long().clamp(max=count - 1)
    # The n-th used entry of the donor, n uniform below its size.
    number = (u[1] * used.sum(dim=1)[donor]).long()
    entry = (used.cumsum(dim=1)[donor] <= number[..., None]).sum(dim=2)
    entry = entry.clamp(max=used.shape[1] - 1)
    return colours[donor, entry], ~palettes.transparent[donor, entry]


def _among(some: Tensor, colours: Tensor, used: Tensor) -> Tensor:
    """Which of ``some`` ``[B,n,C]`` are used entries of ``colours`` ``[B,P,C]``: bool ``[B,n]``."""
    return ((some[:, :, None] == colours[:, None]).all(dim=3) & used[:, None]).any(dim=2)


def _nearest(colours: Tensor, targets: Tensor, fits: Tensor) -> Tensor:
    """The nearest of ``targets`` ``[B,n,C]`` that fit, for each of ``colours``: int64 ``[B,P]``."""
    own, theirs = (to_oklab((some[..., :3] + 1) / 2) for some in (colours, targets))
    gap = (own[:, :, None] - theirs[:, None]).square().sum(dim=3)
    return torch.where(fits[:, None], gap, torch.inf).argmin(dim=2)


def _widened(colours: Tensor, used: Tensor, wide: int) -> tuple[Tensor, Tensor]:
    """Colours and which of them are used, with unused entries up to ``wide``."""
    more = wide - used.shape[1]
    return functional.pad(colours, (0, 0, 0, more)), functional.pad(used, (0, more))
