"""Training and held-out sprites that share nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spritelab.data.duplicates import digests
from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Images

Indices = NDArray[np.int64]


def split_indices(
    images: Images,
    labels: NDArray[np.int64],
    class_names: Sequence[str],
    groups: NDArray[np.int64],
    *,
    held_out: float = 0.1,
    seed: int = 0,
) -> tuple[Indices, Indices]:
    """Split sprites into training and held-out ones.

    Whole groups are held out, so that no sprite of one side has a copy on the other. Groups are
    drawn class by class: each gives its share ``held_out``, rounded so that the whole comes out
    right. Groups that span classes, such as a hero and its side view, count as a kind of their own.
    A class with a single group stays in training.

    Which groups are drawn depends on ``seed`` and on the pixels alone, through a hash: not on the
    order of the sprites, the machine or NumPy's generators.

    Args:
        images: uint8 ``[N,H,W,C]``.
        labels: int64 ``[N]``, an index into ``class_names``.
        class_names: K names.
        groups: int64 ``[N]``, numbered from 0 without a gap, as ``duplicates.leak_groups`` does;
            equal for sprites that must stay on one side.
        held_out: share of the groups, in (0, 1).
        seed: of the draw.

    Returns:
        The indices of the training sprites and of the held-out ones, each int64 and ascending.

    Raises:
        SettingsError: for a share outside (0, 1).
        DataError: if all sprites form one group, so that one side would be empty.
    """
    if not 0 < held_out < 1:
        raise SettingsError(f"the held-out share must lie between 0 and 1, not {held_out}")
    total = int(groups.max(initial=-1)) + 1
    if total < 2:
        raise DataError(
            f"{len(images)} sprites cannot be split: all are copies of one or of one group; "
            "add other sprites"
        )
    kinds = _kinds(labels, class_names, groups)
    outside = np.isin(groups, _draw(kinds, _ranks(images, groups, seed), held_out))
    return np.flatnonzero(~outside), np.flatnonzero(outside)


def _ranks(images: Images, groups: NDArray[np.int64], seed: int) -> dict[int, bytes]:
    """Give every group a place in a seeded order: a hash of the seed and its smallest sprite."""
    smallest: dict[int, bytes] = {}
    for group, digest in zip(groups.tolist(), digests(images), strict=True):
        smallest[group] = min(digest, smallest.get(group, digest))
    salt = f"split {seed} ".encode()
    return {
        group: hashlib.blake2b(salt + digest, digest_size=16).digest()
        for group, digest in smallest.items()
    }


def _kinds(
    labels: NDArray[np.int64], class_names: Sequence[str], groups: NDArray[np.int64]
) -> dict[tuple[str, ...], list[int]]:
    """Sort the groups by the classes that they span."""
    classes: dict[int, set[str]] = {}
    for group, label in np.unique(np.stack([groups, labels]), axis=1).T.tolist():
        classes.setdefault(group, set()).add(class_names[label])
    kinds: dict[tuple[str, ...], list[int]] = {}
    for group, names in classes.items():
        kinds.setdefault(tuple(sorted(names)), []).append(group)
    return dict(sorted(kinds.items()))


def _draw(
    kinds: dict[tuple[str, ...], list[int]], ranks: dict[int, bytes], held_out: float
) -> list[int]:
    """Choose the held-out groups: largest remainders between kinds, ranks within each."""
    ordered = [sorted(groups, key=ranks.__getitem__) for groups in kinds.values()]
    most = [len(groups) - 1 for groups in ordered]  # training keeps one of each kind
    if not any(most):
        most = [1] * len(ordered)
    total = sum(len(groups) for groups in ordered)
    wanted = min(max(1, round(held_out * total)), sum(most), total - 1)
    shares = [held_out * len(groups) for groups in ordered]
    taken = [min(int(share), cap) for share, cap in zip(shares, most, strict=True)]
    while sum(taken) < wanted:
        open_kinds = [k for k in range(len(ordered)) if taken[k] < most[k]]
        k = min(open_kinds, key=lambda k: (taken[k] - shares[k], ranks[ordered[k][0]]))
        taken[k] += 1
    return [group for groups, n in zip(ordered, taken, strict=True) for group in groups[:n]]
