"""The head that chooses among the colours of a sprite's palette, as a component of diffusers.

spritelab writes this file as ``palette_head/palette_head.py`` beside its weights. The U-Net beside
it is diffusers' own: for every pixel it gives a vector, which is compared with the vector of every
colour, and weights with which its neighbours vote for the very colours that they seem to have.
What a noisy pixel says of its own colour is known exactly and not learnt (``evidence``).
``docs/tour.md`` of spritelab explains it.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional

FEATURES = 7
"""Numbers that describe a colour, see ``features``."""

LMS = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]
"""Linear sRGB to cones, and their cube roots to OKLab. Source: Ottosson 2020."""


class PaletteHead(ModelMixin, ConfigMixin):
    """Scores of colours from what the U-Net gives; and the palettes of the training sprites.

    Args:
        classes: K.
        embedding: width of the U-Net's embedding of time and class.
        channels: 3 (RGB) or 4 (RGBA).
        lenders: training sprites, whose palettes are kept.
        most: colours of the largest of these.
        width: of the vectors that pixels and colours are compared by.
        summary: numbers by which the U-Net is told of a palette as a whole.
    """

    @register_to_config
    def __init__(
        self,
        classes: int,
        embedding: int,
        channels: int,
        lenders: int,
        most: int,
        width: int = 32,
        summary: int = 64,
    ) -> None:
        super().__init__()
        self.context = nn.Linear(classes + summary, embedding, bias=False)
        self.colour = nn.Sequential(nn.Linear(FEATURES, 64), nn.SiLU(), nn.Linear(64, width))
        self.palette = nn.Sequential(nn.Linear(FEATURES, 64), nn.SiLU(), nn.Linear(64, summary))
        self.register_buffer("colours", torch.zeros(lenders, most, channels, dtype=torch.uint8))
        self.register_buffer("sizes", torch.zeros(lenders, dtype=torch.int16))
        self.register_buffer("labels", torch.zeros(lenders, dtype=torch.int32))

    def borrowed(self, labels: Tensor, generator: Any) -> tuple[Tensor, Tensor]:
        """Palettes of training sprites of these classes, drawn by lot; K stands for any class.

        Returns:
            colours float ``[B,P,C]`` in [-1, 1], and bool ``[B,P]``, which of them are there.
        """
        rows = []
        for number, label in enumerate(labels.tolist()):
            able = torch.nonzero(self.labels.cpu() == label).flatten()
            able = able if len(able) else torch.arange(len(self.labels))
            one = generator[number] if isinstance(generator, list) else generator
            where = "cpu" if one is None else one.device
            drawn = torch.randint(len(able), (1,), generator=one, device=where)
            rows.append(int(able[drawn.cpu()]))
        colours = self.colours[rows].to(self.dtype) / 127.5 - 1
        sizes = self.sizes[rows].long()
        used = torch.arange(colours.shape[1], device=colours.device) < sizes[:, None]
        return colours, used

    def given(self, palette: list[str], n: int) -> tuple[Tensor, Tensor]:
        """The same palette, ``#rrggbb`` each, for n sprites, with the transparent colour before."""
        for code in palette:
            if re.fullmatch("#?[0-9a-fA-F]{6}", code) is None:
                raise ValueError(f"a colour is written #rrggbb, not {code!r}")
        rows = [[*bytes.fromhex(code.lstrip("#")), 255][: self.config.channels] for code in palette]
        if self.config.channels == 4:
            rows.insert(0, [0, 0, 0, 0])
        if not 1 <= len(rows) <= self.config.most:
            raise ValueError(f"a palette has 1 to {self.config.most} colours here, not {len(rows)}")
        colours = torch.tensor(rows, device=self.device).to(self.dtype) / 127.5 - 1
        used = torch.ones(n, len(rows), dtype=torch.bool, device=self.device)
        return colours.expand(n, -1, -1), used

    def scores(
        self, unet: Any, x: Tensor, t: Tensor, context: Tensor, palettes: Any, alpha_bar: float
    ) -> Tensor:
        """What the network says of each colour at each pixel, float ``[B,P,H,W]``.

        Args:
            unet: the ``UNet2DModel``.
            x, t: noisy sprites ``[B,C,H,W]`` and their step ``[B]``.
            context: float ``[B,K]``, the class; zeros for none.
            palettes: colours and which of them are there, as ``borrowed`` gives them.
            alpha_bar: ᾱ at t.
        """
        colours, used = palettes
        told, known = features(colours, used), evidence(x, palettes, alpha_bar)
        alone = known.softmax(dim=1)
        seen = torch.cat([x, mix(colours, alone), mix(told[..., 4:6], alone)], dim=1)
        own = used[:, :, None].to(x.dtype)
        whole = (self.palette(told) * own).sum(dim=1) / own.sum(dim=1)
        embedded = self.context(torch.cat([context.to(x.dtype), whole], dim=1))
        out = unet(seen, t, class_labels=embedded).sample
        vectors, weights = out[:, : self.config.width], out[:, self.config.width :]
        found = (self.colour(told) @ vectors.flatten(2)).reshape(known.shape)
        return found + votes((found + known).softmax(dim=1), weights)

    @staticmethod
    def read(scores: Tensor, x: Tensor, palettes: Any, alpha_bar: float, last: bool) -> Tensor:
        """x̂_0, float ``[B,C,H,W]``: the mean colour, or in the last step the most probable one."""
        colours, used = (palettes[0].double(), palettes[1])
        logits = scores.double() + evidence(x.double(), (colours, used), alpha_bar)
        if not last:
            return mix(colours, logits.softmax(dim=1)).to(x.dtype)
        chosen = functional.one_hot(logits.argmax(dim=1), logits.shape[1]).permute(0, 3, 1, 2)
        return mix(colours, chosen.double()).to(x.dtype)


