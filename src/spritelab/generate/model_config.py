"""What a model says of itself: ``config.json`` of its folder."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, Unpack

from pydantic import Field, field_validator, model_validator

from spritelab.config import (
    Calibrated,
    DataSettings,
    NetworkSettings,
    Prediction,
    SamplerChanges,
    SamplerSettings,
    ScheduleSettings,
    Settings,
    check_sampling,
)
from spritelab.config.base import ClassName, Line, Share
from spritelab.config.bounds import MAX_CLASSES, MAX_PARENTS, MAX_SIDE
from spritelab.config.sampler import GUIDANCE

FORMAT = 5
"""Version of a model folder; raised whenever old code could no longer read it.

2: a model says how its sprites were split and mirrored.
3: it says how it draws unless told otherwise, how its sprites are read, and which model it began
from. Older folders draw with the default ``SamplerSettings``.
4: it may have a palette head, and then the palettes of its training sprites.
5: it may have steps that were calibrated for it, and the moments of its training sprites; it may be
a student, which draws in its own steps alone; it may have a guide.
"""


class Parent(Settings):
    """The model whose weights another one began from."""

    name: Line = Field(description="of its folder")
    weights_hash: Line = Field(description="SHA-256 of its model.safetensors, in hexadecimal")
    licence: Line = Field(description="of the sprites it was trained on")
    source: Line = Field(description="of the sprites it was trained on")
    parent: Parent | None = Field(default=None, description="the model that it began from itself")

    @field_validator("parent", mode="before")
    @classmethod
    def _check_depth(cls, value: Any) -> Any:
        return _checked_parents(value)

    def in_words(self) -> str:
        """Name and sprites, and those of the models before it: ``crawl-16 (crawl, CC0-1.0)``."""
        before = f", begun from {self.parent.in_words()}" if self.parent is not None else ""
        return f"{self.name} ({self.source}, {self.licence}){before}"


class TrainedOn(Settings):
    """Where a model's training sprites came from, and how many there were of each class."""

    source: Line
    licence: Line
    url: Line = ""
    content_hash: Line
    class_counts: tuple[Annotated[int, Field(ge=0)], ...] = Field(max_length=MAX_CLASSES)
    held_out: Share = Field(default=0.1, description="share of the source never trained on")
    split_seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        default=0, description="of the split into both"
    )
    mirror: bool = Field(default=False, description="half of the sprites were shown mirrored")
    data: DataSettings | None = Field(
        default=None,
        description="how the sprites are read; of a path only the last part is kept. None: they "
        "were given as arrays, or the folder is older than this",
    )
    parent: Parent | None = Field(default=None, description="the model that it began from")

    @field_validator("class_counts")
    @classmethod
    def _check_counts(cls, counts: tuple[int, ...]) -> tuple[int, ...]:
        if not 0 < sum(counts) < 2**53:
            raise ValueError(
                "there must be sprites of some class, and not more than can be counted"
            )
        return counts

    @field_validator("parent", mode="before")
    @classmethod
    def _check_depth(cls, value: Any) -> Any:
        return _checked_parents(value)


def _checked_parents(value: Any) -> Any:
    """A parent as it stands in a file, unless it has too many before it."""
    inner = value
    for _ in range(MAX_PARENTS):
        if not isinstance(inner, dict):
            return value
        inner = inner.get("parent")
    raise ValueError(f"it names more than {MAX_PARENTS} models, each begun from the one before")


class Distilled(Settings):
    """What a student says of itself: it was distilled to make the steps of ``sampling``, no others.

    Agreement is over ``sprites`` from the same noise, each model drawing as it does unless told
    otherwise, the teacher without noise on the way.
    """

    guidance: float = Field(description="of the teacher, which the student draws as if it had")
    autoguidance: float = Field(default=1.0, description="likewise")
    sprites: Annotated[int, Field(ge=0, le=2**53)] = Field(
        default=0, description="drawn by both to compare; 0: none yet"
    )
    equal: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="share of equal pixels, in [0, 1]"
    )
    difference: Annotated[float, Field(ge=0, le=255)] | None = Field(
        default=None, description="mean absolute difference of all values, in levels of 255"
    )

    def in_words(self) -> str:
        """How near the student is to its teacher."""
        kinds = {"guidance": self.guidance, "autoguidance": self.autoguidance}
        guided = "".join(f", as with {name} {w:g}" for name, w in kinds.items() if w != 1)
        if self.equal is None or self.difference is None:
            return f"not compared with its teacher yet{guided}"
        return (
            f"{100 * self.equal:.0f} % of pixels as its teacher draws them from the same noise, "
            f"{self.difference:.1f} of 255 levels apart on average{guided}"
        )


