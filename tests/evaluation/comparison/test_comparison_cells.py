"""The comparison's cells: nothing drawn twice, nothing lost."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evaluation_runs
from evaluation_runs import ddim, ddpm
from spritelab.evaluation.comparison import cells
from spritelab.evaluation.comparison.cells import (
    Cell,
    Plan,
    estimate_seconds,
    nearest_training,
    run_cells,
)
from spritelab.evaluation.comparison.grid import Grid
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.metrics import find_copies
from spritelab.evaluation.reference import Reference, build_reference
from spritelab.evaluation.samples import SampleStore
from spritelab.evaluation.scores import make_floor
from spritelab.generate import BATCHING_TOLERANCE, Model
from spritelab.progress import Progress

Planned = Callable[..., Plan]
GRID = (ddim(3), ddim(3, 1.0), ddpm(3), ddpm(6))


@pytest.fixture(scope="module")
def reference() -> Reference:
    training, held_out = evaluation_runs.sprites().split(evaluation_runs.HELD_OUT, 0)
    return build_reference(training, held_out, Extractor("pixels"))


@pytest.fixture
def planned(tiny_model: Model, reference: Reference, tmp_path: Path) -> Planned:
    def make(n: int = 30, seeds: tuple[int, ...] = (0, 1), grid: Grid = GRID) -> Plan:
        return Plan(
            store=SampleStore(tiny_model, tmp_path / "cells"),
            reference=reference,
            held_out=None,
            floor=make_floor(reference, n),
            grid=grid,
            n=n,
            seeds=seeds,
        )

    return make


@pytest.mark.parametrize("steps", [1, 4, 50])
def test_eta_1_is_ddpm_sprite_by_sprite(tiny_model: Model, steps: int) -> None:
    """What lets both share their sprites; held on the sampler itself and not on the cells."""
    one = tiny_model.sample(6, ddim(steps, 1.0)).images.astype(int)
    other = tiny_model.sample(6, ddpm(steps)).images.astype(int)
    assert np.abs(one - other).max() <= BATCHING_TOLERANCE
    beta = tiny_model.sample(6, ddpm(steps, "beta")).images.astype(int)
    assert steps == 1 or np.abs(one - beta).max() > 20


def test_cells_are_drawn_once(planned: Planned, drawn_counts: list[int]) -> None:
    told: list[tuple[int, int | None, str]] = []
    plan = planned()
    assert len(plan.missing) == 3 * 2
    found = run_cells(plan, Progress(lambda *now: told.append(now)))
    assert drawn_counts == [30] * 6
    assert [cell.how for cell in found] == list(GRID)
    assert found[1].scores == found[2].scores != found[0].scores
    assert told[-1] == (30 * 2 * 12, 30 * 2 * 12, "done")
    assert [now[0] for now in told] == sorted(now[0] for now in told)

    drawn_counts.clear()
    again = run_cells(planned())
    assert planned().missing == []
    assert drawn_counts == []
    assert [cell.scores for cell in again] == [cell.scores for cell in found]

    third = planned(seeds=(0, 1, 2))
    assert [one.seed for one in third.missing] == [2, 2, 2]
    more = planned(n=40)
    assert [one.sprites for one in more.missing] == [10] * 6
    run_cells(more)
    assert drawn_counts == [10] * 6


def test_other_real_sprites_are_measured_anew(planned: Planned, reference: Reference) -> None:
    plan = planned()
    other = replace(plan, reference=replace(reference, identity="another"))
    how = GRID[0]
    assert plan.record_file(how, 0) != other.record_file(how, 0)
    assert plan.store.file(how, 0) == other.store.file(how, 0)


def test_a_damaged_record_is_measured_again(planned: Planned, drawn_counts: list[int]) -> None:
    plan = planned()
    before = run_cells(plan)
    plan.record_file(GRID[0], 0).write_text('{"score": 3}')
    plan.record_file(GRID[0], 1).write_text("{")
    drawn_counts.clear()
    with pytest.warns(UserWarning, match="is broken"):
        after = run_cells(plan)
    assert drawn_counts == []  # the sprites are still there
    assert [c.scores for c in after] == [c.scores for c in before]


def test_the_estimate_covers_what_is_missing(planned: Planned) -> None:
    plan = planned()
    first = estimate_seconds(plan)
    assert 0 < first < 600
    run_cells(plan)
    assert estimate_seconds(planned()) == 0


def test_a_cell_in_figures(planned: Planned) -> None:
    cell: Cell = run_cells(planned(grid=GRID[:1]))[0]
    assert cell.mean("recall") == pytest.approx(np.mean(cell.values("recall")))
    assert cell.seconds_each == pytest.approx(np.mean(cell.seconds) / 30)
    assert cell.nfe == 3
    assert replace(cell, how=cell.how.changed(guidance=2.0)).nfe == 6


def test_the_search_for_copies_runs_once(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(grid=GRID[:1])
    run_cells(plan)
    samples = plan.store.draw(GRID[0], 1, plan.n)
    expected = find_copies(samples.images, plan.reference.training.images)
    with monkeypatch.context() as patch:
        patch.setattr(cells, "find_copies", lambda *_: pytest.fail("searched again"))
        kept = nearest_training(plan, GRID[0], 1, samples)
    np.testing.assert_array_equal(kept.nearest, expected.nearest)
    np.testing.assert_array_equal(kept.distance, expected.distance)
    np.testing.assert_array_equal(kept.copy, expected.copy)
    plan.record_file(GRID[0], 1).with_suffix(".npz").unlink()
    again = nearest_training(plan, GRID[0], 1, samples)
    np.testing.assert_array_equal(again.nearest, expected.nearest)
