"""One way of drawing: checked when it is made, filled in by its sampler's defaults, changed."""

from __future__ import annotations

from typing import Any

import pytest

from spritelab.config import Calibrated, RunSettings, SamplerSettings, preset
from spritelab.config.sampler import distinct_settings
from spritelab.errors import SettingsError

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"sampler": "euler"}, "`sampler`: unknown 'euler'; choose 'ddpm', 'ddim' or 'dpm'"),
    ({"steps": 0}, "`steps`: must be greater than or equal to 1, not 0"),
    ({"eta": 1.5}, "`eta`: must be less than or equal to 1, not 1.5"),
    ({"eta": float("nan")}, "`eta`: must be a finite number"),
    ({"eta": 0.5, "sampler": "ddpm"}, "`eta` belongs to the sampler ddim; ddpm takes none"),
    ({"eta": 0.0, "sampler": "dpm"}, "`eta` belongs to the sampler ddim; dpm takes none"),
    ({"variance": "beta"}, "`variance` belongs to the sampler ddpm; ddim takes none"),
    ({"variance": "large", "sampler": "ddpm"}, "`variance`: unknown 'large'"),
    ({"spacing": "even"}, "`spacing`: unknown 'even'"),
    ({"guidance": float("inf")}, "`guidance`: must be a finite number"),
    ({"start": "middle"}, "`start`: "),
    ({"start": float("nan")}, "`start`: "),
    ({"times": []}, "`times`: "),
    ({"times": [5, -1]}, "`times.1`: must be greater than or equal to 0, not -1"),
    ({"times": [5, 9]}, "`times` must descend"),
    ({"times": [9, 9]}, "`times` must descend"),
    ({"times": [9, 5], "steps": 3}, "`times` name 2 steps"),
    ({"times": [9, 5], "spacing": "linspace"}, "leave out `spacing` and `start`"),
    ({"times": [9, 5], "start": -3.0}, "leave out `spacing` and `start`"),
    ({"colour": "red"}, "`colour`: there is no such setting"),
]


