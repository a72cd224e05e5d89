"""Named tensors as ``.safetensors``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from spritelab.errors import ModelError
from spritelab.storage.files import write_file


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> Path:
    """Write named tensors, whole or not at all, and return the path.

    Raises:
        StorageError: if the file cannot be written; an older one is then kept.
    """
    # Through bytes and not save_file, so that a full disk is an OSError like any other.
    packed = safetensors.torch.save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    )
    return write_file(path, packed)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors, on the CPU.

    Raises:
        ModelError: if the file is missing or broken.
    """
    try:
        return safetensors.torch.load_file(path)
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; the folder is not complete") from None
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} is broken ({error}); copy or train it again") from None
