"""Which steps of a chain are visited: by what names, and those that were chosen for a model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spritelab.config.base import Settings
from spritelab.config.bounds import MAX_TIMESTEPS

Sampler = Literal["ddpm", "ddim", "dpm"]
"""DDPM, DDIM, or DPM-Solver++(2M)."""
Times = Annotated[
    tuple[Annotated[int, Field(ge=0, lt=MAX_TIMESTEPS)], ...],
    Field(min_length=1, max_length=MAX_TIMESTEPS),
]
Spacing = Literal["linspace", "leading", "trailing", "logsnr"]
"""Which of the T steps are visited, see ``Schedule.pairs``."""
FirstLeg = Literal["none", "gaussian"]
"""What leads from the noise to the first step visited, see ``diffusion.gaussian_leg``."""


class Calibrated(Settings):
    """Steps that were chosen for one model, see ``spritelab calibrate``."""

    sampler: Sampler
    times: Times = Field(description="the steps to visit, descending")
    first_leg: FirstLeg = Field(description="what leads to the first of them")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_descending(self.times)
        return self


def check_descending(times: Sequence[int]) -> None:
    """Raise ``ValueError`` unless every step is visited once, from the noisy end on."""
    if any(later >= earlier for earlier, later in pairwise(times)):
        raise ValueError("`times` must descend, each step visited once")
