"""Numbers and times as text for people to read."""

from __future__ import annotations

import math

MEASURES = (
    ("frechet", "", 1),
    ("kid", "KID × 1000", 1000),
    ("precision", "precision", 1),
    ("recall", "recall", 1),
    ("density", "density", 1),
    ("coverage", "coverage", 1),
    ("told_apart", "told apart", 1),
    ("copies", "copies of training sprites, %", 100),
    ("near_copies", "near copies, %", 100),
    ("pixel_distance", "differing pixels, %", 100),
    ("recoloured_copies", "recoloured copies, %", 100),
    ("edge_distance", "edge distance", 1),
    ("authentic", "authentic, %", 100),
    ("colours", "colours in a sprite", 1),
    ("partly_transparent", "partly transparent pixels, %", 100),
    ("stray_pixels", "stray pixels", 1),
)
"""A table's rows: the measure, its name for people and what it is multiplied by. The Fréchet
distance is called as the features say, ``Extractor.frechet_name``."""


def figure(value: float | None) -> str:
    """A number for reading: three digits that count, and no more than four decimals."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    decimals = min(4, max(0, 2 - math.floor(math.log10(abs(value)))))
    return f"{value:,.{decimals}f}".replace("-", "−")


def duration(seconds: float) -> str:
    """A time for reading: ``3.2 ms``, ``41 s``, ``2 h 05 min``."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 90:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