class ModelConfig(Settings):
    """Everything needed to rebuild a network and to sample it, apart from its weights."""

    format: int = FORMAT
    version: Line = Field(description="the spritelab that wrote it")
    network: NetworkSettings
    schedule: ScheduleSettings
    prediction: Prediction
    size: Annotated[int, Field(ge=1, le=MAX_SIDE)]
    channels: Literal[3, 4]
    class_names: tuple[ClassName, ...] = Field(min_length=1, max_length=MAX_CLASSES)
    hard_alpha: bool = Field(description="every training pixel was opaque or fully transparent")
    sampling: SamplerSettings = Field(
        default=SamplerSettings(), description="how it draws unless told otherwise"
    )
    calibrated: tuple[Calibrated, ...] = Field(
        default=(),
        max_length=1000,
        description="steps chosen for it, one entry a sampler and number of steps",
    )
    trained_on: TrainedOn
    distilled: Distilled | None = Field(
        default=None, description="of a student: how; its teacher is trained_on.parent"
    )
    step: Annotated[int, Field(ge=0, le=2**53)] = Field(description="updates of the weights so far")
    guide_step: Annotated[int, Field(ge=0, le=2**53)] | None = Field(
        default=None, description="of its guide, if it has one: updates of these weights"
    )

    @model_validator(mode="after")
    def _check_classes(self) -> Self:
        names, counts = self.class_names, self.trained_on.class_counts
        if len(set(names)) < len(names) or len(counts) != len(names):
            raise ValueError(
                f"trained_on.class_counts has {len(counts)} numbers for {len(names)} class_names, "
                "which must all differ"
            )
        return self

    @model_validator(mode="after")
    def _check_sampling(self) -> Self:
        check_sampling(self.sampling, self.schedule.timesteps)
        for one in self.calibrated:
            if one.times[0] >= self.schedule.timesteps:
                raise ValueError(
                    f"calibrated times must lie below {self.schedule.timesteps}, not at "
                    f"{one.times[0]}"
                )
        return self

    @model_validator(mode="after")
    def _check_guide(self) -> Self:
        if self.sampling.autoguidance != 1 and self.guide_step is None:
            raise ValueError("sampling.autoguidance needs a guide, and there is no guide_step")
        return self

    def without_guide(self) -> Self:
        """The same without a guide, and so without autoguidance."""
        plain = self.sampling.changed(autoguidance=1.0)
        return self.model_copy(update={"guide_step": None, "sampling": plain})

    @property
    def own_sampling(self) -> SamplerSettings:
        """How it draws unless told otherwise, complete."""
        return self.sampling.complete(self.schedule.timesteps, self.calibrated)

    def asked_for(self, **changes: Unpack[SamplerChanges]) -> SamplerSettings:
        """How it draws when its own way is changed so; what is not named stays.

        A model whose sampler adds noise, asked for so many steps and for no sampler, takes those
        that were calibrated for it by DPM-Solver++, if any were: in so few noise does harm.

        Raises:
            SettingsError: as ``SamplerSettings.changed``.
        """
        if not changes:
            return self.sampling
        if self.sampling.adds_noise and changes.keys() <= {"steps", *GUIDANCE, "clip"}:
            few = {len(one.times) for one in self.calibrated if one.sampler == "dpm"}
            if changes.get("steps") in few:
                changes["sampler"] = "dpm"
        return self.sampling.changed(**changes)

    @property
    def needs_moments(self) -> bool:
        """Whether some way that it draws begins with a leg of its sprites' moments."""
        return "gaussian" in (self.sampling.first_leg, *(one.first_leg for one in self.calibrated))

    def in_words(self) -> list[tuple[str, str]]:
        """What the model is and where it comes from: names and values of a table."""
        learnt, how = self.trained_on, self.own_sampling
        kind = "RGBA" if self.channels == 4 else "RGB"
        counts = zip(self.class_names, learnt.class_counts, strict=True)
        rows = [
            ("draws", f"{self.size}×{self.size} {kind}, {how.name}"),
            ("predicts", self.prediction),
            ("updates", f"{self.step:,}"),
            ("trained on", ", ".join(f"{n:,} {name}" for name, n in counts)),
            ("from", learnt.url or learnt.source),
            ("licence", learnt.licence),
        ]
        if self.guide_step is not None:
            rows.append(("guide", f"its own average after {self.guide_step:,} updates"))
        if learnt.parent is not None:
            rows.append(("begun from", learnt.parent.in_words()))
        if self.distilled is not None:
            rows.append(("a student", self.distilled.in_words()))
        return rows