def evidence(x: Tensor, palettes: Any, alpha_bar: float) -> Tensor:
    """What each pixel says of its own colour, in nats: (a·⟨x, c⟩ - ½·a²·|c|²) / s²."""
    colours, used = palettes
    a, s2 = alpha_bar**0.5, 1 - alpha_bar
    dots = colours @ x.flatten(2)
    known = a * dots - 0.5 * a**2 * colours.square().sum(dim=2, keepdim=True)
    known = torch.where(used[:, :, None], known, -torch.inf) / s2
    return known.reshape(*used.shape, *x.shape[2:])


def mix(values: Tensor, weights: Tensor) -> Tensor:
    """Σ_j w_j·v_j for every pixel: ``[B,P,F]`` and ``[B,P,H,W]`` → ``[B,F,H,W]``."""
    mixed = values.transpose(1, 2) @ weights.flatten(2)
    return mixed.reshape(*mixed.shape[:2], *weights.shape[2:])


def features(colours: Tensor, used: Tensor) -> Tensor:
    """OKLab; alpha; the rank from dark to light; whether transparent; the palette's size."""
    rgb, alpha = colours[..., :3], colours[..., 3:]
    if not alpha.shape[2]:
        alpha = torch.ones_like(rgb[..., :1])
    transparent = alpha <= -1
    unit = (rgb + 1) / 2
    curve = ((unit + 0.055) / 1.055).clamp(min=0) ** 2.4
    linear = torch.where(unit <= 0.04045, unit / 12.92, curve)
    lab = (linear @ rgb.new_tensor(LMS).T).clamp(min=0) ** (1 / 3) @ rgb.new_tensor(LAB).T
    light = torch.where(transparent, -torch.inf, lab[..., :1])
    other, own = light.transpose(1, 2), used[:, None, :]
    darker = ((other < light) & own).sum(dim=2, keepdim=True)
    equal = ((other == light) & own).sum(dim=2, keepdim=True)
    m = used.sum(dim=1)[:, None, None].to(rgb.dtype)
    rank = (2 * darker + equal - 1) / (m - 1).clamp(min=1) - 1
    size = (m.log() / 2 - 1).expand_as(alpha)
    scaled = lab * lab.new_tensor([2.0, 4.0, 4.0]) - lab.new_tensor([1.0, 0.0, 0.0])
    return torch.cat([scaled, alpha, rank, transparent.to(rgb.dtype), size], dim=2)


def votes(beliefs: Tensor, weights: Tensor) -> Tensor:
    """Σ_n w_in·q_nj: of the pixels around, row by row, then of those around the mirror image."""
    height, width = beliefs.shape[2:]
    around = functional.pad(beliefs, (2, 2, 2, 2))
    mirrored = functional.pad(beliefs.flip(3), (1, 1, 0, 0))
    places = [(dy, dx) for dy in range(5) for dx in range(5) if (dy, dx) != (2, 2)]
    voters = [around[:, :, dy : dy + height, dx : dx + width] for dy, dx in places]
    voters += [mirrored[..., dx : dx + width] for dx in range(3)]
    total = torch.zeros_like(beliefs)
    for number, voter in enumerate(voters):
        total = total + weights[:, number : number + 1] * voter
    return total
