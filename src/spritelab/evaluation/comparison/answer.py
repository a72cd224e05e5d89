"""The answer of a comparison: is the fast sampler as good, and at what cost?

Two settings are compared seed by seed, for seed s draws both from the same x_T and classes. The
mean difference comes with its 95 % interval by Student's t over the seeds; where the interval
holds 0 the two cannot be told apart with these seeds. One seed gives no interval, and the words
say so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from spritelab.evaluation.comparison.cells import Cell
from spritelab.evaluation.comparison.grid import is_fast, is_slow
from spritelab.evaluation.formatting import duration, figure

FEW = 50
"""The steps of the fast setting where the grid has them."""


@dataclass(frozen=True)
class Difference:
    """Mean of b - a over the seeds, with its 95 % interval; None for one seed."""

    mean: float
    low: float | None
    high: float | None

    @property
    def sure(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Answer:
    """What the comparison says.

    Attributes:
        slow: DDPM with the most steps.
        fast: DDIM, η = 0, with about ``FEW`` steps.
        difference: in Fréchet distance, fast - slow; above 0 the slow one is better.
        headline: the answer in one or two sentences.
        more: further sentences.
    """

    slow: Cell
    fast: Cell
    difference: Difference
    headline: str
    more: tuple[str, ...]


def paired_difference(a: Sequence[float], b: Sequence[float]) -> Difference:
    """b - a, pair by pair: its mean and 95 % interval (Student 1908)."""
    each = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    if len(each) < 2:
        return Difference(float(each.mean()), None, None)
    error = each.std(ddof=1) / math.sqrt(len(each))
    reach = float(stats.t.ppf(0.975, len(each) - 1) * error)
    return Difference(float(each.mean()), float(each.mean()) - reach, float(each.mean()) + reach)


def find_answer(cells: Sequence[Cell], frechet_name: str) -> Answer:
    """What the cells say, of a grid that ``check_grid`` accepts."""
    slow = max((cell for cell in cells if is_slow(cell.how)), key=lambda cell: cell.steps)
    fast = min(
        (cell for cell in cells if is_fast(cell.how)),
        key=lambda cell: abs(math.log(cell.steps / FEW)),
    )
    # Settings of one family differ in their steps alone.
    fasts = [cell for cell in cells if cell.how.family == fast.how.family]
    difference = paired_difference(slow.values("frechet"), fast.values("frechet"))
    more = (_fewest(slow, fasts, frechet_name), _best(cells, frechet_name))
    return Answer(
        slow,
        fast,
        difference,
        _headline(slow, fast, difference, frechet_name),
        tuple(sentence for sentence in more if sentence),
    )


def _headline(slow: Cell, fast: Cell, difference: Difference, name: str) -> str:
    ours, theirs = short(fast), short(slow)
    figures = f"{name} {plus_minus(fast)} against {plus_minus(slow)}"
    if len(fast.seeds) < 2:
        said = (
            f"{ours} scores {figures} for {theirs} (lower is better); with one seed nobody can "
            "say whether that difference is chance."
        )
    elif not difference.sure:
        said = (
            f"{ours} cannot be told from {theirs} here: {figures} (lower is better); their "
            f"difference, {_signed(difference)}, is within what {len(fast.seeds)} seeds leave "
            "to chance."
        )
    else:
        better = "better" if difference.mean < 0 else "worse"
        said = (
            f"{ours} is {better} than {theirs} here: {figures} (lower is better), a difference "
            f"of {_signed(difference)}."
        )
    return f"{said} {_cost(slow, fast)}"


def _cost(slow: Cell, fast: Cell) -> str:
    evaluations = slow.nfe / fast.nfe
    if evaluations == 1:
        return f"Both take {fast.nfe:,} network evaluations a sprite."
    if evaluations < 1:
        return f"It takes {fast.nfe:,} network evaluations a sprite, {short(slow)} {slow.nfe:,}."
    same_machine = (slow.device, slow.threads) == (fast.device, fast.threads)
    clock = (
        f", and 1/{slow.seconds_each / fast.seconds_each:.3g} of the time "
        f"({duration(fast.seconds_each)} a sprite against {duration(slow.seconds_each)})"
        if same_machine and slow.seconds_each > fast.seconds_each
        else ""
    )
    return f"It costs 1/{evaluations:.3g} of the network evaluations{clock}."


def _fewest(slow: Cell, fasts: Sequence[Cell], name: str) -> str:
    """The fewest steps at which DDIM is not shown to be worse than the slow setting."""
    if len(slow.seeds) < 2:
        return ""
    found = sorted(fasts, key=lambda cell: cell.steps)
    for cell in found:
        difference = paired_difference(slow.values("frechet"), cell.values("frechet"))
        if not difference.sure or difference.mean < 0:
            return (
                f"The fewest steps at which {cell.how.family} is not shown to be worse than "
                f"{short(slow)}, by {name}, are {cell.steps:,}."
            )
    return (
        f"At every number of steps tried, {found[0].how.family} is worse than {short(slow)} "
        f"by {name}."
    )


def _best(cells: Sequence[Cell], name: str) -> str:
    best = min(cells, key=lambda cell: cell.mean("frechet"))
    same = [c for c in cells if c.how.canonical == best.how.canonical]
    also = f" (the same chain as {short(same[-1])})" if len(same) > 1 else ""
    return (
        f"Of all {len(cells)} settings {short(same[0])}{also} has the lowest mean {name}: "
        f"{plus_minus(best)}."
    )


def short(cell: Cell) -> str:
    """The settings in short: ``DDIM-50``, ``DDPM-1000``, ``DDIM-20 with η = 0.5, guidance 2``."""
    sampler = "DPM++" if cell.how.sampler == "dpm" else cell.how.sampler.upper()
    rest = [part for part in cell.how.family.split(", ")[1:] if part != "η = 0"]
    return f"{sampler}-{cell.steps}" + (f" with {', '.join(rest)}" if rest else "")


def plus_minus(cell: Cell, measure: str = "frechet") -> str:
    """Mean ± standard deviation over the seeds, to sensible digits."""
    values = cell.values(measure)
    if len(values) < 2:
        return figure(values[0])
    return f"{figure(cell.mean(measure))} ± {figure(float(np.std(values, ddof=1)))}"


def _signed(difference: Difference) -> str:
    assert difference.low is not None
    assert difference.high is not None
    low, high = figure(difference.low), figure(difference.high)
    sign = "+" if difference.mean > 0 else ""
    return f"{sign}{figure(difference.mean)} (95 % interval {low} to {high})"
