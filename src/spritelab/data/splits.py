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
    drawn = np.zeros(total, dtype=bool)
    drawn[_draw(kinds, _ranks(images, groups, seed), held_out)] = True
    outside = drawn[groups]
    return np.flatnonzero(~outside), np.flatnonzero(outside)


def _ranks(images: Images, groups: Indices, seed: int) -> Indices:
    """Give every group its place in a seeded order: by a hash of the seed and its least sprite."""
    found = digests(images)
    order = np.lexsort((found[:, 1], found[:, 0], groups))
    ordered = groups[order]
    begins = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    smallest = found[order[begins]].astype(">u8")  # the bytes of the digests again
    salt = f"split {seed} ".encode()
    hashes = b"".join(
        hashlib.blake2b(salt + digest.data, digest_size=16).digest() for digest in smallest
    )
    places = np.frombuffer(hashes, dtype=">u8").reshape(-1, 2)
    ranks = np.empty(len(places), dtype=np.int64)
    ranks[np.lexsort((places[:, 1], places[:, 0]))] = np.arange(len(places))
    return ranks


def _kinds(
    labels: Indices, class_names: Sequence[str], groups: Indices
) -> dict[tuple[str, ...], Indices]:
    """Sort the groups by the classes that they span."""
    pairs = np.unique(groups * len(class_names) + labels)
    group, label = np.divmod(pairs, len(class_names))
    single = np.bincount(group)[group] == 1
    kinds: dict[tuple[str, ...], list[Indices]] = {}
    for k, name in enumerate(class_names):
        if len(own := group[single & (label == k)]):
            kinds.setdefault((name,), []).append(own)
    spanned: dict[int, set[str]] = {}
    for one, k in zip(group[~single].tolist(), label[~single].tolist(), strict=True):
        spanned.setdefault(one, set()).add(class_names[k])
    for one, names in spanned.items():
        kinds.setdefault(tuple(sorted(names)), []).append(np.array([one], dtype=np.int64))
    return {names: np.concatenate(parts) for names, parts in sorted(kinds.items())}


def _draw(kinds: dict[tuple[str, ...], Indices], ranks: Indices, held_out: float) -> Indices:
    """Choose the held-out groups: largest remainders between kinds, ranks within each."""
    ordered = [groups[np.argsort(ranks[groups])] for groups in kinds.values()]
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
    return np.concatenate([groups[:n] for groups, n in zip(ordered, taken, strict=True)])
