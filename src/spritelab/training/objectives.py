"""What an update minimises: an objective takes the network and a batch, and gives the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from spritelab.config import TrainingSettings
from spritelab.diffusion import Head, Network, Schedule, build_head, q_sample
from spritelab.training.batches import Batch


class Objective(Protocol):
    """What a network is trained for."""

    @property
    def head(self) -> Head:
        """What the network's output means."""

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """The mean loss over the batch: a scalar."""


@dataclass(frozen=True)
class Denoising:
    """Algorithm 1 of Ho et al. 2020: the error of what the network says of q_sample(x_0, t, ε).

    Attributes:
        head: what the network's output means, and the loss of one sprite.
        min_snr_gamma: γ of the min-SNR loss weights (Hang et al. 2023); 0 weighs all t alike.
    """

    head: Head
    min_snr_gamma: float = 0.0

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """The mean loss over the batch: a scalar."""
        x_t = q_sample(self.head.schedule, batch.x0, batch.t, batch.eps)
        head = self.head.of(batch.palettes)
        output = head.ask(network, x_t, batch.t, batch.context)
        losses = head.loss(output, x_t, batch.x0, batch.eps, batch.t)
        if self.min_snr_gamma:
            losses = losses * self.head.snr_weight(batch.t, self.min_snr_gamma, like=losses)
        return losses.mean()


def build_objective(settings: TrainingSettings, schedule: Schedule) -> Denoising:
    """The objective that ``settings`` describe."""
    return Denoising(build_head(settings.prediction, schedule), settings.min_snr_gamma)
