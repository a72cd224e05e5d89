"""Arrays on disk: kept whole, never unpickled, and damage of any kind counts as absence."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from spritelab.storage.arrays import cached, load_arrays, save_arrays


class Trap:
    """Leaves a mark where it is unpickled."""

    sprung = False

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return spring, ()


def spring() -> int:
    Trap.sprung = True
    return 0


def test_arrays_come_back(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.npz"
    assert load_arrays(path, "a") is None
    a, b = np.arange(6, dtype=np.uint8).reshape(2, 3), np.array([0.5, np.nan])
    save_arrays(path, a=a, b=b)
    found = load_arrays(path, "b", "a")
    assert found is not None
    assert list(found) == ["b", "a"]
    np.testing.assert_array_equal(found["a"], a)
    np.testing.assert_array_equal(found["b"], b)
    assert found["a"].dtype == np.uint8
    with pytest.warns(UserWarning, match=r"a\.npz is broken .*; it is made again"):
        assert load_arrays(path, "a", "c") is None


def test_objects_are_neither_read_nor_written(tmp_path: Path) -> None:
    trap = np.array([Trap()], dtype=object)
    np.savez(tmp_path / "trap.npz", values=trap)
    with pytest.warns(UserWarning, match="is broken"):
        assert load_arrays(tmp_path / "trap.npz", "values") is None
    assert not Trap.sprung
    with pytest.raises(ValueError, match="allow_pickle=False"):
        save_arrays(tmp_path / "mine.npz", values=trap)
    assert not (tmp_path / "mine.npz").exists()


def test_an_array_is_made_once(tmp_path: Path) -> None:
    made = iter(np.arange(3, dtype=np.float32)[:, None])
    path = tmp_path / "a.npz"
    assert cached(None, lambda: next(made)) == 0
    assert cached(path, lambda: next(made)) == 1
    assert cached(path, lambda: next(made)) == 1
    path.write_bytes(b"")
    with pytest.warns(UserWarning, match="it is made again"):
        assert cached(path, lambda: next(made)) == 2
    assert cached(path, lambda: next(made)) == 2


def damaged() -> Iterator[bytes]:
    """Files that are no ``.npz`` of one array, or one with bytes cut, changed or relabelled."""
    values = np.arange(40, dtype=np.float32)
    member = io.BytesIO()
    np.save(member, values)
    yield member.getvalue()  # an .npy by another name
    yield from (b"", b"PK", b"not an archive")
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    rng = np.random.default_rng(0)
    for method in methods:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", method) as archive:
            archive.writestr("values.npy", member.getvalue())
        whole = packed.getvalue()
        yield from (whole[:cut] for cut in range(0, len(whole), 7))
        for _ in range(150):
            changed = bytearray(whole)
            for place in rng.integers(0, len(whole), rng.integers(1, 4)):
                changed[place] = rng.integers(256)
            yield bytes(changed)
    text = member.getvalue()
    headers = [
        b"(" * 60,
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999,)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        b"{'descr': [('a',)], 'fortran_order': False, 'shape': (4,)}",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (4,)}",
        b"{'descr': 7, 'fortran_order': 1, 'shape': 4}",
        b"{1: 2, 'a': 3}",
        b"'''",
        b"\xff",
    ]
    for version in (1, 2, 3):
        for header in headers:
            length = len(header).to_bytes(2 if version == 1 else 4, "little")
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr(
                    "values.npy", text[:6] + bytes([version, 0]) + length + header + text[-160:]
                )
            yield packed.getvalue()


def test_damage_is_never_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    broken = 0
    for content in damaged():
        path.write_bytes(content)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = load_arrays(path, "values")
        broken += found is None
        assert (found is None) == any("it is made again" in str(one.message) for one in told)
    assert broken > 300
