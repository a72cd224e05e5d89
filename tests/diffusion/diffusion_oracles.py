"""Independent float64 numpy references for the tests of ``spritelab.diffusion``.

Written from the papers alone; nothing here imports the package. Steps are counted from 0 as in the
package, so the papers' ᾱ_0 = 1 is the step ``-1`` here.

- DDPM: Ho et al. 2020, arXiv 2006.11239, equations 4, 6, 7 and algorithm 2.
- DDIM: Song et al. 2020, arXiv 2010.02502, equations 12 and 16.
- DPM-Solver++(2M): Lu et al. 2022, arXiv 2211.01095, algorithm 2.
- Steps of equal length in λ: Lu et al. 2022, arXiv 2206.00927, section 3.4.
- Respacing of the DDPM chain: Nichol and Dhariwal 2021, arXiv 2102.09672, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
Pairs = list[tuple[int, int]]
NumpyPredict = Callable[[Array, int], Array]


def linear_betas(timesteps: int = 1000, start: float = 1e-4, end: float = 0.02) -> Array:
    """β of Ho et al. 2020, section 4: float64 ``[T]``, not rescaled."""
    betas: Array = np.linspace(start, end, timesteps)
    return betas


def cosine_betas(timesteps: int = 1000, s: float = 0.008) -> Array:
    """β of Nichol and Dhariwal 2021, equation 17: float64 ``[T]``, clipped at 0.999."""
    grid = np.arange(timesteps + 1) / timesteps
    f = np.cos((grid + s) / (1 + s) * np.pi / 2) ** 2
    betas: Array = np.minimum(1 - f[1:] / f[:-1], 0.999)
    return betas


def sigmoid_alpha_bars(
    timesteps: int = 1000, start: float = -3.0, end: float = 3.0, tau: float = 1.0
) -> Array:
    """γ(t) of Jabri et al. 2022 at t = 1/T … 1: float64 ``[T]``; the last one is 0."""
    grid = np.arange(1, timesteps + 1) / timesteps
    v_start, v_end = 1 / (1 + np.exp(-start / tau)), 1 / (1 + np.exp(-end / tau))
    v_grid = 1 / (1 + np.exp(-(grid * (end - start) + start) / tau))
    gamma: Array = (v_end - v_grid) / (v_end - v_start)
    return gamma


def alpha_bars_of(betas: Array) -> Array:
    """ᾱ_t = Π (1 - β_s) over s ≤ t: float64 ``[T]``."""
    alpha_bars: Array = np.cumprod(1 - betas, dtype=np.float64)
    return alpha_bars


def alpha_bar_at(alpha_bars: Array, t: int) -> float:
    """ᾱ_t, with ᾱ = 1 at the clean end, t = -1."""
    return 1.0 if t < 0 else float(alpha_bars[t])


def reference_pairs(
    timesteps: int, steps: int, spacing: str, alpha_bars: Array | None = None
) -> Pairs:
    """The (t, t_prev) of a run. A lone step is taken from pure noise, at T-1.

    ``logsnr`` needs ᾱ.
    """
    if spacing == "linspace":
        grid = np.linspace(0, timesteps - 1, steps) if steps > 1 else [timesteps - 1]
        ascending = [int(t) for t in np.round(grid)]
    elif spacing == "leading":
        ascending = [i * timesteps // steps for i in range(steps)]
    elif spacing == "logsnr":
        assert alpha_bars is not None
        ascending = even_in_lambda(alpha_bars, steps)
    else:
        assert spacing == "trailing"
        ascending = [(i + 1) * timesteps // steps - 1 for i in range(steps)]
    descending = ascending[::-1]
    return list(zip(descending, [*descending[1:], -1], strict=True))


def even_in_lambda(alpha_bars: Array, steps: int, least: float = -6.5) -> list[int]:
    """For n = ``steps``, the t nearest to λ_0 - i·(λ_0 - λ_end)/n for i = 1 … n, ascending.

    λ_end is λ at T-1, but no less than ``least``. A t that is taken already is passed over
    towards the noise, and, where nothing is left there, towards t = 0.
    """
    known = np.array([log_snr_at(alpha_bars, t) for t in range(len(alpha_bars))])
    end, taken = max(known[-1], least), [-1]
    for i in range(1, steps + 1):
        wanted = known[0] - i * (known[0] - end) / steps
        taken.append(max(int(np.abs(known - wanted).argmin()), taken[-1] + 1))
    ascending = taken[1:]
    for left, i in enumerate(reversed(range(steps))):
        ascending[i] = min(ascending[i], len(known) - 1 - left)
    return ascending


@dataclass(frozen=True)
class AffineStep:
    """One reverse step of a sampler as ``x_prev = of_x · x + of_eps · ε̂ + sigma · z``.

    Every sampler step without clipping has this form; the coefficients are scalars.
    """

    of_x: float
    of_eps: float
    sigma: float


def ddpm_affine(alpha_bars: Array, t: int, t_prev: int, variance: str) -> AffineStep:
    """Algorithm 2 of Ho et al. on the respaced chain; no noise in the last step."""
    bar, bar_prev = alpha_bar_at(alpha_bars, t), alpha_bar_at(alpha_bars, t_prev)
    alpha = bar / bar_prev
    beta = 1 - alpha
    sigma2 = beta if variance == "beta" else (1 - bar_prev) / (1 - bar) * beta
    return AffineStep(
        of_x=1 / np.sqrt(alpha),
        of_eps=-beta / np.sqrt(1 - bar) / np.sqrt(alpha),
        sigma=0.0 if t_prev < 0 else float(np.sqrt(sigma2)),
    )


def ddim_affine(alpha_bars: Array, t: int, t_prev: int, eta: float) -> AffineStep:
    """Equations 12 and 16 of Song et al."""
    bar, bar_prev = alpha_bar_at(alpha_bars, t), alpha_bar_at(alpha_bars, t_prev)
    sigma = eta * np.sqrt((1 - bar_prev) / (1 - bar)) * np.sqrt(1 - bar / bar_prev)
    of_x = np.sqrt(bar_prev / bar)
    return AffineStep(
        of_x=of_x,
        of_eps=float(np.sqrt(1 - bar_prev - sigma**2) - of_x * np.sqrt(1 - bar)),
        sigma=float(sigma),
    )


def reference_ddpm(
    predict: NumpyPredict,
    alpha_bars: Array,
    x_T: Array,
    pairs: Pairs,
    noises: Iterable[Array],
    variance: str,
    clip: bool,
) -> list[Array]:
    """Run DDPM in float64 and return x after every step.

    Without clipping this is algorithm 2, which never forms x̂_0; with clipping it is the posterior
    mean of equation 7 at the clipped x̂_0. The two agree where nothing is clipped.
    """
    x, out, draws = x_T, [], iter(noises)
    for t, t_prev in pairs:
        step = ddpm_affine(alpha_bars, t, t_prev, variance)
        eps = predict(x, t)
        if clip:
            bar, bar_prev = alpha_bar_at(alpha_bars, t), alpha_bar_at(alpha_bars, t_prev)
            alpha = bar / bar_prev
            x0 = np.clip((x - np.sqrt(1 - bar) * eps) / np.sqrt(bar), -1, 1)
            of_x0 = np.sqrt(bar_prev) * (1 - alpha) / (1 - bar)
            of_xt = np.sqrt(alpha) * (1 - bar_prev) / (1 - bar)
            mean = of_x0 * x0 + of_xt * x
        else:
            mean = step.of_x * x + step.of_eps * eps
        x = mean + step.sigma * next(draws) if t_prev >= 0 else mean
        out.append(x)
    return out


def reference_ddim(
    predict: NumpyPredict,
    alpha_bars: Array,
    x_T: Array,
    pairs: Pairs,
    noises: Iterable[Array],
    eta: float,
    clip: bool,
) -> list[Array]:
    """Run DDIM in float64 and return x after every step; ε̂ is derived again from a clipped x̂_0."""
    x, out, draws = x_T, [], iter(noises)
    for t, t_prev in pairs:
        bar, bar_prev = alpha_bar_at(alpha_bars, t), alpha_bar_at(alpha_bars, t_prev)
        sigma = ddim_affine(alpha_bars, t, t_prev, eta).sigma
        eps = predict(x, t)
        x0 = (x - np.sqrt(1 - bar) * eps) / np.sqrt(bar)
        if clip:
            x0 = np.clip(x0, -1, 1)
            eps = (x - np.sqrt(bar) * x0) / np.sqrt(1 - bar)
        x = np.sqrt(bar_prev) * x0 + np.sqrt(1 - bar_prev - sigma**2) * eps
        if sigma > 0:
            x = x + sigma * next(draws)
        out.append(x)
    return out


def log_snr_at(alpha_bars: Array, t: int) -> float:
    """λ_t = log(α_t / σ_t) of Lu et al., with their α = √ᾱ and σ = √(1-ᾱ); infinite at t = -1."""
    bar = alpha_bar_at(alpha_bars, t)
    return float("inf") if t < 0 else float(np.log(np.sqrt(bar) / np.sqrt(1 - bar)))


def reference_dpm(
    predict: NumpyPredict,
    alpha_bars: Array,
    x_T: Array,
    pairs: Pairs,
    clip: bool,
    shortest_r: float = 0.5,
) -> list[Array]:
    """Run DPM-Solver++(2M) in float64 and return x after every step.

    Lines 4 to 10 of algorithm 2, with x_θ clipped as the paper's thresholding would. Steps with r
    below ``shortest_r`` are of first order, D = x_θ; 0 leaves the algorithm as it is printed. The
    last step, which the algorithm does not have (it ends at t > 0), is its limit for λ → ∞.
    """
    x, out = x_T, []
    guesses: list[Array] = []
    for i, (t, t_prev) in enumerate(pairs):
        bar, bar_prev = alpha_bar_at(alpha_bars, t), alpha_bar_at(alpha_bars, t_prev)
        guess = (x - np.sqrt(1 - bar) * predict(x, t)) / np.sqrt(bar)
        guesses.append(np.clip(guess, -1, 1) if clip else guess)
        if t_prev < 0:
            x = guesses[-1]
        else:
            h = log_snr_at(alpha_bars, t_prev) - log_snr_at(alpha_bars, t)
            d = guesses[-1]
            if i > 0:
                r = (log_snr_at(alpha_bars, t) - log_snr_at(alpha_bars, pairs[i - 1][0])) / h
                if r >= shortest_r:
                    d = (1 + 1 / (2 * r)) * guesses[-1] - 1 / (2 * r) * guesses[-2]
            sigmas = np.sqrt(1 - bar_prev) / np.sqrt(1 - bar)
            x = sigmas * x - np.sqrt(bar_prev) * (np.exp(-h) - 1) * d
        out.append(x)
    return out


def gaussian_eps(alpha_bars: Array, mean: float, std: float) -> NumpyPredict:
    """The best ε̂ for data N(mean, std² I): E[ε | x_t], affine in x_t."""

    def predict(x: Array, t: int) -> Array:
        bar = alpha_bars[t]
        eps: Array = np.sqrt(1 - bar) * (x - np.sqrt(bar) * mean) / (bar * std**2 + 1 - bar)
        return eps

    return predict


def gaussian_flow(
    alpha_bars: Array, x: Array, t: int, t_prev: int, mean: float, std: float
) -> Array:
    """Carry x at t to ``t_prev`` along the probability-flow ODE of data N(mean, std² I), exactly.

    Every x_t is N(√ᾱ_t·m, ᾱ_t·s² + 1 - ᾱ_t), and the flow keeps the standard score of x.
    """
    bar, bar_prev = alpha_bar_at(alpha_bars, t), alpha_bar_at(alpha_bars, t_prev)
    score = (x - np.sqrt(bar) * mean) / np.sqrt(bar * std**2 + 1 - bar)
    moved: Array = np.sqrt(bar_prev) * mean + np.sqrt(bar_prev * std**2 + 1 - bar_prev) * score
    return moved


def ideal_eps(alpha_bars: Array, points: Array) -> NumpyPredict:
    """The best ε̂ for data uniform on ``points`` ``[K,D]``: x̂_0 is a softmax over the points."""

    def predict(x: Array, t: int) -> Array:
        bar = alpha_bars[t]
        flat = x.reshape(len(x), 1, -1)
        logits = -((flat - np.sqrt(bar) * points) ** 2).sum(-1) / (2 * (1 - bar))
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        x0 = (weights / weights.sum(axis=1, keepdims=True)) @ points
        eps: Array = (x - np.sqrt(bar) * x0.reshape(x.shape)) / np.sqrt(1 - bar)
        return eps

    return predict


def network_eps(alpha_bars: Array, dimensions: int, seed: int = 0) -> NumpyPredict:
    """A fixed random network that mixes all values of a sprite and depends on t.

    It adds a bounded, nonlinear field to the best guess for N(0, 0.5² I) data, as a trained
    network would, so that neither x̂_0 nor the run diverges.
    """
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((dimensions, dimensions)) / np.sqrt(dimensions)
    phase = rng.uniform(0, 2 * np.pi, dimensions)
    base = gaussian_eps(alpha_bars, 0.0, 0.5)

    def predict(x: Array, t: int) -> Array:
        hidden = np.sin(x.reshape(len(x), -1) @ mixing + phase + 0.003 * t)
        eps: Array = base(x, t) + 0.2 * hidden.reshape(x.shape)
        return eps

    return predict


def as_torch(predict: NumpyPredict) -> Callable[[Tensor, Tensor], Tensor]:
    """Wrap a reference ε̂ as the package wants it, and hold the package to its side of the call.

    The arithmetic stays in float64; only input and output have the sampler's dtype.
    """

    def wrapped(x_t: Tensor, t: Tensor) -> Tensor:
        assert t.dtype == torch.int64, "t must be int64"
        assert t.shape == (len(x_t),), "t must be one index a sprite"
        assert bool((t == t[0]).all()), "the sprites of one step share its t"
        return torch.from_numpy(predict(x_t.double().numpy(), int(t[0]))).to(x_t.dtype)

    return wrapped


def draw(shape: tuple[int, ...], count: int, seed: int, dtype: torch.dtype) -> list[Tensor]:
    """The first ``count`` normal draws of a torch generator seeded with ``seed``."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=dtype) for _ in range(count)]


def relative_error(got: Tensor, expected: Array) -> float:
    """Largest difference over the largest magnitude."""
    difference = np.abs(got.double().numpy() - expected).max()
    return float(difference / np.abs(expected).max())
