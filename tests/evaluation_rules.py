"""Weights, pictures and features made by a rule, the same on every machine and numpy version.

Only raw 64-bit draws of PCG64 are used: numpy promises that stream, and not those of the
distributions built on it.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch
from numpy.typing import NDArray

IMAGE_SHAPES = [(1, 16, 16), (1, 299, 299), (1, 40, 23)]
"""(count, height, width) of the golden pictures: enlarged, as it is, and enlarged unevenly."""


def uniform(seed: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Numbers in [0, 1), float64."""
    raw = np.random.PCG64(seed).random_raw(int(np.prod(shape)))
    high = np.asarray(raw, dtype=np.uint64) >> np.uint64(11)
    return high.astype(np.float64).reshape(shape) * 2.0**-53


def tensor_named(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The weights for a parameter or buffer of this name: float32 ``shape``.

    Convolutions keep the variance of a ReLU network's signal; batch normalisation gets statistics
    and factors that all differ, so that no layer is an identity by accident.
    """
    u = uniform(zlib.crc32(name.encode()), shape)
    if name.endswith("running_var") or name.endswith("bn.weight"):
        values = 0.5 + u
    elif len(shape) >= 2:
        values = (2 * u - 1) * np.sqrt(6 / np.prod(shape[1:]))
    else:
        values = 0.4 * u - 0.2
    return torch.from_numpy(values.astype(np.float32))


def fill(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state of the same names and shapes with every weight by the rule."""
    return {
        name: torch.zeros((), dtype=torch.int64)
        if name.endswith("num_batches_tracked")
        else tensor_named(name, tuple(tensor.shape))
        for name, tensor in state.items()
    }


def pictures() -> list[NDArray[np.uint8]]:
    """The golden pictures: uint8 ``[n,H,W,3]``, one array for each of ``IMAGE_SHAPES``."""
    return [
        (uniform(1000 + i, (*shape, 3)) * 256).astype(np.uint8)
        for i, shape in enumerate(IMAGE_SHAPES)
    ]


def feature_pair(n: int, m: int, dimension: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two sets of features, correlated within each and apart from each other: float64."""
    mixing = uniform(7, (dimension, dimension)) - 0.5
    a = uniform(8, (n, dimension)) @ mixing
    b = uniform(9, (m, dimension)) ** 2 @ mixing + 0.05
    return a, b
