"""KID, the kernel distance between two sets of features.

Arithmetic is float64.
"""

from __future__ import annotations

import numpy as np

from spritelab.errors import DataError
from spritelab.evaluation.metrics.arrays import Float64s, FloatArray, check_sides

_ROWS = 4096
"""Rows worked on at a time, about, so that memory grows with N and not with N·M."""


def kernel_distance(
    a: FloatArray, b: FloatArray, *, subset_size: int = 1000, subsets: int = 100, seed: int = 2020
) -> tuple[float, float]:
    """KID: the squared maximum mean discrepancy with the kernel (x·y/D + 1)³, and its deviation.

    The mean and standard deviation (N in the denominator) of the unbiased estimate over random
    subsets, ``subset_size`` of each side drawn without replacement (Bińkowski et al. 2018, section
    4; Gretton et al. 2012, equation 3). It is unbiased at any N, and may thus be below zero for
    two samples of one distribution.

    The subsets are those of torch-fidelity for the same seed, whose default is 2020, so that the
    two tools give the same figures. The standard deviation says how subsets scatter, which is not
    the error of the mean.

    All subsets share one pass over the N×M kernel values: with an indicator row per subset, the
    sums over subsets are the products of these rows with blocks of the kernel.

    Args:
        a, b: float ``[N,D]`` and ``[M,D]``.
        subset_size: sprites a subset; at most N and M, at least 2.
        subsets: how many.
        seed: chooses the subsets.

    Returns:
        (mean, standard deviation).

    Raises:
        DataError: for other shapes, values that are not finite, and fewer than ``subset_size``
            rows.
    """
    if subset_size < 2 or subsets < 1:
        raise DataError(
            f"KID needs subsets of at least 2 sprites, and at least 1 subset, "
            f"not {subsets} of {subset_size}"
        )
    check_sides(a, b, least=subset_size, measure=f"KID with subsets of {subset_size}")
    # The legacy generator on purpose: its stream is frozen, and torch-fidelity draws from it.
    rng = np.random.RandomState(seed)
    in_a, in_b = np.zeros((subsets, len(a))), np.zeros((subsets, len(b)))
    for subset in range(subsets):
        in_a[subset, rng.choice(len(a), subset_size, replace=False)] = 1
        in_b[subset, rng.choice(len(b), subset_size, replace=False)] = 1
    within_a = _kernel_sums(a, a, in_a, in_a) - in_a @ _kernel_diagonal(a)
    within_b = _kernel_sums(b, b, in_b, in_b) - in_b @ _kernel_diagonal(b)
    across = _kernel_sums(a, b, in_a, in_b)
    pairs = subset_size * (subset_size - 1)
    estimates = (within_a + within_b) / pairs - 2 * across / subset_size**2
    return float(estimates.mean()), float(estimates.std())


class KernelBlocks:
    """KID of a set that is seen in blocks, each against all real sprites, and joined from them.

    The unbiased estimate of the squared maximum mean discrepancy (Gretton et al. 2012, equation 3)
    for each block, whose mean over equal blocks is one of the whole set: the B-test of Zaremba et
    al. 2013. Pairs of sprites from two blocks are not looked at; every sprite meets every real one.
    """

    def __init__(self, real: FloatArray) -> None:
        """Take in the real sprites, float ``[M,D]``, M at least 2."""
        check_sides(real, real, least=2, measure="KID")
        self._real = real
        everyone = np.ones((1, len(real)))
        within = _kernel_sums(real, real, everyone, everyone) - _kernel_diagonal(real).sum()
        self._within_real = float(within[0]) / (len(real) * (len(real) - 1))

    def sums(self, block: FloatArray) -> tuple[float, float]:
        """Of a block of B ≥ 2: the kernel summed over its pairs, and over it and the real ones."""
        ours, theirs = np.ones((1, len(block))), np.ones((1, len(self._real)))
        within = _kernel_sums(block, block, ours, ours) - _kernel_diagonal(block).sum()
        across = _kernel_sums(block, self._real, ours, theirs)
        return float(within[0]), float(across[0])

    def join(self, sizes: Float64s, within: Float64s, across: Float64s) -> tuple[float, float]:
        """KID of all blocks, each weighing by its sprites, and the standard error of that mean.

        Args:
            sizes: sprites of each block, ``[J]``, at least 2.
            within, across: what ``sums`` found, ``[J]``.

        Returns:
            The error is NaN for a single block.
        """
        pairs = sizes * (sizes - 1)
        across = across / (sizes * len(self._real))
        estimates = within / pairs + self._within_real - 2 * across
        mean = float(np.average(estimates, weights=sizes))
        if len(sizes) < 2:
            return mean, float("nan")
        scatter = np.average((estimates - mean) ** 2, weights=sizes)
        return mean, float(np.sqrt(scatter / (len(sizes) - 1)))


def _kernel_sums(x: FloatArray, y: FloatArray, in_x: Float64s, in_y: Float64s) -> Float64s:
    """For each subset s, the sum of kernel(x_i, y_j) over its i and j: float64 ``[subsets]``."""
    sums = np.zeros(len(in_x))
    columns = y.astype(np.float64).T / x.shape[1]
    step = max(1, _ROWS * 1024 // len(y))
    for start in range(0, len(x), step):
        kernel = (x[start : start + step].astype(np.float64) @ columns + 1) ** 3
        sums += ((in_x[:, start : start + step] @ kernel) * in_y).sum(axis=1)
    return sums


def _kernel_diagonal(x: FloatArray) -> Float64s:
    squares: Float64s = np.einsum("nd,nd->n", x, x, dtype=np.float64)
    diagonal: Float64s = (squares / x.shape[1] + 1) ** 3
    return diagonal
