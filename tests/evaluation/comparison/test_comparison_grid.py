"""The settings that are compared."""

import pytest

from evaluation_runs import ddim, ddpm
from spritelab.config import Calibrated, SamplerSettings
from spritelab.config.sampler import distinct_settings
from spritelab.errors import SettingsError
from spritelab.evaluation.comparison.grid import (
    check_grid,
    make_grid,
    quick_grid,
    read_single,
    step_count,
)


def test_the_whole_grid() -> None:
    grid = make_grid(1000)
    assert len(grid) == 7 * 5
    assert [s.steps for s in grid] == sorted(map(step_count, grid))
    assert len(distinct_settings(grid)) == 7 * 4  # η = 1 is DDPM
    assert {s.steps for s in make_grid(400)} == {5, 10, 20, 50, 100, 250, 400}
    quick = quick_grid(1000)
    assert [s for s in quick if s.steps == 1000] == [ddpm(1000).complete(1000)]
    with pytest.raises(SettingsError, match="`steps` takes 1 … 50"):
        make_grid(50, [100])
    with pytest.raises(SettingsError, match="at least two settings"):
        make_grid(1000, [50], etas=[1], variances=["posterior"])
    with pytest.raises(SettingsError, match="`eta`: must be less than or equal to 1"):
        make_grid(1000, etas=[2])


def test_a_report_needs_both_sides() -> None:
    check_grid([ddim(5), ddim(5, 1.0)])  # η = 1 is DDPM
    for grid in ([ddim(5), ddpm(5, "beta")], [ddpm(5), ddpm(9)]):
        with pytest.raises(SettingsError, match="keep 0 in `eta`"):
            check_grid(grid)


def test_single_settings_beside_the_grid() -> None:
    own = SamplerSettings(sampler="dpm", guidance=2.0)
    grid = make_grid(50, [5, 50], [0], ["posterior"], own, also=[own, ddim(5, 0, 2.0)])
    assert grid == tuple(
        one.complete(50)
        for one in (
            ddpm(5, guidance=2.0),
            ddim(5, guidance=2.0),  # asked for twice
            own,
            ddpm(50, guidance=2.0),
            ddim(50, guidance=2.0),
        )
    )
    quick = quick_grid(50, own, [own])
    assert own.complete(50) in quick
    assert {setting.guidance for setting in quick} == {2.0}


def test_a_single_setting_means_what_sampling_means() -> None:
    """``dpm-5`` takes the steps calibrated for the model, and a spacing that is named does not."""
    chosen = Calibrated(sampler="dpm", times=(40, 30, 20, 10, 0), first_leg="gaussian")
    guided = SamplerSettings(guidance=2.0, guidance_interval=(-1, 2))
    single = [read_single(text, guided) for text in ("dpm-5", " dpm-5-logsnr", "dpm-6", "ddim-5")]
    grid = make_grid(50, [5], [0], ["posterior"], guided, single, [chosen])
    dpm = [one for one in grid if one.sampler == "dpm"]
    assert [(one.steps, one.times, one.spacing) for one in dpm] == [
        (5, chosen.times, None),
        (5, None, "logsnr"),
        (6, None, "logsnr"),
    ]
    assert {one.guidance for one in grid} == {2.0}
    assert len(grid) == 5, "ddim-5 was in the grid already"
    for wrong in ("dpm", "dpm-", "dpm-5-", "dpm-x", "dpm-5-even", "euler-5", "dpm-0"):
        with pytest.raises(SettingsError, match="also"):
            read_single(wrong)
