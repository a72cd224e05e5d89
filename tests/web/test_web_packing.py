"""The order of bytes in which a model compresses better, there and back."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from spritelab.generate import load_model
from spritelab.web.onnx_model import to_onnx
from spritelab.web.packing import MAGIC, pack, unpack


def graph_of(weights: list[np.ndarray[Any, Any]]) -> bytes:
    tensors = [numpy_helper.from_array(one, f"w{i}") for i, one in enumerate(weights)]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT16, None)
    node = helper.make_node("Identity", ["w0"], ["y"])
    content: bytes = helper.make_model(
        helper.make_graph([node], "g", [], [out], tensors)
    ).SerializeToString()
    return content


def test_equal_and_other_weights_come_back() -> None:
    rng = np.random.default_rng(0)
    half = rng.normal(size=(40, 5)).astype(np.float16)
    whole = rng.normal(size=30).astype(np.float32)
    content = graph_of([half, whole, half, half[:3]])
    packed = pack(content)
    assert packed[:4] == MAGIC
    assert len(packed) == len(content) + 8 + 8 * 3
    assert unpack(packed) == content
    low = half.view(np.uint8).reshape(-1, 2)[:, 0].tobytes()
    assert low in packed


def test_a_graph_without_float16_is_its_head_and_itself() -> None:
    content = graph_of([np.ones(3, np.float32)])
    assert pack(content) == MAGIC + struct.pack("<I", 0) + content
    assert unpack(pack(content)) == content


@pytest.mark.slow
def test_a_model_that_comes_along_gets_smaller() -> None:
    content = to_onnx(load_model("crawl-16", "cpu"))
    packed = pack(content)
    assert unpack(packed) == content
    assert onnx.load_from_string(unpack(packed)).graph.name
    assert len(zlib.compress(packed, 6)) < 0.95 * len(zlib.compress(content, 6))
