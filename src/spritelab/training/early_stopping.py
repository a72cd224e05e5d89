"""Early stopping: when the held-out loss says that a run learns its sprites by heart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from spritelab.training.checkpoint import LeastRecord

RISE = 0.02
"""By which share of the least held-out loss a later one must lie above it to count as risen."""

PATIENCE = 3
"""Validations in a row with a risen loss after which a run ends."""


@dataclass(frozen=True, eq=False)
class LeastLoss:
    """The least held-out loss of a run so far, and the weights that had it.

    All validations of a run draw the same sprites, t and noise, and the weights are an average: the
    loss follows what is learnt, and chance moves it little. Two limits meet what is left of that: a
    loss counts as risen when it lies ``RISE`` above the least, and a run ends when it did so in
    ``PATIENCE`` validations in a row. Source: Prechelt 1998, "Early stopping - but when?", whose
    criteria GL and UP these are, joined.

    Attributes:
        loss: the least one.
        step: updates of the weights that had it.
        weights: these, averaged.
        last: the loss of the latest validation.
        risen: validations in a row, the latest included, whose loss had risen.
    """

    loss: float
    step: int
    weights: Mapping[str, Tensor]
    last: float
    risen: int = 0

    @classmethod
    def of(cls, loss: float, step: int, weights: Mapping[str, Tensor]) -> Self:
        """What the first validation gives, or one with a new least loss; copies the weights."""
        return cls(loss, step, {name: value.clone() for name, value in weights.items()}, loss)

    def then(self, loss: float, step: int, weights: Mapping[str, Tensor]) -> Self:
        """What is known after one validation more, of ``weights`` after ``step`` updates."""
        if loss < self.loss:
            return self.of(loss, step, weights)
        risen = self.risen + 1 if loss > (1 + RISE) * self.loss else 0
        return replace(self, last=loss, risen=risen)

    @property
    def memorising(self) -> bool:
        """Whether the held-out loss has risen clearly and for long: the run is to end."""
        return self.risen >= PATIENCE

    @classmethod
    def restore(cls, record: LeastRecord, weights: Mapping[str, Tensor]) -> Self:
        """Put together again what a checkpoint holds."""
        return cls(weights=weights, **record.model_dump())

    def record(self) -> LeastRecord:
        """All but the weights, for a checkpoint."""
        return LeastRecord(loss=self.loss, step=self.step, last=self.last, risen=self.risen)
