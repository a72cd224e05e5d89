"""Shards draw what one worker draws, bit for bit; and what is wrong with them is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from spritelab import data
from spritelab.errors import DataError, ModelError, SettingsError
from spritelab.generate import Model, Shard, draw_shard, load_model, merge_shards, samples_folder
from spritelab.generate.shards import blocks, join_shards
from spritelab.palette import Palette
from tiny import snapshot, unsealed

N = 200
"""Sprites: three grains of 64 and a part of one."""


def draw(model: Model, folder: Path, index: int, of: int, n: int = N, seed: int = 5) -> bool:
    return draw_shard(model, folder, Shard(index, of), n, seed=seed, batch_size=32)[1]


@pytest.fixture(scope="module")
def shards(tiny_model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four shards of ``N`` sprites; copy them before they are changed."""
    folder = tmp_path_factory.mktemp("shards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", 64)
        for index in range(4):
            assert draw(tiny_model, folder, index, 4)
    return folder


@pytest.fixture
def mine(shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(blocks, "BLOCK", 64)
    return Path(shutil.copytree(shards, tmp_path / "mine"))


def without_seconds(folder: Path) -> dict[str, bytes]:
    files = snapshot(folder)
    record = json.loads(files["samples.json"])
    text = files["samples.json"].replace(b'"seconds": %s' % repr(record["seconds"]).encode(), b"")
    text = text.replace(record["digest"].encode(), b"")
    return {**files, "samples.json": text}


def test_the_folder_is_that_of_one_worker(mine: Path, tiny_model: Model, tmp_path: Path) -> None:
    tiny_model.sample(N, seed=5, batch_size=32).save(tmp_path / "one")
    merge_shards([mine], tmp_path / "all")
    one, all_ = without_seconds(tmp_path / "one"), without_seconds(tmp_path / "all")
    assert one.keys() == all_.keys()
    assert len(one) == N + 2
    assert one == all_
    # In any order, named one by one, over the folder of before.
    folders = sorted(mine.iterdir(), reverse=True)
    merge_shards(folders, tmp_path / "all", overwrite=True)
    assert without_seconds(tmp_path / "all") == one


def test_one_file_of_all(mine: Path, tiny_model: Model, tmp_path: Path) -> None:
    batch = tiny_model.sample(N, seed=5, batch_size=32)
    found = data.load(merge_shards([mine], tmp_path / "all.npz"))
    np.testing.assert_array_equal(found.images, batch.images)
    np.testing.assert_array_equal(found.labels, batch.labels)
    assert found.class_names == tiny_model.class_names
    with pytest.raises(SettingsError, match="exists already"):
        merge_shards([mine], tmp_path / "all.npz")
    for name in (tmp_path / "mine").iterdir():
        shutil.rmtree(name)
    draw_shard(tiny_model, mine, Shard(0, 1), 3, seed=5, label="none")
    found = data.load(merge_shards([mine], tmp_path / "all.npz", overwrite=True))
    assert found.class_names == (*tiny_model.class_names, "none")
    assert found.labels.tolist() == [3, 3, 3]


def test_the_grid_shows_the_first_of_many(
    mine: Path, tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples_folder, "SHOWN", 50)  # inside a block
    merge_shards([mine], tmp_path / "all")
    tiny_model.sample(N, seed=5, batch_size=32).save(tmp_path / "one")
    assert without_seconds(tmp_path / "one") == without_seconds(tmp_path / "all")


def test_a_shard_that_is_done_is_left_alone(mine: Path, tiny_model: Model) -> None:
    before = snapshot(mine)
    assert not draw(tiny_model, mine, 1, 4)
    assert snapshot(mine) == before


def test_a_killed_shard_goes_on(
    tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it drew its second block: the record is not there, and the first block is."""
    monkeypatch.setattr(blocks, "BLOCK", 64)
    draw(tiny_model, tmp_path / "two", 0, 2)
    (first, second) = sorted((tmp_path / "two" / "shard-00000-of-00002").glob("block-*.npz"))
    reference = snapshot(tmp_path / "two")
    second.write_bytes(second.read_bytes()[:100])  # and half-written besides
    (tmp_path / "two" / "shard-00000-of-00002" / "shard.json").unlink()
    with pytest.raises(DataError, match=r"is not done .* shard 0/2$"):
        join_shards([tmp_path / "two"])
    asked: list[int] = []
    request = Model.request

    def counted(self: Model, *words: object) -> object:
        asked.append(len(words[2]) if words[2] is not None else 0)  # type: ignore[arg-type]
        return request(self, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(Model, "request", counted)
    with pytest.warns(UserWarning, match="is broken"):
        assert draw(tiny_model, tmp_path / "two", 0, 2)
    assert asked == [0, 64]  # a check of the words, and one block
    again = snapshot(tmp_path / "two")
    for files in (reference, again):
        files.pop("shard-00000-of-00002/shard.json")
    assert set(again) == set(reference)
    name = str(second.relative_to(tmp_path / "two"))
    (tmp_path / "before.npz").write_bytes(reference[name])
    assert np.array_equal(np.load(second)["images"], np.load(tmp_path / "before.npz")["images"])
    assert reference[str(first.relative_to(tmp_path / "two"))] == first.read_bytes()


def test_another_drawing_in_the_folder(mine: Path, tiny_model: Model) -> None:
    before = snapshot(mine)
    with pytest.raises(SettingsError, match=r"another drawing \(seed 5, not 6\); choose another"):
        draw(tiny_model, mine, 0, 4, seed=6)
    assert snapshot(mine) == before
    draw_shard(
        tiny_model, mine, Shard(0, 4), N, seed=6, batch_size=32, overwrite=True
    )  # its old blocks go
    assert len(list((mine / "shard-00000-of-00004").iterdir())) == 2
    with pytest.raises(DataError, match=r"different drawings \(seed 5, not 6\)"):
        join_shards([mine])


def test_more_shards_than_batches(tiny_model: Model, tmp_path: Path) -> None:
    for index in range(3):
        draw(tiny_model, tmp_path / "few", index, 3, n=70)
    joined = join_shards([tmp_path / "few"])
    assert [len(batch) for batch in joined.batches()] == [64, 6]
    empty = tmp_path / "few" / "shard-00000-of-00003"
    assert [path.name for path in empty.iterdir()] == ["shard.json"]


def test_missing_and_overlapping_sprites(mine: Path, tiny_model: Model, tmp_path: Path) -> None:
    shutil.move(mine / "shard-00001-of-00004", tmp_path / "aside")
    with pytest.raises(DataError, match=r"sprites 64 … 127 are in none .* draw `shard` 1/4$"):
        join_shards([mine])
    shutil.rmtree(mine / "shard-00003-of-00004")
    with pytest.raises(DataError, match=r"sprites 128 … 199 .* draw `shard` 2/4, `shard` 3/4"):
        join_shards([mine / "shard-00000-of-00004", tmp_path / "aside"])
    draw(tiny_model, mine, 0, 2)
    with pytest.raises(DataError, match=r"sprites 0 … 63 are both in .* and in "):
        join_shards([mine])


def test_what_is_no_shard(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no shards"):
        join_shards([tmp_path / "empty"])
    with pytest.raises(DataError, match="there is no folder"):
        join_shards([tmp_path / "nowhere"])
    record = mine / "shard-00002-of-00004" / "shard.json"
    record.write_text(json.dumps(unsealed(record) | {"first": 1280}))
    with pytest.raises(ModelError, match="its sprites lie outside"):
        join_shards([mine])
    record.write_text("{")
    with pytest.raises(ModelError, match="is broken"):
        join_shards([mine])


def test_a_broken_block_is_named_and_nothing_is_half_written(mine: Path, tmp_path: Path) -> None:
    (block,) = (mine / "shard-00002-of-00004").glob("block-*")
    data = bytearray(block.read_bytes())
    data[len(data) // 2] ^= 255
    block.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"0000000128.* is broken; .* draw shard 2/4 again"):
        merge_shards([mine], tmp_path / "all")
    block.unlink()
    with pytest.raises(DataError, match=r"0000000128.* is missing"):
        merge_shards([mine], tmp_path / "all")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


def test_other_machines_are_told(mine: Path) -> None:
    record = mine / "shard-00002-of-00004" / "shard.json"
    values = unsealed(record)
    values["machine"]["threads"] += 7
    record.write_text(json.dumps(values))
    with pytest.warns(UserWarning, match="different machines"):
        join_shards([mine])


def test_palettes_and_mixes(tmp_path: Path) -> None:
    """All that a palette head's sprites have beside their pixels comes through."""
    model = load_model("builtin-16", "cpu")
    given = Palette.from_hex(["#ff0000", "#00ff00", "#0000ff"])
    for whole, palette in ((False, None), (False, given), (True, given)):
        out = tmp_path / f"{whole}-{palette is None}"
        for index in range(2):
            draw_shard(
                *(model, out / "shards", Shard(index, 2), 66, model.sampler_settings(steps=1)),
                label={"food": 0.5, "spell": 0.5} if palette is None else None,
                palette=palette,
                whole=whole,
            )
        merge_shards([out / "shards"], out / "all")
        label = {"food": 0.5, "spell": 0.5} if palette is None else None
        given_all = [palette] * 66 if whole and palette is not None else palette
        model.sample(66, steps=1, label=label, palette=given_all).save(out / "one")
        assert without_seconds(out / "all") == without_seconds(out / "one")
