"""The comparison's grid and cells: the same noise, nothing drawn twice, nothing lost."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import evaluation_runs
import numpy as np
import pytest
import torch

from spritelab.errors import DataError, SettingsError
from spritelab.evaluation import drawing
from spritelab.evaluation.compare import (
    Cell,
    Comparison,
    chains,
    estimate_seconds,
    make_grid,
    prepare,
    quick_grid,
    run_cells,
)
from spritelab.evaluation.drawing import draw, drawn_file, load_drawn, model_identity
from spritelab.evaluation.extract import Extractor
from spritelab.evaluation.reference import Reference, build_reference
from spritelab.evaluation.same_noise import (
    picture_difference,
    redraw,
    unrelated_difference,
    variety_of,
)
from spritelab.generate import BATCHING_TOLERANCE, Model
from spritelab.generate.setting import Setting

Prepare = Callable[..., Comparison]
GRID = (Setting.ddim(3), Setting.ddim(3, 1.0), Setting.ddpm(3), Setting.ddpm(6))


@pytest.fixture(scope="module")
def reference() -> Reference:
    training, held_out = evaluation_runs.sprites().split(evaluation_runs.HELD_OUT, 0)
    return build_reference(training, held_out, Extractor("pixels"))


@pytest.fixture
def prepared(tiny_model: Model, reference: Reference, tmp_path: Path) -> Prepare:
    def make(**changes: Any) -> Comparison:
        given: dict[str, Any] = {"n": 30, "seeds": (0, 1), **changes}
        grid = given.pop("grid", GRID)
        return prepare(tiny_model, reference, grid, tmp_path / "cells", **given)

    return make


@pytest.fixture
def drawn_counts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sprites every call of ``Model.sample`` has drawn."""
    counts: list[int] = []
    sample = Model.sample

    def counted(self: Model, *args: Any, **kwargs: Any) -> Any:
        batch = sample(self, *args, **kwargs)
        counts.append(len(batch))
        return batch

    monkeypatch.setattr(Model, "sample", counted)
    return counts


def test_the_whole_grid() -> None:
    grid = make_grid(1000)
    assert len(grid) == 7 * 5
    assert [s.steps for s in grid] == sorted(s.steps for s in grid)
    assert len(chains(grid)) == 7 * 4  # η = 1 is DDPM
    assert {s.steps for s in make_grid(400)} == {5, 10, 20, 50, 100, 250, 400}
    quick = quick_grid(1000)
    assert [s for s in quick if s.steps == 1000] == [Setting.ddpm(1000)]
    with pytest.raises(SettingsError, match="--steps takes 1 … 50"):
        make_grid(50, [100])
    with pytest.raises(SettingsError, match="at least two settings"):
        make_grid(1000, [50], etas=[1], variances=["posterior"])
    with pytest.raises(SettingsError, match="eta must lie"):
        make_grid(1000, etas=[2])


@pytest.mark.parametrize("steps", [1, 4, 50])
def test_eta_1_is_ddpm_sprite_by_sprite(tiny_model: Model, steps: int) -> None:
    """What lets both share their sprites; held on the sampler itself and not on the cells."""
    one = tiny_model.sample(6, **Setting.ddim(steps, 1.0).request).images.astype(int)
    other = tiny_model.sample(6, **Setting.ddpm(steps).request).images.astype(int)
    assert np.abs(one - other).max() <= BATCHING_TOLERANCE
    beta = tiny_model.sample(6, **Setting.ddpm(steps, "beta").request).images.astype(int)
    assert steps == 1 or np.abs(one - beta).max() > 20


def test_names() -> None:
    assert Setting.ddim(50, 0.5).name == "DDIM, η = 0.5, 50 steps"
    assert Setting.ddpm(1000, "beta").name == "DDPM, β variance, 1,000 steps"
    assert Setting.ddpm(1).name == "DDPM, 1 step"


def test_more_sprites_go_on_from_those_there(
    tiny_model: Model, tmp_path: Path, drawn_counts: list[int]
) -> None:
    file = tmp_path / "a.npz"
    setting = Setting.ddpm(3)
    few = draw(tiny_model, setting, 0, 5, file)
    more = draw(tiny_model, setting, 0, 12, file)
    assert drawn_counts == [5, 7]
    whole = draw(tiny_model, setting, 0, 12)
    np.testing.assert_array_equal(more.images[:5], few.images)
    assert np.abs(more.images.astype(int) - whole.images).max() <= BATCHING_TOLERANCE
    np.testing.assert_array_equal(more.labels, whole.labels)
    assert more.seconds.sum() > few.seconds.sum() > 0
    again = draw(tiny_model, setting, 0, 4, file)
    np.testing.assert_array_equal(again.images, few.images[:4])
    assert drawn_counts == [5, 7, 12]


def test_an_interruption_keeps_the_finished_blocks(
    tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "BLOCK_CPU", 4)
    file = tmp_path / "a.npz"

    def stop(evaluations: int) -> None:
        if evaluations > 2 * 4 * 2 + 3:  # in the third block
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw(tiny_model, Setting.ddim(2), 0, 12, file, stop)
    kept = load_drawn(file, tiny_model)
    assert kept is not None
    assert len(kept) == 8
    told: list[int] = []
    draw(tiny_model, Setting.ddim(2), 0, 12, file, told.append)
    assert told == [4, 8]  # of the last block alone


