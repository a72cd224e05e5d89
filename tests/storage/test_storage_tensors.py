"""Tensors on disk: bit by bit, and what is missing or broken is one line."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import torch

from spritelab.errors import ModelError
from spritelab.storage.tensors import read_tensors, write_tensors


def test_tensors_come_back(tmp_path: Path) -> None:
    tensors = {
        "a.b": torch.arange(6.0).view(2, 3).T,  # not contiguous
        "c": torch.nn.Parameter(torch.tensor(7.5, dtype=torch.float16)),
    }
    path = write_tensors(tmp_path / "folder" / "a.safetensors", tensors)
    found = read_tensors(path)
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with pytest.raises(ModelError, match="is missing; the folder is not complete"):
        read_tensors(path)
    whole = write_tensors(path, {"a": torch.zeros(3)}).read_bytes()
    for content in (b"", whole[:-1], whole[:7], b"{" * 100_000):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="is broken") as caught:
            read_tensors(path)
        assert "\n" not in str(caught.value)


def test_every_bit_of_a_file_is_named_or_harmless(tmp_path: Path) -> None:
    """Above all those of the header: names, types, shapes, places."""
    tensors = {"a.0": torch.tensor([1.0]), "a.1": torch.tensor([2]), "b": torch.zeros(2, 2)}
    path = write_tensors(tmp_path / "a.safetensors", tensors, {"title": "x"})
    whole, harmless = path.read_bytes(), 0
    for bit in range(8 * len(whole)):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        with contextlib.suppress(ModelError):
            found = read_tensors(path)
            assert found.keys() == tensors.keys(), bit
            for name, tensor in tensors.items():
                assert found[name].dtype == tensor.dtype, bit
                assert torch.equal(found[name], tensor), bit
            harmless += 1
    # Of the names of both digests, which count as missing then; the other one is still there.
    assert harmless < 8 * 60
