"""The library's own way from a network to ε̂, for tests that look at ε̂ alone."""

from __future__ import annotations

from torch import Tensor

from spritelab.diffusion import Network, Prediction, Predictor, Schedule, build_head, denoiser


def eps_of(
    network: Network,
    schedule: Schedule,
    prediction: Prediction = "eps",
    context: Tensor | None = None,
    guidance: float = 1.0,
) -> Predictor:
    """``predict(x_t, t)`` → ε̂ as the library makes it from a network's output, nothing clipped."""
    denoise = denoiser(network, build_head(prediction, schedule), context, guidance, clip=False)
    return lambda x_t, t: denoise(x_t, t).eps_hat
