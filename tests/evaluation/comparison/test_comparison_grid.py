"""The settings that are compared."""

import pytest

from evaluation_runs import ddim, ddpm
from spritelab.config import SamplerSettings
from spritelab.config.sampler import distinct_settings
from spritelab.errors import SettingsError
from spritelab.evaluation.comparison.grid import check_grid, make_grid, quick_grid, step_count


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
    grid = make_grid(50, [5, 50], [0], ["posterior"], guidance=2.0, also=[own, ddim(5, 0, 2.0)])
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
    quick = quick_grid(50, 2.0, [own])
    assert own.complete(50) in quick
    assert {setting.guidance for setting in quick} == {2.0}
