"""Copies of sprites, found by their bytes, before anything is split.

Two sprites are copies if their pixels are equal. If the class of either may be mirrored, they are
also copies when one is the mirror image of the other, since training shows that class mirrored.
Runs in time proportional to N: 89,400 sprites take about a second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spritelab.pixels import Images


def digests(images: Images) -> list[bytes]:
    """Return a 128-bit BLAKE2b digest of each sprite of uint8 ``[N,H,W,C]``."""
    whole = np.ascontiguousarray(images)
    return [hashlib.blake2b(image.data, digest_size=16).digest() for image in whole]


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
    return _joined(*_nodes(images, mirrorable))


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
    own, links = _nodes(images, mirrorable)
    named = [b"group %d" % group for group in groups.tolist()]
    return _joined(own, [*links, *zip(own, named, strict=True)])


def _nodes(
    images: Images, mirrorable: NDArray[np.bool_]
) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    """Return each sprite's digest, and the pairs of digests that mirroring makes one."""
    own = digests(images)
    may = np.flatnonzero(mirrorable)
    mirrored = digests(images[may, :, ::-1])
    return own, [(own[i], other) for i, other in zip(may.tolist(), mirrored, strict=True)]


def _joined(own: Sequence[bytes], links: Sequence[tuple[bytes, bytes]]) -> NDArray[np.int64]:
    """Number ``own`` by the connected components of ``links`` (union–find, path halving)."""
    parent: dict[bytes, bytes] = {node: node for node in own}

    def root(node: bytes) -> bytes:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in links:
        parent[root(a)] = root(b)
    return _numbered([root(node) for node in own])


def _numbered(keys: Sequence[bytes]) -> NDArray[np.int64]:
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)
