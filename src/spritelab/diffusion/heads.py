"""What a network's output means: the loss that teaches it, and the clean sprite that it implies.

A **head** stands between network and samplers, and is all that differs between predictions of ε,
x_0 and v. Training asks it for the loss, sampling for x̂_0; neither knows which head it is. A new
meaning is one more class with the members of ``Head``.

With a = √ᾱ_t and s = √(1-ᾱ_t):

====  ======================  =======================  ==========================
head  target                  x̂_0 from output f        source
====  ======================  =======================  ==========================
ε     ε                       (x_t - s·f) / a          Ho et al. 2020
x_0   x_0                     f                        Salimans and Ho 2022
v     a·ε - s·x_0             a·x_t - s·f              Salimans and Ho 2022
====  ======================  =======================  ==========================
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from spritelab.config import Prediction
from spritelab.diffusion.process import v_from, x0_from_eps, x0_from_v
from spritelab.diffusion.schedule import Schedule
from spritelab.errors import SettingsError


class Head(Protocol):
    """The meaning of a network's output. Tensors are float ``[B,C,H,W]``, ``t`` is int64 ``[B]``.

    The output may have another number of channels than x_t, see ``out_channels``.
    """

    @property
    def schedule(self) -> Schedule:
        """The schedule that the network is trained under."""

    def out_channels(self, channels: int) -> int:
        """How many channels the network returns for sprites of ``channels``."""

    def loss(self, output: Tensor, x_t: Tensor, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        """The loss of each sprite, ``[B]``, for x_t = q_sample(x0, t, eps)."""

    def snr_weight(self, t: Tensor, gamma: float, like: Tensor) -> Tensor:
        """min-SNR weights of the loss, ``[B]``, in the dtype and on the device of ``like``."""

    def x0_hat(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The clean sprite that the output stands for."""


@dataclass(frozen=True)
class RegressionHead(ABC):
    """A head whose network returns a tensor like x_t, and learns it by its mean squared error."""

    schedule: Schedule

    def out_channels(self, channels: int) -> int:
        return channels

    @abstractmethod
    def target(self, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        """What the network should return for x_t = q_sample(x0, t, eps)."""

    def loss(self, output: Tensor, x_t: Tensor, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:  # noqa: ARG002
        """The mean square over pixels and channels. For ε: Ho et al. 2020, equation 14."""
        return (output - self.target(x0, eps, t)).square().flatten(1).mean(dim=1)

    def snr_weight(self, t: Tensor, gamma: float, like: Tensor) -> Tensor:
        """Hang et al. 2023 (min-SNR), section 3.4: an error in x̂_0 weighs min(SNR, γ)."""
        a, s = self.schedule.signal_and_noise(t, like)
        snr = (a / s).flatten() ** 2
        return snr.clamp(max=gamma) / self._x0_error_factor(snr)

    @abstractmethod
    def x0_hat(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The clean sprite that the output stands for."""

    @abstractmethod
    def _x0_error_factor(self, snr: Tensor) -> Tensor:
        """By how much a squared error of the output is larger than that of x̂_0: ``[B]``."""


class EpsHead(RegressionHead):
    """The network returns ε̂."""

    def target(self, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:  # noqa: ARG002
        return eps

    def x0_hat(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        return x0_from_eps(self.schedule, x_t, t, output)

    def _x0_error_factor(self, snr: Tensor) -> Tensor:
        return snr


class X0Head(RegressionHead):
    """The network returns x̂_0."""

    def target(self, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:  # noqa: ARG002
        return x0

    def x0_hat(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:  # noqa: ARG002
        return output

    def _x0_error_factor(self, snr: Tensor) -> Tensor:
        return torch.ones_like(snr)


class VHead(RegressionHead):
    """The network returns v̂."""

    def target(self, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        return v_from(self.schedule, x0, t, eps)

    def x0_hat(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        return x0_from_v(self.schedule, x_t, t, output)

    def _x0_error_factor(self, snr: Tensor) -> Tensor:
        return snr + 1


def build_head(prediction: Prediction, schedule: Schedule) -> RegressionHead:
    """The head of a network that predicts ``eps``, ``x0`` or ``v``.

    Raises:
        SettingsError: for another prediction.
    """
    if prediction == "eps":
        return EpsHead(schedule)
    if prediction == "x0":
        return X0Head(schedule)
    if prediction == "v":
        return VHead(schedule)
    raise SettingsError(f"unknown prediction {prediction!r}; choose one of eps, x0, v")
