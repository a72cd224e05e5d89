"""A run whose last checkpoint is broken goes on from the one before, and ends in the same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spritelab import runs
from spritelab.errors import ModelError
from spritelab.storage.records import NewerFormatError
from spritelab.training import checkpoints
from spritelab.training.checkpoint import FORMAT
from tiny import STEPS, outcome, save_npz, tiny_set, tiny_settings

pytestmark = pytest.mark.usefixtures("short_validation")


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A run with the checkpoints of updates 4 and 7."""
    run = runs.start_run(tiny_settings(), tmp_path / "run", sprites=tiny_set())
    for _ in run.train(stop_after=7, cpu=True):
        pass
    assert [step for step, _ in checkpoints(run.folder / "checkpoints")] == [4, 7]
    return run.folder


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize(("name", "place"), [("state.safetensors", -5), ("state.json", 40)])
def test_it_goes_on_from_the_one_before(
    stopped: Path, tiny_run: Path, name: str, place: int
) -> None:
    flip(stopped / "checkpoints" / "step-00000007" / name, place)
    run = runs.resume_run(stopped)
    with pytest.warns(UserWarning, match=r"broken|digest.*going on from the one before, step-.*4"):
        steps = [update.step for update in run.train(cpu=True)]
    assert steps == list(range(5, STEPS + 1))
    found, expected = outcome(run), outcome(tiny_run)
    assert found["model/model.safetensors"] == expected["model/model.safetensors"]
    assert found["metrics"] == expected["metrics"]


def test_all_are_broken(stopped: Path) -> None:
    for _, path in checkpoints(stopped / "checkpoints"):
        flip(path / "state.safetensors", -5)
    run = runs.resume_run(stopped)
    assert run.step == 7
    with pytest.raises(ModelError, match=r"step-00000007.*is broken"):
        list(run.train(cpu=True))
    for _, path in checkpoints(stopped / "checkpoints"):
        (path / "state.json").write_text("{")
    with pytest.raises(ModelError, match=r"step-00000007.*is broken"):
        runs.last_state(stopped)
    assert runs.resume_run(stopped).step == 0


def test_one_of_a_later_format_is_not_passed_over(stopped: Path) -> None:
    path = stopped / "checkpoints" / "step-00000007" / "state.json"
    text = path.read_text()
    later = text.replace(f'"format": {FORMAT}', f'"format": {FORMAT + 1}')
    assert later != text
    path.write_text(later)
    with pytest.raises(NewerFormatError, match="upgrade it"):
        list(runs.resume_run(stopped).train(cpu=True))
    with pytest.raises(NewerFormatError):
        runs.last_state(stopped)


def test_moments_of_another_shape(stopped: Path) -> None:
    from spritelab.storage.tensors import read_tensors, write_tensors

    shutil.rmtree(stopped / "checkpoints" / "step-00000004")
    path = stopped / "checkpoints" / "step-00000007" / "state.safetensors"
    tensors = read_tensors(path)
    name = next(name for name in tensors if name.endswith("exp_avg"))
    write_tensors(path, {**tensors, name: tensors[name].view(-1)[:1]})
    with pytest.raises(ModelError, match="is not one of this run"):
        list(runs.resume_run(stopped).train(cpu=True))


def test_moved_sprites_are_told_once(tmp_path: Path) -> None:
    here = save_npz(tiny_set(), tmp_path / "here.npz")
    settings = tiny_settings(data__source=str(here))
    folder = runs.start_run(settings, tmp_path / "run").folder
    there = here.rename(tmp_path / "there.npz")
    runs.resume_run(folder, {"data.source": str(there)})
    assert runs.read_record(folder).settings.data.source == str(there)
    assert len(runs.resume_run(folder).train_sprites) == 36


def test_what_a_kill_left_is_gone_at_the_next_start(stopped: Path) -> None:
    (stopped / "model" / ".0123456789abcdef.part").write_bytes(b"half")
    (stopped / ".0123456789abcdef.part").mkdir()
    list(runs.resume_run(stopped).train(stop_after=8, cpu=True))
    assert list(stopped.rglob("*.part")) == []
