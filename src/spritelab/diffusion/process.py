"""The forward process, the three things a network may predict, and the loss.

With a = √ᾱ_t and s = √(1-ᾱ_t), so that a² + s² = 1:

==========  =======================  ========================================
quantity    definition               source
==========  =======================  ========================================
x_t         a·x_0 + s·ε              Ho et al. 2020, equation 4
v           a·ε - s·x_0              Salimans and Ho 2022, appendix D
x_0         (x_t - s·ε) / a          = a·x_t - s·v
ε           (x_t - a·x_0) / s        = s·x_t + a·v
==========  =======================  ========================================

Everywhere: ``x0``, ``x_t``, ``eps``, ``v`` are float ``[B,C,H,W]``, ``t`` is int64 ``[B]``.
Noise is always an argument and never drawn here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor

from spritelab.diffusion.schedule import Schedule
from spritelab.errors import SettingsError

Prediction = Literal["eps", "x0", "v"]
Network = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""``net(x_t, t, context)`` → a tensor like ``x_t``; context is float ``[B,K]`` or None."""
Predictor = Callable[[Tensor, Tensor], Tensor]
"""``predict(x_t, t)`` → ε̂, a tensor like ``x_t``."""


def q_sample(schedule: Schedule, x0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """Draw x_t from q(x_t | x_0) with the noise ``eps``: a·x_0 + s·ε (t = -1 returns x_0)."""
    a, s = schedule.signal_and_noise(t, x0)
    return a * x0 + s * eps


def x0_from_eps(schedule: Schedule, x_t: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """x_0 = (x_t - s·ε) / a."""
    a, s = schedule.signal_and_noise(t, x_t)
    return (x_t - s * eps) / a


def eps_from_x0(schedule: Schedule, x_t: Tensor, t: Tensor, x0: Tensor) -> Tensor:
    """ε = (x_t - a·x_0) / s; t must be at least 0."""
    a, s = schedule.signal_and_noise(t, x_t)
    return (x_t - a * x0) / s


def v_from(schedule: Schedule, x0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """v = a·ε - s·x_0."""
    a, s = schedule.signal_and_noise(t, x0)
    return a * eps - s * x0


def x0_from_v(schedule: Schedule, x_t: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """x_0 = a·x_t - s·v."""
    a, s = schedule.signal_and_noise(t, x_t)
    return a * x_t - s * v


def eps_from_v(schedule: Schedule, x_t: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """ε = s·x_t + a·v."""
    a, s = schedule.signal_and_noise(t, x_t)
    return s * x_t + a * v


def training_target(
    schedule: Schedule, x0: Tensor, t: Tensor, eps: Tensor, prediction: Prediction
) -> Tensor:
    """What the network should return for x_t = q_sample(x0, t, eps): ε, x_0 or v."""
    if prediction == "eps":
        return eps
    if prediction == "x0":
        return x0
    if prediction == "v":
        return v_from(schedule, x0, t, eps)
    raise _unknown(prediction)


def eps_from_output(
    schedule: Schedule, x_t: Tensor, t: Tensor, output: Tensor, prediction: Prediction
) -> Tensor:
    """ε̂ from a network's output, whichever of the three it predicts; ``widened``, see there."""
    x_t, output = widened(x_t), widened(output)
    if prediction == "eps":
        return output
    if prediction == "x0":
        return eps_from_x0(schedule, x_t, t, output)
    if prediction == "v":
        return eps_from_v(schedule, x_t, t, output)
    raise _unknown(prediction)


def widened(x: Tensor) -> Tensor:
    """Return ``x`` as float64, or as it is on a device that has none (MPS).

    x̂_0 = (x_t - s·ε̂) / a divides by a = √ᾱ_t, 0.006 at the last step of the linear schedule and
    5e-5 at that of the cosine one, which magnifies float32's rounding as much. The arithmetic of
    a sampler is nothing beside its network's, so it can afford the digits.
    """
    return x if x.device.type == "mps" else x.double()


def min_snr_weight(
    schedule: Schedule, t: Tensor, prediction: Prediction, gamma: float, like: Tensor
) -> Tensor:
    """Weights ``[B]`` of the loss that balance the steps. Source: Hang et al. 2023, section 3.4.

    With SNR = ᾱ/(1-ᾱ): min(SNR, γ) for x_0, divided by SNR for ε and by SNR + 1 for v.
    """
    a, s = schedule.signal_and_noise(t, like)
    snr = (a / s).flatten() ** 2
    clipped = snr.clamp(max=gamma)
    if prediction == "x0":
        return clipped
    if prediction == "eps":
        return clipped / snr
    if prediction == "v":
        return clipped / (snr + 1)
    raise _unknown(prediction)


def diffusion_loss(output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean squared error over pixels, channels and batch: a scalar.

    Source: Ho et al. 2020, equation 14 (for ε). ``weight`` ``[B]`` multiplies each sprite's own
    mean before the mean over the batch.
    """
    if weight is None:
        return torch.nn.functional.mse_loss(output, target)
    return (weight * (output - target).square().flatten(1).mean(dim=1)).mean()


def eps_predictor(
    network: Network,
    schedule: Schedule,
    prediction: Prediction = "eps",
    context: Tensor | None = None,
    guidance: float = 1.0,
) -> Predictor:
    """Turn a network into ``predict(x_t, t)`` → ε̂ for the samplers.

    Args:
        network: ``net(x_t, t, context)``.
        prediction: what the network was trained to return.
        context: float ``[B,K]`` for the batch that will be sampled, or None for no class.
        guidance: w of classifier-free guidance, ε̂ = ε̂(∅) + w·(ε̂(c) - ε̂(∅)). Source: Ho and
            Salimans 2022, whose weight is w - 1. 1 is the plain conditional model and 0 the
            unconditional one, at one evaluation a step; any other value costs two, made in one
            call on a batch of 2·B.
    """
    no_class = None if context is None else torch.zeros_like(context)

    def predict(x_t: Tensor, t: Tensor) -> Tensor:
        if context is None or no_class is None or guidance == 1:
            output = network(x_t, t, context)
        elif guidance == 0:
            output = network(x_t, t, no_class)
        else:
            both = network(torch.cat([x_t, x_t]), torch.cat([t, t]), torch.cat([context, no_class]))
            conditional, unconditional = both.chunk(2)
            output = unconditional + guidance * (conditional - unconditional)
        return eps_from_output(schedule, x_t, t, output, prediction)

    return predict


def _unknown(prediction: str) -> SettingsError:
    return SettingsError(
        f"unknown prediction {prediction!r}; choose one of {', '.join(get_args(Prediction))}"
    )
