"""Can a classifier tell generated sprites from real ones?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from spritelab.errors import DataError
from spritelab.evaluation.metrics.arrays import Float64s, FloatArray, check_sides

Groups = NDArray[np.int64]


def classifier_two_sample_test(
    real: FloatArray,
    generated: FloatArray,
    *,
    copies: tuple[Groups, Groups] | None = None,
    folds: int = 5,
    seed: int = 0,
) -> tuple[float, float]:
    """C2ST: how often a classifier that has seen some tells others apart, and the standard error.

    The accuracy on sprites left out, over all folds of a cross-validation (Lopez-Paz and Oquab
    2017, "Revisiting classifier two-sample tests", section 3). 0.5: it cannot tell them; 1: always.
    Both sides count alike: of the larger one as many are drawn as the smaller one has, so compare
    at equal N, with more sprites a classifier learns more. Below 0.5 by more than chance are
    samples that lie nearer to real sprites than these lie to one another, which is copying.

    The classifier is logistic regression on features standardised by the sprites it learns from,
    divided by √D, with the penalty ½‖w‖² beside the sum of the losses: the posterior mode under a
    prior by which the log-odds of a sprite have variance 1 whatever D is. The intercept is free.
    It is strictly convex, and L-BFGS finds its minimum; nothing in it is random but ``seed``.

    A generated sprite equal to a real one would teach the wrong answer to the other, so no sprite
    is learnt from while an equal one of the other side is left out. Equal sprites of one side are
    draws like all others: what is drawn again and again is told by that. Hand in distinct real
    sprites (``features.protocol.distinct``).

    The standard error is that of a binomial, √(a(1 - a)/2n) for n sprites a side. It leaves out
    that folds share sprites, and that the classifier might have learnt from others.

    Args:
        real, generated: features, float ``[M,D]`` and ``[N,D]``.
        copies: int64 ``[M]`` and ``[N]``, equal for equal sprites, on both sides; None: none are.
        folds: k of the cross-validation, at least 2.
        seed: draws the sprites and the folds.

    Returns:
        (accuracy, standard error).

    Raises:
        DataError: for other shapes, values that are not finite, and fewer than ``folds`` rows.
    """
    if folds < 2:
        raise DataError(f"a cross-validation has at least 2 folds, not {folds}")
    check_sides(real, generated, least=folds, measure=f"a classifier with {folds} folds")
    n = min(len(real), len(generated))
    # Each side by a generator of its own: exchanging the sides exchanges nothing else.
    rows = [np.random.default_rng(seed).permutation(len(side))[:n] for side in (real, generated)]
    x = np.concatenate([real[rows[0]], generated[rows[1]]]).astype(np.float64)
    side = np.repeat([-1.0, 1.0], n)
    fold = np.tile(np.arange(n) % folds, 2)
    kinds = (
        np.arange(2 * n)
        if copies is None
        else np.concatenate([groups[chosen] for groups, chosen in zip(copies, rows, strict=True)])
    )
    right = 0.0
    for k in range(folds):
        out = fold == k
        known = ~out
        for one in (-1.0, 1.0):
            known &= (side == one) | ~np.isin(kinds, kinds[out & (side == one)])
        log_odds = _log_odds(x[known], side[known], x[out])
        # Who cannot decide is right in half of the cases.
        right += float(np.heaviside(log_odds * side[out], 0.5).sum())
    accuracy = right / (2 * n)
    return accuracy, math.sqrt(accuracy * (1 - accuracy) / (2 * n))


def _log_odds(x: Float64s, side: Float64s, others: Float64s) -> Float64s:
    """Logistic regression learnt from float64 ``[N,D]`` and ±1 ``[N]``: its answer for ``[M,D]``.

    Returns:
        float64 ``[M]``, above 0 for +1. All 0 where nothing is known of one of the sides.
    """
    if abs(side.sum()) == len(side):
        return np.zeros(len(others))
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1) * math.sqrt(x.shape[1])
    x, others = (x - mean) / scale, (others - mean) / scale

    def loss(parameters: Float64s) -> tuple[float, Float64s]:
        """Σ log(1 + exp(-y(x·w + b))) + ½‖w‖², and its gradient."""
        w, b = parameters[:-1], parameters[-1]
        margin = side * (x @ w + b)
        pull = -side * expit(-margin)
        value = float(np.logaddexp(0, -margin).sum() + w @ w / 2)
        return value, np.append(x.T @ pull + w, pull.sum())

    found = minimize(
        loss,
        np.zeros(x.shape[1] + 1),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-6},
    ).x
    answer: Float64s = others @ found[:-1] + found[-1]
    return answer