def test_a_broken_file_is_made_again(tiny_model: Model, tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    before = draw(tiny_model, Setting.ddim(2), 0, 5, file)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.warns(UserWarning, match=r"a\.npz is broken"):
        after = draw(tiny_model, Setting.ddim(2), 0, 5, file)
    np.testing.assert_array_equal(before.images, after.images)


def test_the_model_decides_the_key(tiny_model: Model, tmp_path: Path) -> None:
    identity = model_identity(tiny_model)
    assert identity == model_identity(tiny_model)
    parameter = next(tiny_model.network.parameters())
    old = parameter.detach().clone()
    try:
        with torch.no_grad():
            parameter.view(-1)[0] += 1e-3
        assert model_identity(tiny_model) != identity
    finally:
        with torch.no_grad():
            parameter.copy_(old)
    names = {
        drawn_file(tmp_path, *key).name
        for key in (
            (identity, Setting.ddim(5), 0),
            (identity, Setting.ddim(5), 1),
            (identity, Setting.ddim(6), 0),
            (identity, Setting.ddim(5, 0.5), 0),
            (identity, Setting.ddim(5, guidance=2), 0),
            ("other", Setting.ddim(5), 0),
        )
    }
    assert len(names) == 6


def test_cells_are_drawn_once(prepared: Prepare, drawn_counts: list[int]) -> None:
    told: list[tuple[int, int, str]] = []
    comparison = prepared()
    assert len(comparison.missing()) == 3 * 2
    cells = run_cells(comparison, lambda *now: told.append(now))
    assert drawn_counts == [30] * 6
    assert [cell.setting for cell in cells] == list(GRID)
    assert cells[1].scores == cells[2].scores != cells[0].scores
    assert told[-1] == (30 * 2 * 12, 30 * 2 * 12, "done")
    assert [now[0] for now in told] == sorted(now[0] for now in told)

    drawn_counts.clear()
    again = run_cells(prepared())
    assert prepared().missing() == []
    assert drawn_counts == []
    assert [cell.scores for cell in again] == [cell.scores for cell in cells]

    third = prepared(seeds=(0, 1, 2))
    assert [seed for _, seed, _ in third.missing()] == [2, 2, 2]
    more = prepared(n=40)
    assert [count for _, _, count in more.missing()] == [10] * 6
    run_cells(more)
    assert drawn_counts == [10] * 6


def test_other_real_sprites_are_measured_anew(prepared: Prepare, reference: Reference) -> None:
    comparison = prepared()
    other = replace(comparison, reference=replace(reference, identity="another"))
    setting = GRID[0]
    assert comparison.record_file(setting, 0) != other.record_file(setting, 0)
    assert comparison.sprites_file(setting, 0) == other.sprites_file(setting, 0)


def test_a_damaged_record_is_measured_again(prepared: Prepare, drawn_counts: list[int]) -> None:
    comparison = prepared()
    before = run_cells(comparison)
    comparison.record_file(GRID[0], 0).write_text('{"score": 3}')
    comparison.record_file(GRID[0], 1).write_text("{")
    drawn_counts.clear()
    with pytest.warns(UserWarning, match="is broken"):
        after = run_cells(comparison)
    assert drawn_counts == []  # the sprites are still there
    assert [c.scores for c in after] == [c.scores for c in before]


def test_the_estimate_covers_what_is_missing(prepared: Prepare) -> None:
    comparison = prepared()
    first = estimate_seconds(comparison)
    assert 0 < first < 600
    run_cells(comparison)
    assert estimate_seconds(comparison) == 0


def test_too_few_sprites(prepared: Prepare) -> None:
    with pytest.raises(DataError, match="at least 20 sprites"):
        prepared(n=19)


def test_the_same_noise_means_the_same_start(tiny_model: Model) -> None:
    """One x_T for all settings: with η = 0, drawing again gives what ``sample`` gave."""
    setting = Setting.ddim(5)
    drawn = draw(tiny_model, setting, 3, 4)
    again = redraw(tiny_model, setting, 3, drawn.labels, 3)
    assert again.shape == (4, 3, 16, 16, 4)
    difference = np.abs(again.astype(int) - drawn.images[:, None])
    assert difference.max() <= BATCHING_TOLERANCE
    assert variety_of(setting, again).difference < 0.1
    noisy = redraw(tiny_model, replace(setting, eta=1.0), 3, drawn.labels, 3)
    assert variety_of(setting, noisy).difference > 5
    with pytest.raises(SettingsError, match="takes DDIM"):
        redraw(tiny_model, Setting.ddpm(5), 3, drawn.labels, 3)


def test_picture_difference_in_numbers() -> None:
    black = np.zeros((2, 4, 4, 4), dtype=np.uint8)
    black[..., 3] = 255
    clear = np.zeros_like(black)  # shows the white below
    half = black.copy()
    half[:, :2, :, 0] = 100  # 100 levels in one of three channels of half the pixels
    np.testing.assert_allclose(picture_difference(black, clear), [255, 255])
    np.testing.assert_allclose(picture_difference(black, half), [100 / 6, 100 / 6])
    both = np.concatenate([black[:1], clear[:1]])
    assert unrelated_difference(both) == 255


def test_a_cell_in_figures(prepared: Prepare) -> None:
    cell: Cell = run_cells(prepared(grid=GRID[:1]))[0]
    assert cell.mean("recall") == pytest.approx(np.mean(cell.values("recall")))
    assert cell.seconds_each == pytest.approx(np.mean(cell.seconds) / 30)
    assert cell.nfe == 3
    assert replace(cell, setting=replace(cell.setting, guidance=2.0)).nfe == 6
