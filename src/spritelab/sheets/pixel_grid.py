"""The grid of pixel art that was enlarged: how large its pixels are, and where they begin.

Art that was enlarged by a factor that is not whole, saved as JPEG, blurred, or drawn as if it were
pixel art by something that knows no grid, has its edges near evenly spaced lines. For every size p
of a pixel the edges of all rows and columns are laid over each other modulo p; the right size is
the one where most of them come to lie in one narrow band. Its fractions explain the edges just as
well, its multiples do not: the largest of the best is taken. Where pixels run into each other
(blur, smooth enlarging) no band is narrow, but the edges still swell and fall with the period p:
then the one frequency that stands out of their spectrum is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spritelab.pixels import Images, clear_hidden

MOST_CELLS = 256
"""The most pixels along the longer side of the art that is looked for."""
LEAST_CELLS = 4
"""The fewest along the shorter side: fewer lines lie evenly by chance."""

_BINS = 64  # positions within a pixel that are told apart
_BAND = 0.25  # width of the band around a line, as a share of a pixel
_LEAST_BAND = 1.0  # and in pixels of the picture: lines are rounded to these
_NOISE = 4  # levels by which neighbours differ through compression alone
_ENOUGH = 0.4  # agreement from which on there is a grid
_LEAST_SOFT = 3.0  # size of a pixel from which on a soft one can be told
_SWELL = 0.14  # strength of the period of soft edges from which on there is a grid
_LONE = 6  # periods that fewer of fill a picture say nothing
_STANDS_OUT = 1.35  # and how many times as strong it is as any other
_SHARP_REST = 0.2  # share of a picture that a grid of sharp pixels may leave unexplained
_SOFT_REST = 0.36  # and one of soft pixels
_ALIKE = 0.005  # agreements that differ by less are equal

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PixelGrid:
    """A grid over a picture; lengths are in pixels of the picture.

    Attributes:
        width: of one pixel of the art.
        height: of one pixel of the art.
        left: where the first whole column begins, from 0 to below ``width``.
        top: where the first whole row begins, from 0 to below ``height``.
        agreement: how far the edges follow it, from 0 for not at all to 1: where pixels have sharp
            edges, the share of these on its lines, less what chance puts there; where they are
            soft, the strength of their period.
    """

    width: float
    height: float
    left: float = 0.0
    top: float = 0.0
    agreement: float = 1.0

    def columns(self, picture_width: int) -> int:
        """How many columns of art there are in a picture of that width; see ``lines``."""
        return len(lines(picture_width, self.width, self.left)) - 1

    def rows(self, picture_height: int) -> int:
        """How many rows of art there are in a picture of that height; see ``lines``."""
        return len(lines(picture_height, self.height, self.top)) - 1


def lines(length: int, pixel: float, start: float) -> Floats:
    """Return where the pixels of the art begin and end along one axis: float64, ascending.

    A pixel that the picture cuts off is one if at least half of it is there.
    """
    first = start - pixel if start >= pixel / 2 - 1e-6 else start
    count = max(1, int((length - first) / pixel + 0.5 + 1e-6))
    marks: Floats = first + pixel * np.arange(count + 1, dtype=np.float64)
    return marks


def find_grid(image: Images) -> PixelGrid | None:
    """Find the grid of an enlarged picture of pixel art, whose pixels are squares.

    Args:
        image: uint8 ``[H,W,4]``.

    Returns:
        The grid, of pixels of at least 2×2; None where there is none: art at its own size, a
        photograph, a plain colour.
    """
    axes = [_Edges.of(image), _Edges.of(image.swapaxes(0, 1))]
    total = sum(float(axis.weights.sum()) for axis in axes)
    sizes = _sizes(image.shape[1], image.shape[0])
    if total == 0 or not len(sizes):
        return None
    # Whole, and less than one pixel of the picture: edges that are one apart are two edges.
    bins = np.floor(_BINS * np.maximum(_BAND, _LEAST_BAND / sizes)).astype(np.int64)
    found = [axis.bands(sizes, bins) for axis in axes]
    chance = bins / _BINS
    agreement = (sum(held for held, _ in found) / total - chance) / (1 - chance)
    best = float(agreement.max())
    if best >= _ENOUGH:
        k = _largest(agreement, best)
        middles = [float(middle[k]) for _, middle in found]
        pixel, starts = _fitted(axes, float(sizes[k]), middles)
        grid, rest = _placed(image, pixel, starts, float(agreement[k]))
        if rest <= _SHARP_REST:
            return grid
    if (soft := _swell(axes, sizes[sizes >= _LEAST_SOFT])) is not None:
        grid, rest = _placed(image, *soft)
        if rest <= _SOFT_REST:
            return grid
    return None


def _placed(
    image: Images, pixel: float, starts: list[float], agreement: float
) -> tuple[PixelGrid, float]:
    """The grid that leaves least of the picture unexplained, and how much that is.

    Where it nearly fills the picture it may do so exactly, as art that was enlarged whole does.
    """
    left, top = starts
    free = PixelGrid(pixel, pixel, left, top, agreement)
    width, left = _whole(image.shape[1], pixel, left)
    height, top = _whole(image.shape[0], pixel, top)
    grids = (PixelGrid(width, height, left, top, agreement), free)
    rests = [_unexplained(image, grid) for grid in grids]
    best = int(rests[1] < rests[0])
    return grids[best], rests[best]


def _unexplained(image: Images, grid: PixelGrid) -> float:
    """How far a picture is from one whose cells are each of the colour in their middle.

    Returns:
        The mean difference as a share of that from one plain colour: 0 for the very picture.
    """
    height, width = image.shape[:2]
    shown = clear_hidden(image[None])[0]
    ys, xs = _middles(height, grid.height, grid.top), _middles(width, grid.width, grid.left)
    rest = whole = 0.0
    plain = np.median(shown[:: max(1, height // 64)], axis=(0, 1))
    for start in range(0, height, 256):  # a large picture is never there twice
        rows = shown[start : start + 256].astype(np.int16)
        cells = shown[ys[start : start + 256, None], xs]
        rest += float(np.abs(rows - cells).sum())
        whole += float(np.abs(rows - plain).sum())
    return rest / max(whole, 1.0)


def _middles(length: int, pixel: float, start: float) -> NDArray[np.int64]:
    """Where the middle of each pixel's cell is along one axis: int64 ``[length]``."""
    marks = lines(length, pixel, start)
    cell = np.searchsorted(marks, np.arange(length) + 0.5, side="right") - 1
    cell = np.clip(cell, 0, len(marks) - 2)
    return np.clip(marks[cell] + pixel / 2, 0, length - 1).astype(np.int64)


