"""The exponential moving average of the weights, whose memory grows with the run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from spritelab.errors import SettingsError


class PowerAverage:
    """A running average of a network's weights in which update i of n weighs as (i/n)^γ.

    An average of fixed length is too long for a run of two minutes and too short for a night.
    This one is always the same share of the run so far, with no need to know its end:
    θ̂_n = β_n·θ̂_{n-1} + (1-β_n)·θ_n with β_n = (1 - 1/n)^(γ+1).
    Source: Karras et al. 2024 (EDM2), equations 2 and 127.

    Floating-point buffers, such as the running statistics of batch normalisation, are averaged
    like weights; counters are copied.

    Args:
        network: whose weights are averaged; the average starts as a copy.
        width: σ_rel, the standard deviation of the average's profile as a share of the run; 0
            keeps the last weights only.

    Raises:
        SettingsError: if ``width`` is outside [0, 0.28].
    """

    def __init__(self, network: nn.Module, width: float) -> None:
        self.gamma = gamma_from_width(width) if width else None
        self.weights: dict[str, Tensor] = {
            name: value.detach().clone() for name, value in network.state_dict().items()
        }

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights of ``network`` after update number ``step`` (from 1)."""
        beta = (1 - 1 / step) ** (self.gamma + 1) if self.gamma is not None else 0.0
        averages, news = [], []
        for name, value in network.state_dict().items():
            if beta > 0 and value.is_floating_point():
                averages.append(self.weights[name])
                news.append(value)
            else:
                self.weights[name].copy_(value)
        if averages:
            torch._foreach_lerp_(averages, news, 1 - beta)

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Take over a saved average."""
        for name, value in self.weights.items():
            value.copy_(weights[name])


def gamma_from_width(width: float) -> float:
    """γ of the average whose width is σ_rel: the root of σ² = (γ+1) / ((γ+2)²·(γ+3)).

    Source: Karras et al. 2024, equation 126.
    """
    if not 0 < width <= 0.28:
        raise SettingsError(f"the width of the average must lie in (0, 0.28], not {width}")
    t = width**-2
    return float(np.roots([1, 7, 16 - t, 12 - t]).real.max())
