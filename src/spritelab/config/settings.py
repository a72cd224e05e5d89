"""Everything that decides a run: the sprites, the noise, the network, the learning, the drawing.

A run is described by one ``RunSettings``; ``config.preset("small")`` gives a complete one, and
``override`` changes single values. Unknown keys are refused, so a misspelt setting never passes
for a default. Nothing here knows torch: networks and schedules take plain numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from spritelab.config.base import Line, Positive, Settings, Share, flatten, put_in
from spritelab.config.bounds import (
    MAX_BLOCKS,
    MAX_LEVELS,
    MAX_SIDE,
    MAX_TIMESTEPS,
    MAX_WIDTH,
)
from spritelab.config.reading import ReadingSettings
from spritelab.config.sampler import SamplerSettings, check_sampling


class DataSettings(ReadingSettings):
    """Which sprites to learn, and in which form; how they are read is ``ReadingSettings``."""

    source: Line = Field(
        default="builtin",
        description="builtin, sprites, crawl, a path: a folder, archive, sheet, .npy or .npz; or "
        "hf://org/name",
    )
    size: Literal[16, 32] = Field(default=16, description="16 or 32: height and width in pixels")
    channels: Literal[3, 4] | None = Field(
        default=None, description="3: RGB on `background`; 4: RGBA; unset: as the source has them"
    )
    count: Positive | None = Field(
        default=None, description="use only this many sprites; unset: all (5000 of `builtin`)"
    )
    held_out: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.1, description="share of the sprites never trained on"
    )
    mirror: bool = Field(
        default=False,
        description="show half the sprites mirrored, in classes where a mirror image is right",
    )
    palette: Annotated[int, Field(ge=2, le=256)] | Literal["auto", "off"] = Field(
        default="auto",
        description="most colours of a sprite, for prediction palette; sprites that have more are "
        "reduced; auto: as many as any has, at most 64; off: none, for the other predictions",
    )


class ScheduleSettings(Settings):
    """How noise grows with t."""

    name: Literal["linear", "cosine", "sigmoid"] = Field(
        default="cosine", description="shape of the schedule"
    )
    timesteps: Annotated[int, Field(ge=1, le=MAX_TIMESTEPS)] = Field(
        default=1000, description="T, the number of diffusion steps"
    )


class ContextUNetSettings(Settings):
    """The seed's network."""

    kind: Literal["context-unet"] = Field(
        default="context-unet", description="the small network of the seed's notebook"
    )
    features: Annotated[int, Field(ge=8, le=MAX_WIDTH, multiple_of=8)] = Field(
        default=64, description="channels of the first stage"
    )


class UNetSettings(Settings):
    """Today's practice."""

    kind: Literal["unet"] = Field(
        default="unet", description="residual blocks with attention, conditioned on t and class"
    )
    widths: tuple[Annotated[int, Field(ge=1, le=MAX_WIDTH)], ...] = Field(
        default=(32, 64, 128),
        min_length=1,
        max_length=MAX_LEVELS,
        description="channels of each level, fine to coarse",
    )
    blocks: Annotated[int, Field(ge=1, le=MAX_BLOCKS)] = Field(
        default=1, description="residual blocks a level on the way down"
    )
    attention: tuple[Annotated[int, Field(ge=1, le=MAX_SIDE)], ...] = Field(
        default=(4,), max_length=MAX_LEVELS, description="sizes in pixels at which blocks attend"
    )
    dropout: Share = Field(default=0.0, description="share of activations dropped in training")

    def resized(self, size: int, other: int) -> Self:
        """The network whose weights for sprites of ``size`` pixels fit those of ``other``, too.

        A convolution knows no size; the blocks that attend must stay the same.
        """
        attention = tuple(its * other // size for its in self.attention)
        return self.model_copy(update={"attention": attention})


NetworkSettings = Annotated[ContextUNetSettings | UNetSettings, Field(discriminator="kind")]


Regression = Literal["eps", "x0", "v"]
"""What a network regresses on: the noise ε, the clean sprite x_0, or v (Salimans and Ho 2022)."""

Prediction = Literal[Regression, "palette"]
"""What a network returns: one of these, or a score for each colour of the sprite's own palette."""


MixedPrecision = Literal["no", "fp16", "bf16"]
"""Precision of the network's arithmetic on a GPU; ``no`` is float32."""


class TrainingSettings(Settings):
    """How the network learns. Exactly one of `epochs`, `steps` and `max_minutes` is given."""

    epochs: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="length: passes over the training sprites"
    )
    steps: Positive | None = Field(default=None, description="length: updates of the weights")
    max_minutes: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="length: minutes of training"
    )
    batch_size: Positive = Field(default=64, description="sprites an update")
    gradient_accumulation: Positive = Field(
        default=1,
        description="parts in which a process takes its sprites of an update, one after the other: "
        "less memory, the same run",
    )
    optimiser: Literal["adam", "adamw", "muon"] = Field(
        default="adamw", description="muon: Muon for hidden layers, AdamW for the rest"
    )
    learning_rate: Annotated[float, Field(gt=0)] = Field(default=1e-3, description="peak rate")
    warmup: Annotated[int, Field(ge=0)] = Field(
        default=200, description="updates over which the rate rises from zero"
    )
    decay_from: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5,
        description="share of the run after which the rate falls linearly to zero; 1: never",
    )
    weight_decay: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="decoupled weight decay (AdamW, Muon)"
    )
    clip_gradient: Annotated[float, Field(ge=0)] = Field(
        default=1.0, description="largest norm of the gradient; 0: no limit"
    )
    prediction: Prediction = Field(default="v", description="what the network predicts")
    min_snr_gamma: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="γ of the min-SNR loss weights; 0: plain MSE"
    )
    stratified_t: bool = Field(
        default=True, description="spread the t of a batch evenly instead of drawing them freely"
    )
    t_power: Annotated[float, Field(ge=1, le=4)] = Field(
        default=1.0, description="t is drawn as T·u^t_power; above 1: more of the low-noise steps"
    )
    recolour: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0,
        description="share of sprites shown in other colours: hues turned, chroma and lightness "
        "stretched; for prediction palette",
    )
    swap: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0,
        description="share of sprites redrawn in 3 to 16 colours gathered from others, a palette "
        "swap; for prediction palette",
    )
    distract: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0,
        description="share of sprites whose palette holds 1 to 8 colours that they do not use; "
        "for prediction palette",
    )
    drop_context: Share = Field(
        default=0.1, description="share of sprites shown without their class, for guidance"
    )
    ema_width: Annotated[float, Field(ge=0, le=0.28)] = Field(
        default=0.1,
        description="width of the average over past weights, as a share of the run; 0: no average",
    )
    guide: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0,
        description="share of the run after which its average is kept, as the weaker self of "
        "autoguidance: 0.125; 0: none",
    )
    mixed_precision: MixedPrecision = Field(
        default="no", description="precision of the network's arithmetic on a GPU"
    )
    stop_when_memorising: bool = Field(
        default=False,
        description="early stopping: end once the held-out loss has clearly risen above its least, "
        "and keep the weights that had the least",
    )
    validate_every: Positive = Field(default=250, description="updates between validations")
    checkpoint_every: Positive = Field(default=1000, description="updates between checkpoints")
    sample_every: Positive = Field(default=2000, description="updates between sample grids")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        default=0, description="decides every random draw of the run"
    )

    @model_validator(mode="after")
    def _check_length(self) -> Self:
        lengths = (self.epochs, self.steps, self.max_minutes)
        if sum(length is not None for length in lengths) != 1:
            raise ValueError("give exactly one of epochs, steps and max_minutes")
        return self

    @model_validator(mode="after")
    def _check_prediction(self) -> Self:
        if self.prediction == "palette":
            if self.min_snr_gamma:
                raise ValueError(
                    "min_snr_gamma is for a squared error; prediction palette has none; leave it 0"
                )
        elif self.recolour or self.swap or self.distract:
            raise ValueError(
                "recolour, swap and distract are for prediction palette, not "
                f"{self.prediction}; set them to 0, or take preset rgba"
            )
        return self


