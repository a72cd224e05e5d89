"""``PaletteNet``: any network of this room, made to choose among the colours of a palette."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PaletteNet(nn.Module):
    """``net(x, t, context, colours, used)`` → float ``[B,P,H,W]``: a score for each colour.

    The inner network gives each pixel i a vector e_i, a perceptron φ gives each colour j one from
    what it is, and the score is ⟨e_i, φ(c_j)⟩. Nothing else tells colours apart, so palettes of any
    size and order fit the same weights: permuting a palette permutes its scores. What the palette
    is as a whole, the mean of a second perceptron over its colours, joins the context.

    The inner network's last layer starts at zero where it is a ``UNet``, and so do all scores.

    Args:
        inner: ``net(x, t, context)`` → float ``[B,width,H,W]``, made for a context of
            ``context_dim`` + ``summary`` numbers.
        features: numbers that describe a colour.
        width: D, of e_i and φ.
        summary: numbers that describe a palette.
        context_dim: K, the length of the context vector.
    """

    def __init__(
        self, inner: nn.Module, features: int, width: int, summary: int, context_dim: int
    ) -> None:
        super().__init__()
        self.context_dim = context_dim
        self.inner = inner
        self.colour = perceptron(features, width)
        self.palette = perceptron(features, summary)

    def forward(
        self, x: Tensor, t: Tensor, context: Tensor | None, colours: Tensor, used: Tensor
    ) -> Tensor:
        """Score the colours of each pixel.

        Args:
            x: float ``[B,C,H,W]``.
            t: int64 ``[B]``.
            context: float ``[B,K]``; None means no class: zeros.
            colours: float ``[B,P,features]``, what each colour is.
            used: bool ``[B,P]``, which entries are colours of the palette.
        """
        if context is None:
            context = x.new_zeros(len(x), self.context_dim)
        own = used[:, :, None].to(x.dtype)
        summary = (self.palette(colours) * own).sum(dim=1) / own.sum(dim=1)
        e = self.inner(x, t, torch.cat([context.to(x.dtype), summary], dim=1))
        scores: Tensor = self.colour(colours) @ e.flatten(2)
        return scores.reshape(*used.shape, *x.shape[2:])


def perceptron(inputs: int, outputs: int, hidden: int = 64) -> nn.Sequential:
    """Linear, SiLU, Linear."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, outputs))
