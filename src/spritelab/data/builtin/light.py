"""Light and outline: from materials to finished pixels, many sprites at a time.

Light falls from the top left. A material's pixels take their tone from where they lie within the
whole of that material (upper left is lit, lower right is in shade) and from its edges; a lone tone
amid another is smoothed away, so that tones form clean clusters. The outline is drawn last, around
the silhouette, in the dark tone of the material beside it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab.data.builtin.canvas import AUTO, SIZE, material
from spritelab.data.builtin.ramps import LIGHT, MIDDLE, OUTLINE, SHADOW, SHINE

Planes = NDArray[np.uint8]

# Faces hold the smallest details, so they are kept bright enough to read.
LIFT = {material("s"): 26, material("z"): 26}

MOST = 16  # colours a sprite
_NEVER = 1 << 60

_SMALL, _LARGE = 7, 16  # pixels: below the first a material has two tones, from the second on four


def _beside(planes: Planes, dx: int, dy: int) -> Planes:
    """Return, for every pixel, the value of its neighbour at (dx, dy); 0 beyond the edge."""
    out = np.zeros_like(planes)
    to_y, from_y = slice(max(-dy, 0), SIZE - max(dy, 0)), slice(max(dy, 0), SIZE + min(dy, 0))
    to_x, from_x = slice(max(-dx, 0), SIZE - max(dx, 0)), slice(max(dx, 0), SIZE + min(dx, 0))
    out[:, to_y, to_x] = planes[:, from_y, from_x]
    return out


def _slope(mask: NDArray[np.bool_], axis: int) -> NDArray[np.int32]:
    """Return where pixels lie between the first and last of ``mask`` along an axis: ±100."""
    there = np.asarray(mask.any(axis=3 - axis))  # [N,16]
    first = there.argmax(axis=1)
    last = SIZE - 1 - there[:, ::-1].argmax(axis=1)
    span = np.maximum(last - first + 1, 1)
    place: NDArray[np.int64] = 2 * np.arange(SIZE)[None] - (first + last)[:, None]
    slope: NDArray[np.int32] = (place * 100 // span[:, None]).astype(np.int32)
    return slope


def shade(mat: Planes, tone: Planes) -> Planes:
    """Decide every tone left to the light; uint8 ``[N,16,16]`` in and out."""
    up, left = _beside(mat, 0, -1) != mat, _beside(mat, -1, 0) != mat
    down, right = _beside(mat, 0, 1) != mat, _beside(mat, 1, 0) != mat
    edges = 34 * (down.astype(np.int32) + right) - 30 * (up.astype(np.int32) + left)
    lit = np.zeros(mat.shape, dtype=np.uint8)
    for number in np.unique(mat):
        if number == 0:
            continue
        rows = np.flatnonzero((mat == number).any(axis=(1, 2)))
        mask = mat[rows] == number
        across, downwards = _slope(mask, 2)[:, None, :], _slope(mask, 1)[:, :, None]
        darkness = (45 * across + 75 * downwards) // 100 + edges[rows]
        area = mask.sum(axis=(1, 2))[:, None, None]
        darkness -= LIFT.get(int(number), 0)
        new = np.full(mask.shape, MIDDLE, dtype=np.uint8)
        new[darkness < -4] = LIGHT
        new[(darkness > 62) & (area >= _SMALL)] = SHADOW
        new[(darkness < -96) & (area >= _LARGE)] = SHINE
        part = lit[rows]
        np.copyto(part, new, where=mask)
        lit[rows] = part
    lit = _smooth(mat, lit)
    return np.where(tone == AUTO, lit, tone)


def _smooth(mat: Planes, tone: Planes) -> Planes:
    """Give a pixel that shares its tone with no neighbour of its material that material's tone."""
    same = np.zeros(mat.shape, dtype=bool)
    total = np.zeros(mat.shape, dtype=np.int32)
    count = np.zeros(mat.shape, dtype=np.int32)
    for dx, dy in ((0, -1), (-1, 0), (1, 0), (0, 1)):
        kin = _beside(mat, dx, dy) == mat
        other = _beside(tone, dx, dy)
        same |= kin & (other == tone)
        total += np.where(kin, other, 0)
        count += kin
    mean = (2 * total + count) // np.maximum(2 * count, 1)
    return np.where(same | (count < 2), tone, mean.astype(np.uint8))


