"""A model folder from a stranger can do nothing but fail, before anything of it is built."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from spritelab.config.bounds import MAX_MAP, MAX_PARAMETERS
from spritelab.errors import ModelError, SettingsError
from spritelab.generate import Model, make_network, read_config
from spritelab.generate.building import sketch_network
from spritelab.generate.weights import Precision
from spritelab.networks import largest_map
from spritelab.storage.tensors import read_tensors, write_tensors
from tiny import refused_model, unsealed


@pytest.fixture
def model(tmp_path: Path, tiny_run: Path) -> Path:
    return shutil.copytree(tiny_run / "model", tmp_path / "model")


@pytest.fixture
def nothing_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that is given memory fails the test."""
    register = nn.Module.register_parameter

    def refuse(self: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        assert parameter is None or parameter.is_meta
        register(self, name, parameter)

    monkeypatch.setattr(nn.Module, "register_parameter", refuse)


def change(folder: Path, key: str, value: Any) -> None:
    path = folder / "config.json"
    record = unsealed(path)
    *parts, last = key.split(".")
    inner = record
    for part in parts:
        inner = inner[part]
    inner[last] = value
    path.write_text(json.dumps(record))


@pytest.mark.usefixtures("nothing_built")
@pytest.mark.parametrize("value", [2**31, 2**63, 10**30, -1, 0, 1.5, "x", 1e300])
@pytest.mark.parametrize("key", ["size", "schedule.timesteps", "network.blocks"])
def test_numbers_out_of_bounds(model: Path, key: str, value: Any) -> None:
    change(model, key, value)
    refused_model(model)


@pytest.mark.usefixtures("nothing_built")
@pytest.mark.parametrize("value", [2**31, 2**63, 10**30, -1, 1.5, "x", 1e300, None])
@pytest.mark.parametrize("key", ["network.widths", "network.attention", "trained_on.class_counts"])
def test_lists_of_numbers_out_of_bounds(model: Path, key: str, value: Any) -> None:
    change(model, key, [value] * (3 if key.endswith("counts") else 2))
    if (key, value) != ("trained_on.class_counts", 2**31):  # so many can be counted
        refused_model(model)


@pytest.mark.usefixtures("nothing_built")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network.widths", [16384, 16384, 16384]),
        ("network.widths", [32] * 7),
        ("network.blocks", 1_000_000),
        ("schedule.timesteps", 100_000_000),
        ("size", 2048),
        ("class_names", [f"class-{k}" for k in range(30_000)]),
        ("class_names", ["a" * 100_000, "b", "c"]),
        ("class_names", ["a", "a", "a"]),
        ("class_names", []),
        ("trained_on.class_counts", []),
        ("trained_on.class_counts", [0, 0, 0]),
        ("trained_on.class_counts", [1, 1, -1]),
        ("trained_on.class_counts", [1, 1]),
        ("trained_on.class_counts", [1, 1, 1, 1]),
        ("trained_on.source", "s" * 100_000),
        ("sampling.guidance", 1e300),
        ("sampling.steps", 10**9),
        ("step", -1),
        ("format", True),
        ("format", "4"),
    ],
)
def test_a_config_that_asks_for_too_much(model: Path, key: str, value: Any) -> None:
    change(model, key, value)
    if key == "class_names" and len(value) > 3:
        change(model, "trained_on.class_counts", [1] * len(value))
    refused_model(model)


@pytest.mark.usefixtures("nothing_built")
def test_the_product_counts_and_not_its_factors(model: Path) -> None:
    """Each number is in its bounds: attention between all pixels of a large sprite is not."""
    change(model, "size", 512)
    change(model, "network.attention", [512])
    said = refused_model(model)
    assert "arrays of" in said
    assert f"{MAX_MAP:,} are the limit" in said

    change(model, "size", 64)
    change(model, "network.attention", [8])
    change(model, "network.widths", [2048] * 6)
    change(model, "network.blocks", 8)
    assert f"parameters; {MAX_PARAMETERS:,} are the limit" in refused_model(model)


