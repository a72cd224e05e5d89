"""One way of drawing: checked when it is made, the same for ``sample`` and ``trace``."""

from __future__ import annotations

from typing import Any

import pytest

from spritelab.errors import SettingsError
from spritelab.generate import Setting

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"sampler": "euler"}, "unknown sampler 'euler'; choose one of ddpm, ddim, dpm"),
    ({"steps": 0}, "steps must lie in 1 … 100"),
    ({"steps": 101}, "steps must lie in 1 … 100"),
    ({"eta": 1.5}, r"eta must lie in \[0, 1\]"),
    ({"eta": float("nan")}, r"eta must lie in \[0, 1\]"),
    ({"eta": 0.5, "sampler": "ddpm"}, "eta belongs to the sampler ddim; ddpm takes none"),
    ({"eta": 0.5, "sampler": "dpm"}, "eta belongs to the sampler ddim; dpm takes none"),
    ({"variance": "large"}, "unknown variance 'large'"),
    ({"spacing": "even"}, "unknown spacing 'even'"),
    ({"guidance": float("inf")}, "guidance must be a finite number"),
    ({"guidance": float("nan")}, "guidance must be a finite number"),
]


@pytest.mark.parametrize(("values", "message"), WRONG)
def test_a_value_out_of_range(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Setting.of(**{"sampler": "ddim", "timesteps": 100, **values})


@pytest.mark.parametrize(
    ("sampler", "long", "short"), [("ddpm", 1000, 10), ("ddim", 50, 10), ("dpm", 10, 10)]
)
def test_steps_that_are_not_given(sampler: str, long: int, short: int) -> None:
    assert Setting.of(sampler, 1000).steps == long
    assert Setting.of(sampler, 10).steps == short


def test_a_setting_holds_what_its_sampler_reads_and_no_more() -> None:
    assert Setting.of("ddpm", 100, 5, variance="beta") == Setting.ddpm(5, "beta")
    assert Setting.of("ddim", 100, 5, 0.5, variance="beta") == Setting.ddim(5, 0.5)
    assert Setting.of("dpm", 100, 5, variance="beta") == Setting.dpm(5)


def test_the_spacing_that_is_not_given() -> None:
    assert Setting.of("ddim", 100).spacing == Setting.ddim(5).spacing == "linspace"
    assert Setting.of("ddpm", 100).spacing == Setting.ddpm(5).spacing == "linspace"
    assert Setting.of("dpm", 100).spacing == Setting.dpm(5).spacing == "logsnr"


@pytest.mark.parametrize(
    "setting",
    [
        Setting.ddpm(7, "beta", 2.0),
        Setting.ddim(7, 0.5),
        Setting.dpm(7, 3.0),
        Setting.of("dpm", 100, 7, spacing="trailing", clip=False),
    ],
)
def test_a_request_is_the_setting_again(setting: Setting) -> None:
    assert Setting.of(timesteps=100, **setting.request) == setting


@pytest.mark.parametrize(("guidance", "nfe"), [(1.0, 8), (0.0, 8), (2.0, 16), (-1.0, 16)])
def test_network_evaluations(guidance: float, nfe: int) -> None:
    assert Setting.dpm(8, guidance).nfe == nfe


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (Setting.ddpm(1000), "DDPM, 1,000 steps"),
        (Setting.ddpm(1, "beta"), "DDPM, β variance, 1 step"),
        (Setting.ddim(20, 0.5), "DDIM, η = 0.5, 20 steps"),
        (Setting.dpm(20), "DPM-Solver++, 20 steps"),
    ],
)
def test_names(setting: Setting, name: str) -> None:
    assert setting.name == name


def test_only_ddim_with_eta_1_is_another_chain() -> None:
    assert Setting.ddim(9, 1.0, 2.0).same_chain == Setting.ddpm(9, guidance=2.0)
    for other in (Setting.ddim(9, 0.5), Setting.ddpm(9, "beta"), Setting.dpm(9)):
        assert other.same_chain is other
