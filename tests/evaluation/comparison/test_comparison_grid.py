"""The settings that are compared."""

import pytest

from spritelab.errors import SettingsError
from spritelab.evaluation.comparison.grid import distinct_settings, make_grid, quick_grid
from spritelab.generate.setting import Setting


def test_the_whole_grid() -> None:
    grid = make_grid(1000)
    assert len(grid) == 7 * 5
    assert [s.steps for s in grid] == sorted(s.steps for s in grid)
    assert len(distinct_settings(grid)) == 7 * 4  # η = 1 is DDPM
    assert {s.steps for s in make_grid(400)} == {5, 10, 20, 50, 100, 250, 400}
    quick = quick_grid(1000)
    assert [s for s in quick if s.steps == 1000] == [Setting.ddpm(1000)]
    with pytest.raises(SettingsError, match="--steps takes 1 … 50"):
        make_grid(50, [100])
    with pytest.raises(SettingsError, match="at least two settings"):
        make_grid(1000, [50], etas=[1], variances=["posterior"])
    with pytest.raises(SettingsError, match="eta must lie"):
        make_grid(1000, etas=[2])
