"""How weights are kept in a file: as float32, as float16, or as int8 with a scale a row.

int8 takes a quarter of the space. A row, all weights that lead to one output of a layer, is kept as
whole numbers k from -127 to 127 and one scale s, w ≈ k·s, with the largest weight of the row at its
end: symmetric quantisation a channel (Krishnamoorthi 2018, section 2.2). s has four significant
bits, rounded up, so that k·s, of eleven, is exact in float16: a file of float16 or an ONNX file
made of such weights holds the very same numbers. Vectors, such as biases, are kept as float16.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from spritelab.errors import ModelError

Precision = Literal["float32", "float16", "int8"]

SCALE = ".scale"
"""After the name of a tensor of int8, the name of its scales, float32 ``[rows]``."""

_LARGEST = 127
_SIGNIFICANT = 2**4
_LEAST = 2.0**-20
"""The least scale: below it k·s would need numbers finer than those of float16."""


def packed(weights: Mapping[str, Tensor], precision: Precision) -> dict[str, Tensor]:
    """Weights by name as a file holds them.

    Raises:
        ModelError: if one is more than float16 can hold, and not all are to be float32.
    """
    if precision == "float32":
        return dict(weights)
    found = {}
    for name, tensor in weights.items():
        if precision == "int8" and tensor.is_floating_point() and tensor.ndim > 1:
            found[name], found[f"{name}{SCALE}"] = _rows(tensor)
        else:
            found[name] = tensor.half() if tensor.is_floating_point() else tensor
    if not all_finite({name: weight.half() for name, weight in unpacked(found).items()}):
        raise ModelError(f"a weight is too large for {precision}; keep them as float32")
    return found


def unpacked(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights that a file holds, those of int8 as float32."""
    weights = {}
    for name, tensor in found.items():
        scales = found.get(f"{name}{SCALE}")
        if tensor.dtype == torch.int8 and scales is not None:
            weights[name] = (tensor.flatten(1) * scales.float()[:, None]).reshape(tensor.shape)
        elif not _is_scale(name, found):
            weights[name] = tensor
    return weights


def fits(
    found: Mapping[str, tuple[torch.dtype, tuple[int, ...]]], wanted: Mapping[str, Tensor]
) -> bool:
    """Whether the tensors that a file's header names are weights like ``wanted``.

    Held against are names, shapes, and the kind of number.
    """
    scales = {name: one for name, one in found.items() if _is_scale(name, found)}
    rest = found.keys() - scales.keys()
    return rest == wanted.keys() and all(
        _fits(*found[name], like, scales.get(f"{name}{SCALE}")) for name, like in wanted.items()
    )


def all_finite(weights: Mapping[str, Tensor]) -> bool:
    """Whether no weight is infinite or none."""
    return all(bool(weight.isfinite().all()) for weight in weights.values())


def _rows(tensor: Tensor) -> tuple[Tensor, Tensor]:
    rows = tensor.detach().cpu().float().flatten(1)
    scales = rows.abs().amax(1) / _LARGEST
    mantissa, exponent = torch.frexp(scales)
    scales = torch.ldexp((mantissa * _SIGNIFICANT).ceil() / _SIGNIFICANT, exponent)
    scales = scales.clamp(min=_LEAST)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(tensor.shape), scales


def _is_scale(name: str, found: Mapping[str, object]) -> bool:
    return name.endswith(SCALE) and name.removesuffix(SCALE) in found


def _fits(
    kind: torch.dtype,
    shape: tuple[int, ...],
    like: Tensor,
    scale: tuple[torch.dtype, tuple[int, ...]] | None,
) -> bool:
    """Whether a tensor is one like ``like``, if it is of int8 by the scales of its rows."""
    if shape != tuple(like.shape):
        return False
    if kind == torch.int8:
        scaled = scale is not None and scale[0].is_floating_point and scale[1] == shape[:1]
        return scaled and like.is_floating_point()
    return kind.is_floating_point == like.is_floating_point()
