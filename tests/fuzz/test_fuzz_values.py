"""Records with one value that is any other: hypothesis finds what a byte mutator hardly would."""

from __future__ import annotations

import contextlib
import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from spritelab import config, data
from spritelab.errors import SpritelabError
from spritelab.generate import read_config, samples_folder
from spritelab.generate.sheets import read_named
from spritelab.runs import last_state, read_metrics, read_record
from spritelab.storage import sealed
from spritelab.training import checkpoints
from tiny import unsealed

NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([0, -1, 2**31, 2**63, 10**30, 1e300])
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "\x1b[2J", "\u202e", "../../etc", "/dev/zero", "a" * 5000, "\ud800", "\0"]
    ),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)

few = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all values inside a record."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        yield (*way, key)
        if isinstance(one, dict | list):
            yield from places(one, (*way, key))


def changed(record: Any, chosen: st.DataObject) -> str:
    """The text of ``record`` with one value replaced, or one key added, by any other."""
    record = copy.deepcopy(record)
    way = chosen.draw(st.sampled_from(list(places(record))))
    inner = record
    for key in way[:-1]:
        inner = inner[key]
    value = chosen.draw(VALUES)
    if isinstance(inner, dict) and chosen.draw(st.integers(0, 9)) == 0:
        inner[chosen.draw(TEXTS)] = value
    else:
        inner[way[-1]] = value
    return json.dumps(record)


def judge(read: Callable[[], object]) -> None:
    """Let ``read`` succeed, or refuse in one line of ours."""
    with contextlib.suppress(SpritelabError):
        read()


@pytest.fixture
def run(tmp_path: Path, tiny_run: Path) -> Path:
    return shutil.copytree(tiny_run, tmp_path / "run")


@few
@given(chosen=st.data())
def test_settings(tmp_path: Path, chosen: st.DataObject) -> None:
    path = tmp_path / "settings.json"
    path.write_text(changed(json.loads(config.preset("rgba").to_json()), chosen))
    judge(lambda: config.read_settings(path))


@few
@given(chosen=st.data())
def test_the_config_of_a_model(run: Path, tiny_run: Path, chosen: st.DataObject) -> None:
    record = unsealed(tiny_run / "model" / "config.json")
    (run / "model" / "config.json").write_text(changed(record, chosen))
    judge(lambda: read_config(run / "model").in_words())


@few
@given(chosen=st.data())
def test_the_record_of_a_run(run: Path, tiny_run: Path, chosen: st.DataObject) -> None:
    (run / "run.json").write_text(changed(unsealed(tiny_run / "run.json"), chosen))
    judge(lambda: read_record(run))


@few
@given(chosen=st.data())
def test_the_state_of_a_checkpoint(run: Path, tiny_run: Path, chosen: st.DataObject) -> None:
    name = checkpoints(tiny_run / "checkpoints")[-1][1].relative_to(tiny_run) / "state.json"
    text = changed(unsealed(tiny_run / name), chosen)
    value = json.loads(text)  # with the digest of whatever is said now
    (run / name).write_text(json.dumps(sealed(value)) if isinstance(value, dict) else text)
    judge(lambda: last_state(run))


@few
@given(chosen=st.data())
def test_the_log_of_a_run(run: Path, tiny_run: Path, chosen: st.DataObject) -> None:
    lines = (tiny_run / "metrics.jsonl").read_text().splitlines()
    lines[0] = changed(json.loads(lines[0]), chosen)
    (run / "metrics.jsonl").write_text("\n".join(lines))
    for record in read_metrics(run):
        assert all(isinstance(value, int | float) for value in record.values())


def box(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


@few
@given(chosen=st.data())
def test_the_json_of_a_sheet(tmp_path: Path, chosen: st.DataObject) -> None:
    frames = [
        {
            "filename": f"walk {k}",
            "frame": box(8 * k, 0, 8, 8),
            "rotated": False,
            "spriteSourceSize": box(0, 0, 8, 8),
            "sourceSize": {"w": 8, "h": 8},
        }
        for k in range(3)
    ]
    tags = [{"name": "walk", "from": 0, "to": 1}]
    record = {"frames": frames, "meta": {"image": "a.png", "frameTags": tags}}
    Image.fromarray(np.full((8, 24, 4), 200, dtype=np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "a.json").write_text(changed(record, chosen))
    judge(lambda: data.load(tmp_path / "a.png"))
    judge(lambda: data.load(tmp_path / "a.json"))


@few
@given(chosen=st.data())
def test_the_list_of_samples(tmp_path: Path, chosen: st.DataObject) -> None:
    sprites = [{"file_name": f"000{k}.png", "number": k, "label": "food"} for k in range(2)]
    for sprite in sprites:
        Image.fromarray(np.full((8, 8, 4), 200, dtype=np.uint8)).save(
            tmp_path / str(sprite["file_name"])
        )
    text = changed({"format": 2, "seed": 0, "sprites": sprites}, chosen)
    (tmp_path / "samples.json").write_text(text)
    judge(lambda: data.load(tmp_path))
    judge(lambda: read_named(str(tmp_path)))
    judge(lambda: samples_folder.check_free(tmp_path, overwrite=True))


@few
@given(text=st.text(max_size=200))
def test_tables_of_any_text(tmp_path: Path, text: str) -> None:
    Image.fromarray(np.full((8, 8, 4), 200, dtype=np.uint8)).save(tmp_path / "a.png")
    for name in ("metadata.csv", "metadata.jsonl"):
        (tmp_path / name).write_text(text, encoding="utf-8", errors="surrogatepass")
        judge(lambda: data.load(tmp_path))
        (tmp_path / name).unlink()
