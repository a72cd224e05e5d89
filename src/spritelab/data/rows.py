"""Sprites that stay in their file: rows of a mapped array, read when they are looked at.

A set of ten million sprites is a file of 10 GB. The system reads the pages that are touched, shares
them among all processes and drops them when memory is wanted; what must be avoided is a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast, overload

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike, NDArray

from spritelab.pixels import Images

SMALL = 2**24
"""Bytes up to which chosen sprites become an array of their own."""

BLOCK = 4096
"""Sprites looked at a time."""


class MappedRows(NDArrayOperatorsMixin):
    """Some rows of a mapped array, in any order: to its readers an array ``[M,H,W,C]``.

    ``len``, shape and dtype cost nothing, ``rows[a:b]`` and ``rows[indices]`` read what they name.
    Whatever else NumPy does with it, it does with a copy of all rows: whoever handles large sets
    takes ``blocks``.

    Attributes:
        base: the mapped array, ``[N,H,W,C]``.
        rows: int64 ``[M]``, into ``base``.
    """

    def __init__(self, base: Images, rows: NDArray[np.int64]) -> None:
        self.base = base
        self.rows = rows

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.base.shape[1:])

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        return self.base.dtype

    @property
    def ndim(self) -> int:
        return self.base.ndim

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        return self.size * self.base.itemsize

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> Any:
        first, rest = (key[0], key[1:]) if isinstance(key, tuple) and key else (key, ())
        if first is Ellipsis or first is None:
            return np.asarray(self)[key]
        chosen = np.asarray(self.base[self.rows[first]])
        lead = (slice(None),) * (chosen.ndim - self.base.ndim + 1)
        return chosen[(*lead, *rest)] if rest else chosen

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ValueError("rows of a mapped array are no array without a copy")
        return np.asarray(self.base[self.rows], dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **how: Any) -> Any:
        arrays = [np.asarray(one) if isinstance(one, MappedRows) else one for one in inputs]
        return getattr(ufunc, method)(*arrays, **how)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)


def take(images: Images, indices: NDArray[np.int64]) -> Images:
    """The sprites at ``indices``; of a mapped array, unless they are few, without reading them."""
    if not isinstance(images, MappedRows):
        return images[indices]
    chosen = MappedRows(images.base, images.rows[indices])
    return np.asarray(chosen) if chosen.nbytes <= SMALL else cast("Images", chosen)


def mapped_rows(images: Images) -> tuple[Images, NDArray[np.int64]] | None:
    """The array in a file whose rows ``images`` are, and which of them; None for all others."""
    return (images.base, images.rows) if isinstance(images, MappedRows) else None


def blocks(images: Images) -> Iterator[Images]:
    """The sprites in their order, ``BLOCK`` at a time, each block whole in memory."""
    for first in range(0, len(images), BLOCK):
        yield np.ascontiguousarray(images[first : first + BLOCK])


class Numbered(Sequence[str]):
    """The ids of sprites that have numbers alone: eight bytes each."""

    def __init__(self, numbers: NDArray[np.int64]) -> None:
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> Numbered: ...
    def __getitem__(self, key: int | slice) -> str | Numbered:
        if isinstance(key, slice):
            return Numbered(self.numbers[key])
        return str(self.numbers[key])

    def __iter__(self) -> Iterator[str]:
        return map(str, self.numbers.tolist())


def numbered(n: int) -> tuple[str, ...]:
    """The ids 0 … n - 1, to their readers a tuple."""
    return cast("tuple[str, ...]", Numbered(np.arange(n)))


def take_ids(ids: Sequence[str], indices: NDArray[np.int64]) -> tuple[str, ...]:
    """The ids at ``indices``."""
    if isinstance(ids, Numbered):
        return cast("tuple[str, ...]", Numbered(ids.numbers[indices]))
    return tuple(ids[i] for i in indices)
