"""Sprites drawn for an evaluation: kept block by block, and named by all that decides them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation_runs import ddim, ddpm
from spritelab.evaluation import samples
from spritelab.evaluation.samples import draw, load_samples, model_identity, samples_file
from spritelab.generate import BATCHING_TOLERANCE, Model
from spritelab.progress import Progress


def test_more_sprites_go_on_from_those_there(
    tiny_model: Model, tmp_path: Path, drawn_counts: list[int]
) -> None:
    file = tmp_path / "a.npz"
    how = ddpm(3)
    few = draw(tiny_model, how, 0, 5, file)
    more = draw(tiny_model, how, 0, 12, file)
    assert drawn_counts == [5, 7]
    whole = draw(tiny_model, how, 0, 12)
    np.testing.assert_array_equal(more.images[:5], few.images)
    assert np.abs(more.images.astype(int) - whole.images).max() <= BATCHING_TOLERANCE
    np.testing.assert_array_equal(more.labels, whole.labels)
    assert more.seconds.sum() > few.seconds.sum() > 0
    again = draw(tiny_model, how, 0, 4, file)
    np.testing.assert_array_equal(again.images, few.images[:4])
    assert drawn_counts == [5, 7, 12]


def test_an_interruption_keeps_the_finished_blocks(
    tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "BLOCK_CPU", 4)
    file = tmp_path / "a.npz"

    def stop(evaluations: int, total: int | None, _: str) -> None:
        assert total == 12 * 2
        if evaluations > 2 * 4 * 2 + 3:  # in the third block
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw(tiny_model, ddim(2), 0, 12, file, Progress(stop))
    kept = load_samples(file, tiny_model)
    assert kept is not None
    assert len(kept) == 8
    told: list[tuple[int, int | None]] = []
    draw(tiny_model, ddim(2), 0, 12, file, Progress(lambda *now: told.append(now[:2])))
    assert told == [(4, 8), (8, 8)]  # of the last block alone


def test_a_broken_file_is_made_again(tiny_model: Model, tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    before = draw(tiny_model, ddim(2), 0, 5, file)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.warns(UserWarning, match=r"a\.npz is broken"):
        after = draw(tiny_model, ddim(2), 0, 5, file)
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
        samples_file(tmp_path, *key).name
        for key in (
            (identity, ddim(5), 0),
            (identity, ddim(5), 1),
            (identity, ddim(6), 0),
            (identity, ddim(5, 0.5), 0),
            (identity, ddim(5, guidance=2), 0),
            ("other", ddim(5), 0),
        )
    }
    assert len(names) == 6