@pytest.mark.parametrize(("values", "message"), WRONG)
def test_a_value_out_of_range(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        SamplerSettings(**values)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(SettingsError, match=r"^model: "):
        SamplerSettings.parse(values, "model")


def test_inside_other_settings_the_key_is_named_in_full() -> None:
    with pytest.raises(SettingsError, match=r"^settings: sampling\.eta: must be less"):
        preset("small").override({"sampling.sampler": "ddim", "sampling.eta": 7})
    with pytest.raises(SettingsError, match=r"sampling\.sampler: unknown 'euler'"):
        RunSettings.parse({**preset("small").model_dump(), "sampling": {"sampler": "euler"}})


@pytest.mark.parametrize(
    ("sampler", "eta", "variance", "spacing"),
    [
        ("ddpm", None, "posterior", "linspace"),
        ("ddim", 0.0, None, "linspace"),
        ("dpm", None, None, "logsnr"),
    ],
)
def test_what_is_not_given_is_the_sampler_s_default(
    sampler: Any, eta: float | None, variance: str | None, spacing: str
) -> None:
    how = SamplerSettings(sampler=sampler)
    assert (how.eta, how.variance) == (eta, variance)
    assert (how.steps, how.times, how.start) == (None, None, "noise")
    assert (how.spacing, how.first_leg) == (None, None)
    complete = how.complete(1000)
    assert (complete.spacing, complete.first_leg) == (spacing, "none")
    assert (how.guidance, how.clip) == (1.0, True)


@pytest.mark.parametrize(
    ("sampler", "long", "short"), [("ddpm", 1000, 10), ("ddim", 50, 10), ("dpm", 10, 10)]
)
def test_steps_that_are_not_given(sampler: Any, long: int, short: int) -> None:
    how = SamplerSettings(sampler=sampler)
    assert how.complete(1000).steps == long
    assert how.complete(10).steps == short
    assert how.complete(5).steps == 5
    assert how.complete(1000).complete(1000) == how.complete(1000)


def test_complete_checks_the_schedule() -> None:
    with pytest.raises(SettingsError, match=r"`steps` must lie in 1 … 50 .*, not 51"):
        SamplerSettings(steps=51).complete(50)
    with pytest.raises(SettingsError, match=r"`times` must lie in 0 … 49 .* at 50"):
        SamplerSettings(times=(50, 3)).complete(50)
    assert SamplerSettings(times=(49, 3)).complete(50).steps == 2


ALL = [
    SamplerSettings(sampler="ddpm", steps=7, variance="beta", guidance=2.0),
    SamplerSettings(sampler="ddim", steps=7, eta=0.5, start=-4.0),
    SamplerSettings(sampler="dpm", spacing="trailing", clip=False),
    SamplerSettings(sampler="dpm", times=(900, 500, 100)),
    SamplerSettings(sampler="dpm", times=(900, 500, 100), first_leg="gaussian"),
]


@pytest.mark.parametrize("how", ALL, ids=lambda how: how.family)
def test_settings_survive_being_written(how: SamplerSettings) -> None:
    assert SamplerSettings.parse(how.model_dump(mode="json")) == how
    assert hash(SamplerSettings.parse(how.model_dump())) == hash(how)
    run = preset("small").override({"sampling": how.model_dump(mode="json")})
    assert RunSettings.parse(run.model_dump(mode="json")).sampling == how


def test_a_change_is_checked_anew() -> None:
    ddim = SamplerSettings(sampler="ddim", steps=20, eta=0.5, guidance=2.0, clip=False)
    assert ddim.changed() == ddim
    assert ddim.changed(eta=0.0).eta == 0.0
    assert ddim.changed(sampler="ddim", steps=5).eta == 0.5
    with pytest.raises(SettingsError, match="`variance` belongs to"):
        ddim.changed(variance="beta")
    with pytest.raises(SettingsError, match="`colour`: there is no such setting"):
        ddim.changed(colour="red")


def test_another_sampler_brings_its_own_defaults() -> None:
    ddim = SamplerSettings(sampler="ddim", steps=20, eta=0.5, guidance=2.0, clip=False)
    other = SamplerSettings(sampler="dpm", guidance=2.0, clip=False)
    assert ddim.changed(sampler="dpm") == other
    assert ddim.changed(sampler="dpm", steps=8) == other.changed(steps=8)


def test_times_and_their_number_replace_each_other() -> None:
    how = SamplerSettings(sampler="dpm", steps=8, start=-5.0)
    pinned = how.changed(times=(700, 300))
    assert (pinned.times, pinned.steps, pinned.start) == ((700, 300), 2, "noise")
    free = pinned.changed(steps=6)
    assert (free.times, free.steps, free.spacing) == (None, 6, None)
    assert pinned.changed(guidance=2.0).times == (700, 300)


CALIBRATED = (
    Calibrated(sampler="dpm", times=(900, 500, 100), first_leg="gaussian"),
    Calibrated(sampler="dpm", times=(900, 100), first_leg="none"),
    Calibrated(sampler="ddim", times=(800, 400, 200), first_leg="gaussian"),
)


@pytest.mark.parametrize(
    ("values", "times"),
    [
        ({"sampler": "dpm", "steps": 3}, (900, 500, 100)),
        ({"sampler": "dpm", "steps": 2}, (900, 100)),
        ({"sampler": "dpm", "steps": 4}, None),
        ({"sampler": "ddim", "steps": 3}, (800, 400, 200)),
        ({"sampler": "ddim", "steps": 3, "eta": 0.5}, None),
        ({"sampler": "ddpm", "steps": 3}, None),
        ({"sampler": "dpm", "steps": 3, "spacing": "logsnr"}, None),
        ({"sampler": "dpm", "steps": 3, "start": -3}, None),
        ({"sampler": "dpm", "steps": 3, "first_leg": "none"}, None),
        ({"sampler": "dpm", "times": (7, 6, 5)}, (7, 6, 5)),
    ],
)
def test_calibrated_steps_are_taken_where_nothing_else_is_said(
    values: dict[str, Any], times: tuple[int, ...] | None
) -> None:
    how = SamplerSettings(**values)
    complete = how.complete(1000, CALIBRATED)
    assert complete.times == times
    chosen = {one.times: one.first_leg for one in CALIBRATED}
    assert complete.first_leg == (chosen.get(times, "none") if times else "none")
    assert (complete.spacing is None) == (times is not None)
    assert complete.complete(1000, CALIBRATED) == complete
    if times is None:
        assert complete == how.complete(1000)


def test_another_number_of_steps_leaves_calibrated_ones() -> None:
    three = SamplerSettings(sampler="dpm", steps=3).complete(1000, CALIBRATED)
    two = three.changed(steps=2)
    assert (two.times, two.first_leg, two.spacing) == (None, None, None)
    assert two.complete(1000, CALIBRATED).times == (900, 100)


@pytest.mark.parametrize("times", [[5, 9], [], [-1]])
def test_calibrated_steps_are_checked(times: list[int]) -> None:
    with pytest.raises(SettingsError, match="times"):
        Calibrated.parse({"sampler": "dpm", "times": times, "first_leg": "none"})


@pytest.mark.parametrize(("guidance", "nfe"), [(1.0, 8), (0.0, 8), (2.0, 16), (-1.0, 16)])
def test_network_evaluations(guidance: float, nfe: int) -> None:
    assert SamplerSettings(sampler="dpm", steps=8, guidance=guidance).nfe == nfe


def test_a_guided_step_takes_two_evaluations() -> None:
    within = SamplerSettings(sampler="dpm", steps=8, autoguidance=2.0, guidance_interval=(-1, 2))
    for count in (0, 3, 8):
        assert within.model_copy(update={"guided_steps": count}).nfe == 8 + count
    assert SamplerSettings(sampler="dpm", steps=8, autoguidance=2.0).nfe == 16
    assert SamplerSettings(sampler="dpm", steps=8, autoguidance=0.0).nfe == 8


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"guidance": 2, "autoguidance": 2}, "two ways to guide"),
        ({"guidance": 2, "guidance_interval": (2, -1)}, "must rise, not run from 2 to -1"),
        ({"guidance": 2, "guidance_interval": (1,)}, "guidance_interval"),
        ({"guidance": 2, "guidance_interval": (float("nan"), 1)}, "guidance_interval"),
        ({"guidance_interval": (-1, 2)}, "give its weight"),
        ({"guidance": 2, "guided_steps": 3}, "counted, not set"),
        ({"guidance_start": 0.2}, "guidance_interval"),
        ({"autoguidance": 2000}, "autoguidance"),
    ],
)
def test_guidance_that_cannot_be(values: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        SamplerSettings(**values)


def test_an_interval_goes_with_its_guidance() -> None:
    own = SamplerSettings(guidance=2.0, guidance_interval=(-1, 2))
    counted = own.model_copy(update={"guided_steps": 4})
    assert counted.changed(sampler="dpm").guidance_interval == (-1, 2)
    assert counted.changed(steps=5).guided_steps is None
    assert counted.changed(guidance=1.0) == SamplerSettings()
    assert counted.changed(guidance=1.0, autoguidance=2.0).guidance_interval == (-1, 2)
    with pytest.raises(SettingsError, match="two ways"):
        own.changed(autoguidance=2.0)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (
            {"steps": 9, "guidance": 2, "guidance_interval": (-1, 2.5)},
            "DDIM, η = 0, guidance 2 for λ in -1 … 2.5, 9 steps",
        ),
        ({"steps": 9, "autoguidance": 1.5}, "DDIM, η = 0, autoguidance 1.5, 9 steps"),
        ({"sampler": "ddpm", "steps": 1000}, "DDPM, 1,000 steps"),
        ({"sampler": "ddpm", "steps": 1, "variance": "beta"}, "DDPM, β variance, 1 step"),
        ({"steps": 20, "eta": 0.5}, "DDIM, η = 0.5, 20 steps"),
        ({"sampler": "dpm", "steps": 20}, "DPM-Solver++, 20 steps"),
        ({"sampler": "dpm", "steps": 9, "guidance": 2}, "DPM-Solver++, guidance 2, 9 steps"),
        (
            {"sampler": "dpm", "steps": 9, "spacing": "trailing", "start": -4, "clip": False},
            "DPM-Solver++, trailing spacing, from λ = -4, no clipping, 9 steps",
        ),
        ({"sampler": "dpm", "times": (9, 3)}, "DPM-Solver++, own times, 2 steps"),
        (
            {"sampler": "dpm", "times": (9, 3), "first_leg": "gaussian"},
            "DPM-Solver++, own times, Gaussian first leg, 2 steps",
        ),
    ],
)
def test_names_tell_settings_apart(values: dict[str, Any], name: str) -> None:
    assert SamplerSettings(**values).name == name


