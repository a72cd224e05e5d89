"""A random stream of our own, so that sprite *i* is the same on every machine, for ever.

SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): integer
arithmetic only, so neither a Python nor a numpy release can change what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


def _mix(z: int) -> int:
    """SplitMix64's output function: a bijection of 64-bit integers."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


class Dice:
    """One sprite's stream of choices, fixed by a stream number and an index."""

    def __init__(self, stream: int, index: int) -> None:
        self._state = _mix((_mix(stream + 1) + index * _GAMMA) & _MASK)

    def bits(self) -> int:
        """Return the next 64 bits as an integer."""
        self._state = (self._state + _GAMMA) & _MASK
        return _mix(self._state)

    def below(self, n: int) -> int:
        """Return an integer in 0 … n - 1, each as likely (up to 2⁻³² or so)."""
        return ((self.bits() >> 32) * n) >> 32

    def between(self, low: int, high: int) -> int:
        """Return an integer in low … high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """Return True in ``percent`` of a hundred draws."""
        return self.below(100) < percent

    def pick(self, items: Sequence[T]) -> T:
        """Return one of ``items``, each as likely."""
        return items[self.below(len(items))]

    def spread(self, radius: float) -> float:
        """Return a number in [-radius, radius), more often near 0 (the mean of two draws)."""
        return radius * ((self.bits() >> 11) + (self.bits() >> 11) - (1 << 53)) / (1 << 53)