class RunSettings(Settings):
    """Everything that decides a run, apart from the pixels themselves; and how its model draws."""

    preset: str = Field(default="small", description="the preset it started from")
    data: DataSettings = Field(default=DataSettings(), description="the sprites")
    schedule: ScheduleSettings = Field(default=ScheduleSettings(), description="the noise")
    network: NetworkSettings = Field(description="the network")
    training: TrainingSettings = Field(description="the learning")
    sampling: SamplerSettings = Field(
        default=SamplerSettings(), description="how its model draws unless told otherwise"
    )

    @field_validator("preset")
    @classmethod
    def _present_name(cls, name: str) -> str:
        return FORMER_PRESETS.get(name, name)

    @model_validator(mode="after")
    def _check_sampling(self) -> Self:
        check_sampling(self.sampling, self.schedule.timesteps)
        return self

    @model_validator(mode="after")
    def _check_guide(self) -> Self:
        if self.sampling.autoguidance != 1 and not self.training.guide:
            raise ValueError("sampling.autoguidance needs a guide; keep one by training.guide")
        return self

    @model_validator(mode="after")
    def _check_palette(self) -> Self:
        if self.training.prediction == "palette" and self.data.palette == "off":
            raise ValueError(
                "data.palette is off, but training.prediction is palette; choose data.palette=auto "
                "or take preset rgba"
            )
        return self

    def override(self, values: Mapping[str, Any]) -> RunSettings:
        """Return a copy with ``values`` such as ``{"training.steps": 100}`` put in, checked anew.

        One of the three lengths replaces the other two.

        Raises:
            SettingsError: if a key is unknown or a value out of range.
        """
        tree = self.model_dump(mode="json")
        put_in(tree, values, LENGTHS)
        return RunSettings.parse(tree)

    def named(self) -> dict[str, Any]:
        """The values that were put in, and not the defaults, as ``override`` takes them."""
        return flatten(self.model_dump(mode="json", exclude_unset=True, exclude_none=True))

    def to_json(self) -> str:
        """The settings as JSON, readable by ``read_settings``."""
        return self.model_dump_json(indent=2)

    def to_toml(self) -> str:
        """The settings as TOML, readable by ``read_settings``; unset values are left out."""
        tables = self.model_dump(mode="json", exclude_none=True)
        lines = [f"preset = {json.dumps(tables.pop('preset'), ensure_ascii=False)}"]
        for name, table in tables.items():
            lines += ["", f"[{name}]"]
            # For the strings, numbers, flags and flat lists used here TOML and JSON agree.
            lines += [
                f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()
            ]
        return "\n".join(lines) + "\n"


FORMER_PRESETS = {"seed": "notebook"}
"""Names that presets had before, and what they are called now."""

LENGTHS = ("training.epochs", "training.steps", "training.max_minutes")