@dataclass(frozen=True)
class _Edges:
    """Where a picture changes along one axis: float64 positions and how strongly it does there."""

    at: Floats
    weights: Floats

    @classmethod
    def of(cls, image: Images) -> _Edges:
        """The edges between the columns of a picture, uint8 ``[H,W,4]``."""
        strength = np.zeros(image.shape[1])
        for start in range(0, image.shape[0], 256):  # a large picture is never there twice
            rows = image[start : start + 256].astype(np.int32)
            rows[..., :3] = rows[..., :3] * rows[..., 3:] // 255
            steps = np.abs(np.diff(rows, axis=1)).max(axis=-1)
            strength[1:] += np.maximum(steps - _NOISE, 0).sum(axis=0)
        # What lies everywhere is no line.
        strength[1:] -= np.quantile(strength[1:], 0.1) if len(strength) > 1 else 0
        at = np.flatnonzero(strength > 0)
        return cls(at.astype(np.float64), strength[at])

    def bands(self, sizes: Floats, bins: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Lay the edges over each other modulo each of S sizes, and find the fullest band.

        Args:
            sizes: float64 ``[S]``.
            bins: int64 ``[S]``, the width of the band in ``_BINS`` parts of the size.

        Returns:
            How much of the edges the band holds, and where its middle is, from 0 to below the
            size: both float64 ``[S]``.
        """
        held, start = np.zeros(len(sizes)), np.zeros(len(sizes))
        for first in range(0, len(sizes), 256):
            some = slice(first, first + 256)
            n = len(sizes[some])
            part = (self.at / sizes[some, None] % 1.0 * _BINS).astype(np.int64) % _BINS
            part += np.arange(n)[:, None] * _BINS
            weights = np.broadcast_to(self.weights, part.shape)
            filled = np.bincount(part.ravel(), weights.ravel(), n * _BINS).reshape(n, _BINS)
            sums = np.cumsum(np.concatenate([np.zeros((n, 1)), filled, filled], axis=1), axis=1)
            ends = np.arange(_BINS) + bins[some, None]
            windows = np.take_along_axis(sums, ends, axis=1) - sums[:, :_BINS]
            held[some] = windows.max(axis=1)
            start[some] = windows.argmax(axis=1)
        middle: Floats = (start + bins / 2) / _BINS % 1.0 * sizes
        return held, middle

    def waves(self, sizes: Floats) -> NDArray[np.complex128]:
        """The Fourier coefficient of the edges at each of S periods: complex128 ``[S]``."""
        angles = -2j * np.pi * self.at / sizes[:, None]
        found: NDArray[np.complex128] = np.exp(angles) @ self.weights
        return found


def _sizes(width: int, height: int) -> Floats:
    """The sizes of a pixel that are tried: so fine that a line at the far end is not missed."""
    longest, shortest = max(width, height), min(width, height)
    least, most = max(2.0, longest / MOST_CELLS), shortest / LEAST_CELLS
    if most < least:
        return np.empty(0)
    cells = np.arange(np.floor(longest / most), longest / least + 1e-9, 1 / 8)
    return longest / cells


def _largest(agreement: Floats, best: float) -> int:
    """The best of the largest sizes that agree as well as any (sizes descend)."""
    first = int(np.argmax(agreement >= best - _ALIKE))
    last = first
    while last + 1 < len(agreement) and agreement[last + 1] >= best - _ALIKE:
        last += 1
    return (first + last) // 2


def _swell(axes: list[_Edges], sizes: Floats) -> tuple[float, list[float], float] | None:
    """Find the one period with which soft edges swell: its size, its starts, its strength."""
    waves = [axis.waves(sizes) for axis in axes]
    total = sum(float(axis.weights.sum()) for axis in axes)
    strength: Floats = np.sum([np.abs(wave) for wave in waves], axis=0) / total
    if len(strength) < 3:
        return None
    inner = strength[1:-1]
    peaks = 1 + np.flatnonzero((inner >= strength[:-2]) & (inner >= strength[2:]))
    if not len(peaks):
        return None
    k = int(peaks[strength[peaks].argmax()])
    ratio = sizes[k] / sizes[peaks]
    # No other periods are its side lobes, its overtones, and what a lone figure in the middle of
    # its picture has: one long wave.
    other = (np.abs(ratio - 1) > 0.15) & (np.abs(ratio - ratio.round()) > 0.05)
    other &= sizes[peaks] <= max(float(sizes[k]), float(sizes[0]) * LEAST_CELLS / _LONE)
    if strength[k] < max(_SWELL, _STANDS_OUT * float(strength[peaks][other].max(initial=0))):
        return None
    near = sizes[k] * np.linspace(0.97, 1.03, 61)
    fine = [axis.waves(near) for axis in axes]
    best = int(np.sum([np.abs(wave) for wave in fine], axis=0).argmax())
    pixel = float(near[best])
    starts = [float(-np.angle(wave[best]) / (2 * np.pi) % 1.0 * pixel) for wave in fine]
    return pixel, starts, float(strength[k])


def _fitted(axes: list[_Edges], pixel: float, middles: list[float]) -> tuple[float, list[float]]:
    """Fit one size and a start for each axis to the edges near the lines, by least squares."""
    covariance = variance = 0.0
    means: list[tuple[float, float]] = []
    for axis, middle in zip(axes, middles, strict=True):
        number = np.round((axis.at - middle) / pixel)
        away = np.abs(axis.at - middle - number * pixel)
        near = away <= max(_BAND * pixel, _LEAST_BAND) / 2 + 1e-9
        if not near.any():
            means.append((0.0, 0.0))
            continue
        number, at, weights = number[near], axis.at[near], axis.weights[near]
        means.append((np.average(number, weights=weights), np.average(at, weights=weights)))
        covariance += float((weights * (number - means[-1][0]) * (at - means[-1][1])).sum())
        variance += float((weights * (number - means[-1][0]) ** 2).sum())
    if variance > 0:
        pixel = covariance / variance
    return pixel, [(at - pixel * number) % pixel for number, at in means]


def _whole(length: int, pixel: float, start: float) -> tuple[float, float]:
    """Let the grid fill the picture exactly where it nearly does; else only where it begins."""
    cells = max(1, round(length / pixel))
    off = min(start, pixel - start)
    if abs(length - cells * pixel) <= max(0.2 * pixel, 0.75) and off <= max(0.2 * pixel, 0.75):
        return length / cells, 0.0
    return pixel, start