@pytest.mark.usefixtures("nothing_built")
def test_weights_that_are_others_are_not_read(model: Path) -> None:
    """What the config asks for must be there already: nothing is given memory for it."""
    change(model, "network.widths", [256, 256])
    assert "are not those of the network in its config.json" in refused_model(model)


def test_whole_numbers_are_no_weights(model: Path) -> None:
    weights = read_tensors(model / "model.safetensors")
    name = next(name for name, value in weights.items() if value.ndim == 4)
    write_tensors(model / "model.safetensors", {**weights, name: weights[name].to(torch.int32)})
    assert "are not those of the network" in refused_model(model)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(model: Path, value: float) -> None:
    weights = read_tensors(model / "model.safetensors")
    next(iter(weights.values())).view(-1)[0] = value
    write_tensors(model / "model.safetensors", weights)
    assert "are not finite" in refused_model(model)


def test_one_flipped_bit_in_the_weights_is_seen(model: Path) -> None:
    path = model / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert "its content is not that of its digest" in refused_model(model)


def test_parents_without_end(model: Path) -> None:
    parent: dict[str, Any] | None = None
    for _ in range(100):
        parent = {"name": "p", "weights_hash": "", "licence": "", "source": "", "parent": parent}
    change(model, "trained_on.parent", parent)
    assert "more than 20 models" in refused_model(model)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_pipe_is_not_waited_for(model: Path, name: str) -> None:
    (model / name).unlink()
    os.mkfifo(model / name)
    assert "a pipe, a device or the like" in refused_model(model)


def test_a_large_but_honest_network(model: Path) -> None:
    config = read_config(model)
    larger = config.network.model_copy(update={"widths": (128, 256, 512), "blocks": 3})
    sketch = sketch_network(config.model_copy(update={"network": larger}))
    assert all(parameter.is_meta for parameter in sketch.parameters())
    assert sum(parameter.numel() for parameter in sketch.parameters()) > 40_000_000


def test_the_largest_map_is_that_of_the_network(model: Path) -> None:
    """Held against what the layers really give; attention's scores are never there as such."""
    config = read_config(model)
    seen = 0

    def look(_: nn.Module, inputs: tuple[torch.Tensor, ...], __: torch.Tensor) -> None:
        nonlocal seen
        seen = max(seen, *(part.numel() for part in inputs))

    for change_, size in (({"widths": (32, 64), "attention": (4,)}, 16), ({"widths": (64,)}, 8)):
        settings = config.network.model_copy(update=change_)
        network = make_network(config.model_copy(update={"network": settings, "size": size}))
        seen = 0
        hooks = [layer.register_forward_hook(look) for layer in network.modules()]
        with torch.no_grad():
            network(torch.zeros(1, 4, size, size), torch.zeros(1, dtype=torch.int64))
        for hook in hooks:
            hook.remove()
        assert largest_map(settings, size) == seen


def test_what_is_drawn_must_be_numbers(tiny_model: Model) -> None:
    x = torch.zeros(1, 4, 16, 16)
    x[0, 0, 0, 0] = float("nan")
    with pytest.raises(ModelError, match="is no number any more"):
        tiny_model.to_pixels(x)


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_a_weight_that_is_too_large(
    precision: Precision, tiny_model: Model, tmp_path: Path
) -> None:
    from spritelab.generate import save_model

    weights = {name: value.clone() for name, value in tiny_model.network.state_dict().items()}
    next(iter(weights.values())).view(-1)[0] = 1e6
    with pytest.raises(ModelError, match=f"too large for {precision}"):
        save_model(tmp_path / "small", weights, tiny_model.config, precision=precision)
    assert not (tmp_path / "small").exists()


def test_settings_of_ones_own_have_the_same_bounds(tiny_model: Model) -> None:
    config = tiny_model.config
    wide = config.network.model_copy(update={"widths": (2048,) * 5, "blocks": 8})
    with pytest.raises(SettingsError, match="parameters"):
        make_network(config.model_copy(update={"network": wide}))
