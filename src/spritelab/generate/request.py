"""What is asked of a model: which sprites, and of which class each of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spritelab.errors import SettingsError

Label = str | Sequence[str] | Mapping[str, float] | None
"""A class for all, a class for each, a mix of classes for all, or each sprite's own draw."""

NO_CLASS = "none"
"""The label that asks for a sprite of no class in particular."""


@dataclass(frozen=True, eq=False)
class Request:
    """N sprites to draw.

    Attributes:
        seeds: int64 ``[N]``.
        labels: int64 ``[N]``, an index into the model's classes; -1 for no class and for mixes.
        context: float32 ``[N,K]``, what the network is told of the class.
    """

    seeds: NDArray[np.int64]
    labels: NDArray[np.int64]
    context: Tensor

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, rows: slice) -> Request:
        return Request(self.seeds[rows], self.labels[rows], self.context[rows])


def make_request(
    n: int | None,
    seed: int,
    seeds: Sequence[int] | None,
    label: Label,
    class_names: Sequence[str],
    class_counts: Sequence[int],
) -> Request:
    """Work out what ``Model.sample`` was asked for; its arguments are explained there.

    Raises:
        SettingsError: if the numbers of sprites disagree, or a seed or label is out of range.
    """
    listed = label if isinstance(label, Sequence) and not isinstance(label, str) else None
    counts = {len(given) for given in (seeds, listed) if given is not None}
    if n is not None:
        counts.add(n)
    if len(counts) != 1:
        raise SettingsError(
            "say how many sprites to draw: n, the seeds and the labels must agree, "
            f"not {sorted(counts) or 'be left out'}"
        )
    count = counts.pop()
    if count < 1:
        raise SettingsError(f"the number of sprites must be at least 1, not {count}")
    if seeds is not None:
        if not all(0 <= own < 2**32 for own in seeds):
            raise SettingsError("a sprite's own seed must lie in 0 … 2^32 - 1")
        own_seeds = np.asarray(seeds, dtype=np.int64)
    else:
        if not 0 <= seed < 2**63:
            raise SettingsError(f"the seed must lie in 0 … 2^63 - 1, not {seed}")
        own_seeds = np.array([sprite_seed(seed, k) for k in range(count)], dtype=np.int64)

    if label is None:
        names: list[str | Mapping[str, float]] = [
            _draw_class(own, class_names, class_counts) for own in own_seeds
        ]
    elif isinstance(label, str | Mapping):
        names = [label] * count
    else:
        names = list(label)
    labels = [
        class_names.index(name) if isinstance(name, str) and name in class_names else -1
        for name in names
    ]
    contexts = [context_of(name, class_names) for name in names]
    return Request(own_seeds, np.array(labels, dtype=np.int64), torch.stack(contexts))


def context_of(label: str | Mapping[str, float], class_names: Sequence[str]) -> Tensor:
    """The context vector, float32 ``[K]``, of a class, of ``"none"`` or of a mix of classes.

    Raises:
        SettingsError: if a class is unknown, or a mix has a negative or no weight.
    """
    mix = {label: 1.0} if isinstance(label, str) else dict(label)
    context = torch.zeros(len(class_names))
    if label == NO_CLASS and NO_CLASS not in class_names:
        return context
    for name, weight in mix.items():
        if name not in class_names:
            raise SettingsError(
                f"unknown label {name!r}; this model knows {', '.join(class_names)} "
                f"(and {NO_CLASS!r})"
            )
        if not weight >= 0:
            raise SettingsError(f"the weight of {name!r} must not be negative, but is {weight}")
        context[class_names.index(name)] += weight
    if not 0 < float(context.sum()) < float("inf"):
        raise SettingsError("a mix of classes needs a finite, positive weight")
    return context / context.sum()


def sprite_seed(seed: int, k: int) -> int:
    """The own seed of sprite ``k`` of ``seed``: 32 bits, never the same for two k of one seed.

    torch's CPU generator looks at 32 bits of its seed only, so hashing (seed, k) would repeat a
    sprite about once in 100,000. Counting on from a hash of the seed cannot.
    """
    first = int(np.random.SeedSequence(seed).generate_state(1, np.uint32)[0])
    return (first + k) % 2**32


def _draw_class(own_seed: np.int64, class_names: Sequence[str], counts: Sequence[int]) -> str:
    # A stream of its own, so that x_T is the same whether or not a label is given.
    u = np.random.SeedSequence((int(own_seed), 1)).generate_state(1, np.uint64)[0] / 2.0**64
    shares = np.cumsum(counts)
    return class_names[int(np.searchsorted(shares, u * shares[-1], side="right"))]
