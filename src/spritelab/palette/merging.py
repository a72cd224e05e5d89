"""Colours of a sprite that can hardly be told apart made one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import SettingsError
from spritelab.palette.colours import distinct, pack
from spritelab.palette.oklab import Floats, to_oklab
from spritelab.palette.reduction import nearest_points
from spritelab.pixels import Images, check_images, clear_hidden, with_channels

_FAR = 10.0  # between two levels of alpha; more than colours can differ by


def merge_colours(images: Images, distance: float) -> Images:
    """Merge the colours of each sprite that lie less than ``distance`` apart.

    The colours of a sprite are gone through from the one of most pixels to that of fewest, equally
    used ones from dark to light. Each is kept, unless it lies less than ``distance`` from one that
    is; then it is drawn in the nearest of all that are kept. So those that are left lie at least
    ``distance`` apart, no pixel moves as far as that, and no colour is mixed: they are the sprite's
    own. Sprites do not influence each other.

    Alpha stays as it is: only colours of one opacity are merged, and what is fully transparent has
    none.

    Args:
        images: uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``.
        distance: ΔE in OKLab, 0 … 1; 1 is black to white, 0.02 the just noticeable difference of
            CSS Color 4.

    Returns:
        uint8 of the same shape.

    Raises:
        DataError: ``images`` are no sprites.
        SettingsError: ``distance`` is out of range.
    """
    check_images(images)
    if not 0 <= distance <= 1:
        raise SettingsError(f"`merge` must be a distance of 0 to 1 in OKLab, not {distance:g}")
    merged = clear_hidden(images).copy()
    for image in merged:
        colours, where = distinct(pack(image), images.shape[-1])
        kept = _kept(points := _points(colours), np.bincount(where.ravel()), distance)
        image[:] = colours[kept[nearest_points(points, points[kept])]][where]
    return merged


def _points(colours: Images) -> Floats:
    """OKLab with a fourth axis along which colours of two opacities lie far apart."""
    alpha = with_channels(colours[None, None], 4)[0, 0, :, 3:]
    return np.concatenate([to_oklab(colours[:, :3]), _FAR * alpha], axis=1)


def _kept(points: Floats, uses: NDArray[np.intp], distance: float) -> NDArray[np.intp]:
    """Which colours, in the order of a palette, are kept; by use."""
    waiting = np.argsort(-uses, kind="stable")
    kept = []
    while len(waiting):
        kept.append(waiting[0])
        gaps = np.linalg.norm(points[waiting] - points[waiting[0]], axis=1)
        waiting = waiting[(gaps >= distance) & (gaps > 0)]
    return np.array(kept)
