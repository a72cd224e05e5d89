"""Sprites drawn for an evaluation: kept block by block, and named by all that decides them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evaluation_runs import ddim, ddpm
from spritelab.errors import SettingsError
from spritelab.evaluation import samples
from spritelab.evaluation.comparison.same_noise import variety_of
from spritelab.evaluation.samples import SampleStore
from spritelab.generate import BATCHING_TOLERANCE, Model, model_identity
from spritelab.progress import Progress


def test_more_sprites_go_on_from_those_there(
    tiny_model: Model, tmp_path: Path, drawn_counts: list[int]
) -> None:
    how = ddpm(3)
    store = SampleStore(tiny_model, tmp_path)
    few = store.draw(how, 0, 5)
    more = store.draw(how, 0, 12)
    assert drawn_counts == [5, 7]
    whole = SampleStore(tiny_model).draw(how, 0, 12)
    np.testing.assert_array_equal(more.images[:5], few.images)
    assert np.abs(more.images.astype(int) - whole.images).max() <= BATCHING_TOLERANCE
    np.testing.assert_array_equal(more.labels, whole.labels)
    assert more.seconds.sum() > few.seconds.sum() > 0
    again = store.draw(how, 0, 4)
    np.testing.assert_array_equal(again.images, few.images[:4])
    assert drawn_counts == [5, 7, 12]


def test_an_interruption_keeps_the_finished_blocks(
    tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "BLOCK_CPU", 4)
    store = SampleStore(tiny_model, tmp_path)

    def stop(evaluations: int, total: int | None, _: str) -> None:
        assert total == 12 * 2
        if evaluations > 2 * 4 * 2 + 3:  # in the third block
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.draw(ddim(2), 0, 12, Progress(stop))
    assert store.count(ddim(2), 0) == 8
    told: list[tuple[int, int | None]] = []
    store.draw(ddim(2), 0, 12, Progress(lambda *now: told.append(now[:2])))
    assert told == [(4, 8), (8, 8)]  # of the last block alone


def test_a_broken_file_is_made_again(tiny_model: Model, tmp_path: Path) -> None:
    store = SampleStore(tiny_model, tmp_path)
    before = store.draw(ddim(2), 0, 5)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.warns(UserWarning, match="npz is broken"):
        after = store.draw(ddim(2), 0, 5)
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
    settings = (ddim(5), ddim(6), ddim(5, 0.5), ddim(5, guidance=2), ddim(5).changed(clip=False))
    store = SampleStore(tiny_model, tmp_path)
    names = {store.file(how, 0) for how in settings} | {store.file(ddim(5), 1)}
    assert len(names) == 6
    assert store.file(ddim(5, 1.0), 0) == store.file(ddpm(5), 0)  # one chain
    store.identity = "other"
    assert store.file(ddim(5), 0) not in names


@pytest.mark.parametrize(
    "changes", [{}, {"spacing": "trailing"}, {"clip": False}, {"guidance": 3.0}]
)
def test_the_same_noise_means_the_same_start(tiny_model: Model, changes: dict[str, Any]) -> None:
    """One x_T for all settings: with η = 0, drawing again gives what ``sample`` gave."""
    how = ddim(5).changed(**changes)
    store = SampleStore(tiny_model)
    drawn = store.draw(how, 3, 4)
    again = store.variations(how, 3, 4, 3)
    assert again.shape == (4, 3, 16, 16, 4)
    assert np.abs(again.astype(int) - drawn.images[:, None]).max() <= BATCHING_TOLERANCE
    assert variety_of(how, again).difference < 0.1
    plain = store.draw(ddim(5), 3, 4).images
    assert not changes or np.abs(again[:, 0].astype(int) - plain).max() > BATCHING_TOLERANCE


def test_other_noise_on_the_way_moves_the_sprites(tiny_model: Model) -> None:
    store = SampleStore(tiny_model)
    noisy = store.variations(ddim(5, 1.0), 3, 4, 3)
    assert variety_of(ddim(5, 1.0), noisy).difference > 5
    with pytest.raises(SettingsError, match="takes DDIM"):
        store.variations(ddpm(5), 3, 4, 3)
