"""``PaletteNet``: any network of this room, made to choose among the colours of a palette."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class PaletteNet(nn.Module):
    """``net(x, t, context, colours, used, evidence)`` → float ``[B,P,H,W]``: scores of colours.

    The inner network gives each pixel i a vector e_i and weights w_in, a perceptron φ gives each
    colour j a vector from what it is, and the score of colour j at pixel i is

        ⟨e_i, φ(c_j)⟩ + Σ_n w_in·q_nj        q_nj = softmax over j of ⟨e_n, φ(c_j)⟩ + evidence_nj

    The first term says what a pixel should look like, and is smooth in the colour. The second lets
    it say "as the one on my left": pixels n around i, and around its mirror image, **vote** for the
    very colours that they seem to have (see ``votes``). Flat areas, outlines and symmetry are made
    of that. It is one mean-field step of a conditional random field whose pairwise weights the
    network predicts. Sources: Krähenbühl and Koltun 2011; unrolled as layers, Zheng et al. 2015.

    Nothing else tells colours apart, so palettes of any size and order fit the same weights:
    permuting a palette permutes its scores. What the palette is as a whole, the mean of a second
    perceptron over its colours, joins the context.

    The inner network's last layer starts at zero where it is a ``UNet``, and so do all scores.

    Args:
        inner: ``net(x, t, context)`` → float ``[B,width + VOTES,H,W]``, made for a context of
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
        self.width = width
        self.inner = inner
        self.colour = perceptron(features, width)
        self.palette = perceptron(features, summary)

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        context: Tensor | None,
        colours: Tensor,
        used: Tensor,
        evidence: Tensor,
    ) -> Tensor:
        """Score the colours of each pixel.

        Args:
            x: float ``[B,C,H,W]``.
            t: int64 ``[B]``.
            context: float ``[B,K]``; None means no class: zeros.
            colours: float ``[B,P,features]``, what each colour is.
            used: bool ``[B,P]``, which entries are colours of the palette.
            evidence: float ``[B,P,H,W]``, nats; what each pixel says of its own index. -∞ for
                entries that are not used.
        """
        if context is None:
            context = x.new_zeros(len(x), self.context_dim)
        own = used[:, :, None].to(x.dtype)
        summary = (self.palette(colours) * own).sum(dim=1) / own.sum(dim=1)
        out = self.inner(x, t, torch.cat([context.to(x.dtype), summary], dim=1))
        e, weights = out[:, : self.width], out[:, self.width :]
        scores: Tensor = (self.colour(colours) @ e.flatten(2)).reshape(evidence.shape)
        return scores + votes((scores + evidence).softmax(dim=1), weights)


REACH = 2
"""How far away pixels vote: those of the square of 2·REACH + 1 pixels around, less the middle."""

MIRROR_REACH = 1
"""How far beside a pixel's mirror image, left for right in the same row, pixels vote."""

VOTES = (2 * REACH + 1) ** 2 - 1 + 2 * MIRROR_REACH + 1
"""How many pixels vote on each."""


def votes(beliefs: Tensor, weights: Tensor) -> Tensor:
    """Σ_n w_in·q_nj over the pixels n that vote on pixel i.

    Those around i come first, row by row, then those around its mirror image. Outside of the sprite
    nobody votes.

    Args:
        beliefs: q, float ``[B,P,H,W]``.
        weights: w, float ``[B,VOTES,H,W]``; of either sign.

    Returns:
        float ``[B,P,H,W]``.
    """
    height, width = beliefs.shape[2:]
    around = functional.pad(beliefs, (REACH,) * 4)
    mirrored = functional.pad(beliefs.flip(3), (MIRROR_REACH, MIRROR_REACH, 0, 0))
    side = range(2 * REACH + 1)
    voters = [
        around[:, :, dy : dy + height, dx : dx + width]
        for dy in side
        for dx in side
        if (dy, dx) != (REACH, REACH)
    ]
    voters += [mirrored[..., dx : dx + width] for dx in range(2 * MIRROR_REACH + 1)]
    weights = weights.contiguous()  # one weight of all pixels together, where channels come last
    total = torch.zeros_like(beliefs)
    for number, voter in enumerate(voters):
        total = torch.addcmul(total, weights[:, number : number + 1], voter)
    return total


def perceptron(inputs: int, outputs: int, hidden: int = 64) -> nn.Sequential:
    """Linear, SiLU, Linear."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, outputs))
