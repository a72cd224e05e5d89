"""Sprites laid over one another: as they are, moved by a few pixels, and mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from spritelab.errors import DataError
from spritelab.pixels import Images


def overlaps(
    samples: Images, training: Images, *, mirror: bool, shift: int
) -> Iterator[tuple[Images, Images]]:
    """The parts of two sets that lie over each other, one pair of arrays for each position.

    Samples are moved against the training sprites by every shift of up to ``shift`` pixels in x
    and y, and against their mirror images too. The first position is the unmoved, unmirrored one.

    Args:
        samples, training: uint8 ``[N,H,W,C]`` and ``[M,H,W,C]``.
        mirror: lay samples on mirrored training sprites, too.
        shift: greatest shift in pixels, 0 … the smaller side - 1.

    Yields:
        uint8 ``[N,h,w,C]`` and ``[M,h,w,C]``, views; h = H - |dy| and w = W - |dx|.
    """
    moves = sorted(product(range(-shift, shift + 1), repeat=2), key=lambda yx: (yx != (0, 0), yx))
    for flipped in (False, True) if mirror else (False,):
        targets = training[:, :, ::-1] if flipped else training
        for dy, dx in moves:
            yield _window(samples, dy, dx), _window(targets, -dy, -dx)


def check_sizes(samples: Images, training: Images) -> None:
    """Check that sprites can be laid over one another.

    Raises:
        DataError: for sprites of different sizes.
    """
    if samples.shape[1:3] != training.shape[1:3]:
        raise DataError(
            f"samples of {_size(samples)} pixels cannot be compared with training sprites of "
            f"{_size(training)}; bring both to one size"
        )


def _window(images: Images, dy: int, dx: int) -> Images:
    """What is left of ``images`` ``[N,H,W,C]`` after cutting dy rows and dx columns.

    Positive counts cut at the top and left, negative at the bottom and right, so that the windows
    at (dy, dx) and (-dy, -dx) overlap as two sprites do of which one is moved.
    """
    height, width = images.shape[1:3]
    rows = slice(max(dy, 0), height + min(dy, 0))
    columns = slice(max(dx, 0), width + min(dx, 0))
    return images[:, rows, columns]


def _size(images: Images) -> str:
    return f"{images.shape[2]}×{images.shape[1]}"
