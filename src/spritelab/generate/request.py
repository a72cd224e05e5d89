"""What is asked of a model: which sprites, and of which class each of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spritelab.diffusion import Noise, Palettes
from spritelab.errors import SettingsError
from spritelab.generate.palettes import (
    LENDS_NONE,
    TrainingPalettes,
    colours_nearest,
    encode_palettes,
    fit_channels,
    fit_palette,
)
from spritelab.palette import Palette

Label = str | Sequence[str] | Mapping[str, float] | None
"""A class for all, a class for each, a mix of classes for all, or each sprite's own draw."""

NO_CLASS = "none"
"""The label that asks for a sprite of no class in particular."""


@dataclass(frozen=True, eq=False)
class Request:
    """N sprites to draw.

    Attributes:
        noise: names the sprites, and is what they are drawn from.
        labels: int64 ``[N]``, an index into the model's classes; -1 for no class and for mixes.
        context: float32 ``[N,K]``, what the network is told of the class.
        palettes: in whose colours the sprites are drawn, for a model that has a palette head.
        lenders: int64 ``[N]``, the training sprite that each palette is borrowed from, or chosen
            by; -1 for one that was given whole. None without palettes.
        asked: the N labels in words.
    """

    noise: Noise
    labels: NDArray[np.int64]
    context: Tensor
    palettes: tuple[Palette, ...] | None = None
    lenders: NDArray[np.int64] | None = None
    asked: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice) -> Request:
        return Request(
            self.noise[rows],
            self.labels[rows],
            self.context[rows],
            None if self.palettes is None else self.palettes[rows],
            None if self.lenders is None else self.lenders[rows],
            self.asked[rows],
        )

    def encoded_palettes(self) -> Palettes | None:
        """The palettes as a head takes them, on the CPU."""
        if self.palettes is None:
            return None
        return encode_palettes(self.palettes, max(map(len, self.palettes)))


def make_request(
    n: int | None,
    seed: int | Sequence[int],
    numbers: Sequence[int] | None,
    variations: Sequence[int] | None,
    label: Label,
    class_names: Sequence[str],
    class_counts: Sequence[int],
    palette: Palette | Sequence[Palette] | None = None,
    training_palettes: TrainingPalettes | None = None,
) -> Request:
    """Work out what ``Model.sample`` was asked for; its arguments are explained there.

    Raises:
        SettingsError: if the numbers of sprites disagree, or a seed or label is out of range.
    """
    listed = label if isinstance(label, Sequence) and not isinstance(label, str) else None
    # A number of NumPy's is one seed too, and an array of them are several.
    seeds = None if np.ndim(seed) == 0 else cast("Sequence[int]", seed)
    own = None if palette is None or isinstance(palette, Palette) else palette
    several = (seeds, numbers, variations, listed, own)
    counts = {len(given) for given in several if given is not None}
    if n is not None:
        counts.add(n)
    if len(counts) != 1:
        raise SettingsError(
            "say how many sprites to draw: `n`, the seeds, the `numbers` and the labels must "
            f"agree, not {sorted(counts) or 'be left out'}"
        )
    count = counts.pop()
    if count < 1:
        raise SettingsError(f"the number of sprites must be at least 1, not {count}")
    noise = Noise(
        _whole([cast("int", seed)] * count if seeds is None else seeds, "`seed`", 2**63),
        _whole(range(count) if numbers is None else numbers, "a sprite's number", 2**32),
        None if variations is None else _whole(variations, "a variation", 2**32 - 2),
    )
    if label is None:
        names: list[str | Mapping[str, float]] = _draw_classes(noise, class_names, class_counts)
    elif isinstance(label, str | Mapping):
        names = [label] * count
    else:
        names = list(label)
    labels = [
        class_names.index(name) if isinstance(name, str) and name in class_names else -1
        for name in names
    ]
    contexts = torch.stack([context_of(name, class_names) for name in names])
    labelled = np.array(labels, dtype=np.int64)
    asked = tuple(map(in_words, names))
    if training_palettes is None:
        if palette is not None:
            raise SettingsError("this model has no palette head; leave `palette` out")
        return Request(noise, labelled, contexts, asked=asked)
    if own is not None:
        lenders = np.full(count, LENDS_NONE, dtype=np.int64)
        palettes = [fit_palette(one, training_palettes) for one in own]
        return Request(noise, labelled, contexts, tuple(palettes), lenders, asked)
    lenders = training_palettes.lenders(noise, labelled)
    palettes = [training_palettes.palette(i) for i in lenders.tolist()]
    if isinstance(palette, Palette):
        available = fit_channels(palette, training_palettes)
        palettes = [colours_nearest(available, lent) for lent in palettes]
    return Request(noise, labelled, contexts, tuple(palettes), lenders, asked)


def _whole(values: Sequence[int], name: str, limit: int) -> Tensor:
    """The values as int64 ``[N]``, each in 0 … limit - 1."""
    for value in values:
        if not 0 <= value < limit:
            power = "2^63" if limit == 2**63 else "2^32"
            raise SettingsError(f"{name} must lie in 0 … {power} - 1, not {value}")
    return torch.tensor([int(value) for value in values], dtype=torch.int64)


def in_words(label: str | Mapping[str, float]) -> str:
    """A label as the command line takes it: ``food``, or ``food=0.7,spell=0.3``."""
    if isinstance(label, str):
        return label
    return ",".join(f"{name}={weight:g}" for name, weight in label.items())


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


def _draw_classes(
    noise: Noise, class_names: Sequence[str], counts: Sequence[int]
) -> list[str | Mapping[str, float]]:
    """Each sprite's class, in the proportions of the training sprites."""
    shares = np.cumsum(counts)
    drawn = np.searchsorted(shares, noise.uniform().numpy() * shares[-1], side="right")
    return [class_names[k] for k in drawn.tolist()]