def outline(mat: Planes, tone: Planes) -> tuple[Planes, Planes]:
    """Draw a dark line around every silhouette, on the empty pixels that share a side with it."""
    new_mat, new_tone = mat.copy(), tone.copy()
    for dx, dy in ((0, -1), (-1, 0), (1, 0), (0, 1)):
        neighbour = _beside(mat, dx, dy)
        where = (new_mat == 0) & (neighbour > 0)
        new_mat[where] = neighbour[where]
        new_tone[where] = OUTLINE
    return new_mat, new_tone


def _few_colours(mat: Planes, tone: Planes, ramps: Planes) -> Planes:
    """Return ``ramps`` with close colours made equal, so that no sprite shows over ``MOST``.

    The cheapest pair goes first: near in colour and one of the two rare. The rarer becomes the
    other, so every colour left is one of the ramps' own.
    """
    n = len(mat)
    codes = (mat.astype(np.int64) * 5 + tone) + np.arange(n)[:, None, None] * 135
    counts = np.bincount(codes[mat > 0], minlength=n * 135).reshape(n, 135)
    rows = np.flatnonzero((counts > 0).sum(axis=1) > MOST)
    if len(rows) == 0:
        return ramps
    most_first = np.argsort(-counts[rows], axis=1, kind="stable")
    kinds = int((counts[rows] > 0).sum(axis=1).max())
    order = most_first[:, :kinds]
    count = np.take_along_axis(counts[rows], order, axis=1)
    colours = ramps.reshape(n, 135, 3)[rows[:, None], order].astype(np.int64)
    gap = (colours[:, :, None] - colours[:, None]) ** 2 @ np.array([2, 4, 3])
    price = gap * np.minimum(count, 8)[:, None, :]  # of making the later, rarer one the earlier
    price[(count == 0)[:, None, :] | np.tri(kinds, dtype=bool)] = _NEVER
    heir = np.tile(np.arange(kinds), (len(rows), 1))
    left = (count > 0).sum(axis=1)
    while (busy := np.flatnonzero(left > MOST)).size:
        kept, gone = np.divmod(price[busy].reshape(len(busy), -1).argmin(axis=1), kinds)
        price[busy, gone, :] = price[busy, :, gone] = _NEVER
        mine = heir[busy]
        heir[busy] = np.where(mine == gone[:, None], kept[:, None], mine)
        left[busy] -= 1
    out = ramps.copy()
    chosen = np.take_along_axis(colours, heir[:, :, None], axis=1).astype(np.uint8)
    out.reshape(n, 135, 3)[rows[:, None], order] = chosen
    return out


def render(mat: Planes, tone: Planes, ramps: Planes) -> Planes:
    """Return uint8 RGBA ``[N,16,16,4]`` with hard alpha and black hidden colour.

    Args:
        mat: uint8 ``[N,16,16]``, materials 1 … 26; 0 is transparent.
        tone: uint8 ``[N,16,16]``, 0 … 4 or ``AUTO``.
        ramps: uint8 ``[N,27,5,3]``, the colour of every material in every tone; a sprite that
            would show more than ``MOST`` of them gets fewer.
    """
    mat, tone = outline(mat, shade(mat, tone))
    ramps = _few_colours(mat, tone, ramps)
    colour = ramps[np.arange(len(mat))[:, None, None], mat, tone]
    alpha = np.where(mat > 0, np.uint8(255), np.uint8(0))[..., None]
    return np.concatenate([np.where(alpha > 0, colour, np.uint8(0)), alpha], axis=-1)
