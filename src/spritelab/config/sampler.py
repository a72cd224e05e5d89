"""How sprites are drawn: the sampler, the steps it visits, and what it does at each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, TypedDict

from pydantic import Field, ValidationError, model_validator

from spritelab.config.base import Settings, first_mistake, unknown_setting
from spritelab.config.bounds import MAX_TIMESTEPS
from spritelab.errors import SettingsError

Sampler = Literal["ddpm", "ddim", "dpm"]
"""DDPM, DDIM, or DPM-Solver++(2M)."""
Variance = Literal["posterior", "beta"]
"""σ² of a DDPM step: β̃_t or β_t."""
Times = Annotated[
    tuple[Annotated[int, Field(ge=0, lt=MAX_TIMESTEPS)], ...],
    Field(min_length=1, max_length=MAX_TIMESTEPS),
]
Spacing = Literal["linspace", "leading", "trailing", "logsnr"]
"""Which of the T steps are visited, see ``Schedule.pairs``."""
FirstLeg = Literal["none", "gaussian"]
"""What leads from the noise to the first step visited, see ``diffusion.gaussian_leg``."""

_STEPS: dict[Sampler, int | None] = {"ddpm": None, "ddim": 50, "dpm": 10}
_SPACING: dict[Sampler, Spacing] = {"ddpm": "linspace", "ddim": "linspace", "dpm": "logsnr"}
_FAMILY = {"ddpm": "DDPM", "ddim": "DDIM", "dpm": "DPM-Solver++"}


_ELSEWHERE = {
    "num_inference_steps": "call it `steps`",
    "timesteps": "call it `times`",
    "guidance_scale": "call it `guidance`",
    "class_labels": "call it `label`; it takes names of classes",
    "prompt": "call it `label`; it takes names of classes",
    "scheduler": "call it `sampler`",
    "clip_sample": "call it `clip`",
    "use_clipped_model_output": "call it `clip`",
    "generator": "call it `seed`, a whole number; sprite k of a seed is always the same sprite",
    "num_images_per_prompt": "call it `n`",
    "num_samples": "call it `n`",
    "output_type": "leave it out; `.to_pil()` of what is drawn makes pictures of it",
    "return_dict": "leave it out; what is drawn has the sprites as `.images`",
}
"""By the name of a keyword of diffusers' pipelines and schedulers, what to do here."""


class SamplerChanges(TypedDict, total=False):
    """The keywords that ``Model.sample`` takes beside, or in place of, a ``SamplerSettings``."""

    sampler: Sampler
    steps: int | None
    times: tuple[int, ...] | None
    start: Literal["noise"] | float
    first_leg: FirstLeg | None
    eta: float | None
    variance: Variance | None
    spacing: Spacing | None
    guidance: float
    clip: bool


class Calibrated(Settings):
    """Steps that were chosen for one model, see ``spritelab calibrate``."""

    sampler: Sampler
    times: Times = Field(description="the steps to visit, descending")
    first_leg: FirstLeg = Field(description="what leads to the first of them")

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_descending(self.times)
        return self


