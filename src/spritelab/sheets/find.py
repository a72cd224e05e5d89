"""Sprites found on a sheet that comes without any file: what hangs together is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError, SettingsError
from spritelab.pixels import Images
from spritelab.sheets.atlas import Box

Runs = NDArray[np.int64]

MAX_FOUND = 20_000
"""The most regions that are taken for sprites; a picture with more is no sheet of them."""


def find_sprites(sheet: Images, gap: int = 1, smallest: int = 4) -> list[Box]:
    """Find the sprites on a sheet, in reading order.

    A sprite is a region of pixels that touch each other, also by a corner, together with all that
    lies less than ``gap`` transparent pixels from its rectangle: a hat that floats over a head.

    Args:
        sheet: uint8 RGBA ``[h,w,4]``; of one without transparent pixels the ground counts as such,
            see ``clear_ground``.
        gap: pixels that must lie between two sprites; regions nearer than that are one.
        smallest: sprites of fewer pixels are specks, and left out.

    Returns:
        rectangles, row by row: a sprite belongs to the row whose first sprite it overlaps in height
        by half or more of the lower of the two.

    Raises:
        SettingsError: ``gap`` or ``smallest`` are less than 1.
        DataError: with the bare reason: nothing stands out, or far too much.
    """
    if gap < 1 or smallest < 1:
        raise SettingsError("`gap` and `smallest` must be at least 1 pixel")
    boxes, counts = _regions(clear_ground(sheet)[..., 3] > 0)
    if not len(boxes):
        raise DataError("nothing on it stands out from its ground")
    if len(boxes) > MAX_FOUND:
        raise DataError(f"it has {len(boxes):,} separate regions; {MAX_FOUND:,} are the limit")
    boxes, counts = _joined(boxes, counts, gap)
    found = [
        Box(int(x0), int(y0), int(x1 - x0), int(y1 - y0))
        for (y0, x0, y1, x1), count in zip(boxes, counts, strict=True)
        if count >= smallest
    ]
    if not found:
        raise DataError(f"nothing on it has {smallest} pixels or more")
    return _in_rows(found)


def clear_ground(sheet: Images) -> Images:
    """Make the ground of a sheet without transparent pixels transparent.

    The ground is the colour that most pixels of the border have.

    Args:
        sheet: uint8 RGBA ``[h,w,4]``.
    """
    if (sheet[..., 3] == 0).any():
        return sheet
    border = np.concatenate([sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]])
    colours, counts = np.unique(border, axis=0, return_counts=True)
    ground = (sheet == colours[counts.argmax()]).all(axis=-1)
    return np.where(ground[..., None], np.uint8(0), sheet)


def _regions(drawn: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rectangles (top, left, bottom, right) of regions, ``[R,4]``, and their pixels."""
    rows, starts, ends, number = connected_runs(drawn)
    kept = int(number.max(initial=-1)) + 1
    boxes = np.empty((kept, 4), dtype=np.int64)
    boxes[:, :2], boxes[:, 2:] = max(drawn.shape), 0
    for column, (ufunc, values) in enumerate(
        [(np.minimum, rows), (np.minimum, starts), (np.maximum, rows + 1), (np.maximum, ends)]
    ):
        ufunc.at(boxes[:, column], number, values)
    counts = np.bincount(number, weights=ends - starts, minlength=kept).astype(np.int64)
    return boxes, counts


def connected_runs(drawn: NDArray[np.bool_]) -> tuple[Runs, Runs, Runs, Runs]:
    """The runs of pixels in rows, bool ``[h,w]``, and to which connected region each belongs.

    Runs are joined with those that touch them in the row above, also by a corner.

    Returns:
        row, first column, column after the last, and number of the region: int ``[runs]`` each.
    """
    edges = np.diff(np.pad(drawn, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    parent = np.arange(len(rows))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = int(parent[run])
        return run

    first = np.searchsorted(rows, np.arange(drawn.shape[0] + 1))
    for y in range(1, drawn.shape[0]):
        above, own = int(first[y - 1]), int(first[y])
        while above < first[y] and own < first[y + 1]:
            if starts[above] <= ends[own] and starts[own] <= ends[above]:
                one, other = root(above), root(own)
                parent[max(one, other)] = min(one, other)
            if ends[above] < ends[own]:
                above += 1
            else:
                own += 1
    roots = np.array([root(run) for run in range(len(rows))], dtype=np.int64)
    return rows, starts, ends, np.unique(roots, return_inverse=True)[1]


def _joined(
    boxes: NDArray[np.int64], counts: NDArray[np.int64], gap: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Join rectangles that have fewer than ``gap`` pixels between them, until none have."""
    done: list[NDArray[np.int64]] = []
    sums: list[int] = []
    waiting = boxes
    while len(waiting):
        box, count = waiting[0].copy(), counts[0]
        waiting, counts = waiting[1:], counts[1:]
        while True:
            near = ((waiting[:, :2] - box[2:] < gap) & (box[:2] - waiting[:, 2:] < gap)).all(axis=1)
            if not near.any():
                break
            box[:2] = np.minimum(box[:2], waiting[near, :2].min(axis=0))
            box[2:] = np.maximum(box[2:], waiting[near, 2:].max(axis=0))
            count += counts[near].sum()
            waiting, counts = waiting[~near], counts[~near]
        close = [
            k
            for k, other in enumerate(done)
            if (other[:2] - box[2:] < gap).all() and (box[:2] - other[2:] < gap).all()
        ]
        if close:  # it has grown into finished ones: all of them wait again as one
            k = close[0]
            box[:2], box[2:] = np.minimum(box[:2], done[k][:2]), np.maximum(box[2:], done[k][2:])
            waiting = np.concatenate([box[None], waiting])
            counts = np.concatenate([[count + sums[k]], counts])
            del done[k], sums[k]
            continue
        done.append(box)
        sums.append(int(count))
    return np.array(done, dtype=np.int64).reshape(-1, 4), np.array(sums, dtype=np.int64)


def _in_rows(boxes: list[Box]) -> list[Box]:
    """Sort rectangles as one reads."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: (box.y, box.x)):
        for row in rows:
            head = row[0]
            shared = min(head.y + head.height, box.y + box.height) - max(head.y, box.y)
            if 2 * shared >= min(head.height, box.height):
                row.append(box)
                break
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda box: box.x)]
