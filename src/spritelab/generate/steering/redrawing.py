"""Redrawing: a chain that is entered with a noisy sprite (SDEdit, Meng et al. 2022)."""

from __future__ import annotations

from itertools import pairwise

from spritelab.config import SamplerSettings
from spritelab.diffusion import Pairs, Schedule, visited_pairs
from spritelab.errors import SettingsError


def pairs_from(strength: float, how: SamplerSettings, schedule: Schedule) -> Pairs:
    """The steps from t_0 = round(strength·T) - 1 down to clean: those that ``how`` visits below it.

    The same strength is the same noise for every sampler. A chain that starts below t_0 anyway is
    taken whole.

    Raises:
        SettingsError: for a strength outside (0, 1].
    """
    if not 0 < strength <= 1:
        raise SettingsError(
            f"`strength` must lie above 0, which is the sprite itself, and at most at 1, "
            f"not {strength}"
        )
    visited = [t for t, _ in visited_pairs(how, schedule)]
    first = min(max(0, round(strength * schedule.timesteps) - 1), visited[0])
    times = [first, *(t for t in visited if t < first), -1]
    return list(pairwise(times))
