"""How weights are kept in a file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from spritelab.errors import ModelError
from spritelab.generate import Model, load_model, save_model
from spritelab.generate.weights import fits, packed, unpacked
from spritelab.storage.tensors import read_tensors, tensor_shapes, write_tensors


def some_weights() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    rows = 10.0 ** torch.arange(-7, 3)[:, None, None, None]
    return {
        "convolution": torch.randn(10, 5, 3, 3, generator=generator) * rows,
        "matrix": torch.randn(7, 40, generator=generator),
        "nothing": torch.zeros(2, 3),
        "vector": torch.randn(9, generator=generator),
        "count": torch.tensor(3),
    }


def test_rows_are_off_by_half_a_step_at_most() -> None:
    weights = some_weights()
    kept = packed(weights, "int8")
    found = unpacked(kept)
    assert found.keys() == weights.keys()
    for name in ("convolution", "matrix"):
        scale = kept[f"{name}.scale"]
        off = (found[name] - weights[name]).flatten(1).abs().amax(1)
        assert (off <= scale / 2 * (1 + 1e-6)).all()
        # Four significant bits, rounded up, are an eighth above the least that would do, or less.
        largest = weights[name].flatten(1).abs().amax(1) / 127
        assert (scale <= (largest * 1.125).clamp(min=2.0**-20)).all()
        assert kept[name].dtype == torch.int8
    assert torch.equal(found["nothing"], weights["nothing"])
    assert torch.equal(found["count"], weights["count"])
    assert torch.equal(found["vector"], weights["vector"].half())


def test_what_is_kept_so_is_exact_in_float16() -> None:
    for weight in unpacked(packed(some_weights(), "int8")).values():
        assert torch.equal(weight.half().to(weight.dtype), weight)


def test_once_is_enough() -> None:
    once = unpacked(packed(some_weights(), "int8"))
    again = unpacked(packed(once, "int8"))
    for name, weight in once.items():
        # The largest of a row need not be at the end of the scale, which may so become finer.
        assert torch.allclose(again[name].float(), weight.float(), rtol=0.01, atol=1e-6)


def test_a_model_of_int8_draws_as_with_the_weights_it_stands_for(
    tiny_model: Model, tmp_path: Path
) -> None:
    weights = tiny_model.network.state_dict()
    save_model(tmp_path / "small", weights, tiny_model.config, precision="int8")
    save_model(tmp_path / "half", weights, tiny_model.config, precision="float16")
    small = load_model(tmp_path / "small", "cpu")
    assert all(
        torch.equal(small.network.state_dict()[name], weight.float())
        for name, weight in unpacked(packed(weights, "int8")).items()
    )
    assert small.sample(4).images.shape == (4, 16, 16, tiny_model.config.channels)
    bytes_of = {
        one: (tmp_path / one / "model.safetensors").stat().st_size for one in ("small", "half")
    }
    assert bytes_of["small"] < 0.75 * bytes_of["half"]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"matrix.scale": None},
        {"matrix.scale": torch.ones(6)},
        {"matrix.scale": torch.ones(7, dtype=torch.int64)},
        {"matrix": torch.zeros(7, 41, dtype=torch.int8)},
        {"other": torch.zeros(1)},
        {"other.scale": torch.zeros(1)},
        {"count": torch.zeros((), dtype=torch.int8)},
    ],
    ids=str,
)
def test_what_does_not_fit(spoilt: dict[str, Tensor | None], tmp_path: Path) -> None:
    weights = some_weights()
    weights["count"] = weights["count"].float()
    kept = packed(weights, "int8")
    assert fits(tensor_shapes(write_tensors(tmp_path / "whole", kept)), weights)
    changed = {name: value for name, value in {**kept, **spoilt}.items() if value is not None}
    assert not fits(tensor_shapes(write_tensors(tmp_path / "spoilt", changed)), weights)


def test_scales_that_are_no_number_are_refused(tiny_model: Model, tmp_path: Path) -> None:
    save_model(tmp_path, tiny_model.network.state_dict(), tiny_model.config, precision="int8")
    file = tmp_path / "model.safetensors"
    kept = read_tensors(file)
    name = next(name for name in kept if name.endswith(".scale"))
    write_tensors(file, {**kept, name: torch.full_like(kept[name], float("nan"))})
    with pytest.raises(ModelError, match="not finite"):
        load_model(tmp_path, "cpu")
