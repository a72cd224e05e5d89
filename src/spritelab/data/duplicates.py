"""Copies of sprites, found by their bytes, before anything is split.

Two sprites are copies if their pixels are equal. If the class of either may be mirrored, they are
also copies when one is the mirror image of the other, since training shows that class mirrored.
Time and memory grow with N: a million sprites take a few seconds and some hundred bytes each, of
which none are pixels.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from spritelab.data.rows import blocks
from spritelab.pixels import Images

Digests = NDArray[np.uint64]
"""``[N,2]``: 128 bits each, the high ones first, so that they sort as their bytes do."""


def digests(images: Images, *, mirrored: bool = False) -> Digests:
    """A 128-bit BLAKE2b digest of each sprite of uint8 ``[N,H,W,C]``, or of its mirror image."""
    parts = []
    for block in blocks(images):
        whole = np.ascontiguousarray(block[:, :, ::-1]) if mirrored else block
        found = b"".join(hashlib.blake2b(one.data, digest_size=16).digest() for one in whole)
        parts.append(np.frombuffer(found, dtype=">u8").reshape(-1, 2).astype(np.uint64))
    return np.concatenate(parts) if parts else np.empty((0, 2), dtype=np.uint64)


def exact_copies(images: Images) -> NDArray[np.int64]:
    """Number the sprites so that equal ones share a number: int64 ``[N]``, by first appearance."""
    return _numbered(digests(images))


def mirror_copies(images: Images, mirrorable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number the sprites so that copies, mirrored ones included where allowed, share a number.

    Args:
        images: uint8 ``[N,H,W,C]``.
        mirrorable: bool ``[N]``; whether the class of a sprite may be mirrored.

    Returns:
        int64 ``[N]``, numbered by first appearance.
    """
    own, mirror = _nodes(images, mirrorable)
    may = np.flatnonzero(mirrorable)
    return _joined(own, own[may], mirror[may])


def leak_groups(
    images: Images, mirrorable: NDArray[np.bool_], groups: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Number the sprites so that those which must stay on one side of a split share a number.

    That is the finest partition that keeps together copies (see ``mirror_copies``) and members of
    one group.

    Args:
        images: uint8 ``[N,H,W,C]``.
        mirrorable: bool ``[N]``; whether the class of a sprite may be mirrored.
        groups: int64 ``[N]``; equal for sprites that show one thing.

    Returns:
        int64 ``[N]``, numbered by first appearance.
    """
    own, mirror = _nodes(images, mirrorable)
    may = np.flatnonzero(mirrorable)
    named = np.unique(groups, return_inverse=True)[1].reshape(-1) + 2 * len(images)
    return _joined(own, np.concatenate([own[may], own]), np.concatenate([mirror[may], named]))


def _nodes(
    images: Images, mirrorable: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number all pictures that there are, equal ones alike: each sprite, and its mirror image.

    The mirror image of a sprite that must not be mirrored is itself.
    """
    own = digests(images)
    both = digests(images, mirrored=True) if mirrorable.any() else own
    nodes = _numbered(np.concatenate([own, np.where(mirrorable[:, None], both, own)]))
    return nodes[: len(own)], nodes[len(own) :]


def _joined(
    own: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Number ``own`` by the connected components of the links ``a[i]`` – ``b[i]``.

    Every node takes the least number among its neighbours' roots until nothing changes; roots are
    followed to their ends in between (Shiloach and Vishkin 1982, hooking and pointer jumping).
    """
    parent = np.arange(max(part.max(initial=-1) for part in (own, a, b)) + 1)
    while True:
        roots_a, roots_b = parent[a], parent[b]
        least = np.minimum(roots_a, roots_b)
        if (roots_a == roots_b).all():
            break
        np.minimum.at(parent, roots_a, least)
        np.minimum.at(parent, roots_b, least)
        while not (parent == (further := parent[parent])).all():
            parent = further
    return _numbered(parent[own][:, None])


def _numbered(keys: NDArray[np.uint64] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the rows of ``[N,K]``, equal ones alike, by first appearance: int64 ``[N]``."""
    if not len(keys):
        return np.empty(0, dtype=np.int64)
    order = np.lexsort(keys.T[::-1])  # stable: of equal rows the first comes first
    ordered = keys[order]
    begins = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    appearance = np.argsort(np.argsort(order[begins]))  # of each kind, by its first row
    numbers = np.empty(len(keys), dtype=np.int64)
    numbers[order] = appearance[np.cumsum(begins) - 1]
    return numbers
