"""What a network's output means: the loss that teaches it, and the clean sprite that it implies.

A **head** stands between network and samplers, and is all that differs between predictions of ε,
x_0 and v. Training asks it for the loss, sampling for x̂_0; neither knows which head it is. A new
meaning is one more class with the members of ``Head``.

With a = √ᾱ_t and s = √(1-ᾱ_t):

| head | target      | x̂_0 from output f | source               |
|------|-------------|--------------------|----------------------|
| ε    | ε           | (x_t - s·f) / a    | Ho et al. 2020       |
| x_0  | x_0         | f                  | Salimans and Ho 2022 |
| v    | a·ε - s·x_0 | a·x_t - s·f        | Salimans and Ho 2022 |

The **palette** head is of another kind. A sprite is drawn from m colours c_j, and what is learnt is
the index k_i of each pixel i. With f_ij the network's score of colour j,

    logit_ij = f_ij + (a·⟨x_t,i, c_j⟩ - ½·a²·|c_j|²) / s²      (see ``palettes.evidence``)
    p_ij     = softmax over j of logit_ij
    x̂_0,i    = Σ_j p_ij·c_j

For sprites of that palette this is the posterior mean, whatever their distribution: by Bayes' rule
p(k_i | x_t) ∝ p(k_i | x_t without pixel i)·N(x_t,i ; a·c_k, s²·I), because the noise of a pixel is
independent of all others. The second term is exact and has nothing to learn; f is trained towards
the logarithm of the first by cross-entropy. Related: Dieleman et al. 2022 (CDCD), whose x̂_0 is such
a mean over learnt embeddings.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, Self, get_args, overload

import torch
from torch import Tensor
from torch.nn import functional

from spritelab.config import Prediction, Regression
from spritelab.diffusion.palettes import RANK_AND_TRANSPARENT, Palettes, evidence, mix
from spritelab.diffusion.process import ddim_jump, v_from, x0_from_eps, x0_from_v
from spritelab.diffusion.schedule import Schedule
from spritelab.errors import SettingsError

Network = Callable[..., Tensor]
"""``net(x_t, t, context)`` → what its head reads; context is float ``[B,K]`` or None. Which further
arguments there are is between a network and its head, see ``Head.ask``."""


class Head(Protocol):
    """The meaning of a network's output. Tensors are float ``[B,C,H,W]``, ``t`` is int64 ``[B]``.

    The output may have another number of channels than x_t: it belongs to the head alone.
    """

    @property
    def schedule(self) -> Schedule:
        """The schedule that the network is trained under."""

    def of(self, palettes: Palettes | None) -> Self:
        """The head for a batch of sprites of these palettes; they are nothing to most heads."""

    def repeat(self, times: int) -> Self:
        """The head for the same batch, ``times`` times after itself."""

    def ask(self, network: Network, x_t: Tensor, t: Tensor, context: Tensor | None) -> Tensor:
        """Return what the network says of x_t."""

    def loss(self, output: Tensor, x_t: Tensor, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        """The loss of each sprite, ``[B]``, for x_t = q_sample(x0, t, eps)."""

    def jump_loss(
        self,
        output: Tensor,
        x_t: Tensor,
        t: Tensor,
        target: Tensor,
        s: Tensor,
        x0_hat: Tensor | None = None,
    ) -> Tensor:
        """How far a step from x_t lands from ``target``, an x_s: ``[B]``; s = -1: clean.

        ``x0_hat`` is what the sampler takes for it in the step, such as ``samplers.carried_on``;
        None: that of the output, as DDIM does.
        """

    def snr_weight(self, t: Tensor, gamma: float, like: Tensor) -> Tensor:
        """min-SNR weights of the loss, ``[B]``, in the dtype and on the device of ``like``."""

    def x0_hat(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The clean sprite that the output stands for: its mean, where several are likely."""

    def x0_mode(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The sprite that a chain ends in: the most probable one, where a head knows of any."""


@dataclass(frozen=True)
class RegressionHead(ABC):
    """A head whose network returns a tensor like x_t, and learns it by its mean squared error."""

    schedule: Schedule

    def of(self, palettes: Palettes | None) -> Self:  # noqa: ARG002
        return self

    def repeat(self, times: int) -> Self:  # noqa: ARG002
        return self

    def ask(self, network: Network, x_t: Tensor, t: Tensor, context: Tensor | None) -> Tensor:
        return network(x_t, t, context)

    @abstractmethod
    def target(self, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        """What the network should return for x_t = q_sample(x0, t, eps)."""

    def loss(self, output: Tensor, x_t: Tensor, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:  # noqa: ARG002
        """The mean square over pixels and channels. For ε: Ho et al. 2020, equation 14."""
        return (output - self.target(x0, eps, t)).square().flatten(1).mean(dim=1)

    def jump_loss(
        self,
        output: Tensor,
        x_t: Tensor,
        t: Tensor,
        target: Tensor,
        s: Tensor,
        x0_hat: Tensor | None = None,
    ) -> Tensor:
        """The mean distance over pixels and channels (Zhou et al. 2024, SFD)."""
        taken = self.x0_hat(output, x_t, t) if x0_hat is None else x0_hat
        return jump_error(self.schedule, x_t, taken, t, target, s)

    def snr_weight(self, t: Tensor, gamma: float, like: Tensor) -> Tensor:
        """Hang et al. 2023 (min-SNR), section 3.4: an error in x̂_0 weighs min(SNR, γ)."""
        a, s = self.schedule.signal_and_noise(t, like)
        snr = (a / s).flatten() ** 2
        return snr.clamp(max=gamma) / self._x0_error_factor(snr)

    @abstractmethod
    def x0_hat(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The clean sprite that the output stands for."""

    def x0_mode(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        return self.x0_hat(output, x_t, t)

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


@dataclass(frozen=True)
class PaletteHead:
    """The network scores the colours of each sprite's own palette.

    Attributes:
        schedule: that the network is trained under.
        palettes: of the sprites of a batch, see ``of``.
    """

    schedule: Schedule
    palettes: Palettes | None = None

    def of(self, palettes: Palettes | None) -> Self:
        return replace(self, palettes=palettes)

    def repeat(self, times: int) -> Self:
        return replace(self, palettes=self._palettes.repeat(times))

    def ask(self, network: Network, x_t: Tensor, t: Tensor, context: Tensor | None) -> Tensor:
        """Ask a ``PaletteNet``, which is shown x_t beside what each pixel says of itself.

        That is the mean, over the posterior of the pixel alone, of its colour, of the colour's rank
        from dark to light and of whether it is transparent: ``palette_channels`` in all. It is told
        the evidence, too.
        """
        palettes = self._palettes.to(x_t)
        known = evidence(self.schedule, palettes, x_t, t)
        alone = known.softmax(dim=1)
        seen = [x_t, palettes.mix(alone), mix(palettes.features[..., RANK_AND_TRANSPARENT], alone)]
        shown = torch.cat(seen, dim=1)
        return network(shown, t, context, palettes.features, palettes.used, known)

    def loss(self, output: Tensor, x_t: Tensor, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:  # noqa: ARG002
        """Cross-entropy of the true indices: nats a pixel. A proper scoring rule for p(k_i|x_t)."""
        index = self._palettes.to(x0).nearest(x0)
        logits = self._logits(output, x_t, t)
        return functional.cross_entropy(logits, index, reduction="none").flatten(1).mean(dim=1)

    def jump_loss(
        self,
        output: Tensor,
        x_t: Tensor,
        t: Tensor,
        target: Tensor,
        s: Tensor,
        x0_hat: Tensor | None = None,
    ) -> Tensor:
        """As of other heads; at the clean end, where a chain makes its choice, the cross-entropy.

        All of a batch must end there, or none.
        """
        if bool((s == -1).all()):
            return self.loss(output, x_t, target, x_t, t)
        taken = self.x0_hat(output, x_t, t) if x0_hat is None else x0_hat
        return jump_error(self.schedule, x_t, taken, t, target, s)

    def snr_weight(self, t: Tensor, gamma: float, like: Tensor) -> Tensor:  # noqa: ARG002
        raise SettingsError("the palette head has no min-SNR weights; leave `min_snr_gamma` at 0")

    def probabilities(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """p(k_i = j | x_t), float ``[B,P,H,W]``; 0 for entries that are not used."""
        return self._logits(output, x_t, t).softmax(dim=1)

    def x0_hat(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        return self._palettes.to(x_t).mix(self.probabilities(output, x_t, t))

    def x0_mode(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """Every pixel in the most probable of its palette's colours."""
        return self._palettes.to(x_t).draw(self._logits(output, x_t, t).argmax(dim=1))

    def _logits(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        return output + evidence(self.schedule, self._palettes.to(x_t), x_t, t)

    @property
    def _palettes(self) -> Palettes:
        if self.palettes is None:
            raise SettingsError("a palette head needs the palettes of the sprites; see `Head.of`")
        return self.palettes


def jump_error(
    schedule: Schedule, x_t: Tensor, x0_hat: Tensor, t: Tensor, target: Tensor, s: Tensor
) -> Tensor:
    """The mean distance of ``ddim_jump`` from ``target``, over pixels and channels: ``[B]``."""
    return (ddim_jump(schedule, x_t, x0_hat, t, s) - target).abs().flatten(1).mean(dim=1)


def palette_channels(channels: int) -> int:
    """How many channels a ``PaletteNet`` is shown of sprites of ``channels``."""
    return 2 * channels + 2


@overload
def build_head(prediction: Regression, schedule: Schedule) -> RegressionHead: ...


@overload
def build_head(prediction: Prediction, schedule: Schedule) -> Head: ...


def build_head(prediction: Prediction, schedule: Schedule) -> Head:
    """The head of a network that predicts ``eps``, ``x0``, ``v`` or the ``palette``'s colours.

    Raises:
        SettingsError: for another prediction.
    """
    if prediction == "eps":
        return EpsHead(schedule)
    if prediction == "x0":
        return X0Head(schedule)
    if prediction == "v":
        return VHead(schedule)
    if prediction == "palette":
        return PaletteHead(schedule)
    known = ", ".join(get_args(Prediction))
    raise SettingsError(f"unknown prediction {prediction!r}; choose one of {known}")
