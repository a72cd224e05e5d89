"""JSON records: one form on disk, and garbage of any kind is told, never a traceback."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from spritelab.errors import ModelError
from spritelab.storage import (
    ListDigest,
    digest,
    is_damaged,
    is_sealed,
    load_json,
    read_json,
    read_record,
    to_json,
    write_json,
    write_record,
)

GARBAGE = {
    "empty": b"",
    "cut": b'{"format": 1',
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "deep": b'{"a":' * 100_000,
    "long number": b'{"format": ' + b"1" * 4301 + b"}",
}


def test_the_form_on_disk(tmp_path: Path) -> None:
    path = write_json(tmp_path / "a" / "record.json", {"η": [0.5, None], "b": {}})
    assert path.read_bytes() == '{\n  "η": [\n    0.5,\n    null\n  ],\n  "b": {}\n}\n'.encode()
    assert path.read_text("utf-8") == to_json(read_json(path))


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_counts_as_broken(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 -- what json says
        read_json(path)
    with pytest.warns(UserWarning, match=r"record\.json is broken \(.+\); it is made again"):
        assert load_json(path) is None
    with pytest.raises(ModelError, match="is broken") as caught:
        read_record(path, 1)
    assert "\n" not in str(caught.value)


def test_a_record_that_can_be_made_again(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    assert load_json(path) is None
    write_json(path, {"a": 1})
    assert load_json(path) == {"a": 1}
    path.write_text("[1]")
    with pytest.warns(UserWarning, match=r"is broken \(it holds no record\)"):
        assert load_json(path) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"format": 3}, "has format 3, this spritelab reads up to 2; upgrade it"),
        ({"format": "2"}, "it names no format"),
        ({}, "it names no format"),
    ],
)
def test_the_version_of_a_record(tmp_path: Path, content: dict[str, Any], said: str) -> None:
    path = write_json(tmp_path / "record.json", content)
    with pytest.raises(ModelError, match=said):
        read_record(path, 2)


def test_a_record_that_names_its_version(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    with pytest.raises(ModelError, match="is missing; the folder is not complete"):
        read_record(path, 2)
    write_json(path, {"format": 2, "a": 1})
    assert read_record(path, 2) == {"format": 2, "a": 1}


def test_digest() -> None:
    # printf '["a", {"b": 1, "c": null}]' | sha256sum
    expected = "fb80480a1acf51584f91e5b0e160d55ada4c63d1d59e6c771aec7f10e0f3c0a9"
    assert digest("a", {"c": None, "b": 1}) == expected
    assert digest("a", {"b": 1, "c": None}) == expected
    assert digest("a", {"b": 2, "c": None}) != expected


@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize("key", ["a", "items", "zz"])
def test_the_digest_of_a_list_that_is_not_held(key: str, n: int) -> None:
    rest = {"b": {"y": [1], "x": "\u00e9"}, "seconds": 0.1, "k": None}
    items = [{"number": i, "label": 'it\'s "[]"'} for i in range(n)]
    seal = ListDigest(rest, key)
    for item in items:
        seal.add(item)
    assert seal.hexdigest() == digest({**rest, key: items})


def test_what_is_sealed_is_what_is_read(tmp_path: Path) -> None:
    """Also of names that no file can hold, numbers that are none, and tuples."""
    record = {"name": os.fsdecode(b"a\xff"), "loss": float("inf"), "pair": (1, 2)}
    found = read_json(write_record(tmp_path / "a.json", record))
    assert found["name"] == "a?"
    assert is_sealed(found)
    assert is_damaged({**found, "loss": 1.0})
    assert not is_damaged({"loss": 1.0})
    assert not is_damaged(["digest"])