class SamplerSettings(Settings):
    """One way of drawing, checked when it is made; a model's folder holds the one it is best with.

    What belongs to one sampler and is not given takes that sampler's default when the settings are
    made: η = 0 for DDIM, the posterior variance for DDPM. ``complete`` fills in the number of steps
    for a schedule, and which they are: those that were chosen for a model, if it has any, else
    steps of equal length in λ for DPM-Solver++ and in t for the others.

    Raises ``SettingsError`` for a value out of range, an unknown name, and a value that the sampler
    would not heed.
    """

    sampler: Sampler = Field(
        default="ddim", description="ddpm, ddim, or dpm, which is DPM-Solver++(2M)"
    )
    steps: Annotated[int, Field(ge=1, le=MAX_TIMESTEPS)] | None = Field(
        default=None,
        description="how many of the T steps to visit; unset: all for ddpm, 50 for ddim and 10 "
        "for dpm",
    )
    times: Times | None = Field(
        default=None, description="the very steps to visit, descending, in place of their number"
    )
    start: Literal["noise"] | float = Field(
        default="noise",
        description="λ = ½·log(ᾱ/(1-ᾱ)) below which no step is visited; noise: all the way",
    )
    first_leg: FirstLeg | None = Field(
        default=None,
        description="what leads from the noise to the first step visited, without the network: "
        "gaussian, by mean and covariance of the training sprites; none; unset: none, but for "
        "steps that are calibrated",
    )
    eta: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="η of ddim: 0 adds no noise, 1 as much as ddpm"
    )
    variance: Variance | None = Field(
        default=None, description="variance of a ddpm step: posterior or beta"
    )
    spacing: Spacing | None = Field(
        default=None,
        description="which steps are visited; unset: those calibrated for the model, if it has any "
        "for their number, else logsnr for dpm, linspace for the others",
    )
    guidance: Annotated[float, Field(ge=-1000, le=1000)] = Field(
        default=1.0, description="weight of classifier-free guidance; 1 is without"
    )
    clip: bool = Field(default=True, description="hold x̂_0 in [-1, 1] at every step")

    def __init__(self, **values: Any) -> None:
        for name in values:
            if name not in type(self).model_fields:
                raise SettingsError(unknown_setting(name, type(self).model_fields, _ELSEWHERE))
        # Made by callers of the library as well as read from files: the same error either way.
        try:
            super().__init__(**values)
        except ValidationError as error:
            key, reason = first_mistake(error)
            raise SettingsError(f"`{key}`: {reason}" if key else reason) from None

    @model_validator(mode="after")
    def _fill(self) -> Self:
        if self.eta is not None and self.sampler != "ddim":
            raise ValueError(f"`eta` belongs to the sampler ddim; {self.sampler} takes none")
        if self.variance is not None and self.sampler != "ddpm":
            raise ValueError(f"`variance` belongs to the sampler ddpm; {self.sampler} takes none")
        if self.times is not None:
            self._check_times(self.times)
        filled: dict[str, Any] = {
            "eta": 0.0 if self.sampler == "ddim" and self.eta is None else self.eta,
            "variance": self.variance or ("posterior" if self.sampler == "ddpm" else None),
        }
        if self.times is not None:
            filled["steps"] = len(self.times)
        self.__dict__.update(filled)
        return self

    def _check_times(self, times: tuple[int, ...]) -> None:
        _check_descending(times)
        if self.spacing is not None or self.start != "noise":
            raise ValueError("`times` are all that is visited; leave out `spacing` and `start`")
        if self.steps not in (None, len(times)):
            raise ValueError(
                f"`times` name {len(times)} steps, not {self.steps}; leave out `steps`"
            )

    def complete(self, timesteps: int, calibrated: Sequence[Calibrated] = ()) -> Self:
        """The settings for a schedule of T = ``timesteps``: which steps, and how many, filled in.

        Args:
            timesteps: T.
            calibrated: what was chosen for the model. It is taken where nothing else is said of
                which steps are visited, and no noise is added on the way by η.

        Raises:
            SettingsError: if they ask for more steps than there are, or for a step beyond T - 1.
        """
        steps = self.steps
        if steps is None:
            steps = min(_STEPS[self.sampler] or timesteps, timesteps)
        if not 1 <= steps <= timesteps:
            raise SettingsError(
                f"`steps` must lie in 1 … {timesteps} (the schedule's T), not {steps}"
            )
        if self.times is not None and self.times[0] >= timesteps:
            raise SettingsError(
                f"`times` must lie in 0 … {timesteps - 1} (the schedule's T - 1), "
                f"not at {self.times[0]}"
            )
        filled: dict[str, Any] = {"steps": steps, "first_leg": self.first_leg or "none"}
        if self.times is None:
            filled["spacing"] = self.spacing or _SPACING[self.sampler]
        for one in calibrated if self._leaves_open_which else ():
            if (one.sampler, len(one.times)) == (self.sampler, steps):
                filled |= {"times": one.times, "first_leg": one.first_leg, "spacing": None}
        return self.model_copy(update=filled)

    @property
    def _leaves_open_which(self) -> bool:
        """Whether nothing is said of which steps are visited, and how they are come to."""
        said = (self.times, self.spacing, self.first_leg)
        return said == (None, None, None) and self.start == "noise" and not self.eta

    def changed(self, **changes: Any) -> Self:
        """A copy with ``changes`` put in, checked anew.

        Another sampler takes its own defaults for all that belongs to a sampler (steps, times,
        start, first leg, η, variance, spacing); guidance and clipping stay. Steps, spacing or a
        start replace times and the first leg to them, and times replace all.

        Raises:
            SettingsError: as the class does, and for a name that is none of its settings.
        """
        values = self.model_dump()
        if changes.get("sampler", self.sampler) != self.sampler:
            values = {key: values[key] for key in ("guidance", "clip")}
        if changes.get("times") is not None:
            values |= {"steps": None, "spacing": None, "start": "noise", "first_leg": None}
        elif changes.keys() & {"steps", "spacing", "start"} and values.get("times") is not None:
            values |= {"steps": None, "times": None, "first_leg": None}
        return type(self)(**{**values, **changes})

    @property
    def nfe(self) -> int:
        """Network evaluations a sprite; guidance counts twice. Of ``complete`` settings only."""
        assert self.steps is not None, "complete the settings first"
        return self.steps * (1 if self.guidance in (0, 1) else 2)

    @property
    def family(self) -> str:
        """All but the number of steps, in words: ``DDIM, η = 0.5, guidance 2``."""
        parts = [_FAMILY[self.sampler]]
        if self.eta is not None:
            parts.append(f"η = {self.eta:g}")
        if self.variance == "beta":
            parts.append("β variance")
        if self.guidance != 1:
            parts.append(f"guidance {self.guidance:g}")
        if self.times is not None:
            parts.append("own times")
        elif self.spacing not in (None, _SPACING[self.sampler]):
            parts.append(f"{self.spacing} spacing")
        if self.start != "noise":
            parts.append(f"from λ = {self.start:g}")
        if self.first_leg == "gaussian":
            parts.append("Gaussian first leg")
        if not self.clip:
            parts.append("no clipping")
        return ", ".join(parts)

    @property
    def name(self) -> str:
        """The settings in words: ``DDIM, η = 0.5, 50 steps``. Of ``complete`` settings only."""
        return f"{self.family}, {self.steps:,} {'step' if self.steps == 1 else 'steps'}"

    @property
    def canonical(self) -> Self:
        """The DDPM that these settings are, if they are one in disguise; else they themselves.

        DDIM with η = 1 over any steps is DDPM with the posterior variance over the same steps:
        mean and variance of every step are equal (Song et al. 2020, section 4.1), and each sprite
        draws the same noise at the same step.
        """
        if self.sampler == "ddim" and self.eta == 1:
            return self.model_copy(update={"sampler": "ddpm", "eta": None, "variance": "posterior"})
        return self


def default_spacing(sampler: Sampler) -> Spacing:
    """Which steps a sampler visits unless told otherwise."""
    return _SPACING[sampler]


def _check_descending(times: Sequence[int]) -> None:
    if any(later >= earlier for earlier, later in pairwise(times)):
        raise ValueError("`times` must descend, each step visited once")


def check_sampling(sampling: SamplerSettings, timesteps: int) -> None:
    """Check what larger settings hold as ``sampling`` beside a schedule of T = ``timesteps``.

    Raises:
        SettingsError: as ``complete``, with the setting's whole key, such as ``sampling.steps``.
    """
    try:
        sampling.complete(timesteps)
    except SettingsError as error:
        raise SettingsError(f"sampling.{str(error).replace('`', '')}") from None


def distinct_settings(settings: Iterable[SamplerSettings]) -> list[SamplerSettings]:
    """The settings that draw different sprites: those that are one chain once, canonical."""
    return list(dict.fromkeys(one.canonical for one in settings))
