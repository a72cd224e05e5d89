"""How a student is distilled from a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from spritelab.config.base import Positive, Settings, put_in
from spritelab.config.settings import LENGTHS, TrainingSettings
from spritelab.config.steps import Times

LEARNING = TrainingSettings(
    max_minutes=10,
    batch_size=16,
    optimiser="adamw",
    learning_rate=5e-4,
    warmup=10,
    decay_from=0.2,
    validate_every=100,
    checkpoint_every=200,
)
"""How a student learns unless told otherwise: gently, for its weights are its teacher's."""

OF_SPRITES = (
    *("epochs", "prediction", "min_snr_gamma", "stratified_t", "t_power", "recolour", "swap"),
    *("distract", "stop_when_memorising", "sample_every", "gradient_accumulation"),
    "guide",
)
"""Settings of a training on sprites that mean nothing here, where there are none."""


class DistillSettings(Settings):
    """Everything that decides a distillation, apart from the teacher."""

    steps: Annotated[int, Field(ge=1, le=16)] = Field(
        default=2, description="steps, and network evaluations, in which the student draws"
    )
    times: Times | None = Field(
        default=None,
        description="the very steps that the student visits, descending; unset: of equal length in "
        "λ = ½·log(ᾱ/(1-ᾱ)), from -1.2, to which a first leg leads, to 2.6",
    )
    teacher_steps: Positive | None = Field(
        default=None,
        description="steps of the teacher in the place of one of the student; unset: about 12 in "
        "all, and at least 2",
    )
    guidance: float | None = Field(
        default=None,
        description="of the teacher: the student draws as if it were guided, in one evaluation a "
        "step; unset: as the teacher draws",
    )
    training: TrainingSettings = Field(default=LEARNING, description="the learning")

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in OF_SPRITES:
            if getattr(self.training, name) != getattr(LEARNING, name):
                raise ValueError(f"training.{name} is for sprites, and a student needs none")
        if self.times is not None and len(self.times) != self.steps:
            raise ValueError(f"times name {len(self.times)} steps, not {self.steps}")
        return self

    @property
    def walked(self) -> int:
        """Steps of the teacher in the place of one of the student."""
        return self.teacher_steps or max(2, -(-12 // self.steps))

    def override(self, values: Mapping[str, Any]) -> DistillSettings:
        """Return a copy with ``values`` such as ``{"training.steps": 100}`` put in, checked anew.

        ``times`` decide ``steps``, where these are not given too.

        Raises:
            SettingsError: if a key is unknown or a value out of range.
        """
        tree = self.model_dump(mode="json")
        if values.get("times") is not None and "steps" not in values:
            values = {"steps": len(values["times"]), **values}
        put_in(tree, values, LENGTHS)
        return DistillSettings.parse(tree)
