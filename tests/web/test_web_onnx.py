"""The ONNX file: its graph against torch, its metadata, its weights, its mistakes."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from page_runtime import untrained
from torch import Tensor

import tiny
from spritelab.cli import main
from spritelab.config import ContextUNetSettings, Prediction, ScheduleSettings
from spritelab.errors import SettingsError
from spritelab.generate import Model, load_model
from spritelab.web import export_onnx
from spritelab.web.onnx_model import AskedNetwork, example_inputs, to_onnx

PARITY = 5e-6
"""By how much ONNX Runtime may differ from torch, relative to the largest output. 2e-6 measured."""


def random_inputs(model: Model, batch: int, colours: int) -> dict[str, Tensor]:
    """Inputs of the graph as drawing has them, palettes of several sizes among them."""
    generator = torch.Generator().manual_seed(batch)
    inputs = example_inputs(model, batch, colours)
    inputs["x_t"] = torch.randn(inputs["x_t"].shape, generator=generator)
    inputs["t"] = torch.randint(model.schedule.timesteps, (batch,), generator=generator)
    inputs["context"] = torch.rand(inputs["context"].shape, generator=generator)
    if "colours" in inputs:
        levels = torch.randint(256, inputs["colours"].shape, generator=generator)
        inputs["colours"] = levels.float() / 127.5 - 1
        sizes = torch.randint(1, colours + 1, (batch, 1), generator=generator)
        inputs["used"] = torch.arange(colours) < sizes
    return inputs


def run(content: bytes, inputs: dict[str, Tensor]) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options)
    return session.run(["output"], {name: value.numpy() for name, value in inputs.items()})[0]


def check_parity(model: Model, content: bytes) -> None:
    for batch, colours in ((1, 1), (3, 5), (2, 9)):
        inputs = random_inputs(model, batch, colours)
        with torch.no_grad():
            expected = AskedNetwork(model)(*inputs.values()).numpy()
        found = run(content, inputs)
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        # What is not used is never read; its colour may be any.
        seen = inputs["used"].numpy() if "used" in inputs else np.ones(expected.shape[:2], bool)
        assert np.abs(found - expected)[seen].max() <= PARITY * np.abs(expected[seen]).max()


@pytest.mark.parametrize("prediction", ["eps", "x0", "v", "palette"])
def test_the_graph_is_the_network_of_every_head(tiny_model: Model, prediction: Prediction) -> None:
    model = untrained(tiny_model, prediction)
    check_parity(model, to_onnx(model))


@pytest.mark.parametrize("prediction", ["v", "palette"])
def test_the_graph_is_the_notebooks_network(tiny_model: Model, prediction: Prediction) -> None:
    network = ContextUNetSettings(features=32)
    model = untrained(tiny_model, prediction, network=network, schedule=ScheduleSettings())
    check_parity(model, to_onnx(model))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["builtin-16", "crawl-16"])
def test_the_graph_is_the_network_of_the_models_that_come_along(name: str) -> None:
    model = load_model(name, "cpu")
    content = to_onnx(model)
    check_parity(model, content)
    assert len(content) < 7e6  # float16, as in the folder


def test_the_metadata_is_all_else_that_drawing_needs(tiny_model: Model) -> None:
    model = untrained(tiny_model, "palette")
    graph = onnx.load_from_string(to_onnx(model))
    (entry,) = graph.metadata_props
    told = json.loads(entry.value)
    assert entry.key == "spritelab"
    assert told["class_names"] == list(tiny.CLASSES)
    assert told["class_counts"] == list(model.config.trained_on.class_counts)
    assert told["prediction"] == "palette"
    counted = {"guided_steps"}  # of a chain, which the page counts itself
    assert told["sampling"] == model.sampler_settings().model_dump(mode="json", exclude=counted)
    assert told["licence"] == model.config.trained_on.licence
    alpha_bars = np.frombuffer(base64.b64decode(told["schedule"]["alpha_bars"]), "<f8")
    assert np.array_equal(alpha_bars, model.schedule.alpha_bars.numpy())
    assert model.palettes is not None
    sizes, labels, colours = (
        np.frombuffer(zlib.decompress(base64.b64decode(told["palettes"][key])), kind)
        for key, kind in (("sizes", "<u2"), ("labels", "<u2"), ("colours", "u1"))
    )
    assert np.array_equal(sizes, model.palettes.sizes)
    assert np.array_equal(labels, model.palettes.labels)
    ends = 4 * np.cumsum(sizes)
    for i in (0, 1, len(sizes) - 1):
        own = colours[ends[i] - 4 * sizes[i] : ends[i]].reshape(-1, 4)
        assert np.array_equal(own, model.palettes.palette(i).colours)


def test_a_model_without_a_palette_head_has_no_palettes(tiny_model: Model) -> None:
    graph = onnx.load_from_string(to_onnx(tiny_model))
    assert "palettes" not in json.loads(graph.metadata_props[0].value)
    assert [one.name for one in graph.graph.input] == ["x_t", "t", "context"]


def test_weights_are_float16_where_nothing_is_lost_or_it_is_asked_for(tiny_model: Model) -> None:
    model = untrained(tiny_model, "v")
    full, half = to_onnx(model), to_onnx(model, half=True)
    assert len(half) < 0.6 * len(full)
    for parameter in model.network.parameters():
        if parameter.numel() >= 1024:  # smaller ones are not worth it, and stay
            parameter.data = parameter.data.half().float()
    rounded = to_onnx(model)
    assert len(rounded) < 0.6 * len(full)
    check_parity(model, rounded)
    inputs = random_inputs(model, 2, 1)
    assert np.array_equal(run(half, inputs), run(rounded, inputs))


def test_a_file_that_is_there_stays(
    tiny_run: Path, tmp_path: Path, refused: tiny.Refused, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.onnx"
    assert main(["export", "onnx", str(tiny_run), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"wrote {out}\n"
    out.write_bytes(b"mine")
    line = refused("export", "onnx", str(tiny_run), "--out", str(out))
    assert line == f"{out} exists already; choose another --out, or --overwrite it"
    assert out.read_bytes() == b"mine"
    assert main(["export", "onnx", str(tiny_run), "--out", str(out), "--overwrite"]) == 0
    assert len(out.read_bytes()) > 1000


def test_the_file_ends_in_onnx(tiny_model: Model, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"NAME\.onnx, not 'model\.pt'"):
        export_onnx(tiny_model, tmp_path / "model.pt")
    assert not list(tmp_path.iterdir())
