"""A trained network for other classes: the layers that take the class are made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

CONTEXT_WEIGHTS = ("context.weight", "context1.layers.0.weight", "context2.layers.0.weight")
"""The weights ``[outputs,K+…]`` that multiply the context vector, in every network; an ``inner``
network has the same. Their first K columns are the embeddings of the K classes."""


def with_classes(
    weights: Mapping[str, Tensor], before: Sequence[str], after: Sequence[str]
) -> dict[str, Tensor]:
    """Return the weights of a network made for other classes, all else being equal.

    A class of the same name keeps its column of every context layer. The column of a new one is
    zero: it adds nothing, as a context of zeros does, by which training tells what has no class.
    So the network gives for a new class what it gives for none, which it has learnt, and training
    parts them from there.

    Args:
        weights: by name, of a network made for the classes ``before``.
        before, after: names of classes, in the order of the context vector.
    """
    kept = [(after.index(name), k) for k, name in enumerate(before) if name in after]
    found = dict(weights)
    for name, weight in weights.items():
        if name.removeprefix("inner.") in CONTEXT_WEIGHTS:
            others = weight[:, len(before) :]  # of the palette as a whole, see ``PaletteNet``
            made = weight.new_zeros(len(weight), len(after) + others.shape[1])
            made[:, len(after) :] = others
            for new, old in kept:
                made[:, new] = weight[:, old]
            found[name] = made
    return found
