"""OKLab for tensors of any device: ``spritelab.palette.oklab`` on floating-point colours."""

from __future__ import annotations

import torch
from torch import Tensor

from spritelab.palette import oklab


def to_oklab(rgb: Tensor) -> Tensor:
    """Take sRGB, float ``[...,3]`` in [0, 1], to OKLab, of the same dtype and device."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).clamp(min=0) ** 2.4)
    cones = (linear @ rgb.new_tensor(oklab.LMS).T).clamp(min=0)
    return cones ** (1 / 3) @ rgb.new_tensor(oklab.LAB).T


def from_oklab(lab: Tensor) -> Tensor:
    """Take OKLab, float ``[...,3]``, to sRGB in [0, 1]; colours outside are clipped by channel."""
    cones = (lab @ lab.new_tensor(oklab.LAB_INVERSE).T) ** 3
    linear = (cones @ lab.new_tensor(oklab.LMS_INVERSE).T).clamp(0, 1)
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
