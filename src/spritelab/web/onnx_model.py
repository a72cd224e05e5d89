"""A model as one ONNX file: its network, and in the metadata all else that drawing needs.

The graph ends where a head begins to read (``Head.ask``): it returns the raw output f, in float32.
What is made of f (guidance, x̂_0, the sampler's step) is a few lines in float64 that each language
writes for itself, and so nothing is lost between a network in float32 and a sampler in float64.

| input     | shape     | type    |                                                     |
|-----------|-----------|---------|-----------------------------------------------------|
| `x_t`     | [B,C,H,W] | float32 | noisy sprites                                       |
| `t`       | [B]       | int64   | the step of each, 0 … T-1                           |
| `context` | [B,K]     | float32 | the class: weights that sum to 1, or zeros for none |
| `colours` | [B,P,C]   | float32 | palettes in [-1, 1]; of a palette head alone        |
| `used`    | [B,P]     | bool    | which entries are a palette's own; likewise         |

B and P may be any numbers. `output` is [B,C,H,W], or [B,P,H,W] of a palette head.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import spritelab
from spritelab.diffusion import Palettes
from spritelab.errors import SettingsError
from spritelab.generate import Model, without_guide
from spritelab.storage import check_file, write_file
from spritelab.web.metadata import KEY, describe, to_text

OPSET = 17
"""Of the graph: old enough for runtimes of 2022, new enough for all that it needs."""

_LARGE = 1024
"""Elements from which a weight is worth storing in half the space."""


class AskedNetwork(nn.Module):
    """What a head asks of its network, with the palettes as plain tensors."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network = model.network
        self.head = model.head

    def forward(self, x_t: Tensor, t: Tensor, context: Tensor, *palettes: Tensor) -> Tensor:
        """Inputs and output are those of the graph, see above."""
        head = self.head.of(Palettes(*palettes)) if palettes else self.head
        return head.ask(self.network, x_t, t, context)


def example_inputs(model: Model, batch: int = 2, colours: int = 3) -> dict[str, Tensor]:
    """Inputs of the graph by name, on the CPU: any values of the right shapes and types."""
    inputs = {
        "x_t": torch.zeros(batch, model.channels, model.size, model.size),
        "t": torch.arange(batch) % model.schedule.timesteps,
        "context": torch.zeros(batch, len(model.class_names)),
    }
    if model.palettes is not None:
        inputs["colours"] = torch.zeros(batch, colours, model.channels)
        inputs["used"] = torch.ones(batch, colours, dtype=torch.bool)
    return inputs


def export_onnx(
    model: Model, path: str | Path, *, half: bool = False, overwrite: bool = False
) -> Path:
    """Write a model as one ONNX file, and return its path.

    Weights that float16 holds exactly, as those of the models that come along, are stored so, in
    half the space; a runtime computes in float32 all the same.

    Args:
        model: on the CPU.
        path: the file, ``NAME.onnx``.
        half: round all weights to float16.
        overwrite: replace a file that is there.

    Raises:
        SettingsError: for another ending, or a file that is there already.
        StorageError: if it cannot be written; what was there before is untouched.
    """
    path = Path(path)
    if path.suffix != ".onnx":
        raise SettingsError(f"a model is written as NAME.onnx, not {path.name!r}; change `out`")
    check_file(path, overwrite)
    return write_file(path, to_onnx(model, half=half))


def to_onnx(model: Model, *, half: bool = False) -> bytes:
    """The file that ``export_onnx`` writes."""
    import onnx

    model = without_guide(model, "an ONNX file")
    graph = onnx.load_from_string(_traced(model))
    _store_half(graph.graph, rounding=half)
    graph.producer_name, graph.producer_version = "spritelab", spritelab.__version__
    graph.doc_string = f"{model!r}: f(x_t, t, context), see docs/web.md of spritelab"
    graph.metadata_props.add(key=KEY, value=to_text(describe(model)))
    onnx.checker.check_model(graph)
    content: bytes = graph.SerializeToString()
    return content


def _traced(model: Model) -> bytes:
    """The graph as torch writes it."""
    inputs = example_inputs(model)
    dynamic = {name: {0: "B"} for name in [*inputs, "output"]}
    for name in inputs.keys() & {"colours", "used"}:
        dynamic[name][1] = "P"
    if model.palettes is not None:
        dynamic["output"][1] = "P"
    content: Any = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        # The exporter that traces needs no further package, and its graph runs quicker; torch
        # would have its newer one used. Its other remarks are on shapes that do not change.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            AskedNetwork(model).eval(),
            tuple(inputs.values()),
            content,
            input_names=list(inputs),
            output_names=["output"],
            dynamic_axes=dynamic,
            opset_version=OPSET,
            dynamo=False,
        )
    traced: bytes = content.getvalue()
    return traced


def _store_half(graph: Any, rounding: bool) -> None:
    """Store large float32 weights as float16, cast back in the graph, where nothing is lost.

    Args:
        graph: an ONNX graph, changed in place.
        rounding: do so where something is lost, too.
    """
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(weight)
        with np.errstate(over="ignore"):
            halved = values.astype(np.float16)
        lossless = np.array_equal(halved.astype(np.float32), values)
        if values.size < _LARGE or not (lossless or (rounding and np.isfinite(halved).all())):
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(halved, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *rest])
