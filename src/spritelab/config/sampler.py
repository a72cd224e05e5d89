"""How sprites are drawn: the sampler, the steps it visits, and what it does at each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Self, TypedDict

from pydantic import Field, ValidationError, model_validator

from spritelab.config.base import Settings, first_mistake, unknown_setting
from spritelab.config.bounds import MAX_TIMESTEPS
from spritelab.config.elsewhere import SAMPLING_ELSEWHERE
from spritelab.config.steps import Calibrated, FirstLeg, Sampler, Spacing, Times, check_descending
from spritelab.errors import SettingsError

Variance = Literal["posterior", "beta"]
"""σ² of a DDPM step: β̃_t or β_t."""
Interval = tuple[float, float]
"""λ from … to, λ = ½·log(ᾱ/(1-ᾱ)), both ends included."""
_STEPS: dict[Sampler, int | None] = {"ddpm": None, "ddim": 50, "dpm": 10}
_SPACING: dict[Sampler, Spacing] = {"ddpm": "linspace", "ddim": "linspace", "dpm": "logsnr"}
_FAMILY = {"ddpm": "DDPM", "ddim": "DDIM", "dpm": "DPM-Solver++"}


GUIDANCE = ("guidance", "autoguidance", "guidance_interval")
"""The settings of guidance, which every sampler takes alike."""


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
    autoguidance: float
    guidance_interval: Interval | None
    clip: bool


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
    autoguidance: Annotated[float, Field(ge=-1000, le=1000)] = Field(
        default=1.0,
        description="weight of guidance by the weaker self that is in the model's folder; 1 is "
        "without",
    )
    guidance_interval: Interval | None = Field(
        default=None,
        description="λ from … to, such as -1,2: steps from outside it go without guidance; unset: "
        "none does",
    )
    guided_steps: Annotated[int, Field(ge=0, le=MAX_TIMESTEPS)] | None = Field(
        default=None,
        description="how many of the steps start in `guidance_interval`; counted for each model",
    )
    clip: bool = Field(default=True, description="hold x̂_0 in [-1, 1] at every step")

    def __init__(self, **values: Any) -> None:
        for name in values:
            if name not in type(self).model_fields:
                raise SettingsError(
                    unknown_setting(name, type(self).model_fields, SAMPLING_ELSEWHERE)
                )
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
        self._check_guidance()
        filled: dict[str, Any] = {
            "eta": 0.0 if self.sampler == "ddim" and self.eta is None else self.eta,
            "variance": self.variance or ("posterior" if self.sampler == "ddpm" else None),
        }
        if self.times is not None:
            filled["steps"] = len(self.times)
        self.__dict__.update(filled)
        return self

    def _check_times(self, times: tuple[int, ...]) -> None:
        check_descending(times)
        if self.spacing is not None or self.start != "noise":
            raise ValueError("`times` are all that is visited; leave out `spacing` and `start`")
        if self.steps not in (None, len(times)):
            raise ValueError(
                f"`times` name {len(times)} steps, not {self.steps}; leave out `steps`"
            )

    def _check_guidance(self) -> None:
        if 1 not in (self.guidance, self.autoguidance):
            raise ValueError(
                "`guidance` and `autoguidance` are two ways to guide; give the weight of one"
            )
        if self.guidance_interval is None:
            if self.guided_steps is not None:
                raise ValueError("`guided_steps` are counted, not set; leave them out")
            return
        low, high = self.guidance_interval
        if not low <= high:
            raise ValueError(f"`guidance_interval` must rise, not run from {low:g} to {high:g}")
        if self.guidance_weight == 1:
            raise ValueError("`guidance_interval` is where `guidance` holds; give its weight, too")

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
        start replace times and the first leg to them, and times replace all. Without guidance there
        is no interval of it.

        Raises:
            SettingsError: as the class does, and for a name that is none of its settings.
        """
        values = self.model_dump()
        if changes.get("sampler", self.sampler) != self.sampler:
            values = {key: values[key] for key in (*GUIDANCE, "clip")}
        if changes.get("times") is not None:
            values |= {"steps": None, "spacing": None, "start": "noise", "first_leg": None}
        elif changes.keys() & {"steps", "spacing", "start"} and values.get("times") is not None:
            values |= {"steps": None, "times": None, "first_leg": None}
        weights = {**values, **changes}
        if weights["guidance"] == weights["autoguidance"] == 1:
            values["guidance_interval"] = None
        return type(self)(**{**values, "guided_steps": None, **changes})

    @property
    def adds_noise(self) -> bool:
        """Whether noise is added on the way, so that x_T alone does not decide a sprite."""
        return self.sampler == "ddpm" or bool(self.eta)

    @property
    def flow(self) -> Self:
        """These if they add no noise, else DPM-Solver++ in its usual steps, guided alike."""
        return self.changed(sampler="dpm") if self.adds_noise else self

    @property
    def guidance_weight(self) -> float:
        """w of the guidance, of whichever kind; 1 is without."""
        return self.guidance if self.guidance != 1 else self.autoguidance

    @property
    def nfe(self) -> int:
        """Network evaluations a sprite; a guided step takes two. Of ``complete`` settings only,
        and with a ``guidance_interval`` of a model's own, which has counted the steps in it.
        """
        assert self.steps is not None, "complete the settings first"
        if self.guidance_weight in (0, 1):
            return self.steps
        if self.guidance_interval is None:
            return 2 * self.steps
        assert self.guided_steps is not None, "`Model.sampler_settings` counts them"
        return self.steps + self.guided_steps

    @property
    def family(self) -> str:
        """All but the number of steps, in words: ``DDIM, η = 0.5, guidance 2``."""
        parts = [_FAMILY[self.sampler]]
        if self.eta is not None:
            parts.append(f"η = {self.eta:g}")
        if self.variance == "beta":
            parts.append("β variance")
        if self.guidance != 1:
            parts.append(f"guidance {self.guidance:g}{self._where}")
        if self.autoguidance != 1:
            parts.append(f"autoguidance {self.autoguidance:g}{self._where}")
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
    def _where(self) -> str:
        if self.guidance_interval is None:
            return ""
        low, high = self.guidance_interval
        return f" for λ in {low:g} … {high:g}"

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