def test_only_ddim_with_eta_1_is_another_chain() -> None:
    twin = SamplerSettings(sampler="ddim", steps=9, eta=1.0, guidance=2.0)
    ddpm = SamplerSettings(sampler="ddpm", steps=9, guidance=2.0)
    assert twin.canonical == ddpm
    others = [SamplerSettings(eta=0.5), SamplerSettings(sampler="dpm"), ddpm]
    assert [other.canonical for other in others] == others
    assert distinct_settings([twin, others[0], ddpm, twin]) == [ddpm, others[0]]


def test_former_presets_are_known_by_their_old_name() -> None:
    with pytest.warns(UserWarning, match="the preset 'seed' is called 'notebook' now"):
        assert preset("seed") == preset("notebook")
    old = {**preset("notebook").model_dump(), "preset": "seed"}
    assert RunSettings.parse(old) == preset("notebook")
    assert preset("notebook").sampling == SamplerSettings()
    assert preset("rgba").sampling == preset("base").sampling == SamplerSettings(sampler="dpm")


def test_a_palette_is_chosen_from_by_ddpm() -> None:
    """docs/ddpm-vs-ddim.md: where colours are chosen it is better at the same price."""
    small = preset("small")
    assert small.training.prediction == "palette"
    assert (small.sampling.sampler, small.sampling.eta) == ("ddpm", None)
    assert small.sampling.steps is not None


def test_the_flow_of_settings_adds_no_noise() -> None:
    ddpm = SamplerSettings(sampler="ddpm", steps=20, guidance=2.0, clip=False)
    noisy = SamplerSettings(eta=0.5, steps=7)
    assert [one.adds_noise for one in (ddpm, noisy)] == [True, True]
    assert ddpm.flow == SamplerSettings(sampler="dpm", guidance=2.0, clip=False)
    assert noisy.flow == SamplerSettings(sampler="dpm")
    for own in (SamplerSettings(steps=7), SamplerSettings(sampler="dpm", steps=5)):
        assert not own.adds_noise
        assert own.flow is own
